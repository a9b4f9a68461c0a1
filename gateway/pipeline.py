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
from gateway.interfaces import Source, Unreadable
from gateway.models import Message
from gateway.safekeeping import Safekeeping
from gateway.spool import Group, Row
from gateway.translator import Translator

MAX_GROUP_MESSAGES = 5000
MAX_GROUP_BYTES = 1_000_000
GOODBYE = 3.0
"""Seconds that a commit may still take when the gateway stops."""
RETRY, HOLD = 15.0, 60.0
"""Longest wait, in seconds, before a sink is tried again that cannot be reached, or that needs an operator."""


async def ingest(source: Source, translator: Translator, safekeeping: Safekeeping, linger: float) -> None:
    """Take messages from a source for ever: translate, commit in groups, acknowledge.

    A group opens with a first message and closes after `linger` seconds, when it is large, or when the broker waits
    for an acknowledgement. The next group is filled while the last one is being committed.
    """
    loop, me = asyncio.get_running_loop(), asyncio.current_task()

    def fail(task: asyncio.Task[None]) -> None:
        """Stop taking messages at once when a commit failed; its error is raised below."""
        if me is not None and not task.cancelled() and task.exception() is not None:
            me.cancel()

    settling: asyncio.Task[None] | None = None
    try:
        while True:
            group, taken = Group(source.name), []
            messages = await source.receive()
            reach(FailPoint.RECEIVED)
            closes = loop.time() + linger
            while messages:
                translator.translate(messages, group)
                taken.append(messages)
                if group.received >= MAX_GROUP_MESSAGES or group.size >= MAX_GROUP_BYTES or source.exhausted():
                    break
                messages = await _receive_until(source, closes)
            if settling is not None:
                await asyncio.shield(settling)
            settling = asyncio.create_task(_settle(source, group, taken, safekeeping), name=f"commit {source.name}")
            settling.add_done_callback(fail)
    finally:
        # What is being committed when the gateway stops is still acknowledged, unless it waits for room; what is not
        # acknowledged is sent again.
        if settling is not None:
            await asyncio.wait([settling], timeout=GOODBYE)
            settling.cancel()
            await settling


async def _receive_until(source: Source, when: float) -> Sequence[Message | Unreadable]:
    try:
        async with asyncio.timeout_at(when):
            return await source.receive()
    except TimeoutError:
        return ()


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


async def pass_time(translators: Sequence[Translator], safekeeping: Safekeeping, clock: Clock) -> None:
    """Once a second: let adapters act on time, and mark silent machines stale."""
    while True:
        await asyncio.sleep(1)
        await safekeeping.say_what_follows(translators, clock.now_ns())


async def keep_house(safekeeping: Safekeeping) -> None:
    """Once a second: save how far the sinks are, and see how far they are behind."""
    while True:
        await asyncio.sleep(1)
        await safekeeping.keep_house()
