"""Decides when an edge node is asked for a rebirth: once a gap, never in a storm.

Two hosts, or a thousand edge nodes after a restart, must not drive each other: a request waits a little (another host
may ask for the same), is dropped when a birth comes by itself, is repeated with growing pauses, and all of them
together keep to a budget.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

SECOND = 1_000_000_000
CLEAN_NS = 60 * SECOND
"""After so long without trouble the pauses begin short again."""
_MOST_REASONS = 32


@dataclass(slots=True)
class Asking:
    """What was asked of one edge node.

    Attributes:
        reason: Why a rebirth is wanted; empty if none is.
        not_before_ns: When it may be asked for.
        pause_ns: The least time to the next request.
        asked: Requests made so far.
        asked_ns: When the last was made; 0 for never.
        answered: Births that came after a request.
        fruitless: Requests since the last birth.
        last_reason: Why the last one was made.
        trouble_ns: When one was wanted last.
        awaiting: Whether the last one was not answered yet.
        reasons: How often each reason wanted one.
    """

    reason: str = ""
    not_before_ns: int = 0
    pause_ns: int = 0
    asked: int = 0
    asked_ns: int = 0
    answered: int = 0
    fruitless: int = 0
    last_reason: str = ""
    trouble_ns: int = 0
    awaiting: bool = False
    reasons: dict[str, int] = field(default_factory=dict)


class Rebirths:
    """The requests of one host.

    Args:
        host: Its name: two hosts take different pauses.
        pause_ns: The least time between two requests to one edge node.
        longest_pause_ns: What it grows to.
        per_second: Requests to all together.
        enabled: Whether anything is asked at all. What is wanted is known in any case.
    """

    def __init__(self, host: str, pause_ns: int, longest_pause_ns: int, per_second: float, *, enabled: bool) -> None:
        self._host = host
        self._pause_ns, self._longest_pause_ns = pause_ns, max(pause_ns, longest_pause_ns)
        self._interval_ns = int(SECOND / per_second)
        self._room_ns = SECOND // 4 + self._interval_ns  # it is looked for four times a second
        self._latest: deque[int] = deque(maxlen=max(1, int(per_second)))
        """When the last ones were made: as many as there may be in a second."""
        self._spent_until_ns = 0
        """Each request costs an interval; the budget is used up when there is no room for another before now."""
        self._wanted: dict[str, Asking] = {}
        self.enabled = enabled

    def want(self, node: str, asking: Asking, reason: str, now_ns: int, delay_ns: int = 0) -> None:
        """Note that a birth of this edge node is needed.

        Args:
            node: Its descriptor.
            asking: What was asked of it before.
            reason: Why, in a few words.
            now_ns: Now.
            delay_ns: How long it may come by itself.
        """
        if reason in asking.reasons or len(asking.reasons) < _MOST_REASONS:
            asking.reasons[reason] = asking.reasons.get(reason, 0) + 1
        if now_ns - asking.trouble_ns > CLEAN_NS + asking.pause_ns:
            asking.pause_ns = 0
        asking.trouble_ns = now_ns
        if asking.reason:
            return
        asking.reason = reason
        if not self.enabled:
            return
        due_ns = now_ns + delay_ns + self._jitter_ns(node, asking)
        asking.not_before_ns = max(due_ns, asking.asked_ns + asking.pause_ns) if asking.asked_ns else due_ns
        self._wanted[node] = asking

    def ask_now(self, node: str, asking: Asking, now_ns: int) -> None:
        """Ask as soon as the budget allows it, because a person wants it."""
        asking.reason = "asked for by hand"
        asking.reasons[asking.reason] = asking.reasons.get(asking.reason, 0) + 1
        asking.not_before_ns = now_ns
        self._wanted[node] = asking

    def due(self, now_ns: int) -> Iterator[tuple[str, Asking]]:
        """Yield who is to be asked now, and note that it was."""
        if not self._wanted:
            return
        ready = sorted(
            (asking.not_before_ns, node) for node, asking in self._wanted.items() if asking.not_before_ns <= now_ns
        )
        for _, node in ready:
            self._spent_until_ns = max(self._spent_until_ns, now_ns - self._room_ns)
            if self._spent_until_ns + self._interval_ns > now_ns:
                return
            if len(self._latest) == self._latest.maxlen and now_ns - self._latest[0] < SECOND:
                return
            self._spent_until_ns += self._interval_ns
            self._latest.append(now_ns)
            asking = self._wanted[node]
            asking.asked += 1
            asking.fruitless += 1
            asking.asked_ns, asking.last_reason, asking.awaiting = now_ns, asking.reason, True
            asking.pause_ns = min(self._longest_pause_ns, asking.pause_ns * 2 or self._pause_ns)
            # It may be lost, as anything at QoS 0: it is repeated until there is a birth.
            asking.not_before_ns = now_ns + asking.pause_ns + self._jitter_ns(node, asking)
            yield node, asking

    def born(self, node: str, asking: Asking) -> None:
        """Note that a birth came: nothing is wanted any more."""
        asking.reason, asking.fruitless = "", 0
        if asking.awaiting:
            asking.answered += 1
            asking.awaiting = False
        self._wanted.pop(node, None)

    def settle(self, node: str, asking: Asking, reason: str) -> None:
        """Note that what was wanted for this reason came by itself, or is not worth asking for any more."""
        if asking.reason == reason:
            asking.reason = ""
            self._wanted.pop(node, None)

    def died(self, node: str, asking: Asking) -> None:
        """Note that an edge node is gone: it cannot answer, and will be born when it comes back."""
        asking.reason, asking.fruitless, asking.awaiting = "", 0, False
        self._wanted.pop(node, None)

    def clock_was_set(self, all_asking: Iterable[Asking], step_ns: int) -> None:
        """Take note that the clock was set: all pauses last as long as before.

        Args:
            all_asking: What was asked of each edge node.
            step_ns: How far it was set ahead; negative if back.
        """
        self._spent_until_ns += step_ns
        self._latest.extend([time_ns + step_ns for time_ns in self._latest])
        for asking in all_asking:
            asking.not_before_ns += step_ns
            asking.asked_ns += step_ns if asking.asked_ns else 0
            asking.trouble_ns += step_ns

    def _jitter_ns(self, node: str, asking: Asking) -> int:
        """Return up to a fifth of the pause, different for each host and edge node but always the same."""
        fraction = zlib.crc32(f"{self._host}\0{node}\0{asking.asked}".encode(errors="replace")) / 2**32
        return int(max(asking.pause_ns, self._pause_ns) * fraction / 5)
