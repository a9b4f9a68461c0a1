"""500 edge nodes of 200 metrics each on one host: what they cost, and what happens when the host is killed.

All nodes are born at once; then each publishes ten of its metrics, by alias, every five seconds. The database is one
that takes everything at once (`sparkplug_watch`).

- Memory: resident, from when the gateway is connected until it has taken all births and has nothing to do, divided by
  100,000 metrics. It holds what the gateway keeps of series besides what the host keeps of metrics.
- CPU: of its process, for all births, until they are in the database.
- Then the gateway is killed and started again on the same spool. It knows no alias, holds what comes, and asks for
  births: how long until every node is known again, how often the node was asked that was asked most, and how many
  requests came within a second at most (its budget is ten).

Three rounds, each with another gateway; medians. In the end nothing may be held any more.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import SOURCE, sparkplug_configuration
from bench.measured import Measured, MeasurementError, Row, Setting, median
from bench.processes import Gateway
from bench.sparkplug_fleet import fleet
from bench.sparkplug_watch import Watch, watch
from gateway.status import JSON

ROUNDS = 3
NODES, METRICS, VALUES, INTERVAL = 500, 200, 10, 5.0
PATIENCE = 180.0
_POLL = 0.5
"""Seconds between two looks: with so many edge nodes, an answer costs the gateway some milliseconds."""


class Storm(NamedTuple):
    """What came out of a round.

    Attributes:
        bytes_per_metric: Resident memory.
        births_cpu_s: CPU of all births, in seconds.
        rss_mb: Resident memory with all of them.
        known_again_s: From the start after the kill until every node is known.
        again_cpu_s: CPU in that time.
        asked: Requests for rebirth.
        most_asked: To one node.
        most_asked_a_second: To all.
    """

    bytes_per_metric: float
    births_cpu_s: float
    rss_mb: float
    known_again_s: float
    again_cpu_s: float
    asked: float
    most_asked: float
    most_asked_a_second: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    nodes = round(NODES * setting.scale)
    rounds = []
    for number in range(1, ROUNDS + 1):
        folder = setting.folder / str(number)
        folder.mkdir()
        storm = _measure(folder, nodes)
        rounds.append(storm)
        setting.say(
            f"round {number}: {storm.bytes_per_metric:.0f} bytes a metric ({storm.rss_mb:.0f} MB), births "
            f"{storm.births_cpu_s:.2f} s of CPU; after the kill known again in {storm.known_again_s:.1f} s with "
            f"{storm.again_cpu_s:.2f} s of CPU, {storm.asked:.0f} requests, at most {storm.most_asked:.0f} to a node "
            f"and {storm.most_asked_a_second:.0f} a second"
        )
    return _report(rounds, nodes)


def _measure(folder: Path, nodes: int) -> Storm:
    with processes.mosquitto(folder) as broker, watch() as database:
        text = sparkplug_configuration(broker, database.url)
        with processes.gateway(folder, text) as gateway, fleet(broker, nodes, METRICS, VALUES, INTERVAL) as edge_nodes:
            before, began_cpu = weighing.memory(gateway.pid), weighing.cpu_seconds(gateway.pid)
            edge_nodes.wait_until_born()
            _wait_until_known(gateway, nodes)
            processes.wait_until(lambda: gateway.number("spool", "messages") == 0, "the spool is empty")
            cpu, memory = weighing.cpu_seconds(gateway.pid) - began_cpu, weighing.memory(gateway.pid)
            _wait_for_data(gateway, database)
            os.kill(gateway.pid, signal.SIGKILL)
            began = time.monotonic()
            with processes.gateway(folder, text) as again:
                _wait_until_known(again, nodes)
                seconds, again_cpu = time.monotonic() - began, weighing.cpu_seconds(again.pid)
                _wait_for_data(again, database)
                asked = edge_nodes.stop()
                processes.wait_until(lambda: _held(again) == 0, "nothing is held")
    each = (memory.now - before.now) * 1e6 / (nodes * METRICS)
    requests = (asked["asked"], asked["most_asked"], asked["most_asked_a_second"])
    return Storm(each, cpu, memory.now, seconds, again_cpu, *requests)


def _wait_until_known(gateway: Gateway, nodes: int) -> None:
    """Wait until a host knows the births of all edge nodes."""
    processes.wait_until(
        lambda: gateway.number("sparkplug", SOURCE, "nodes", "online") >= nodes,
        "the births of all edge nodes are known",
        PATIENCE,
        _POLL,
    )


def _wait_for_data(gateway: Gateway, database: Watch) -> None:
    """Wait until data comes through."""
    seen = database.small
    processes.wait_until(lambda: database.small > seen, f"data comes through\n{gateway.log()}")


def _held(gateway: Gateway) -> int:
    held = gateway.number("sparkplug", SOURCE, "held")
    if gateway.number("messages", "quarantined"):
        raise MeasurementError("messages were quarantined")
    return held


def _report(rounds: list[Storm], nodes: int) -> Measured:
    middle = Storm(*map(median, zip(*rounds, strict=True)))
    runs: list[JSON] = [dict(storm._asdict()) for storm in rounds]
    return Measured(
        {**middle._asdict(), "nodes": nodes, "metrics": nodes * METRICS, "runs": runs},
        [
            Row("memory of a metric", f"{middle.bytes_per_metric:,.0f} bytes", f"{middle.rss_mb:.0f} MB with all"),
            Row(f"CPU of {nodes} births of {METRICS} metrics", f"{middle.births_cpu_s:.2f} s"),
            Row("after a kill, all known again", f"{middle.known_again_s:.1f} s", f"{middle.again_cpu_s:.2f} s of CPU"),
            Row("requests to one edge node", f"{middle.most_asked:.0f} at most", f"{middle.asked:.0f} to all"),
            Row("requests within a second", f"{middle.most_asked_a_second:.0f} at most"),
        ],
    )
