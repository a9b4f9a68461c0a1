"""Who has how many of something, and who has the most: kept up to date at the cost of a few look-ups."""

from __future__ import annotations


class Shares:
    """Numbers by key, of which the largest is known at any time."""

    def __init__(self) -> None:
        self._number: dict[int, int] = {}
        # Those with the same number stand together; the one that came to it last is taken first.
        self._keys: dict[int, dict[int, None]] = {}
        self._most = 0

    def of(self, key: int) -> int:
        """Return how many a key has."""
        return self._number.get(key, 0)

    def add(self, key: int, number: int = 1) -> None:
        """Give a key so many more, or fewer: never less than none."""
        before = self._number.pop(key, 0)
        if before:
            same = self._keys[before]
            del same[key]
            if not same:
                del self._keys[before]
        now = before + number
        if now > 0:
            self._number[key] = now
            self._keys.setdefault(now, {})[key] = None
        self._most = max(self._most, now)

    def largest(self) -> int | None:
        """Return a key that has the most; None if nobody has any."""
        while self._most and self._most not in self._keys:
            self._most -= 1
        return next(reversed(self._keys[self._most])) if self._most else None
