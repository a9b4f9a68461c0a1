"""Brings rows of the spool to one sink, in a thread of its own, and says how that goes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from gateway.backlog import AWAY, HELD, Backlog, Throttle
from gateway.errors import SinkError, SinkHeld, SinkUnavailable
from gateway.interfaces import Batch, Sink
from gateway.refusals import Refusal, refusals_of
from gateway.sinks.bisect import Isolation
from gateway.spool import Progress, ReadAhead, Row, SpoolReader
from gateway.status import SinkStatus
from gateway.worker import Worker

FIRST_WAIT = 0.5
"""Longest first wait after a failure, in seconds; it doubles with each further one."""
LEAST_WAIT = 0.1
MAX_BATCH = 2 * 2**20
PATIENCE = 1.0
"""Seconds that a sink has to confirm a batch that is not in the spool."""
SUSPICIOUS = 3
"""Times a batch may lose the connection before its records are tried apart: one of them may be the cause."""

log = structlog.get_logger()


@dataclass
class Backoff:
    """Waits that grow, with full jitter, so that many gateways do not return to a database all at once."""

    failures: int = 0

    def next(self, longest: float, asked: float = 0.0) -> float:
        """Return how long to wait after one more failure, in seconds.

        Args:
            longest: That it would wait of itself.
            asked: What the other side asked for. All who were refused together were told the same, so up to a tenth
                more is waited, by chance.
        """
        self.failures += 1
        own = random.uniform(0, min(longest, FIRST_WAIT * 2 ** min(self.failures - 1, 30)))
        return max(LEAST_WAIT, own, asked * random.uniform(1, 1.1))

    def reset(self) -> None:
        """Start anew after a success."""
        self.failures = 0


@dataclass
class Delivery:
    """One sink's way out of the spool.

    Attributes:
        sink: Where to.
        reader: Reads the spool.
        status: Where its state is shown.
        progress: The rows that the sink has.
        newest_first: After an outage: fresh data first.
        backlog_rate: Points a second, at most, of what has waited.
        news: Set when there may be something new in the spool.
    """

    sink: Sink
    reader: SpoolReader
    status: SinkStatus
    progress: Progress
    newest_first: bool = False
    backlog_rate: float = 1e9
    news: asyncio.Event = field(default_factory=asyncio.Event)
    backlog: Backlog = field(init=False)
    _ahead: ReadAhead = field(init=False)
    _worker: Worker = field(init=False)
    _writing: Isolation | None = None
    _suspicions: int = 0
    _in_doubt: bool = False
    _backlog_next: bool = False

    def __post_init__(self) -> None:
        self._ahead = ReadAhead(self.reader, f"reader {self.sink.name}")
        self._worker = Worker(f"sink {self.sink.name}")
        self.backlog = Backlog(self.sink.name, self.status, Throttle(self.backlog_rate))

    @property
    def name(self) -> str:
        """The name of the sink."""
        return self.sink.name

    async def read(self) -> Sequence[Row]:
        """Wait for rows that the sink does not have, and return as many as make a good batch.

        What has waited for long is returned no faster than `backlog_rate` allows; what is fresh may overtake it. Where
        something fresh has come each time, the two take turns.
        """
        while True:
            self.news.clear()
            size = min(MAX_BATCH, self.sink.max_batch_bytes)
            turn = self._backlog_next and not self.backlog.throttle.delay(time.monotonic())
            self._backlog_next = False
            rows = await self._ahead.read(self.progress, size, backlog_first=turn)
            if not rows:
                await self.news.wait()
            elif not self.backlog.is_old(rows):
                self._backlog_next = not turn
                return rows
            elif await self._may_go():
                rows = self.backlog.pass_portion(rows, newest_first=self.newest_first)
                if not self.newest_first:
                    self._ahead.prepare(self.progress, rows, size)
                return rows

    async def _may_go(self) -> bool:
        """Wait until more of what has waited may go; False if something fresh is to be looked at first."""
        delay = self.backlog.throttle.delay(time.monotonic())
        if not delay:
            return True
        if not self.newest_first:
            await asyncio.sleep(delay)
            return True
        try:
            async with asyncio.timeout(delay):
                await self.news.wait()
        except TimeoutError:
            return True
        return False

    @property
    def keeps_up(self) -> bool:
        """Whether the sink takes what it is given, as far as is known."""
        return self.status.state in ("starting", "ready")

    async def write_through(self, batch: Batch) -> bool:
        """Write a batch that is not in the spool; return whether the sink has confirmed it in good time.

        If it has not, nothing is known of the batch, and it must go the way through the spool, where what the sink
        has against it is dealt with.
        """
        if len(batch.body) > self.sink.max_batch_bytes:
            return False
        self.status.batches += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._worker.run(self.sink.write, batch)
        except (SinkError, TimeoutError):
            return False
        self.status.points += batch.records
        self.status_is("ready")
        return True

    async def write(self, rows: Sequence[Row]) -> list[Refusal]:
        """Write the rows; return the records that the sink will never take.

        Called again with the same rows until it does not raise.

        Raises:
            SinkUnavailable: The same call may succeed later.
            SinkHeld: It will not before an operator has acted.
        """
        if self._writing is None:
            batch = Batch(b"".join(row.body for row in rows), sum(row.points for row in rows))
            scout = random.randrange(batch.records) if self._in_doubt else None
            self._writing = Isolation(batch, lost_connections=self._suspicions >= SUSPICIOUS, scout=scout)
        self.status.batches += 1
        try:
            rejections = await self._worker.run(self._writing.proceed, self.sink)
        except SinkUnavailable as error:
            self.status.retries += 1
            self._suspicions += error.suspect
            # From now on its records are tried apart; where that tells nothing, together with others.
            if self._suspicions == SUSPICIOUS or self._writing.undecided:
                self._writing = None
            raise
        except SinkHeld:
            self.status.retries += 1
            self._in_doubt, self._writing = self._writing.in_doubt, None
            raise
        self._writing, self._suspicions, self._in_doubt = None, 0, False
        self.status.points += sum(row.points for row in rows) - len(rejections)
        self.status.rejected += len(rejections)
        return refusals_of(self.name, rows, rejections)

    def again(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows to try next after a failure: none, if they are better read again.

        Where the records themselves may be to blame, more of them help: a sink that takes the others tells which.
        """
        return rows if self._writing is not None else ()

    def status_is(self, state: str, reason: str = "") -> None:
        """Show a state, and log when it changes; what goes on is told by its `Backlog`."""
        before, self.status.reason = self.status.state, reason
        if state == before:
            return
        self.status.state, self.status.since_ns = state, time.time_ns()
        facts = {"sink": self.name, "waiting": self.status.waiting_messages}
        if state == "ready" and before in ("retrying", "held"):
            log.info("The sink takes records again", **facts)
        elif state == "retrying":
            log.warning(AWAY, reason=reason, **facts)
        elif state == "held":
            log.error(HELD, reason=reason, **facts)

    def close(self, seconds: float) -> None:
        """End the thread, within so many seconds, and let go of the spool and the sink."""
        self._ahead.close(seconds)
        if self._worker.stop(seconds):
            self.sink.close()
        self.status.state = "stopped"
