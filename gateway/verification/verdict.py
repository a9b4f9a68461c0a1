"""The verdict: what the ledger owes against what the database holds. Pure.

Three questions, for each stream: is everything there that the broker acknowledged; is anything there more than once;
does the order of receipt follow the numbers. What is uncertain (sent, and not acknowledged) answers none of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from gateway.verification.ledger import Ledger
from gateway.verification.messages import Kind, Messages, Stream


class Point(NamedTuple):
    """A point that the database holds.

    Attributes:
        time_ns: Its time, in nanoseconds since 1970.
        number: Its value.
    """

    time_ns: int
    number: int


Stored: TypeAlias = Mapping[Stream, Sequence[Point]]
"""All points of a run, by stream, in any order; a stream of which there are none may be missing."""


class Finding(NamedTuple):
    """A message that is not as it should be; -1 stands for the number where only counts can be seen."""

    stream: Stream
    number: int
    phase: int


@dataclass
class Verdict:
    """What became of what was sent.

    Attributes:
        stored: Points in the database.
        lost: Acknowledged by the broker, and not in the database.
        forgotten: The same, where the broker itself died in between and must have taken them with it.
        duplicated: There once more, one entry for each copy too many.
        redelivered: The same, within the bound for brokers that send again without saying so.
        out_of_order: Received later than a later message of the same topic: the fewest that would have to be moved.
        wrong: In the database, and never sent so: another number or another time.
        uncertain: Messages that were sent and not acknowledged.
        uncertain_stored: How many of them are in the database all the same.
    """

    stored: int = 0
    lost: list[Finding] = field(default_factory=list)
    forgotten: list[Finding] = field(default_factory=list)
    duplicated: list[Finding] = field(default_factory=list)
    redelivered: list[Finding] = field(default_factory=list)
    out_of_order: list[Finding] = field(default_factory=list)
    wrong: list[Finding] = field(default_factory=list)
    uncertain: int = 0
    uncertain_stored: int = 0


def judge(
    messages: Messages, ledger: Ledger, stored: Stored, *, redelivery_window: int = 0, gap_reported: bool = False
) -> Verdict:
    """Compare the ledger with the database.

    Args:
        messages: The messages of the run.
        ledger: What was sent, and what is owed.
        stored: What the database holds of it.
        redelivery_window: Messages that the broker has on their way at most, if it sends them again after an
            interruption without the mark (DUP) that would let the gateway know them; 0 for a broker that marks
            them. So many second copies of messages without a time are excused after each interruption.
        gap_reported: Whether the gateway said that the broker had forgotten its session. Only then may a broker
            that died (`Ledger.broker_died`) have forgotten messages.
    """
    verdict = Verdict()
    excuses = _Excuses(ledger.interruptions, redelivery_window)
    may_forget = gap_reported and ledger.broker_deaths > 0
    # Those whose copies have a time first: what they leave of the bound is for those that can only be counted.
    for stream in sorted(ledger.streams, key=lambda one: one.kind is Kind.CONSTANT):
        points = stored.get(stream, ())
        verdict.stored += len(points)
        verdict.uncertain += ledger.attempted(stream) - sum(1 for _ in ledger.owed(stream))
        if stream.kind is Kind.CONSTANT:
            _judge_count(ledger, stream, points, verdict, excuses, may_forget=may_forget)
        else:
            _judge_numbers(messages, ledger, stream, points, verdict, excuses, may_forget=may_forget)
    for stream in stored.keys() - ledger.streams:
        verdict.wrong += [Finding(stream, point.number, 0) for point in stored[stream]]
    return verdict


def _judge_numbers(
    messages: Messages,
    ledger: Ledger,
    stream: Stream,
    points: Sequence[Point],
    verdict: Verdict,
    excuses: _Excuses,
    *,
    may_forget: bool,
) -> None:
    """Judge a stream whose messages can be told apart."""

    def found(number: int) -> Finding:
        return Finding(stream, number, ledger.phase_of(stream, max(number, 0)))

    times: dict[int, list[int]] = {}
    attempted = ledger.attempted(stream)
    for point in sorted(points):
        if 0 <= point.number < attempted and messages.time_ns(stream, point.number) in (None, point.time_ns):
            times.setdefault(point.number, []).append(point.time_ns)
        else:
            verdict.wrong.append(found(point.number))
    owed = list(ledger.owed(stream))
    present = [number for number in owed if number in times]
    verdict.uncertain_stored += len(times) - len(present)
    missing = [number for number in owed if number not in times]
    forgotten = _forgotten(ledger.lives(stream), missing, present) if may_forget and missing else set()
    for number in missing:
        (verdict.forgotten if number in forgotten else verdict.lost).append(found(number))
    for number in present:
        for first_ns, again_ns in pairwise(times[number]):
            excused = excuses.take(first_ns, again_ns)
            (verdict.redelivered if excused else verdict.duplicated).append(found(number))
    if stream.kind is Kind.UNTIMED:
        verdict.out_of_order += [found(number) for number in misplaced({n: times[n][0] for n in present})]


def _judge_count(
    ledger: Ledger, stream: Stream, points: Sequence[Point], verdict: Verdict, excuses: _Excuses, *, may_forget: bool
) -> None:
    """Judge a stream of which only the number of messages can be seen: from those owed to those attempted."""
    owed, attempted = sum(1 for _ in ledger.owed(stream)), ledger.attempted(stream)
    finding = Finding(stream, -1, ledger.phase_of(stream, 0))
    verdict.uncertain_stored += max(0, min(len(points), attempted) - owed)
    (verdict.forgotten if may_forget else verdict.lost).extend([finding] * (owed - len(points)))
    for _ in range(len(points) - attempted):
        (verdict.redelivered if excuses.take_any() else verdict.duplicated).append(finding)


class _Excuses:
    """Second copies that a broker may cause which sends again without a mark: so many after each interruption."""

    def __init__(self, interruptions: Sequence[int], window: int) -> None:
        self._interruptions = sorted(interruptions)
        self._left = [window] * len(self._interruptions)

    def take(self, first_ns: int, again_ns: int) -> bool:
        """Whether a copy is excused: the last interruption before it comes after the copy before, and has one left."""
        index = bisect_left(self._interruptions, again_ns) - 1
        if index < 0 or self._interruptions[index] < first_ns or not self._left[index]:
            return False
        self._left[index] -= 1
        return True

    def take_any(self) -> bool:
        """Whether a copy is excused of which nothing is known but that it is there."""
        for index, left in enumerate(self._left):
            if left:
                self._left[index] -= 1
                return True
        return False


def _forgotten(lives: Sequence[range], missing: Sequence[int], present: Sequence[int]) -> set[int]:
    """Return which of the missing numbers a broker that died must have taken with it.

    It sends in order, so what it forgot at its death is the end of what it had acknowledged before; and what came
    after its return, before the gateway had subscribed anew, is the beginning of its next life. A hole in the middle
    is none of its doing.
    """
    excused: set[int] = set()
    for index, life in enumerate(lives):
        here = present[bisect_left(present, life.start) : bisect_left(present, life.stop)]
        first, last = (here[0], here[-1]) if here else (life.stop, life.start - 1)
        has_died, has_returned = index < len(lives) - 1, index > 0
        for number in missing:
            if number in life and (
                (number > last and has_died) or (number < first and has_returned and (here or has_died))
            ):
                excused.add(number)
    return excused


def misplaced(times: Mapping[int, int]) -> list[int]:
    """Return the fewest numbers without which the times rise strictly with the numbers."""
    numbers = sorted(times)
    if all(times[left] < times[right] for left, right in pairwise(numbers)):
        return []
    # The longest rising subsequence: the smallest last time for each length, and a link to the one before.
    ends: list[int] = []
    members: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, times[number])
        before[number] = members[place - 1] if place else None
        if place == len(ends):
            ends.append(times[number])
            members.append(number)
        else:
            ends[place], members[place] = times[number], number
    rising: set[int] = set()
    last: int | None = members[-1]
    while last is not None:
        rising.add(last)
        last = before[last]
    return [number for number in numbers if number not in rising]
