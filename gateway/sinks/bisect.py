"""Writes a batch that has bad records in it: finds them by halving, and writes all others.

A database's own account of bad lines is not relied on: one unbalanced quotation mark makes it miscount, it names only
the first reason, and a batch that touches several shards is accounted for by one of them. The boundaries of the
gateway's own records are certain, and since writing is idempotent the good ones may be written twice.

A record that is one of 5000 and is refused by itself costs 26 further requests.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch, Sink

STRIKES = 3
"""Times that a record must lose its connection, alone and right after a successful check, to be taken for the cause."""

MAX_DOUBTFUL = 8
"""Records refused in unknown words, with not one accepted, after which the sink or its configuration is to blame."""


class Rejection(NamedTuple):
    """A record that the sink will never take.

    Attributes:
        index: Its place in the batch.
        record: Line protocol, without a newline.
        reason: What the sink said.
    """

    index: int  # type: ignore[assignment]  # the method of tuple has the same name, and no use here
    record: bytes
    reason: str


def write_all(sink: Sink, batch: Batch) -> list[Rejection]:
    """Write every record that the sink takes; return the others, in order.

    Raises:
        SinkUnavailable: A part of the batch may not have been written: repeat the whole of it later.
        SinkHeld: The same; or not one record was taken, and the sink did not say clearly that the records are at fault.
    """
    return Isolation(batch).proceed(sink)


class Isolation:
    """Writes one batch piece by piece, and can be interrupted: it goes on where it was.

    With `lost_connections` it is for a batch that has lost its connection several times while the sink otherwise
    answers (influxd 1.6.7 dies of some lines; others pass a limit that is not told, or take too long). A piece that
    loses the connection is then halved. A single record that does is tried last, after all others, and given up after
    three times, each right after a successful check, if others of its batch were accepted.

    A sink that dies of a record is unavailable for a while, so the caller keeps the object, waits as after any
    `SinkUnavailable`, and calls `proceed` again. Of a batch of one record nothing can be told: add others to it.
    """

    def __init__(self, batch: Batch, *, lost_connections: bool = False) -> None:
        self._batch = batch
        # The next piece stands at the right end, and stays there until it is settled.
        self._pieces = deque([_Piece(0, batch)])
        self._lost_connections = lost_connections
        self._accepted = 0
        self._rejections: list[Rejection] = []
        self._doubtful: list[Rejection] = []
        self._strikes: Counter[int] = Counter()

    def proceed(self, sink: Sink) -> list[Rejection]:
        """Write what is left; return the records that the sink will never take, in order.

        Raises:
            SinkUnavailable: Wait, and call this again.
            SinkHeld: The same; or see `write_all`.
        """
        while self._pieces:
            piece = self._pieces[-1]
            if piece.batch.records > 1 and len(piece.batch.body) > sink.max_batch_bytes:
                self._halve()
                continue
            if self._strikes[piece.start]:
                sink.check()
            try:
                sink.write(piece.batch)
            except SinkRejected as error:
                self._refused(error)
            except SinkUnavailable as error:
                if not (self._lost_connections and error.suspect):
                    raise
                self._lost(error)
            else:
                self._accepted += piece.batch.records
                self._pieces.pop()
        if self._doubtful and not self._accepted:
            raise self._not_one_accepted()
        return sorted(self._rejections + self._doubtful)

    def _halve(self) -> None:
        """Put two halves in the place of the next piece, the first of them to be the next."""
        piece = self._pieces.pop()
        first, second = piece.batch.halves()
        self._pieces += (_Piece(piece.start + first.records, second), _Piece(piece.start, first))

    def _refused(self, error: SinkRejected) -> None:
        piece = self._pieces[-1]
        every_record = error.records >= piece.batch.records  # as it happens to data older than the retention
        if piece.batch.records > 1 and not every_record:
            self._halve()
            return
        self._pieces.pop()
        (self._doubtful if error.doubtful else self._rejections).extend(piece.reject(str(error)))
        if error.doubtful and not self._accepted:
            if len(self._doubtful) >= MAX_DOUBTFUL:
                raise self._not_one_accepted()
            self._pieces.rotate(-1)  # go on elsewhere, in the largest piece: bad records come from one device, in a row

    def _lost(self, error: SinkUnavailable) -> None:
        piece = self._pieces[-1]
        if piece.batch.records > 1:
            self._halve()
            return
        self._strikes[piece.start] += 1
        if self._strikes[piece.start] < STRIKES:
            self._pieces.rotate(1)  # the others first
        elif self._accepted:
            self._pieces.pop()
            self._rejections += piece.reject(f"alone it failed {STRIKES} times, while others were accepted: {error}")
        else:
            raise error

    def _not_one_accepted(self) -> SinkHeld:
        """Start over, for what comes next may be a database that an operator has mended; return what to raise."""
        refused = self._doubtful[0].reason
        self._pieces = deque([_Piece(0, self._batch)])
        self._rejections, self._doubtful = [], []
        return SinkHeld(f"not one record was accepted, so the sink or its configuration may be at fault: {refused}")


class _Piece(NamedTuple):
    """A part of the batch, and the index of its first record."""

    start: int
    batch: Batch

    def reject(self, reason: str) -> list[Rejection]:
        """Return the rejection of every record of it."""
        records = self.batch.body.split(b"\n")[:-1]
        return [Rejection(index, record, reason) for index, record in enumerate(records, self.start)]
