"""The order in which the messages of an edge node were sent: what came in order, what is missing, what came late."""

from __future__ import annotations

from enum import Enum

_MOST_AHEAD = 200
"""Messages that may wait for a missing one."""
_HALF = 128
_DISORDERLY = 8
"""Gaps in a minute after which nothing is waited for: some libraries count 2, 2, 4, 4, 6."""
_MINUTE_NS = 60_000_000_000


class Order(Enum):
    """How a message stands to those before it."""

    NEXT = "it is the next"
    AGAIN = "it has the number of the last"
    LATE = "later ones came before it"
    AHEAD = "one or more before it are missing"
    UNNUMBERED = "it has no number"


class Sequence:
    """Sequence numbers of one edge node: 0 to 255, over and over (payloads-sequence-num-incrementing)."""

    __slots__ = ("_gap_times", "_late_next", "ahead", "expected", "gap_ns", "gaps")

    def __init__(self) -> None:
        self.expected = 0
        self.gap_ns = 0
        """When the first of those came that lack one before them; 0 if none is missing."""
        self.ahead: dict[int, int] = {}
        """Numbers of those that wait, and when each came."""
        self.gaps = 0
        """Times that something was missing for good."""
        self._gap_times: list[int] = []
        self._late_next = -1

    def begin(self, number: int | None) -> None:
        """Begin anew behind a birth of this number: any is allowed in practice, none is 0."""
        self.expected = ((number or 0) + 1) & 0xFF
        self.gap_ns, self._late_next = 0, -1
        self.ahead.clear()

    def judge(self, number: int | None) -> Order:
        """Return how a message of this number stands, and go on if it is the next.

        Devices that leave out a 0 are understood; any other message without a number is none of the sequence.
        """
        if number is None:
            if self.expected:
                return Order.UNNUMBERED
            number = 0
        number &= 0xFF
        distance = (number - self.expected) & 0xFF
        if not distance:
            self.expected = (number + 1) & 0xFF
            self._late_next = -1
            return Order.NEXT
        if distance == 0xFF:  # noqa: PLR2004
            return Order.AGAIN
        if distance < _HALF:
            return Order.AHEAD
        goes_on = number == self._late_next  # two late ones in a row: half a round was lost, or more
        self._late_next = (number + 1) & 0xFF
        return Order.AHEAD if goes_on else Order.LATE

    def wait(self, number: int | None, now_ns: int) -> bool:
        """Let a message wait for those before it; False if that would be in vain: `skip_to` it."""
        if len(self.ahead) >= _MOST_AHEAD or self.is_disorderly(now_ns):
            return False
        came_ns = self.ahead.setdefault((number or 0) & 0xFF, now_ns)
        self.gap_ns = min(self.gap_ns or came_ns, came_ns)
        return True

    def arrived(self, number: int | None) -> bool:
        """Note that a message was taken; return whether one that waits is the next now."""
        self.ahead.pop((number or 0) & 0xFF, None)
        self.gap_ns = min(self.ahead.values(), default=0)
        return self.expected in self.ahead

    def skip_to(self, number: int | None, now_ns: int) -> None:
        """Give up what is missing before this message."""
        self.expected = ((number or 0) + 1) & 0xFF
        self._count(now_ns)

    def give_up(self, now_ns: int) -> None:
        """Give up what is missing before the first of those that wait."""
        self.expected = min(self.ahead, key=lambda number: (number - self.expected) & 0xFF)
        self.gap_ns = 0
        self.ahead.clear()
        self._count(now_ns)

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set: what is missing is waited for as long as before."""
        self.ahead = {number: came_ns + step_ns for number, came_ns in self.ahead.items()}
        self.gap_ns += step_ns if self.gap_ns else 0
        self._gap_times = [time_ns + step_ns for time_ns in self._gap_times]

    def is_disorderly(self, now_ns: int) -> bool:
        """Whether so much was missing lately that it must be the way this edge node counts."""
        return len(self._gap_times) >= _DISORDERLY and now_ns - self._gap_times[0] < _MINUTE_NS

    def _count(self, now_ns: int) -> None:
        self.gaps += 1
        self._late_next = -1
        self._gap_times = [*self._gap_times[-_DISORDERLY + 1 :], now_ns]
