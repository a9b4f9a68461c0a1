"""A clock whose hands a test moves."""

from __future__ import annotations

from gateway.clock import Clock

START_NS = 1_790_000_000_000_000_000


class Hands:
    """A clock of the system that a test sets, and one that nobody can set."""

    def __init__(self) -> None:
        self.wall_ns, self.steady_ns = START_NS, 5_000_000_000
        self.steps: list[int] = []
        self.clock = Clock(lambda: self.wall_ns, lambda: self.steady_ns)
        self.clock.on_step.append(self.steps.append)

    def pass_time(self, ns: int, *, corrected: int = 0) -> None:
        """Let time pass, of which the clock of the system shows more or less."""
        self.steady_ns += ns
        self.wall_ns += ns + corrected
