"""What a sink will never take: its records as dead letters, with the messages they came from."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import structlog

from gateway.sinks.bisect import Rejection
from gateway.spool import DeadLetter, Kind, Row, reason_of

log = structlog.get_logger()


class Refusal(NamedTuple):
    """A record that a sink will never take.

    Attributes:
        letter: The record as a dead letter.
        row: The row of the spool that holds it.
        message: The number of its message in that row; -1 for a record of our own.
    """

    letter: DeadLetter
    row: int
    message: int


def refusals_of(sink: str, rows: Sequence[Row], rejections: Sequence[Rejection]) -> list[Refusal]:
    """Return what a sink refused of a batch of rows, and log it: once for each reason, however many records it was."""
    _tell(sink, rejections)
    ends = list(accumulate(row.points for row in rows))
    return [_refusal(sink, rows, ends, rejection) for rejection in rejections]


def _tell(sink: str, rejections: Sequence[Rejection]) -> None:
    details = {reason_of(ValueError(one.reason))[0]: one.reason for one in rejections}
    for reason, number in Counter(reason_of(ValueError(one.reason))[0] for one in rejections).items():
        log.error(
            "The sink will never take some records; they are among the dead letters",
            sink=sink,
            records=number,
            reason=details[reason],
        )


def _refusal(sink: str, rows: Sequence[Row], ends: Sequence[int], rejection: Rejection) -> Refusal:
    number = bisect_right(ends, rejection.index)
    row = rows[number]
    index = rejection.index - (ends[number] - row.points)
    message, source, topic = row.origin_of(index)
    reason, detail = reason_of(ValueError(rejection.reason))
    letter = DeadLetter(
        kind=Kind.REJECTED,
        source=source,
        topic=topic,
        payload=rejection.record,
        reason=reason,
        detail=detail,
        received_ns=row.created_ns,
        sink=sink,
        fingerprint=f"{sink}/{row.id}/{index}",
    )
    return Refusal(letter, row.id, message)
