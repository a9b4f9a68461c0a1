"""Tells which copy of a message to take where several topic filters match: a broker sends one for each.

MQTT 5 subscription identifiers say which filter a copy came by. The identifiers on the wire carry a mark of the whole
set of filters beside the number of the one, because a session outlives its configuration: a message that was queued
for the filters of yesterday must not be judged by those of today, where its number may be another's and its original
may not exist. Such a message is taken, since a duplicate is better than a loss.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from gateway.interfaces import Subscription

_BITS = 27
"""Identifiers end at 268,435,455, or 28 bits (MQTT 5.0, 3.8.2.1.2); the mark begins at 1 and may carry over."""


class Copies:
    """Knows the identifiers on the wire.

    Args:
        subscriptions: With distinct identifiers from 1 on.
        winner: Returns the identifier of the subscription whose copy of a message on this topic is to be taken;
            0 for any. None if no filters overlap: then no identifiers are used at all.
    """

    def __init__(self, subscriptions: Sequence[Subscription], winner: Callable[[str], int] | None) -> None:
        self._winner = winner
        bits = max((subscription.identifier for subscription in subscriptions), default=0).bit_length()
        filters = "\n".join(f"{identifier} {topic_filter}" for topic_filter, identifier in sorted(subscriptions))
        self._mark = (zlib.crc32(filters.encode()) % (1 << (_BITS - bits)) + 1) << bits
        self._known = {self._mark + subscription.identifier for subscription in subscriptions}
        self.topic_filters: tuple[tuple[str, int | None], ...] = tuple(
            (topic_filter, None if winner is None else self._mark + identifier)
            for topic_filter, identifier in subscriptions
        )

    @property
    def matter(self) -> bool:
        """Whether there can be copies."""
        return self._winner is not None

    def is_copy(self, topic: str, identifiers: Sequence[int]) -> bool:
        """Whether this message, by its topic and identifiers, surely is a copy of one that comes besides."""
        if self._winner is None or not identifiers:
            return False
        winner = self._winner(topic)
        return winner != 0 and self._mark + winner not in identifiers and self._known.issuperset(identifiers)
