"""The path of a value: `ingest` fills the spool, `deliver` empties it.

    broker --> Source --> Translator --> Spool (commit) --> acknowledgement
                                           |
                                           +--> Sink, one cursor each --> forget

What holds, whatever fails:

1. A message is acknowledged only after everything it said is safe: committed to disk as records, as held, or as
   quarantined with its bytes; or, with `acknowledge = "after_sink"`, its records confirmed by every sink.
2. Nothing leaves the spool before every sink confirmed it, or its copy is committed to the dead letters.
3. Per broker connection, acknowledgements go out in order of arrival.
4. Names, types, tags and times are fixed before the spool, so that a repeated write overwrites itself; and they follow
   from message and configuration, never from what this process happened to see first.
5. Memory, spool, dead letters, series and nodes are bounded. Whatever is discarded is counted by reason and visible.
6. No message, batch, route, device or sink can stop the others for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.clock import Clock
from gateway.delivery import Backoff, Delivery
from gateway.errors import SinkHeld, SinkUnavailable
from gateway.fail_points import FailPoint, reach
from gateway.filling import Filling
from gateway.interfaces import Source, Unreadable
from gateway.models import Message
from gateway.safekeeping import Safekeeping
from gateway.spool import Group, Row
from gateway.translator import Translator

GOODBYE = 3.0
"""Seconds that a commit may still take when the gateway stops."""
RETRY, HOLD = 15.0, 60.0
"""Longest wait, in seconds, before a sink is tried again that cannot be reached, or that needs an operator."""


async def ingest(source: Source, translator: Translator, safekeeping: Safekeeping, linger: float, clock: Clock) -> None:
    """Take messages from a source until it has ended: translate, commit in groups, acknowledge.

    A group opens with a first message and closes after `linger` seconds, when it is large, or when the broker waits
    for an acknowledgement. The next group is filled while the last one is being committed.
    """
    me, filling = asyncio.current_task(), Filling(source, translator, linger, clock)

    def settle() -> asyncio.Task[None]:
        return asyncio.create_task(_settle(source, *filling.take(), safekeeping), name=f"commit {source.name}")

    def fail(task: asyncio.Task[None]) -> None:
        """Stop taking messages at once when a commit failed; its error is raised below."""
        if me is not None and not task.cancelled() and task.exception() is not None:
            me.cancel()

    settling: asyncio.Task[None] | None = None
    try:
        while not filling.over:
            await filling.fill()
            if settling is not None:
                await asyncio.shield(settling)
            if filling.has_something:
                settling = settle()
                settling.add_done_callback(fail)
    finally:
        # What is being committed when the gateway stops is still acknowledged, unless it waits for room; what is not
        # acknowledged is sent again, and what would not be is committed too.
        until = asyncio.get_running_loop().time() + GOODBYE
        if settling is not None:
            settling.remove_done_callback(fail)
            await _end(settling, until)
        if filling.would_be_lost:
            await _end(settle(), until)


async def _end(task: asyncio.Task[None], until: float) -> None:
    await asyncio.wait([task], timeout=until - asyncio.get_running_loop().time())
    task.cancel()
    await task


async def _settle(
    source: Source, group: Group, taken: Sequence[Sequence[Message | Unreadable]], safekeeping: Safekeeping
) -> None:
    reach(FailPoint.BEFORE_COMMIT)
    await safekeeping.keep(group)
    reach(FailPoint.AFTER_COMMIT)
    for messages in taken:
        source.acknowledge(messages)
    reach(FailPoint.AFTER_ACKNOWLEDGEMENT)
    for command in group.commands:
        source.send(command)


async def deliver(delivery: Delivery, safekeeping: Safekeeping) -> None:
    """Bring everything in the spool to one sink, for ever: what it does not confirm is sent again.

    A sink that cannot be reached or refuses stops nobody else, and nothing but time makes it give up a batch.
    """
    backoff = Backoff()
    rows: Sequence[Row] = ()
    while True:
        rows = rows or await delivery.read()
        reach(FailPoint.BEFORE_WRITE)
        try:
            refusals = await delivery.write(rows)
        except SinkUnavailable as error:
            delivery.status_is("retrying", str(error))
            rows = delivery.again(rows)
            await asyncio.sleep(backoff.next(RETRY, error.retry_after))
        except SinkHeld as error:
            delivery.status_is("held", str(error))
            rows = delivery.again(rows)
            await asyncio.sleep(backoff.next(HOLD))
        else:
            backoff.reset()
            delivery.status_is("ready")
            reach(FailPoint.AFTER_WRITE)
            delivery.progress.add(*await safekeeping.confirm(delivery.name, rows, refusals))
            rows = ()


async def pass_time(safekeeping: Safekeeping, clock: Clock) -> None:
    """Once a second: mark silent machines stale."""
    while True:
        await asyncio.sleep(1)
        await safekeeping.note_silences(clock.now_ns())


async def keep_house(safekeeping: Safekeeping) -> None:
    """Once a second: save how far the sinks are, and see how far they are behind."""
    while True:
        await asyncio.sleep(1)
        await safekeeping.keep_house()
