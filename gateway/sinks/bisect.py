"""Writes a batch that has bad records in it: finds them by halving, and writes all others.

A database's own account of bad lines is not relied on: one unbalanced quotation mark makes it miscount, it names only
the first reason, and a batch that touches several shards is accounted for by one of them. The boundaries of the
gateway's own records are certain, and since writing is idempotent the good ones may be written twice.

A record that is one of 5000 and is refused by itself costs 26 further requests.
"""

from __future__ import annotations

from collections import Counter, deque
from contextlib import suppress
from typing import NamedTuple

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch, Sink

STRIKES = 3
"""Times that a record must lose its connection, alone and right after another was taken, to be seen as the cause."""

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
    loses the connection is then halved, and nothing more is sent before the sink has shown that it is alive: by
    taking again a record that it took before, or else by a successful check. A single record that loses it is tried
    after all others, and given up after three times, each right after that other record was taken again: a database
    that hangs for a while must not turn good records into dead letters.

    A sink that dies of a record is unavailable for a while, so the caller keeps the object, waits as after any
    `SinkUnavailable`, and calls `proceed` again. While not one record was accepted, every single record that is lost
    ends the attempt, so a sink that loses everything is asked no more often than one that cannot be reached.

    Where records were not written in their order, all that were accepted are written once more in order at the end: of
    two values of one series and time the later one must stay.

    With a `scout` it is for a sink that was found to take not one record: that one, by its index, is sent before all
    others, and if the sink is still not mended, nothing else is.

    Attributes:
        in_doubt: It was held because not one record was accepted.
    """

    def __init__(self, batch: Batch, *, lost_connections: bool = False, scout: int | None = None) -> None:
        self._batch = batch
        self._scout = scout
        self.in_doubt = False
        # The next piece stands at the right end, and stays there until it is settled.
        self._pieces = deque([_Piece(0, batch)])
        self._lost_connections = lost_connections
        self._accepted = 0
        self._rejections: list[Rejection] = []
        self._doubtful: list[Rejection] = []
        self._strikes: Counter[int] = Counter()
        """By the index of a record that was lost alone: how often that was right after another was taken."""
        self._taken: _Piece | None = None
        """A record that the sink has taken."""
        self._latest = -1
        """The latest record, in the order of the batch, that was accepted."""
        self._disordered = False
        self._largest = 0
        """Bytes of the largest piece that was accepted."""
        self._lost_before = self._lost_last = False

    @property
    def undecided(self) -> bool:
        """Whether each record was lost alone and none was accepted: only further records can tell who is to blame."""
        return not (self._accepted or self._rejections or self._doubtful) and all(
            piece.start in self._strikes and piece.batch.records == 1 for piece in self._pieces
        )

    def proceed(self, sink: Sink) -> list[Rejection]:
        """Write what is left; return the records that the sink will never take, in order.

        Raises:
            SinkUnavailable: Wait, and call this again.
            SinkHeld: The same; or see `write_all`.
        """
        if self._scout is not None:
            self._send_scout(sink, self._batch.body.split(b"\n")[self._scout])
            self._scout = None
        while self._pieces or self._doubtful:
            if self._doubtful and self._accepted:
                self._try_again(sink)
                continue
            if not self._pieces:
                raise self._start_over(_not_one_accepted(self._doubtful[0].reason))
            piece = self._pieces[-1]
            if piece.batch.records > 1 and len(piece.batch.body) > sink.max_batch_bytes:
                self._halve()
            else:
                self._write(sink, piece)
        if self._disordered:
            self._write_in_order(sink)
        return sorted(self._rejections)

    def _write(self, sink: Sink, piece: _Piece) -> None:
        suspected = self._lost_last or (self._lost_before and piece.batch.records == 1)
        proven = suspected and self._is_alive(sink)
        try:
            sink.write(piece.batch)
        except SinkRejected as error:
            self._lost_last = False
            self._refused(error)
        except SinkUnavailable as error:
            if not (self._lost_connections and error.suspect):
                raise
            self._lost_before = self._lost_last = True
            self._lost(error, proven=proven)
        else:
            self._lost_last = False
            self._accepted += piece.batch.records
            self._written(piece)
            body = piece.batch.body
            self._taken = _Piece(piece.start, Batch(body[: body.index(b"\n") + 1], 1))
            self._pieces.pop()

    def _written(self, piece: _Piece) -> None:
        self._disordered |= piece.start < self._latest
        self._latest = max(self._latest, piece.start + piece.batch.records - 1)
        self._largest = max(self._largest, len(piece.batch.body))

    def _write_in_order(self, sink: Sink) -> None:
        refused = {rejection.index for rejection in self._rejections}
        limit = min(sink.max_batch_bytes, self._largest)
        lines = self._batch.body.split(b"\n")[:-1]
        records = [line + b"\n" for index, line in enumerate(lines) if index not in refused]
        while records:
            number, size = 0, 0
            while number < len(records) and (not number or size + len(records[number]) <= limit):
                size += len(records[number])
                number += 1
            with suppress(SinkRejected):  # all of them are stored; what the sink takes has changed since
                sink.write(Batch(b"".join(records[:number]), number))
            records = records[number:]

    def _send_scout(self, sink: Sink, record: bytes) -> None:
        """Send one record; return if it was accepted, or if it and not the sink is at fault."""
        try:
            sink.write(Batch(record + b"\n", 1))
        except SinkRejected as error:
            if error.doubtful:
                self.in_doubt = True
                raise SinkHeld(_not_one_accepted(error)) from error

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
                raise self._start_over(_not_one_accepted(error))
            self._pieces.rotate(-1)  # go on elsewhere, in the largest piece: bad records come from one device, in a row

    def _try_again(self, sink: Sink) -> None:
        """Write a record again that was refused in unknown words, between two writes of one that was taken before.

        The sink may have refused everything for a while, as a proxy in its place does: then no record is to blame.

        Raises:
            SinkUnavailable: The sink is not alive.
            SinkHeld: It refuses what it took before.
        """
        doubtful = self._doubtful[-1]
        alone = _Piece(doubtful.index, Batch(doubtful.record + b"\n", 1))
        if not self._is_alive(sink):
            raise self._start_over(_refused_now(doubtful.reason))
        try:
            sink.write(alone.batch)
        except SinkRejected as error:
            if error.doubtful and not self._is_alive(sink):
                raise self._start_over(_refused_now(error)) from error
            self._rejections.append(doubtful._replace(reason=str(error)))
        else:
            self._accepted += 1
            self._written(alone)
        self._doubtful.pop()

    def _is_alive(self, sink: Sink) -> bool:
        """Return whether the sink takes again what it took before; False where it has taken nothing yet.

        Raises:
            SinkUnavailable: It is not alive.
            SinkHeld: It would refuse everything.
        """
        if self._taken is None:
            sink.check()
            return False
        try:
            sink.write(self._taken.batch)
        except SinkRejected:  # what the sink takes has changed: it begins anew
            self._taken = None
            return False
        self._written(self._taken)
        return True

    def _lost(self, error: SinkUnavailable, *, proven: bool) -> None:
        piece = self._pieces[-1]
        if piece.batch.records > 1:
            self._halve()
            return
        self._strikes[piece.start] += proven
        if self._strikes[piece.start] >= STRIKES:
            self._pieces.pop()
            self._rejections += piece.reject(f"alone it failed {STRIKES} times, while others were accepted: {error}")
            return
        self._pieces.rotate(1)  # the others first
        if not self._accepted:
            # Elsewhere, in the largest piece: bad records come from one device, in a row.
            largest = max(range(len(self._pieces)), key=lambda place: self._pieces[place].batch.records)
            if self._pieces[largest].batch.records > 1:
                elsewhere = self._pieces[largest]
                del self._pieces[largest]
                self._pieces.append(elsewhere)
            raise error

    def _start_over(self, reason: str) -> SinkHeld:
        """Forget what was found, for what comes next may be a mended database; return what to raise."""
        self._pieces = deque([_Piece(0, self._batch)])
        self._rejections, self._doubtful, self._accepted = [], [], 0
        self.in_doubt = True
        return SinkHeld(reason)


def _not_one_accepted(refusal: object) -> str:
    return f"not one record was accepted, so the sink or its configuration may be at fault: {refusal}"


class _Piece(NamedTuple):
    """A part of the batch, and the index of its first record."""

    start: int
    batch: Batch

    def reject(self, reason: str) -> list[Rejection]:
        """Return the rejection of every record of it."""
        records = self.batch.body.split(b"\n")[:-1]
        return [Rejection(index, record, reason) for index, record in enumerate(records, self.start)]


def _refused_now(refusal: object) -> str:
    return f"what was accepted before is refused now, so the sink or its configuration may be at fault: {refusal}"
