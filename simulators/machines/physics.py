"""Laws that several machines obey: what warms and cools, what runs up, what ripples."""

from __future__ import annotations

import math
import random


class Lag:
    """A first-order lag: a temperature that follows what drives it (Newton's law of cooling), or a speed its setpoint.

    The driving value is constant during a step, so that the solution is exact: x + (target - x)(1 - exp(-dt/tau)).

    Args:
        value: At the beginning.
        seconds: Its time constant; after three of them 95 % of a change are done.
    """

    def __init__(self, value: float, seconds: float) -> None:
        self.value = value
        self._share = -math.expm1(-1.0 / seconds)

    def follow(self, target: float) -> float:
        """Let a second pass, and return the value."""
        self.value += (target - self.value) * self._share
        return self.value


class Wander:
    """A value that wanders around zero: an autoregressive process of first order (AR(1)), sampled every second.

    Args:
        source: Randomness.
        deviation: Its standard deviation.
        seconds: How long it remembers.
    """

    def __init__(self, source: random.Random, deviation: float, seconds: float) -> None:
        self.value = 0.0
        self._gauss = source.gauss
        self._keep = math.exp(-1.0 / seconds)
        self._kick = deviation * math.sqrt(1 - self._keep**2)

    def follow(self) -> float:
        """Let a second pass, and return the value."""
        self.value = self.value * self._keep + self._gauss(0.0, self._kick)
        return self.value
