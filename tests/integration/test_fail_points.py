"""Wherever the gateway dies, nothing is lost and nothing doubled: each named place, with real servers around it.

Three kinds of messages take part. Those with a time of their own overwrite themselves when they are stored twice, so
they can only be lost. Those without one would become second points: numbered ones show which, and those that all have
equal payloads are the hardest to tell apart from a message that the broker sends again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest

from gateway.dead_letters import letters
from gateway.fail_points import FailPoint
from gateway.spool.survey import survey
from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import Gateway, StartGateway

PORTION = 300
"""Messages of each kind that are published together."""
LOAD = ("max_queued_messages 0", "max_inflight_messages 0")
MODES = ["after_commit", "after_sink"]
SIGKILL = -9

NEEDS_SPOOL = {
    FailPoint.IN_COMMIT,
    FailPoint.BEFORE_WRITE,
    FailPoint.AFTER_WRITE,
    FailPoint.IN_FORGETTING,
    FailPoint.AFTER_FORGETTING,
}
"""With `after_sink` these are passed only where something was not confirmed at once, such as after an outage."""
ON_DISK = {
    FailPoint.AFTER_COMMIT,
    FailPoint.AFTER_ACKNOWLEDGEMENT,
    FailPoint.BEFORE_WRITE,
    FailPoint.AFTER_WRITE,
    FailPoint.AFTER_DEAD_LETTERS,
    FailPoint.IN_FORGETTING,
}
"""Where something waits in the spool of a gateway that dies with the first messages it ever gets; with `after_sink`
not after a "commit" that the database made."""
COMMITTED = {FailPoint.AFTER_COMMIT, FailPoint.AFTER_ACKNOWLEDGEMENT}
IN_DATABASE = {FailPoint.AFTER_WRITE, FailPoint.AFTER_DEAD_LETTERS, FailPoint.IN_FORGETTING, FailPoint.AFTER_FORGETTING}
"""Where the database has something by then; with `after_sink` after such a "commit" too."""

REFUSED = Publication("s1/refused/telemetry", b'{"refused": 1}')
LAST = Publication("s1/last/telemetry", b'{"n": 1}')
"""Behind all others: when it is in the database, everything before it has been decided."""


class Plant(NamedTuple):
    """Broker, database and a gateway that does not run yet."""

    broker: Broker
    influxd: Influxd
    gateway: Gateway
    mode: str

    def numbers(self, asset: str) -> list[float]:
        """Return all values of one machine, sorted."""
        rows = self.influxd.query(f"SELECT n FROM cnc WHERE asset = '{asset}'", "plant")
        return sorted(float(str(row["n"])) for row in rows)

    def waiting(self) -> int:
        """Return how many messages wait on disk, while the gateway does not run."""
        return survey(self.gateway.spool, 2**40, time.time_ns()).waiting.messages


@pytest.fixture(params=MODES)
def plant(request: pytest.FixtureRequest, mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> Plant:
    """Start all but the gateway, after it has made itself known to the broker."""
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    # So a number under that name is refused: the field is a text.
    influxd.request("POST", "/write?db=plant", f'cnc,asset=other refused="text" {time.time_ns()}'.encode())
    mode = str(request.param)
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd), acknowledge=json.dumps(mode))
    assert running.stop() == 0
    return Plant(broker, influxd, running, mode)


def portion(number: int, *, timed_only: bool = False) -> Iterable[Publication]:
    """Yield messages of all three kinds, in turn."""
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    for n in range(number * PORTION, (number + 1) * PORTION):
        yield Publication("s1/timed/telemetry", json.dumps({"ts": start_ms + n, "n": n}).encode())
        if not timed_only:
            yield Publication("s1/timeless/telemetry", json.dumps({"n": n}).encode())
            yield Publication("s1/constant/telemetry", b'{"n": 1}')


def die(plant: Plant, point: FailPoint, provoke: Callable[[], object]) -> None:
    """Start a gateway that dies at this place, do what makes it get there, and see it die."""
    running = plant.gateway
    running.launch(f"{point}:1")
    if point is FailPoint.AT_STOP:
        wait_until(running.connected, "it is connected", 60)
        provoke()
        wait_until(lambda: running.messages()["received"] > 0, "something has arrived", 60)
        assert running.stop() == SIGKILL
    else:
        provoke()
        assert running.exit_code() == SIGKILL


def during_an_outage(plant: Plant, provoke: Callable[[], object]) -> None:
    """Do it while the database is away, and let it return when the gateway has taken note or is dead."""
    plant.influxd.stop()
    provoke()
    wait_until(lambda: plant.gateway.ended() or plant.gateway.has_waiting(), "something waits", 60)
    plant.influxd.start()


@pytest.mark.parametrize("point", FailPoint)
def test_dying_there_twice_loses_nothing_and_doubles_nothing(plant: Plant, point: FailPoint) -> None:
    through = plant.mode == "after_sink"
    extra = [REFUSED] if point is FailPoint.AFTER_DEAD_LETTERS else []
    with client(plant.broker.port) as publisher:
        first = [*extra, *portion(0, timed_only=through)]
        if through and point in NEEDS_SPOOL:
            die(plant, point, lambda: during_an_outage(plant, lambda: publish(publisher, first)))
        else:
            die(plant, point, lambda: publish(publisher, first))
        if point is not FailPoint.AT_STOP:  # where it depends on when the signal comes
            by_database = through and point in COMMITTED
            assert bool(plant.waiting()) == (point in ON_DISK and not by_database)
            assert bool(plant.numbers("timed")) == (point in IN_DATABASE or by_database)
        publish(publisher, [*portion(1), *extra])  # while it is away
        die(plant, point, lambda: publish(publisher, portion(2)))
        plant.gateway.start()
        publish(publisher, [LAST])
        wait_until(lambda: bool(plant.numbers("last")), "everything has come through", 60)
        plant.gateway.until_settled(0)

    assert plant.numbers("timed") == list(range(3 * PORTION))
    timeless = range(PORTION if through else 0, 3 * PORTION)
    assert plant.numbers("timeless") == list(timeless)
    assert plant.numbers("constant") == [1.0] * len(timeless)
    assert len(letters(plant.gateway.spool)) == 2 * len(extra)
    assert plant.gateway.stop() == 0
