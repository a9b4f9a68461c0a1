"""What a message costs on its way in: flat JSON at QoS 1, from the broker's socket to the acknowledgement.

500 topics, six values and a time in about 150 bytes, from `simulators load` through mosquitto to `gateway run` with its
default settings: decoding, types, quality, validation, encoding, and a spool that waits for the disk
(`synchronous=FULL`, in a folder on a disk). Nothing listens where the sink is, so all of it stays in the spool:
delivery is measured by `end_to_end`.

Beside it runs, with the same broker and publisher, a subscriber that does the least there is to do (`baseline`). Both
are measured in turns, three times, and the medians are reported.

- CPU: user and kernel time of the process, all threads, from when it is connected and has nothing to do until it has
  acknowledged the last message. So starting is not in it, and waiting is: it costs next to nothing.
- Messages a second: those after the first that were seen acknowledged, over the time from then until the last one is;
  looked at every 20 ms. Broker and publisher share the processors, and with two of these they are the limit.
- Memory: resident, right after the last acknowledgement, libraries included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from bench import processes
from bench.measured import Measured, MeasurementError, Row, Setting, median, require_equal
from bench.processes import Memory
from gateway.status import JSON
from tests.servers import free_port

MESSAGES, TOPICS, ROUNDS = 300_000, 500, 3

CONFIGURATION = """
id = "bench"
[[sources]]
name = "plant"
url = "mqtt://127.0.0.1:{broker}"
[[routes]]
topic = "load/{{area}}/{{line}}/{{machine}}/telemetry"
adapter = "json"
measurement = "cnc"
[spool]
path = "spool.db"
[[sinks]]
name = "away"
type = "influxdb"
api = "v1"
url = "http://127.0.0.1:{nobody}"
database = "plant"
"""


class Turn(NamedTuple):
    """One run of one of the two.

    Attributes:
        cpu_us_per_message: Microseconds.
        messages_per_second: Acknowledged to the broker.
        published_per_second: What the publisher was able to bring, meanwhile.
        memory: At the end.
    """

    cpu_us_per_message: float
    messages_per_second: float
    published_per_second: float
    memory: Memory


def measure(setting: Setting) -> Measured:
    """Run it."""
    messages = round(MESSAGES * setting.scale)
    gateways: list[Turn] = []
    baselines: list[Turn] = []
    for number in range(1, ROUNDS + 1):
        for name, turns, take in (("baseline", baselines, _baseline), ("gateway", gateways, _gateway)):
            folder = setting.folder / f"{name}{number}"
            folder.mkdir()
            with processes.mosquitto(folder) as broker:
                turn = take(folder, broker, messages)
            turns.append(turn)
            setting.say(
                f"round {number}, {name}: {turn.cpu_us_per_message:.2f} us of CPU a message, "
                f"{turn.messages_per_second:,.0f} messages/s (published: {turn.published_per_second:,.0f}/s), "
                f"{turn.memory.now:.0f} MB"
            )
    return _report(messages, gateways, baselines)


def _gateway(folder: Path, broker: int, messages: int) -> Turn:
    configuration = CONFIGURATION.format(broker=broker, nobody=free_port())
    with processes.gateway(folder, configuration) as gateway, _publisher(broker, messages) as load:
        # The publisher takes a moment to start, in which the gateway does nothing.
        began_cpu = processes.cpu_seconds(gateway.pid)

        def acknowledged() -> int:
            return gateway.number("sources", "plant", "acknowledged")

        processes.wait_until(lambda: acknowledged() > 0, "a first message is acknowledged")
        first, began = acknowledged(), time.monotonic()
        sent = processes.published(load)
        processes.wait_until(lambda: acknowledged() >= messages, "all messages are acknowledged")
        seconds = time.monotonic() - began
        cpu, memory = processes.cpu_seconds(gateway.pid) - began_cpu, processes.memory(gateway.pid)
        require_equal(
            {
                "sent": sent.messages,
                "received": gateway.number("messages", "received"),
                "acknowledged": acknowledged(),
                "waiting in the spool": gateway.number("spool", "messages"),
                "records": gateway.number("spool", "points"),
            }
        )
    return Turn(cpu / messages * 1e6, (messages - first) / seconds, sent.messages / sent.seconds, memory)


def _baseline(_: Path, broker: int, messages: int) -> Turn:
    command = [sys.executable, "-m", "bench.baseline", str(broker), str(messages)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as subscriber:
        try:
            assert subscriber.stdout is not None  # noqa: S101  # for the type checker
            if subscriber.stdout.readline() != "ready\n":
                raise MeasurementError("the baseline did not start")
            began_cpu = processes.cpu_seconds(subscriber.pid)
            with _publisher(broker, messages) as load:
                sent = processes.published(load)
            answer = json.loads(subscriber.stdout.readline() or "{}")
            if not answer:
                raise MeasurementError("the baseline failed")
            cpu, memory = processes.cpu_seconds(subscriber.pid) - began_cpu, processes.memory(subscriber.pid)
        finally:
            subscriber.kill()
    require_equal({"sent": sent.messages, "received and parsed": answer["messages"]})
    return Turn(cpu / messages * 1e6, messages / answer["seconds"], sent.messages / sent.seconds, memory)


def _publisher(broker: int, messages: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return processes.publisher(broker, "--topics", str(TOPICS), "--messages", str(messages))


def _report(messages: int, gateways: list[Turn], baselines: list[Turn]) -> Measured:
    cpu, baseline_cpu = (median([turn.cpu_us_per_message for turn in turns]) for turns in (gateways, baselines))
    rate, baseline_rate = (median([turn.messages_per_second for turn in turns]) for turns in (gateways, baselines))
    rss, baseline_rss = (median([turn.memory.now for turn in turns]) for turns in (gateways, baselines))
    peak = max(turn.memory.peak for turn in gateways)
    ratio = round(cpu / baseline_cpu, 2)
    runs: dict[str, JSON] = {
        name: [{**turn._asdict(), "memory": dict(turn.memory._asdict())} for turn in turns]
        for name, turns in (("gateway", gateways), ("baseline", baselines))
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
            "messages": messages,
            "runs": runs,
        },
        [
            Row("CPU of a message", f"{cpu:.2f} us", f"{baseline_cpu:.2f} us (ratio {ratio})"),
            Row("messages a second, QoS 1", f"{rate:,.0f}", f"{baseline_rate:,.0f}"),
            Row("resident memory", f"{rss:.0f} MB (at most {peak:.0f})", f"{baseline_rss:.0f} MB"),
        ],
    )
