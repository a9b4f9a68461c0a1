"""Gateway and bare subscriber by turns, with the same broker, publisher and load, several times; and their medians."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from bench import processes, weighing
from bench.measured import Measured, MeasurementError, Row, Setting, median, require_equal
from bench.weighing import Memory
from gateway.status import JSON

ROUNDS = 3


class Load(NamedTuple):
    """What is published, as fast as the broker takes it. No more can ever wait in the broker than it has messages."""

    messages: int
    topics: int = 500
    values: int = 6

    def publisher(self, broker: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Publish it, at QoS 1; see `processes.published`."""
        options = {"--topics": self.topics, "--messages": self.messages, "--values": self.values}
        return processes.publisher(broker, *(str(word) for option in options.items() for word in option))


class Turn(NamedTuple):
    """One run of one of the two.

    Attributes:
        cpu_us_per_message: Microseconds.
        messages_per_second: Brought to the end of what is measured.
        published_per_second: What the publisher was able to bring, meanwhile.
        memory: At the end.
    """

    cpu_us_per_message: float
    messages_per_second: float
    published_per_second: float
    memory: Memory


Take: TypeAlias = Callable[[Path, int, Load], Turn]
"""Lets a gateway, with its files in this folder, take a load from the broker at this port."""


class Comparison(NamedTuple):
    """What came out: the turns of the gateway and those of the bare subscriber."""

    load: Load
    gateways: list[Turn]
    baselines: list[Turn]

    def report(self, what: str) -> Measured:
        """Return the medians; `what` names the rate in the table."""
        sides = (self.gateways, self.baselines)
        cpu, baseline_cpu = (median([turn.cpu_us_per_message for turn in turns]) for turns in sides)
        rate, baseline_rate = (median([turn.messages_per_second for turn in turns]) for turns in sides)
        rss, baseline_rss = (median([turn.memory.now for turn in turns]) for turns in sides)
        peak = max(turn.memory.peak for turn in self.gateways)
        ratio = round(cpu / baseline_cpu, 2)
        runs: dict[str, JSON] = {
            name: [{**turn._asdict(), "memory": dict(turn.memory._asdict())} for turn in turns]
            for name, turns in zip(("gateway", "baseline"), sides, strict=True)
        }
        return Measured(
            {
                "cpu_us_per_message": cpu,
                "messages_per_second": round(rate),
                "baseline_cpu_us_per_message": baseline_cpu,
                "ratio": ratio,
                "rss_mb": rss,
                "peak_rss_mb": peak,
                "baseline_messages_per_second": round(baseline_rate),
                **self.load._asdict(),
                "runs": runs,
            },
            [
                Row("CPU of a message", f"{cpu:.2f} us", f"{baseline_cpu:.2f} us (ratio {ratio})"),
                Row(what, f"{rate:,.0f}", f"{baseline_rate:,.0f}"),
                Row("resident memory", f"{rss:.0f} MB (at most {peak:.0f})", f"{baseline_rss:.0f} MB"),
            ],
        )


def compare(setting: Setting, load: Load, take: Take, take_barely: Take | None = None) -> Comparison:
    """Let the two take the load, by turns: a gateway, and a bare subscriber (by default that of `bench.baseline`)."""
    load = load._replace(messages=round(load.messages * setting.scale))
    comparison = Comparison(load, [], [])
    sides = (("baseline", comparison.baselines, take_barely or baseline), ("gateway", comparison.gateways, take))
    for number in range(1, ROUNDS + 1):
        for name, turns, take_it in sides:
            folder = setting.folder / f"{name}{number}"
            folder.mkdir()
            with processes.mosquitto(folder) as broker:
                turn = take_it(folder, broker, load)
            turns.append(turn)
            setting.say(
                f"round {number}, {name}: {turn.cpu_us_per_message:.2f} us of CPU a message, "
                f"{turn.messages_per_second:,.0f} messages/s (published: {turn.published_per_second:,.0f}/s), "
                f"{turn.memory.now:.0f} MB"
            )
    return comparison


def baseline(_: Path, broker: int, load: Load) -> Turn:
    """Let the bare subscriber take it: see `bench.baseline`."""
    messages = load.messages
    command = [sys.executable, "-m", "bench.baseline", str(broker), str(messages)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as subscriber:
        try:
            assert subscriber.stdout is not None  # noqa: S101  # for the type checker
            if subscriber.stdout.readline() != "ready\n":
                raise MeasurementError("the baseline did not start")
            began_cpu = weighing.cpu_seconds(subscriber.pid)
            with load.publisher(broker) as publisher:
                sent = processes.published(publisher)
            answer = json.loads(subscriber.stdout.readline() or "{}")
            if not answer:
                raise MeasurementError("the baseline failed")
            cpu, memory = weighing.cpu_seconds(subscriber.pid) - began_cpu, weighing.memory(subscriber.pid)
        finally:
            subscriber.kill()
    require_equal({"sent": sent.messages, "received and parsed": answer["messages"]})
    return Turn(cpu / messages * 1e6, messages / answer["seconds"], sent.messages / sent.seconds, memory)
