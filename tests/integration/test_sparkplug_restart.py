"""A host that is killed again and again stores what edge nodes say by alias under its right name, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import cast

from tests.integration.alias_nodes import GROUP, METRICS, START_MS, AliasNode, publishing, value_of
from tests.integration.documents import gateway_id, host, influxdb
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import JSON, StartGateway

NODES = 6
KILLS = 6
RECONNECTS_AFTER = 2
"""The kill after which an edge node begins a session with other aliases."""
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


def has_resolved_all(status: Mapping[str, JSON]) -> bool:
    """Whether the births of all edge nodes are known, and nothing waits for one."""
    hosts = cast("dict[str, dict[str, JSON]]", status["sparkplug"])
    nodes = cast("dict[str, int]", hosts["plant"]["nodes"])
    return nodes["online"] == NODES and hosts["plant"]["held"] == 0


def test_a_host_that_is_killed_and_restarted_stores_every_value_under_its_own_name(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto("max_queued_messages 0")
    influxd.create_database("plant")
    generator = random.Random(4)
    windows: list[tuple[float, float]] = []
    with publishing(broker.port, NODES) as nodes:
        running = gateway(gateway_id() + host(broker, role='"active"') + influxdb(influxd), started=False)
        for kill in range(KILLS):
            running.start()
            connected = time.monotonic()
            # Some kills come before the births that were asked for, some long after.
            until = connected + MARGIN_SECONDS + generator.uniform(0.1, 4)
            wait_until(lambda end=until: time.monotonic() > end, "it ran for a while")  # type: ignore[misc]
            if kill == RECONNECTS_AFTER:
                running.until(has_resolved_all, "it has all births, and holds nothing")
            windows.append((connected, time.monotonic() - MARGIN_SECONDS))
            running.kill()
            if kill == RECONNECTS_AFTER:
                nodes[0].reconnect()  # while nobody listens
        running.start()
        connected = time.monotonic()
        wait_until(lambda: time.monotonic() > connected + MARGIN_SECONDS, "it ran for a while")
        windows.append((connected, time.monotonic()))
        expected = published(nodes, windows)
        assert len(expected) > 1000
        wait_until(lambda: expected <= stored(influxd).keys(), "all are in the database", 60)
    wait_until(lambda: not running.messages()["waiting"], "nothing is held any more")
    wrong = {key: value for key, value in stored(influxd).items() if value != value_of(*key)}
    assert not wrong
