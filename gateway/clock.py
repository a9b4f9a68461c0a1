"""The gateway's own clock: the system's, watched by one that nobody can set.

The time of receipt is taken from the system's clock, which someone may set, or a time server may correct, by any
amount. Followed blindly, a step makes all machines silent at once, or puts times far ahead that never come back. So
each look at the clock is compared with the time since the machine was started (`CLOCK_BOOTTIME`, which goes on while
it sleeps): a difference of more than a second since the last look is a step. It is told, and the new time followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_NS = 1_000_000_000
"""A change by more than this at once is a step. Time servers correct less by running a little slower or faster."""
STRIDE_NS = 1_000
"""How far apart messages that arrive together are stamped: room to keep several values of each apart."""
_PHASES = 8


def _since_start_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Clock:
    """Tells the time, and whoever wants to know when it was set.

    To be asked once a second at least, so that what a time server corrects gently never adds up to a step; a look
    costs 0.2 us.

    Args:
        wall: Nanoseconds since 1970, by the clock of the system.
        steady: Nanoseconds since any moment, by a clock that is never set.

    Attributes:
        steps: How often it was set.
        on_step: Called with the nanoseconds that it was set ahead, negative if back.
    """

    def __init__(self, wall: Callable[[], int] = time.time_ns, steady: Callable[[], int] = _since_start_ns) -> None:
        self._wall, self._steady = wall, steady
        now_ns = wall()
        self._offset = now_ns - steady()
        self._phase = now_ns // _PHASES % _PHASES
        self.steps = 0
        self.on_step: list[Callable[[int], None]] = []

    def now_ns(self) -> int:
        """Return nanoseconds since 1970, as the system's clock has them now.

        After it was set back, times come again that were told before. They differ in their last three bits from those
        of the seven settings before, so that what is stored under them overwrites nothing.
        """
        wall_ns = self._wall()
        offset = wall_ns - self._steady()
        step = offset - self._offset
        self._offset = offset
        if not -STEP_NS <= step <= STEP_NS:
            self.steps += 1
            self._phase = (self._phase + 1) % _PHASES
            for tell in self.on_step:
                tell(step)
        return wall_ns - wall_ns % _PHASES + self._phase
