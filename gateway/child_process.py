"""A process that lives no longer than the block that it is for."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def running(
    arguments: list[str], log: Path, output: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Python with these arguments until the block ends; then it is killed if it has not ended.

    Args:
        arguments: Of Python.
        log: File that its errors are added to, and its output, unless that goes elsewhere.
        output: Where its output goes instead, such as `asyncio.subprocess.PIPE`.
    """
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors if output is None else output,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for us: they are stopped in an order in which nothing is lost
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
