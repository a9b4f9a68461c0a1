"""Finds out how many messages a broker sends before it waits for an acknowledgement.

No packet says so: a client's Receive Maximum is an upper bound, below which brokers have limits of their own (rumqttd
keeps 100 in flight whatever it is told, mosquitto 20 where it is told nothing). Not knowing it costs dearly, since
whoever waits for company after the last message that may come waits in vain, once per window. So it is learned: when
the same number was unacknowledged after a silence, and more came right after the acknowledgement, several times in a
row, that number is the window.

A wrong guess does no harm but commits that come earlier than need be; more messages in flight than the guess disprove
it at once, and from time to time it is put to the test.
"""

from __future__ import annotations

_PROOFS = 3
"""Times in a row that the same number must show itself."""

_TEST_AFTER = 30.0
"""Seconds after which a guess is put to the test, at the price of one linger."""


class Window:
    """The window of one broker. Times are seconds of a monotonic clock.

    Args:
        configured: What the configuration says; that holds, and only less can be learned.
    """

    def __init__(self, configured: int | None = None) -> None:
        self._configured = configured
        self._learned: int | None = None
        self._candidate = 0
        self._proofs = 0
        self._arrived_at = 0.0
        self._quiet: tuple[int, float, float] | None = None
        """What was in flight at the last acknowledgement, when that was, and how long nothing had come before."""
        self._tested_at = 0.0

    @property
    def size(self) -> int | None:
        """How many messages; None if nothing is known."""
        known = [number for number in (self._configured, self._learned) if number is not None]
        return min(known, default=None)

    def guess(self, size: int | None, now: float) -> None:
        """Begin with a new connection, of which this is to be believed until something disproves it."""
        self._learned, self._tested_at = size, now
        self._candidate, self._proofs, self._quiet = 0, 0, None

    def arrived(self, in_flight: int, now: float) -> None:
        """Take note that messages came, and how many are unacknowledged with them."""
        if self._learned is not None and in_flight > self._learned:
            self._learned = None
        if self._quiet is not None:
            number, acknowledged_at, quiet = self._quiet
            self._quiet = None
            # The broker had these ready: they took less time to come than the silence before lasted.
            if (now - acknowledged_at) * 2 <= quiet:
                self._proofs = self._proofs + 1 if number == self._candidate else 1
                self._candidate = number
                if self._proofs >= _PROOFS:
                    self._learned, self._tested_at = number, now
            else:
                self._proofs = 0
        self._arrived_at = now

    def acknowledged(self, in_flight: int, now: float) -> None:
        """Take note that messages are being acknowledged, and how many were unacknowledged before that."""
        if self._quiet is None:  # of several acknowledgements with nothing between, the first set the broker free
            self._quiet = (in_flight, now, now - self._arrived_at)
        if self._learned is not None and in_flight >= self._learned and now - self._tested_at >= _TEST_AFTER:
            self._tested_at = now

    def is_used_up(self, in_flight: int, now: float) -> bool:
        """Whether the broker waits, as far as is known."""
        size = self.size
        if size is None or in_flight < size:
            return False
        return size == self._configured or now - self._tested_at < _TEST_AFTER
