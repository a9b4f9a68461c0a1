"""A load of Sparkplug brought into a real InfluxDB by the gateway, and taken by a bare subscriber beside it.

At QoS 0 nobody waits for anybody, so the load goes at the pace at which it is received: no more than `WINDOW` messages
are on their way. Births, and messages enough to make every series known, come first and are not counted.

CPU, messages a second and memory are measured as in `whole_path`. At the end the values in the database are counted:
each that was published must be there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from bench import processes, weighing
from bench.configuration import DATABASE, sparkplug_configuration
from bench.measured import MeasurementError, require_equal
from bench.sparkplug_publisher import Publisher, publisher
from bench.turns import Load, Turn
from tests.servers.databases import Influxd

WINDOW = 4_000
WARM_UP = 2_000
_MARKS = ("_q", "_status")
"""Endings of fields that are no values."""


class Shape(NamedTuple):
    """What the edge nodes are like, and how it is stored. A load's topics are the nodes.

    Attributes:
        layout: `wide` or `narrow`.
        metrics: What each node has; a message tells as many of these as the load has values.
    """

    layout: str
    metrics: int = 50

    def take(self, folder: Path, broker: int, load: Load) -> Turn:
        """Let a gateway bring a load into influxd."""
        with Influxd(folder / "influxd") as database:
            database.create_database(DATABASE)
            text = sparkplug_configuration(broker, database.url, layout=self.layout)
            with processes.gateway(folder, text) as gateway, self._publisher(broker, load) as nodes:

                def received() -> int:
                    return gateway.number("messages", "received") - load.topics

                def settle(messages: int) -> None:
                    expected = load.topics + messages
                    processes.wait_until(
                        lambda: gateway.number("messages", "stored") >= expected,
                        "all messages are stored",
                        poll=processes.SELDOM,
                    )
                    processes.wait_until(lambda: gateway.number("spool", "messages") == 0, "the spool is empty")

                nodes.wait_until_born()
                settle(0)
                _bring(nodes, received, WARM_UP)
                settle(WARM_UP)
                began_cpu, began = weighing.cpu_seconds(gateway.pid), time.monotonic()
                _bring(nodes, received, WARM_UP + load.messages)
                brought = time.monotonic()
                settle(WARM_UP + load.messages)
                seconds = time.monotonic() - began
                cpu, memory = weighing.cpu_seconds(gateway.pid) - began_cpu, weighing.memory(gateway.pid)
                messages = WARM_UP + load.messages
                require_equal({"sent": nodes.published(), "received": received(), "expected": messages})
                require_equal(
                    {
                        "values published": messages * load.values + load.topics * self.metrics,
                        "values in the database": count_values(database),
                    }
                )
        return Turn(cpu / load.messages * 1e6, load.messages / seconds, load.messages / (brought - began), memory)

    def baseline(self, _: Path, broker: int, load: Load) -> Turn:
        """Let the bare subscriber take it: see `bench.sparkplug_subscriber`."""
        command = [sys.executable, "-m", "bench.sparkplug_subscriber", str(broker)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as subscriber:
            assert subscriber.stdout is not None  # noqa: S101  # for the type checker
            lines = subscriber.stdout
            try:
                if lines.readline() != "ready\n":
                    raise MeasurementError("the baseline did not start")
                with self._publisher(broker, load) as nodes:

                    def received() -> int:
                        return int(lines.readline() or "0") - load.topics

                    nodes.wait_until_born()
                    _bring(nodes, received, WARM_UP, poll=0)
                    began_cpu, began = weighing.cpu_seconds(subscriber.pid), time.monotonic()
                    _bring(nodes, received, WARM_UP + load.messages, poll=0)
                    seconds = time.monotonic() - began
                    sent = nodes.published()
                cpu, memory = weighing.cpu_seconds(subscriber.pid) - began_cpu, weighing.memory(subscriber.pid)
            finally:
                subscriber.kill()
        require_equal({"sent": sent, "received": WARM_UP + load.messages})
        rate = load.messages / seconds
        return Turn(cpu / load.messages * 1e6, rate, rate, memory)

    def _publisher(self, broker: int, load: Load) -> AbstractContextManager[Publisher]:
        return publisher(broker, load.topics, self.metrics, load.values, WARM_UP + load.messages)


def _bring(nodes: Publisher, received: Callable[[], int], messages: int, poll: float = processes.SELDOM) -> None:
    """Let the edge nodes publish, at the pace at which it is received, until these are so many messages."""
    deadline, last, allowed = time.monotonic() + processes.PATIENCE, -1, 0
    while last < messages:
        # The first look is at what there is already: nothing may be on its way that would be waited for.
        if (now := min(messages, max(last, 0) + WINDOW)) > allowed:
            nodes.allow(allowed := now)
        last = received()
        if time.monotonic() > deadline:
            raise MeasurementError(f"{last} of {messages} messages were received within {processes.PATIENCE:.0f} s")
        time.sleep(poll)


def count_values(database: Influxd) -> int:
    """Return how many values of edge nodes a database has."""
    rows = database.query("SELECT count(*) FROM sparkplug", DATABASE)
    counts = rows[0] if rows else {}
    return sum(
        int(str(number))
        for field, number in counts.items()
        if field.startswith("count_") and not field.endswith(_MARKS)
    )
