"""A host that is killed again and again stores what edge nodes say by alias under its right name, or sets it aside."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import cast

import pytest

from adapters.sparkplug.codec import read
from gateway.dead_letters import pages
from tests.integration.alias_nodes import GROUP, METRICS, START_MS, AliasNode, parts_of, publishing, value_of
from tests.integration.documents import gateway_id, host, influxdb
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import JSON, Gateway, StartGateway

NODES = 6
KILLS = 6
SEED = 4
REBORN = 0.6
"""How likely an edge node begins a new session while the host is there, and while it is not."""
MARGIN_SECONDS = 1.5
"""What was published so shortly before a kill may not have been committed: at QoS 0 nobody says it again."""

_MILLISECOND_NS = 1_000_000


def stored(influxd: Influxd) -> dict[tuple[int, int, int], float]:
    """Return the values by edge node, metric and number."""
    fields = {name.replace("/", "."): metric for metric, name in enumerate(METRICS)}
    values = {}
    for row in influxd.query("SELECT * FROM sparkplug", "plant"):
        number = int(str(row["time"])) // _MILLISECOND_NS - START_MS
        for field, metric in fields.items():
            if (value := row.get(field)) is not None:
                assert row["group"] == GROUP
                values[int(str(row["node"]).removeprefix("n")), metric, number] = float(value)
    return values


def published(nodes: Sequence[AliasNode], windows: Sequence[tuple[float, float]]) -> set[tuple[int, int, int]]:
    """Return edge node, metric and number of what was published within the windows of time."""
    return {
        (node.index, metric, number)
        for node in nodes
        for number, at in node.published
        for metric in range(len(METRICS))
        if any(begin <= at <= end for begin, end in windows)
    }


def set_aside(running: Gateway) -> set[tuple[int, int, int]]:
    """Return edge node, metric and number of what is among the dead letters."""
    values = [
        metric.value
        for letter in chain.from_iterable(pages(running.spool))
        for metric in read(letter.payload).metrics
        if metric.alias is not None
    ]
    return {parts_of(value) for value in values if isinstance(value, int)}


def has_all_births(status: Mapping[str, JSON]) -> bool:
    """Whether the births of all edge nodes are known."""
    hosts = cast("dict[str, dict[str, JSON]]", status["sparkplug"])
    return cast("dict[str, int]", hosts["plant"]["nodes"])["online"] == NODES


class Story:
    """A host that is killed and restarted while edge nodes go on, and begin new sessions now and then.

    Attributes:
        windows: When it was there, and long enough before it was killed.
    """

    def __init__(self, running: Gateway, nodes: Sequence[AliasNode], seed: int) -> None:
        self._running, self._nodes, self._random = running, nodes, random.Random(seed)
        self.windows: list[tuple[float, float]] = []

    def run(self) -> None:
        """Live through it; afterwards the host runs."""
        for kill in range(KILLS):
            self._running.start()
            connected = time.monotonic()
            if not kill:
                self._running.until(has_all_births, "it has all births")
            # Some kills come before the births that were asked for, some long after.
            self._pass(MARGIN_SECONDS + self._random.uniform(0.1, 4), reconnects=self._random.random() < REBORN)
            self.windows.append((connected, time.monotonic() - MARGIN_SECONDS))
            self._running.kill()
            if self._random.random() < REBORN:
                self._random.choice(self._nodes).reconnect()  # while nobody listens
        self._running.start()
        connected = time.monotonic()
        self._pass(MARGIN_SECONDS, reconnects=False)
        self.windows.append((connected, time.monotonic()))

    def _pass(self, seconds: float, *, reconnects: bool) -> None:
        end = time.monotonic() + seconds
        if reconnects:
            at = end - self._random.uniform(0, seconds)
            wait_until(lambda: time.monotonic() > at, "it is time")
            self._random.choice(self._nodes).reconnect()
        wait_until(lambda: time.monotonic() > end, "it ran for a while")


@pytest.mark.parametrize("constant", [False, True], ids=["aliases-change", "aliases-stay"])
def test_a_host_that_is_killed_and_restarted_stores_every_value_under_its_own_name_or_sets_it_aside(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway, *, constant: bool
) -> None:
    broker = mosquitto("max_queued_messages 0")
    influxd.create_database("plant")
    running = gateway(gateway_id() + host(broker, role='"active"') + influxdb(influxd), started=False)
    with publishing(broker.port, NODES, constant=constant) as nodes:
        story = Story(running, nodes, SEED)
        story.run()
        expected = published(nodes, story.windows)
        assert len(expected) > 1000
        wait_until(lambda: expected <= stored(influxd).keys() | set_aside(running), "all are somewhere", 60)
        running.until(has_all_births, "all are there")
    wait_until(lambda: not running.messages()["waiting"], "nothing is held any more")
    wrong = {key: value for key, value in stored(influxd).items() if value != value_of(*key)}
    assert not wrong
    assert not (constant and set_aside(running)), "where aliases are constant all is stored"
