"""What a message of `simulators load` costs: 1000 machines that live while they speak, as JSON and as Sparkplug.

One process, which uses one core, sends as fast as it can to mosquitto, and nobody subscribes: JSON at QoS 1, with all
acknowledgements; Sparkplug at QoS 0 by 50 edge nodes, each with a connection and 20 devices. Beside each runs a bare
publisher (`bare_publisher`) of one payload of the same size at the same quality of service. They take turns, five
times; of each the run with the least CPU is reported, since everything else on the machine only adds to it.

- CPU: user and kernel time of the process from the first message to the last acknowledgement.
- Messages a second: over the same time. With less than two cores that are free, broker and publisher share them.
- A core: messages that a core which does nothing else would send, 1 by the CPU of a message.
"""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

from bench import processes
from bench.measured import Measured, Row, Setting, require_equal
from gateway.status import JSON

ROUNDS, MACHINES, MESSAGES = 5, 1_000, 100_000


class _Way(NamedTuple):
    """How the machines speak; with the usual size of a payload, in bytes, for the bare publisher."""

    face: str
    qos: int
    payload: int


_WAYS = (_Way("json", 1, 320), _Way("sparkplug", 0, 290))


class _Run(NamedTuple):
    cpu_us: float
    messages_per_second: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    messages = round(MESSAGES * setting.scale)
    figures: dict[str, JSON] = {"machines": MACHINES, "messages": messages}
    rows = []
    for way in _WAYS:
        loads, bare = [], []
        for number in range(1, ROUNDS + 1):
            folder = setting.folder / f"{way.face}{number}"
            folder.mkdir()
            with processes.mosquitto(folder) as broker:
                bare.append(_bare(broker, way, messages))
                loads.append(_load(broker, way, messages))
            setting.say(
                f"round {number}, {way.face}: {loads[-1].cpu_us:.1f} us, {loads[-1].messages_per_second:,.0f}/s; "
                f"bare: {bare[-1].cpu_us:.1f} us, {bare[-1].messages_per_second:,.0f}/s"
            )
        best, least = min(loads), min(bare)
        figures[way.face] = {
            "cpu_us_per_message": round(best.cpu_us, 2),
            "messages_per_second_of_a_core": round(1e6 / best.cpu_us),
            "messages_per_second": round(best.messages_per_second),
            "baseline_cpu_us_per_message": round(least.cpu_us, 2),
            "baseline_messages_per_second": round(least.messages_per_second),
            "ratio": round(best.cpu_us / least.cpu_us, 1),
        }
        rows += [
            Row(f"{way.face}: CPU of a message", f"{best.cpu_us:.1f} us", f"{least.cpu_us:.1f} us (one payload)"),
            Row(f"{way.face}: messages a second of a core", f"{1e6 / best.cpu_us:,.0f}", f"{1e6 / least.cpu_us:,.0f}"),
            Row(
                f"{way.face}: messages a second, beside the broker",
                f"{best.messages_per_second:,.0f}",
                f"{least.messages_per_second:,.0f}",
            ),
        ]
    return Measured(figures, rows)


def _load(broker: int, way: _Way, messages: int) -> _Run:
    options = ("--machines", str(MACHINES), "--face", way.face, "--messages", str(messages), "--json")
    with processes.publisher(broker, *options) as process:
        answer = processes.answer_of(process)
    require_equal({"wanted": messages, "published": int(answer["published"])})
    if way.qos:
        require_equal({"published": messages, "acknowledged": int(answer["acknowledged"])})
    return _Run(answer["cpu_seconds"] / messages * 1e6, messages / answer["seconds"])


def _bare(broker: int, way: _Way, messages: int) -> _Run:
    options = {"--qos": way.qos, "--payload": way.payload, "--topics": MACHINES}
    words = [str(word) for option in options.items() for word in option]
    command = [sys.executable, "-m", "bench.bare_publisher", str(broker), str(messages), *words]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            answer = processes.answer_of(process)
        finally:
            process.kill()
    return _Run(answer["cpu_seconds"] / messages * 1e6, messages / answer["seconds"])
