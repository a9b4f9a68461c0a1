"""What is wanted of dead letters, portion by portion, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from gateway.spool.dead_letters import DeadLetter, Kept
from gateway.spool.selection import Selection

MAX_REASONS = 100
"""Reasons that are told apart in the results of a request."""


class Action(StrEnum):
    """What is to be done."""

    RETRY = "retry"
    """Messages are decoded again, records sent again."""
    PURGE = "purge"
    """They are deleted."""


class Results(NamedTuple):
    """What became of letters.

    Attributes:
        stored: Messages that were decoded and are stored now, in full.
        sent: Records that are on their way to the sinks again.
        ignored: Messages that are understood and say nothing that is stored.
        failed: Letters that failed again and are kept.
        purged: Letters that were deleted.
        reasons: Reasons of those that failed, with their number.
    """

    stored: int = 0
    sent: int = 0
    ignored: int = 0
    failed: int = 0
    purged: int = 0
    reasons: Mapping[str, int] = {}

    @property
    def letters(self) -> int:
        """How many letters that is."""
        return self.stored + self.sent + self.ignored + self.failed + self.purged

    def plus(self, more: Results) -> Results:
        """Return the sum of both."""
        reasons = dict(self.reasons)
        for reason, number in more.reasons.items():
            key = reason if reason in reasons or len(reasons) < MAX_REASONS else "(others)"
            reasons[key] = reasons.get(key, 0) + number
        return Results(
            self.stored + more.stored,
            self.sent + more.sent,
            self.ignored + more.ignored,
            self.failed + more.failed,
            self.purged + more.purged,
            reasons,
        )


class Request(NamedTuple):
    """What is wanted.

    Attributes:
        id: Its number.
        created_ns: When it was asked for.
        action: What is to be done.
        chosen: With which letters.
        counts: Purge their counts too.
        expected: How many letters there were when it was asked for.
        last: The last of them: what is set aside later is not meant.
        source: Source of the last letter that was looked at: they are taken source by source.
        position: Number of that letter.
        results: What became of letters so far.
        done: Whether that is all.
    """

    id: int
    created_ns: int
    action: Action
    chosen: Selection
    counts: bool
    expected: int
    last: int
    source: str
    position: int
    results: Results
    done: bool

    @property
    def missing(self) -> int:
        """Once it is done: how many letters were no longer there."""
        return max(0, self.expected - self.results.letters)


class Portion(NamedTuple):
    """Letters to do something with at a time.

    Attributes:
        letters: Letters of one source, in the order in which they were set aside.
        source: Source of the last letter that was looked at for them.
        position: Number of that letter.
        is_last: Whether none follow.
    """

    letters: Sequence[Kept]
    source: str
    position: int
    is_last: bool


class Settlement(NamedTuple):
    """What became of a portion.

    Attributes:
        request: The request as it was before.
        portion: The portion.
        results: What became of it.
        removed: Numbers of letters that are no longer needed.
        replaced: Letters that failed again, as they are now.
    """

    request: Request
    portion: Portion
    results: Results
    removed: Sequence[int] = ()
    replaced: Sequence[tuple[int, DeadLetter]] = ()
