"""Whatever a broker or the network to it does, the whole gateway loses nothing that the broker has kept.

Messages without a time of their own and with equal payloads are the hardest: a second copy would be a second point,
and two that only look the same are two. So all tests count points of such messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, cast

import pytest

from tests.integration.documents import CNC, gateway_id, influxdb
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, Rumqttd, StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import JSON, Gateway, StartGateway
from tests.servers.proxy import Direction, Proxy

LOAD = ("max_queued_messages 0", "max_inflight_messages 0")
SAVED = ("autosave_interval 1", "autosave_on_changes true")
CONSTANT = b'{"n": 1}'


class Plant(NamedTuple):
    """A broker, the network to it, a database, and the gateway between them."""

    broker: Broker
    proxy: Proxy
    influxd: Influxd
    gateway: Gateway

    def publish(self, count: int) -> None:
        """Publish messages that are all the same and have no time, past the proxy."""
        with client(self.broker.port) as publisher:
            publish(publisher, [Publication("s1/m1/telemetry", CONSTANT)] * count)

    def source(self) -> Mapping[str, JSON]:
        """Return what the gateway says of its connection."""
        status = self.gateway.status()
        assert status is not None
        return cast("Mapping[str, Mapping[str, JSON]]", status["sources"])["plant"]

    def until(self, condition: Callable[[Mapping[str, JSON]], bool], what: str) -> None:
        """Wait until the gateway says this of its connection."""
        self.gateway.until(lambda _: condition(self.source()), what)

    def points(self) -> int:
        """Return how many points there are."""
        return points(self.influxd)

    def until_stored(self, count: int) -> None:
        """Wait until there are so many points and nothing is on its way; there must not be more."""
        wait_until(lambda: self.points() >= count, f"{count} points are stored", 60)
        self.gateway.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
        assert self.points() == count


def points(influxd: Influxd) -> int:
    """Return how many points there are."""
    rows = influxd.query("SELECT count(n) FROM cnc", "plant")
    return int(str(rows[0]["count"])) if rows else 0


def connected(source: Mapping[str, JSON], times: int) -> bool:
    return source["state"] == "connected" and cast("int", source["connects"]) >= times


StartPlant = Callable[..., Plant]


@pytest.fixture
def plant(mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> Iterator[StartPlant]:
    """Start a plant: `plant("max_inflight_messages 5", persistence=True, keep_alive='"2s"')`."""
    influxd.create_database("plant")
    proxies: list[Proxy] = []

    def start(*lines: str, persistence: bool = False, linger: str = '"100ms"', **options: str) -> Plant:
        broker = mosquitto(*lines, persistence=persistence)
        proxy = Proxy(broker.port)
        proxies.append(proxy.__enter__())
        return Plant(broker, proxy, influxd, gateway(document(proxy.port, influxd, **options), linger=linger))

    yield start
    for proxy in proxies:
        proxy.__exit__(None, None, None)


def document(port: int, influxd: Influxd, name: str = "gw", **options: str) -> str:
    """Return the configuration of a gateway that collects from this port."""
    lines = "".join(f"{key} = {value}\n" for key, value in options.items())
    source = f'[[sources]]\nname = "plant"\nurl = "mqtt://127.0.0.1:{port}"\n{lines}'
    return gateway_id(name) + source + CNC + influxdb(influxd)


def test_a_broker_that_is_restarted_costs_nothing(plant: StartPlant) -> None:
    there = plant(*LOAD, *SAVED, persistence=True)
    for number in range(1, 4):
        there.publish(300)
        there.broker.restart()
        there.publish(300)
        there.until(lambda source, times=number + 1: connected(source, times), "it is connected again")  # type: ignore[misc]
    there.until_stored(1800)
    assert there.source()["gaps"] == 0


def test_a_broker_that_is_killed_and_forgets_is_told_and_what_was_acknowledged_is_stored(plant: StartPlant) -> None:
    there = plant(*LOAD)
    there.publish(500)
    there.until(lambda source: source["acknowledged"] == 500, "all are acknowledged")
    there.broker.restart(kill=True)  # it kept its sessions in memory only
    there.until(lambda source: connected(source, 2), "it is connected again")
    assert there.source()["gaps"] == 1
    assert "The broker has forgotten the session" in there.gateway.log.read_text()
    there.publish(100)
    there.until_stored(600)


def test_a_half_open_connection_is_given_up_and_nothing_is_lost(plant: StartPlant) -> None:
    there = plant(*LOAD, keep_alive='"2s"')
    there.publish(100)
    there.until(lambda source: source["acknowledged"] == 100, "the first are acknowledged")
    there.proxy.stall()
    there.publish(100)
    there.until(lambda source: source["state"] not in ("connected", "paused"), "it notices that nothing comes")
    assert "nothing came from the broker" in there.gateway.log.read_text()
    there.proxy.cut_once()
    there.until(lambda source: connected(source, 2), "it is connected again")
    there.until_stored(200)
    assert there.source()["gaps"] == 0


@pytest.mark.parametrize("options", [{}, {"window": "20"}])
def test_acknowledgements_that_never_arrive_double_nothing(plant: StartPlant, options: dict[str, str]) -> None:
    """With a window, the broker has sent what it may, and the gateway has nothing left to acknowledge."""
    there = plant(*LOAD, keep_alive='"2s"', **options)
    there.publish(50)
    there.until(lambda source: source["acknowledged"] == 50, "the first are acknowledged")
    there.proxy.stall(Direction.TO_SERVER)
    there.publish(300)
    there.until(lambda source: cast("int", source["acknowledged"]) >= 70, "what comes is acknowledged, in vain")
    there.until(lambda source: source["state"] not in ("connected", "paused"), "it does not wait for ever")
    there.proxy.cut_once()
    there.until(lambda source: connected(source, 2), "it is connected again")
    there.until(lambda source: cast("int", source["redelivered"]) >= 10, "what is stored already comes again")
    there.until_stored(350)


def test_messages_lost_on_their_way_are_not_taken_for_the_equal_ones_before_them(plant: StartPlant) -> None:
    """After 65,535 messages packet identifiers come round again, and with them everything else is equal here."""
    there = plant(*LOAD)
    many = 65_600
    there.publish(many)
    there.until(lambda source: source["acknowledged"] == many, "all are acknowledged")
    there.proxy.stall(Direction.TO_CLIENT)
    there.publish(30)
    there.proxy.cut_once()
    there.until(lambda source: connected(source, 2), "it is connected again")
    there.until_stored(many + 30)


def test_a_session_that_was_lost_takes_its_packet_identifiers_with_it(plant: StartPlant) -> None:
    there = plant(*LOAD)
    there.publish(100)
    there.until(lambda source: source["acknowledged"] == 100, "all are acknowledged")
    there.broker.restart(kill=True)
    there.until(lambda source: connected(source, 2), "it is connected again")
    there.proxy.stall(Direction.TO_CLIENT)
    there.publish(30)  # with the identifiers of the first ones
    there.proxy.cut_once()
    there.until(lambda source: connected(source, 3), "it is connected again")
    there.until_stored(130)


def test_a_narrow_window_and_a_patient_spool_do_not_wait_for_each_other(plant: StartPlant) -> None:
    there = plant("max_queued_messages 0", "max_inflight_messages 5", linger='"2s"')
    there.publish(500)  # 100 windows; if each waited for the linger it took 200 s
    there.until_stored(500)


def test_connections_that_break_all_the_time_lose_and_double_nothing(plant: StartPlant) -> None:
    there = plant(*LOAD)
    total = 0
    for size in (10, 700, 3_000, 40):
        there.proxy.cut_after(size, Direction.TO_CLIENT)
        there.publish(200)
        there.proxy.cut_after(size, Direction.TO_SERVER)
        there.publish(200)
        total += 400
    there.proxy.pass_on()
    there.until_stored(total)
    assert cast("int", there.source()["connects"]) > 1
    assert there.source()["gaps"] == 0


def test_two_gateways_with_one_id_back_off_and_say_so(
    plant: StartPlant, influxd: Influxd, gateway: StartGateway
) -> None:
    there = plant(*LOAD)
    other = gateway(document(there.broker.port, influxd), started=False)
    other.start(connected=False)
    there.publish(100)
    pair = (there.gateway, other)
    wait_until(
        lambda: any("the same client id" in running.log.read_text() for running in pair), "one of them says so", 60
    )
    assert any("an id of its own" in running.log.read_text() for running in pair), "and what to do"
    there.publish(100)
    assert other.stop() == 0
    there.until(lambda source: source["state"] == "connected", "the other has the session for itself")
    there.publish(100)
    wait_until(lambda: there.points() >= 300, "all are stored", 60)
    there.gateway.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
    # What one of them had not acknowledged when it was thrown out, the other got again.
    assert there.points() >= 300
    assert there.source()["gaps"] == 0


@pytest.mark.parametrize("fail_point", ["after_commit:2", "after_acknowledgement:2"])
def test_a_broker_that_does_not_mark_what_it_sends_again_loses_nothing(
    rumqttd: Callable[[], Rumqttd], influxd: Influxd, gateway: StartGateway, fail_point: str
) -> None:
    influxd.create_database("plant")
    broker = rumqttd()
    running = gateway(document(broker.port, influxd))
    assert running.stop() == 0
    running.launch(fail_point)
    wait_until(running.connected, "it is connected")
    with client(broker.port) as publisher:
        publish(publisher, [Publication("s1/m1/telemetry", CONSTANT)] * 400)
    assert running.exit_code() == -9
    running.start()
    wait_until(lambda: points(influxd) >= 400, "all are stored", 60)
    running.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
    # It has 100 on their way at most; those it sends again look like new ones.
    assert 400 <= points(influxd) <= 500
