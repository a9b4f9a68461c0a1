"""Fills groups with what a source brings and with what adapters do as time passes, one after the other.

Both go into the same groups, so that they are committed in the order in which they happened: a message that an adapter
holds, and releases a moment later because nothing more came, is never committed as held after its records.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from gateway.clock import Clock
from gateway.fail_points import FailPoint, reach
from gateway.interfaces import Source, Unreadable
from gateway.models import Message
from gateway.spool import Group
from gateway.translator import Translator

MAX_GROUP_MESSAGES = 5000
MAX_GROUP_BYTES = 1_000_000
"""Of messages, or of the records that they become: in the narrow layout those have five times as many. A larger group
is no cheaper to commit, leaves the processor's cache, and may be too large to go to a sink in one piece."""
MAX_LAST_TURNS = 100
TURN = 0.25
"""Seconds between two calls of `Translator.advance`."""


class Filling:
    """Fills groups from one source.

    Args:
        source: The source.
        translator: Its translator.
        linger: Seconds that a group waits for company.
        clock: The clock that stamps what arrives.

    Attributes:
        group: The group that is being filled.
        taken: What `receive` returned of it.
        over: Whether the source has ended, and nothing more will come.
    """

    def __init__(self, source: Source, translator: Translator, linger: float, clock: Clock) -> None:
        self._source, self._translator, self._linger, self._clock = source, translator, linger, clock
        self._turn = asyncio.get_running_loop().time() + TURN
        self._passed_ns, self._steps = 0, clock.steps
        self.over = False
        self._open()

    def _open(self) -> None:
        self.group = Group(self._source.name)
        self.taken: list[Sequence[Message | Unreadable]] = []

    def take(self) -> tuple[Group, list[Sequence[Message | Unreadable]]]:
        """Return the group and what was received for it, and open the next one."""
        while self._translator.behind:  # it was cancelled in between
            self._translator.go_on(self.group)
        group, taken = self.group, self.taken
        self._open()
        return group, taken

    @property
    def has_something(self) -> bool:
        """Whether there is anything to commit, to acknowledge or to send."""
        return bool(self.taken or self.group.commands) or not self.group.empty

    @property
    def would_be_lost(self) -> bool:
        """Whether there is something in the group that nobody sends again: at QoS 0 there is no acknowledgement."""
        return any(not message.packet_id for messages in self.taken for message in messages)

    async def fill(self) -> None:
        """Fill the group until it is to be committed: it has lingered, is large, or nothing comes without that."""
        loop, closes = asyncio.get_running_loop(), math.inf
        while True:
            messages = await self._receive_until(min(closes, self._turn))
            if messages is not None and not messages:
                self.over = True
                await self._pass_time_at_the_end()
                return
            if messages:
                reach(FailPoint.RECEIVED)
                self._translator.translate(messages, self.group)
                self.taken.append(messages)
                await self._catch_up()
            now = loop.time()
            if now >= self._turn:
                # Where much waits to be translated, no more time has passed than until its arrival.
                self._pass_time(messages[-1].received_ns if messages else self._clock.now_ns())
                await self._catch_up()
                self._turn = now + TURN
            if messages and (self._is_large() or self._source.exhausted()):
                return
            if closes == math.inf and self.has_something:
                closes = now + self._linger
            if messages is None and now >= closes:
                return

    def _is_large(self) -> bool:
        group = self.group
        return group.received >= MAX_GROUP_MESSAGES or max(group.size, group.written) >= MAX_GROUP_BYTES

    def _pass_time(self, now_ns: int) -> None:
        if self._clock.steps == self._steps:
            now_ns = max(now_ns, self._passed_ns)
        self._passed_ns, self._steps = now_ns, self._clock.steps
        self._translator.advance(now_ns, self.group)

    async def _pass_time_at_the_end(self) -> None:
        """Let the adapters say what follows from the end of the connection, all of it: there is no next turn."""
        for _ in range(MAX_LAST_TURNS):
            said = self.group.records
            self._pass_time(self._clock.now_ns())
            await self._catch_up()
            if self.group.records == said:
                return
            await asyncio.sleep(0)

    async def _catch_up(self) -> None:
        """Translate what was left of many messages that were released, and give the others a turn in between."""
        while self._translator.behind:
            await asyncio.sleep(0)
            self._translator.go_on(self.group)

    async def _receive_until(self, when: float) -> Sequence[Message | Unreadable] | None:
        """Return what comes, nothing if the source has ended; None if nothing came in time."""
        try:
            async with asyncio.timeout_at(when):
                return await self._source.receive()
        except TimeoutError:
            return None
