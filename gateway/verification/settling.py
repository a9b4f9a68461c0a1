"""Waits until everything that is owed is in the database, or nothing has moved for so long that it never will be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from gateway.errors import GatewayError
from gateway.status import JSON
from gateway.verification.ledger import Ledger
from gateway.verification.messages import Messages, Stream
from gateway.verification.process import GatewayProcess
from gateway.verification.verdict import Stored, Verdict, judge

LOOK_SECONDS = 0.2
"""How often the gateway is asked how far it is."""

_Figures: TypeAlias = tuple[JSON, ...]


class Reader(Protocol):
    """Reads a database back."""

    def read(self, run: str, streams: Sequence[Stream]) -> Stored:
        """Return all points of these streams of a run. Blocking; called in a thread, not twice at a time.

        Raises:
            GatewayError: The database cannot be asked now, or does not allow it.
        """


async def settle(
    reader: Reader,
    gateway: GatewayProcess,
    messages: Messages,
    ledger: Ledger,
    redelivery_window: int,
    patience: float,
) -> Verdict:
    """Return the verdict, once it can no longer change for the better.

    That is when nothing is missing and the gateway has nothing left to deliver: each topic comes in order, so after
    the last message there is none. Or when neither gateway nor database has moved for `patience` seconds.

    Raises:
        GatewayError: The gateway ended, or the database could not be asked to the last.
    """
    moved, size = time.monotonic(), -1
    figures: _Figures = ()
    asked_at: _Figures | None = None
    while True:
        status = await gateway.status()
        if status is None and not gateway.running:
            gateway.explain_end()
        now_figures = _figures(status) if status is not None else figures
        if now_figures != figures:
            moved, figures = time.monotonic(), now_figures
        late = time.monotonic() - moved > patience
        if late or (_idle(status) and figures != asked_at):
            asked_at = figures
            try:
                stored = await asyncio.to_thread(reader.read, messages.run, ledger.streams)
            except GatewayError:
                if late:
                    raise
                asked_at = None  # it may come back
            else:
                verdict = judge(
                    messages,
                    ledger,
                    stored,
                    redelivery_window=redelivery_window,
                    gap_reported=gateway.gaps > 0,
                )
                if verdict.stored != size:
                    size, moved = verdict.stored, time.monotonic()
                    late = False
                if late or (_idle(status) and not verdict.lost):
                    return verdict
        await asyncio.sleep(LOOK_SECONDS)


def _figures(status: Mapping[str, JSON]) -> _Figures:
    """Return what moves while there is progress."""
    counts, sinks = status["messages"], status["sinks"]
    points = [one["points"] for one in sinks.values() if isinstance(one, dict)] if isinstance(sinks, dict) else []
    return (*counts.values(), *points) if isinstance(counts, dict) else ()


def _idle(status: Mapping[str, JSON] | None) -> bool:
    """Whether the gateway has nothing to deliver."""
    counts = None if status is None else status["messages"]
    return isinstance(counts, dict) and counts["waiting"] == 0
