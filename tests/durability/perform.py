"""Runs one part of the matrix in one mode."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.verification.run import Progress, Setup, run
from tests.durability.examine import Row, examine
from tests.durability.parts import Extent, Mode, Part, faults_of
from tests.durability.stage import Stage, staged

PATIENCE = 90.0
"""Seconds without any progress after which what is missing is lost: longer than the gateway waits before it tries a
database again that refused."""

_TROUBLES = (GatewayError, OSError, BaseExceptionGroup, pytest.fail.Exception, pytest.skip.Exception)
"""What keeps a part from being run; the last two: a server that does not start, or is not installed."""

_SINK = """
[[sinks]]
name = "db"
type = "influxdb"
api = "v1"
url = "http://127.0.0.1:{port}"
database = "plant"
timeout = "2s"
{options}
"""


def perform(
    name: str, part: Part, mode: Mode, extent: Extent, seed: int, folder: Path, progress: Progress
) -> list[Row]:
    """Run it and return its rows; a part that cannot be run is one row that says why.

    Args:
        name: Of the part.
        part: What to run.
        mode: When the gateway acknowledges.
        extent: How much of it.
        seed: Decides on the order of faults, and when they strike.
        folder: For everything that is written; made, and removed again unless something is not as it should be.
        progress: Is told how far it is.
    """
    generator, began = random.Random(f"{seed}/{name}/{mode}"), time.monotonic()
    run_id = f"{name}-{mode}".replace(".", "-").replace("_", "-")
    try:
        with staged(run_id, part.servers, folder) as stage:
            faults = faults_of(part, stage, extent, generator)
            outcome = asyncio.run(run(_setup(part, mode, extent, stage), faults, generator, progress))
            rows = examine(name, part, mode, stage, outcome)
    except _TROUBLES as error:
        seconds = round(time.monotonic() - began, 2)
        return [Row(name, "(not run)", mode, seconds=seconds, trouble=f"could not run: {_first(error)}")]
    if all(row.passed for row in rows):
        shutil.rmtree(folder)
    return rows


def _setup(part: Part, mode: Mode, extent: Extent, stage: Stage) -> Setup:
    return Setup(
        run=stage.run,
        folder=stage.folder,
        broker=part.source_at(stage.line.port),
        publish_to=part.source_at(stage.broker.port),
        sinks=_SINK.format(port=stage.front.port, options=part.sink),
        reader=stage.reader,
        mode=mode,
        spool="min_free = 0",
        messages=part.messages_in(extent),
        rate=part.rate,
        patience=PATIENCE,
    )


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
