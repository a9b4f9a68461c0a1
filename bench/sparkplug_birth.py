"""Whether one edge node's birth of 20,000 metrics, more than a megabyte, holds up what other edge nodes say.

40 edge nodes publish ten messages of ten metrics a second each. After five quiet seconds another edge node publishes a
birth of 20,000 metrics; five seconds later it is born again with the same values, and five seconds after that with
values all of which are others. In each five seconds:

- Arrival: the longest time from the publishing of a small message until the database has it, which is one that takes
  everything at once (`sparkplug_watch`). The goal is that it is no more than 200 ms longer than in the quiet.
- Answer: the longest time in which the gateway answers the question how it is, which its event loop does, and which is
  put to it every 20 ms. This is how long nothing but the birth was done.
- CPU: of the gateway's process, measured apart; see `sparkplug_birth_cpu`.

Three rounds, each with another gateway; medians. Every small message must be in the database at the end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import processes
from bench.configuration import sparkplug_configuration
from bench.measured import Measured, MeasurementError, Row, Setting, median, require_equal
from bench.processes import Gateway
from bench.sparkplug_birth_cpu import cpu_of_births
from bench.sparkplug_fleet import LARGE, fleet
from bench.sparkplug_watch import Watch, watch
from gateway.status import JSON

ROUNDS = 3
NODES, SMALL, INTERVAL = 40, 10, 0.1
METRICS = 20_000
SECONDS, SETTLING = 5.0, 3.0
ASK_EVERY = 0.02
TIMES = ("in the quiet", "first birth", "the same again", "with other values")
BIRTHS = (0, 0, 1)
"""Numbers of the values of the large node; see `sparkplug_fleet`."""
GOAL_MS = 200


class Span(NamedTuple):
    """What was seen in five seconds.

    Attributes:
        arrival_ms: The longest time until the database had a small message.
        answer_ms: The longest time until the gateway answered.
        records: Of the large node, in the database.
    """

    arrival_ms: float
    answer_ms: float
    records: float


def measure(setting: Setting) -> Measured:
    """Run it."""
    rounds: list[list[Span]] = []
    for number in range(1, ROUNDS + 1):
        folder = setting.folder / str(number)
        folder.mkdir()
        spans = _measure(folder, round(METRICS * setting.scale))
        rounds.append(spans)
        for name, span in zip(TIMES, spans, strict=True):
            setting.say(
                f"round {number}, {name}: arrival {span.arrival_ms:.0f} ms, answer {span.answer_ms:.0f} ms at most, "
                f"{span.records:.0f} records of the large node"
            )
    folder = setting.folder / "cpu"
    folder.mkdir()
    cpu = dict(zip(TIMES[1:], cpu_of_births(folder, round(METRICS * setting.scale), BIRTHS), strict=True))
    setting.say("CPU: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in cpu.items()))
    return _report(rounds, cpu)


def _measure(folder: Path, metrics: int) -> list[Span]:
    with (
        processes.mosquitto(folder) as broker,
        watch() as database,
        processes.gateway(folder, sparkplug_configuration(broker, database.url)) as gateway,
        fleet(broker, NODES, SMALL, SMALL, INTERVAL, large=metrics, births=BIRTHS) as nodes,
        _asking(gateway) as answers,
    ):
        nodes.wait_until_born()
        time.sleep(SETTLING)
        spans = [_span(database, answers)]
        for _ in BIRTHS:
            nodes.say(LARGE)
            spans.append(_span(database, answers))
        sent = nodes.stop()
        expected = int(sent["messages"]) + NODES
        processes.wait_until(lambda: database.small >= expected, "every small message is in the database")
        require_equal({"small messages": expected, "records in the database": database.small})
        if sent["asked"]:
            raise MeasurementError(f"edge nodes were asked for {sent['asked']:.0f} rebirths")
    return spans


def _span(database: Watch, answers: list[tuple[float, float]]) -> Span:
    """Look for five seconds."""
    begin = time.time()
    time.sleep(SECONDS)
    end = time.time()
    arrivals = database.between(begin, end)
    return Span(
        max(arrival.oldest for arrival in arrivals) * 1e3,
        max(taken for asked, taken in answers if begin <= asked + taken < end) * 1e3,
        sum(arrival.large for arrival in arrivals),
    )


@contextmanager
def _asking(gateway: Gateway) -> Iterator[list[tuple[float, float]]]:
    """Ask the gateway again and again until the block ends; collect when, and how many seconds the answer took."""
    answers: list[tuple[float, float]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(ASK_EVERY):
            asked, began = time.time(), time.monotonic()
            gateway.status()
            answers.append((asked, time.monotonic() - began))

    thread = threading.Thread(target=ask, name="asking", daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def _report(rounds: list[list[Span]], cpu: dict[str, float]) -> Measured:
    spans = {name: Span(*map(median, zip(*of_name, strict=True))) for name, of_name in _by_name(rounds).items()}
    quiet = spans.pop(TIMES[0])
    rows = []
    for name, span in spans.items():
        longer = span.arrival_ms - quiet.arrival_ms
        rows += [
            Row(
                f"longest until a small message is in the database, {name}",
                f"{span.arrival_ms:.0f} ms",
                f"{longer:+.0f} ms",
            ),
            Row(
                f"longest until an answer, {name}", f"{span.answer_ms:.0f} ms", f"{quiet.answer_ms:.0f} ms in the quiet"
            ),
            Row(f"CPU, {name}", f"{cpu[name]:.2f} s"),
        ]
    return Measured(
        {
            "metrics": METRICS,
            "goal_ms": GOAL_MS,
            "longer_ms": {name: round(span.arrival_ms - quiet.arrival_ms, 1) for name, span in spans.items()},
            TIMES[0]: dict(quiet._asdict()),
            **{name: dict(span._asdict()) for name, span in spans.items()},
            "cpu_s": {name: round(seconds, 3) for name, seconds in cpu.items()},
            "runs": _runs(rounds),
        },
        rows,
    )


def _by_name(rounds: list[list[Span]]) -> dict[str, list[Span]]:
    return {name: [spans[index] for spans in rounds] for index, name in enumerate(TIMES)}


def _runs(rounds: list[list[Span]]) -> dict[str, JSON]:
    return {name: [dict(span._asdict()) for span in spans] for name, spans in _by_name(rounds).items()}
