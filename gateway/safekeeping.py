"""The spool as the event loop sees it: its thread, what to do when it is full, and what it says of itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import structlog

from gateway.backlog import REMIND, Rate
from gateway.delivery import Delivery
from gateway.errors import SpoolFull
from gateway.fail_points import FailPoint, reach
from gateway.interfaces import Batch
from gateway.line_protocol import Encoder
from gateway.normalize import SeriesStates, silences
from gateway.refusals import Refusal
from gateway.spool import Group, Row, Spool, Stretch
from gateway.status import Status
from gateway.worker import Worker

OWN = "gateway"
"""The source of what the gateway itself has to say."""

NEARLY_FULL, ROOM_AGAIN = 0.95, 0.90
"""Parts of the spool's room: above the first, those who can keep their data are asked to; below the second, to send."""

P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger()


class Safekeeping:
    """Owns the spool and its thread.

    Args:
        spool: The spool.
        write_through: Let the sinks confirm what they can at once, and write to the disk only what they do not.
        states: The series, which fall silent as time passes.
        encoder: Makes records of silences.
        status: Where it is shown.
    """

    def __init__(
        self, spool: Spool, states: SeriesStates, encoder: Encoder, status: Status, *, write_through: bool = False
    ) -> None:
        self.spool = spool
        self.worker = Worker("spool")
        self.ways: list[Delivery] = []
        """The ways to the sinks."""
        self._write_through = write_through
        self._filling = Rate()
        self._room = asyncio.Event()
        self._states = states
        self._encoder = encoder
        self._status = status
        self._rejected: OrderedDict[int, int] = OrderedDict()
        """By row: a bit for each of its messages that a sink refused. They do not count as stored once it has left."""
        self._rejected_and_gone = 0
        self._dropped = self._dropped_and_told = 0
        self._told_at = -REMIND
        self._full = False
        self._short = 0
        """Writes that wait for room."""
        self._accepting = True
        self._told_of_room: list[Callable[[bool], None]] = []
        # What waits from an earlier run was received then, so the sum of the counts holds from the start.
        status.messages.received += spool.account.waiting.messages + len(spool.held())
        self._update()

    async def keep(self, group: Group) -> None:
        """Make a group safe: with the sinks, where that is wanted and they keep up, or else on the disk.

        Raises:
            SpoolError: The disk failed: nothing may be acknowledged any more.
        """
        confirmed: list[Delivery] = []
        if self._write_through and group.only_timed_records and self._sinks_keep_up():
            batch = Batch(group.body(), group.records)
            answers = await asyncio.gather(*(way.write_through(batch) for way in self.ways))
            confirmed = [way for way, answer in zip(self.ways, answers, strict=True) if answer]
            if len(confirmed) == len(self.ways):
                self._status.spool.written_through += group.messages
                self._update()
                return
        row = await self.commit(group)
        if row is not None:
            for way in confirmed:
                way.progress.add(*await self.confirm(way.name, [row], []))

    def _sinks_keep_up(self) -> bool:
        """Whether every sink takes what it is given and has all that is in the spool."""
        behind = self.spool.account.behind
        return all(way.keeps_up and not behind[way.name].rows for way in self.ways)

    async def commit(self, group: Group) -> Row | None:
        """Make a group safe on the disk, and return its row; wait for room as long as it takes.

        Raises:
            SpoolError: The disk failed: nothing may be acknowledged any more.
        """
        if group.empty:
            self._update()
            return None
        row = await self._insist(self.spool.commit, group)
        self._status.spool.commits += 1
        self._update()
        for way in self.ways:
            way.news.set()
        return row

    async def confirm(self, sink: str, rows: Sequence[Row], refusals: Sequence[Refusal]) -> Stretch:
        """Note that a sink has these rows, except what it refused, which becomes dead letters first."""
        if refusals:
            await self._reject(refusals)
            reach(FailPoint.AFTER_DEAD_LETTERS)
        return await self.worker.run(self.spool.confirm, sink, rows)

    def tell_of_room(self, tell: Callable[[bool], None]) -> None:
        """Have it told when the spool is short of room (False), at once if it is, and when it has room again (True).

        It is short of room when it is nearly full, unless it would forget the oldest, and when a write found none.
        """
        self._told_of_room.append(tell)
        if not self._accepting:
            tell(False)  # noqa: FBT003  # a state, not a switch

    async def note_silences(self, now_ns: int) -> None:
        """Commit that machines fell silent."""
        group = Group(OWN)
        for telemetry in silences(self._states, now_ns):
            group.further += self._encoder.encode(telemetry)
        if not group.empty:
            await self.commit(group)

    async def keep_house(self) -> None:
        """Save how far the sinks are, forget what all have, and take note of how much waits. Called once a second.

        It waits for nothing, so that a full spool gets room again.
        """
        try:
            await self.worker.run(self.spool.save_positions)
        except SpoolFull as error:  # not even room to delete; what is sent twice for it overwrites itself
            self._fill(str(error))
        else:
            self._clear()
        self._room.set()
        self._update()
        lacking = await self.worker.run(self.spool.lacking)
        now, shown = time.monotonic(), self._status.spool
        self._filling.note(shown.bytes, now)
        growth = self._filling.per_second
        shown.hours_left = round((shown.max_bytes - shown.bytes) / growth / 3600, 2) if growth >= 1 else None
        for way in self.ways:
            way.backlog.observe(*lacking[way.name], shown.hours_left, now)

    async def remember(self, key: str, value: str) -> None:
        """Keep a small text across restarts."""
        await self._insist(self.spool.set_state, key, value)

    async def close(self) -> None:
        """Save how far the sinks are and let go of the file."""
        reach(FailPoint.AT_STOP)
        await self.worker.run(self.spool.close)
        self.worker.stop(1)
        self._update()

    async def _reject(self, refusals: Sequence[Refusal]) -> None:
        await self._insist(self.spool.reject, [refusal.letter for refusal in refusals])
        for refusal in refusals:
            messages = self._rejected.get(refusal.row, 0)
            if refusal.message >= 0 and not messages >> refusal.message & 1:
                self._rejected[refusal.row] = messages | 1 << refusal.message
                self._status.messages.quarantined += 1
                self._status.quarantined.count(f"rejected by {refusal.letter.sink}")

    async def _insist(self, write: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Write what must be kept; wait for room as long as it takes."""
        try:
            result = await self.worker.run(write, *args, **kwargs)
        except SpoolFull as error:
            self._fill(str(error))
        else:
            self._clear()
            return result
        self._short += 1
        try:
            while True:
                # The disk may get room without our doing, so look again in any case.
                self._room.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._room.wait(), 1)
                with contextlib.suppress(SpoolFull):
                    return await self.worker.run(write, *args, **kwargs)
        finally:
            self._short -= 1

    def _fill(self, reason: str) -> None:
        if not self._full:
            self._full = True
            self._status.spool.state = "full"
            log.error("The spool is full: nothing more is acknowledged until the sinks have taken some", reason=reason)
            self._judge_room()

    def _clear(self) -> None:
        if self._full and not self._short:
            self._full = False
            self._status.spool.state = "ready"
            log.info("The spool has room again")
            self._judge_room()

    def _judge_room(self) -> None:
        """Tell those who want to know when the spool becomes short of room, and when that is over."""
        filled = self.spool.filled
        if self._accepting:
            accepting = not self._full and filled < NEARLY_FULL
        else:
            accepting = not self._full and filled < ROOM_AGAIN
        if accepting != self._accepting:
            self._accepting = accepting
            for tell in self._told_of_room:
                tell(accepting)

    def _update(self) -> None:
        account, shown, counts = self.spool.account, self._status.spool, self._status.messages
        shown.rows, shown.messages, shown.points, shown.bytes = account.waiting
        shown.oldest_ns = account.oldest_ns
        # Oldest first, and no further than to one that waits: while a sink is away there may be hundreds of thousands.
        while self._rejected and self.spool.has_left(next(iter(self._rejected))):
            self._rejected_and_gone += self._rejected.popitem(last=False)[1].bit_count()
        counts.stored = account.delivered + shown.written_through - self._rejected_and_gone
        if account.dropped > self._dropped:
            number = account.dropped - self._dropped
            self._dropped = shown.dropped = account.dropped
            counts.ignored += number
            self._status.ignored.count("forgotten because the spool was full", number)
        self._tell_of_dropping(time.monotonic())
        self._judge_room()
        self._status.series = len(self._states)

    def _tell_of_dropping(self, now: float) -> None:
        """Say at once that messages were forgotten, and then how many more it became each minute."""
        number = self._dropped - self._dropped_and_told
        if number and now >= self._told_at + REMIND:
            self._dropped_and_told, self._told_at = self._dropped, now
            log.error("The spool was full and forgot the oldest messages", messages=number)
