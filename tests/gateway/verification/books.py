"""A ledger that is filled by hand, and a database that holds exactly what it owes."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.verification import Kind, Ledger, Messages, Point, Stream, Verdict

MESSAGES = Messages("run-1", 1_790_000_000_000)
TIMED, UNTIMED, CONSTANT = (Stream(kind, "m0") for kind in Kind)
SECOND = 1_000_000_000
BEGAN_NS = 1_790_000_000 * SECOND
"""When the first message without a time is received; the others follow a second apart."""


def send(ledger: Ledger, stream: Stream, number: int, *, unacknowledged: Iterable[int] = ()) -> None:
    """Send so many messages, and let the broker acknowledge all but some of them."""
    for _ in range(number):
        sent = ledger.send(stream)
        if sent not in unacknowledged:
            ledger.acknowledge(stream, sent)


def received_ns(number: int) -> int:
    """Return when a message is received."""
    return BEGAN_NS + number * SECOND


def points(stream: Stream, numbers: Iterable[int]) -> list[Point]:
    """Return what the database holds of these numbers."""
    if stream.kind is Kind.CONSTANT:
        return [Point(received_ns(number), 1) for number in numbers]
    return [Point(MESSAGES.time_ns(stream, number) or received_ns(number), number) for number in numbers]


def found(verdict: Verdict) -> dict[str, int]:
    """Return how many findings of each kind there are, without those of which there are none."""
    kinds = ("lost", "forgotten", "duplicated", "redelivered", "out_of_order", "wrong")
    return {kind: len(getattr(verdict, kind)) for kind in kinds if getattr(verdict, kind)}
