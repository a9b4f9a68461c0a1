"""How far a sink is behind: how fast that changes, what is said of it, and how fast it may be worked off."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from gateway.spool import Amounts, Row
from gateway.status import SinkStatus

OLD_NS = 10 * 1_000_000_000
"""Rows that have waited for this long are backlog; what is younger is sent as it comes."""
SMOOTHING = 20.0
"""Seconds over which a rate is taken, about."""
REMIND = 60.0
"""Seconds after which a backlog, or the trouble that makes it, is logged again."""
AWAY = "The sink cannot be reached; the spool keeps everything, and it is tried again"
HELD = "The sink refuses until someone acts; the spool keeps everything meanwhile"

log = structlog.get_logger()


@dataclass
class Rate:
    """How fast a number changes, over some twenty seconds, or less while it is young. Times are seconds."""

    per_second: float = 0.0
    _last: tuple[float, float] | None = None
    _known_for: float = 0.0

    def note(self, number: float, now: float) -> None:
        """Take note of the number as it is now."""
        if self._last is not None and now > self._last[1]:
            before, then = self._last
            self._known_for = min(self._known_for + now - then, SMOOTHING)
            weight = min(1.0, (now - then) / self._known_for)
            self.per_second += weight * ((number - before) / (now - then) - self.per_second)
        self._last = number, now


@dataclass
class Throttle:
    """Lets so many points a second pass, on average over a second or so."""

    rate: float
    _free_at: float = 0.0

    @property
    def portion(self) -> int:
        """Points that may go at once."""
        return max(1, int(self.rate / 2))

    def delay(self, now: float) -> float:
        """Return how long to wait before the next points, in seconds."""
        return max(0.0, self._free_at - now)

    def passed(self, points: int, now: float) -> None:
        """Take note that points go now."""
        self._free_at = max(now, self._free_at) + points / self.rate


@dataclass
class Backlog:
    """What one sink lacks.

    Attributes:
        sink: Its name.
        status: Where it is shown.
        throttle: Bounds how fast old rows go out.
    """

    sink: str
    status: SinkStatus
    throttle: Throttle
    _shrinking: Rate = field(default_factory=Rate)
    _delivered: Rate = field(default_factory=Rate)
    _state: str = ""
    _told_at: float = 0.0
    _catching_up: bool = False

    def observe(self, behind: Amounts, oldest_ns: int, hours_left: float | None, now: float) -> None:
        """Take note of how much it lacks, about once a second, and say so now and then where it is much.

        Args:
            behind: What it lacks.
            oldest_ns: When the oldest of it was committed; 0 if nothing.
            hours_left: How long the room of the spool lasts; None if it does not fill.
            now: Seconds of the monotonic clock.
        """
        status = self.status
        if status.state != self._state:  # what it did before says nothing about how it goes on
            self._shrinking, self._delivered = Rate(), Rate()
            self._state, self._told_at = status.state, now
        self._shrinking.note(-behind.points, now)
        self._delivered.note(status.points, now)
        _, status.waiting_messages, status.waiting_points, status.waiting_bytes = behind
        status.oldest_ns = oldest_ns
        status.points_per_second = round(self._delivered.per_second, 1)
        late_ns = time.time_ns() - oldest_ns if oldest_ns else 0
        speed = self._shrinking.per_second
        catches_up = status.state == "ready" and late_ns > OLD_NS
        status.gone_in_s = round(behind.points / speed, 1) if catches_up and speed > 0 else None
        if status.state in ("retrying", "held"):
            self._tell_of_trouble(late_ns, hours_left, now)
        elif catches_up:
            self._tell_of_catching_up(late_ns, now)
        elif self._catching_up and not behind.points:
            self._catching_up = False
            log.info("The sink has everything again", sink=self.sink)

    def _tell_of_trouble(self, late_ns: int, hours_left: float | None, now: float) -> None:
        if now - self._told_at < REMIND:
            return
        self._told_at = now
        facts = {
            "sink": self.sink,
            "reason": self.status.reason,
            "waiting": self.status.waiting_messages,
            "oldest_s": late_ns // 1_000_000_000,
            "room_lasts_h": hours_left,
        }
        if self.status.state == "held":
            log.error(HELD, **facts)
        else:
            log.warning(AWAY, **facts)

    def _tell_of_catching_up(self, late_ns: int, now: float) -> None:
        # The first seconds say little about the speed.
        if now - self._told_at < (REMIND if self._catching_up else 5):
            return
        self._told_at, self._catching_up = now, True
        log.info(
            "The sink catches up with what has waited",
            sink=self.sink,
            waiting=self.status.waiting_messages,
            oldest_s=late_ns // 1_000_000_000,
            points_per_second=round(self.status.points_per_second),
            gone_in_s=self.status.gone_in_s,
        )

    def is_old(self, rows: Sequence[Row]) -> bool:
        """Whether these rows are backlog."""
        return time.time_ns() - rows[-1].created_ns > OLD_NS

    def pass_portion(self, rows: Sequence[Row], *, newest_first: bool) -> Sequence[Row]:
        """Return as many of these rows as may go now: one at least."""
        points, number = 0, 0
        for row in reversed(rows) if newest_first else rows:
            if number and points + row.points > self.throttle.portion:
                break
            points += row.points
            number += 1
        self.throttle.passed(points, time.monotonic())
        return rows[-number:] if newest_first else rows[:number]
