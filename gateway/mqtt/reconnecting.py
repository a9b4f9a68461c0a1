"""How long to wait before the next attempt to connect, and whether another client is fighting for the same id."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from gateway.mqtt.outcomes import ConnectionEnded, TakenOver, taken_over

_FIRST_SECONDS, _LONGEST_SECONDS = 1.0, 60.0
_FIRST_SECONDS_OF_A_FIGHT, _LONGEST_SECONDS_OF_A_FIGHT = 15.0, 300.0
_STABLE_SECONDS = 30.0
"""A connection that lasted so long was good: the next attempt is a first one again."""
_SHORT_SECONDS = 10.0
_SHORT_LIVES, _WITHIN_SECONDS = 3, 60.0
"""So many connections that did not last, within such a time, are taken for a fight about the client id."""


class Reconnecting:
    """Chooses the delays: exponential with full jitter, so that many gateways do not come back at the same moment.

    Args:
        uniform: Draws from a range; `random.uniform`, or what a test wants.
    """

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._attempts = 0
        self._fights = 0
        self._short_lives: deque[float] = deque(maxlen=_SHORT_LIVES)

    def judge(self, error: ConnectionEnded, lasted: float | None, now: float) -> ConnectionEnded:
        """Return the error, or what it means together with those before.

        A broker may close the older connection without a word when another client takes its id (MQTT 3.1.1 has no
        word for it, and mosquitto 2.0.11 says none in MQTT 5).

        Args:
            error: Why the connection ended.
            lasted: Seconds from when it was established; None if it never was.
            now: Seconds of a monotonic clock.
        """
        if lasted is not None and lasted >= _STABLE_SECONDS:
            self._attempts = 0
            self._fights = 0
        if lasted is None or lasted >= _SHORT_SECONDS or type(error) is not ConnectionEnded:
            return error
        self._short_lives.append(now)
        if len(self._short_lives) < _SHORT_LIVES or now - self._short_lives[0] > _WITHIN_SECONDS:
            return error
        self._short_lives.clear()
        return taken_over(
            f"{_SHORT_LIVES} connections ended soon after they were made, as if another client used the same client id"
        )

    def delay(self, error: ConnectionEnded) -> float:
        """Return how many seconds to wait after this."""
        if isinstance(error, TakenOver):
            longest = min(_LONGEST_SECONDS_OF_A_FIGHT, _FIRST_SECONDS_OF_A_FIGHT * 2**self._fights)
            self._fights = min(self._fights + 1, 10)
        else:
            longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2**self._attempts)
            self._attempts = min(self._attempts + 1, 10)
        return self._uniform(0, longest)


class Reminder:
    """Decides whether to say again what was said before: when it changes, and every ten minutes."""

    def __init__(self, seconds: float = 600.0) -> None:
        self._seconds = seconds
        self._said: str | None = None
        self._said_at = 0.0

    def is_due(self, text: str, now: float) -> bool:
        """Whether to say this now; to be asked each time."""
        if text == self._said and now - self._said_at < self._seconds:
            return False
        self._said, self._said_at = text, now
        return True

    def forget(self) -> None:
        """Say the next thing in any case."""
        self._said = None
