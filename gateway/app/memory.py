"""Keeps the garbage collector from looking again and again at what stays until the end.

Most of what a message leaves behind goes by itself. What stays are the series, some fifteen objects each, and a
collection walks through all of them: with 100,000 series that took as long as the messages did.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sized

WORTH_IT = 1.02
"""Growth of the number of series after which the new ones are set aside, too."""


def set_aside() -> None:
    """Take everything that exists now out of the collector's sight, and let it look less often."""
    _freeze()
    gc.set_threshold(50_000, 20, 1000)


async def set_aside_new(series: Sized) -> None:
    """Set new series aside as they become known, for ever."""
    known = len(series)
    while True:
        await asyncio.sleep(1)
        if len(series) > known * WORTH_IT:
            known = len(series)
            _freeze()


def _freeze() -> None:
    gc.collect()  # of what is new only: what is in sight no more can never be collected
    gc.freeze()
