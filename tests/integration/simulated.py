"""A simulated plant on a real broker, collected by a real gateway: what the tests of scenarios have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from simulators.broker import Broker
from simulators.collection import configuration
from simulators.delivery.conductor import Conductor, Pace
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from simulators.plant.start import latest_start
from tests.servers.gateway import Gateway


class Run(NamedTuple):
    """A run that is over.

    Attributes:
        course: The plant, which knows what it did.
        published: Messages that the broker was given.
        start_ns: When it began, and when it ended.
    """

    course: Course
    published: int
    start_ns: int
    end_ns: int


def collect(
    folder: Path,
    scenario: Scenario,
    port: int,
    seconds: int,
    *,
    configured: Callable[[str], str] = lambda text: text,
    seed: int = 1,
    start_ns: int | None = None,
) -> tuple[Gateway, Run]:
    """Run a scenario as fast as it goes, beside a gateway that `simulators config` configures; return both at the end.

    Args:
        folder: Where the gateway lives.
        scenario: The plant.
        port: Of the broker.
        seconds: Virtual seconds.
        configured: Changes the configuration, such as its sink.
        seed: Of the run.
        start_ns: When it begins; by default so that it ends before now.
    """
    text = configured(configuration(scenario, f"mqtt://127.0.0.1:{port}"))
    document, spool, _ = text.partition("[spool]")
    assert spool, text
    sinks = text[text.index("[[sinks]]") :]
    gateway = Gateway(folder, document + sinks)
    gateway.start()
    course = Course(scenario, seed)
    start_ns = latest_start(scenario, seconds, time.time_ns()) if start_ns is None else start_ns
    troubles: list[str] = []
    pace = Pace(None, seconds, start_ns)
    conductor = Conductor(course, Broker("127.0.0.1", port), seed, pace, tell=troubles.append)
    asyncio.run(conductor.run())
    assert not troubles
    gateway.until_settled(conductor.published)
    return gateway, Run(course, conductor.published, start_ns, start_ns + seconds * 1_000_000_000)
