"""How much comes through when every flush of the disk takes 8 ms longer: cheap flash, or a disk that turns.

`gateway run` has a library preloaded that makes each `fsync` and `fdatasync` in its folder take so much longer
(`tests.servers.disk`). The load of `whole_path` comes as fast as the broker takes it; the database is one that takes
everything at once (`null_sink`), because the disk is what is measured. It is done with mosquitto, which sends all that
it has without waiting for acknowledgements; with rumqttd, which waits after 100 messages, as many brokers do, so that
each 100 wait for a commit; and with mosquitto again and the disk as it is, to compare with.

- Messages a second: those after the first that were seen acknowledged, over the time from then until the last one is;
  looked at every 20 ms.
- CPU of a message: user and kernel time of the gateway's process until everything is stored.

The database counts its records: none may be missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from bench import processes, weighing
from bench.configuration import SOURCE, configuration
from bench.measured import Measured, Row, Setting, require_equal
from bench.null_sink import null_sink
from bench.turns import Load
from tests.servers import disk

LOAD = Load(messages=300_000)
WAITING_LOAD = Load(messages=100_000)
DELAY_MS = 8


Broker: TypeAlias = Callable[[Path], AbstractContextManager[int]]
"""Runs a broker, with its files in this folder, and returns its port."""


class Run(NamedTuple):
    """How it went."""

    messages_per_second: float
    cpu_us_per_message: float
    commits: int


def measure(setting: Setting) -> Measured:
    """Run it."""
    runs = {
        "slow": _measure(setting, "slow", LOAD, DELAY_MS),
        "slow_window_100": _measure(setting, "slow_window_100", WAITING_LOAD, DELAY_MS, processes.rumqttd),
        "as_it_is": _measure(setting, "as_it_is", LOAD, 0),
    }
    slow, waiting, beside = runs["slow"], runs["slow_window_100"], runs["as_it_is"]
    ratio = round(slow.messages_per_second / beside.messages_per_second, 2)
    return Measured(
        {
            "messages_per_second": round(slow.messages_per_second),
            "messages_per_second_window_100": round(waiting.messages_per_second),
            "messages_per_second_without_delay": round(beside.messages_per_second),
            "ratio": ratio,
            "delay_ms": DELAY_MS,
            "runs": {name: dict(run._asdict()) for name, run in runs.items()},
        },
        [
            Row(
                f"messages a second, {DELAY_MS} ms a flush",
                f"{slow.messages_per_second:,.0f}",
                f"{beside.messages_per_second:,.0f} without (ratio {ratio})",
            ),
            Row("the same, 100 in flight", f"{waiting.messages_per_second:,.0f}"),
            Row("CPU of a message", f"{slow.cpu_us_per_message:.2f} us", f"{beside.cpu_us_per_message:.2f} us without"),
        ],
    )


def _measure(setting: Setting, name: str, load: Load, delay_ms: int, broker: Broker = processes.mosquitto) -> Run:
    load = load._replace(messages=round(load.messages * setting.scale))
    folder = setting.folder / name
    folder.mkdir()
    run = _run(folder, load, delay_ms, broker)
    setting.say(
        f"{name}: {run.messages_per_second:,.0f} messages/s in {run.commits} commits, "
        f"{run.cpu_us_per_message:.2f} us of CPU a message"
    )
    return run


def _run(folder: Path, load: Load, delay_ms: int, run_broker: Broker) -> Run:
    environment = disk.environment(folder, delay_ms=delay_ms) if delay_ms else None
    with (
        run_broker(folder) as broker,
        null_sink(folder) as sink,
        processes.gateway(folder, configuration(broker, sink.url), environment=environment) as gateway,
    ):
        began_cpu = weighing.cpu_seconds(gateway.pid)

        def acknowledged() -> int:
            return gateway.number("sources", SOURCE, "acknowledged")

        with load.publisher(broker) as publisher:
            processes.wait_until(lambda: acknowledged() > 0, "a first message is acknowledged")
            first, began = acknowledged(), time.monotonic()
            sent = processes.published(publisher)
            processes.wait_until(lambda: acknowledged() >= load.messages, "all messages are acknowledged")
            seconds = time.monotonic() - began
        processes.wait_until(
            lambda: gateway.number("messages", "stored") >= load.messages, "all are stored", poll=processes.SELDOM
        )
        cpu = weighing.cpu_seconds(gateway.pid) - began_cpu
        require_equal(
            {
                "sent": sent.messages,
                "received": gateway.number("messages", "received"),
                "stored": gateway.number("messages", "stored"),
                "records in the database": sink.counts().records,
            }
        )
        commits = gateway.number("spool", "commits")
    return Run((load.messages - first) / seconds, cpu / load.messages * 1e6, commits)
