"""Pings a broker, and notices when nothing comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_HALVES = 3
"""Halves of the interval without a byte, though pings went out, after which the connection is dead."""
_UNANSWERED_HALVES = 8
"""The same where something comes, but no answer to a ping: what goes out does not arrive. Answers may be late, behind
much else, so this is longer."""


class KeepAlive:
    """Pings twice in each interval, which is more often than needed and so allows for one that is late.

    Args:
        interval: Seconds; 0 for no keep-alive.
        ping: Sends a ping.
        give_up: Told, in words, that the broker is gone.
    """

    def __init__(self, interval: int, ping: Callable[[], None], give_up: Callable[[str], None]) -> None:
        self._interval, self._ping, self._give_up = interval, ping, give_up
        self._silent = self._unanswered = 0
        self._deaf = False
        self._timer: asyncio.TimerHandle | None = None
        if interval:
            self._tick()

    def heard(self) -> None:
        """Note that something came."""
        self._silent = 0

    def answered(self) -> None:
        """Note that a ping was answered."""
        self._unanswered = 0

    def listen(self, *, listening: bool) -> None:
        """Note whether anything can be heard: while reading pauses, the answers lie behind what is not read."""
        self._deaf, self._silent, self._unanswered = not listening, 0, 0

    def stop(self) -> None:
        """Ping no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        if self._silent >= _HALVES and not self._deaf:
            self._give_up(f"nothing came from the broker for {self._interval * _HALVES / 2:.0f} s")
            return
        if self._unanswered >= _UNANSWERED_HALVES and not self._deaf:
            self._give_up(f"the broker answered no ping for {self._interval * _UNANSWERED_HALVES / 2:.0f} s")
            return
        self._silent += 1
        self._unanswered += 1
        self._ping()
        self._timer = asyncio.get_running_loop().call_later(self._interval / 2, self._tick)
