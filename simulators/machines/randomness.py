"""Randomness that can be looked up: each draw belongs to a key and an index, not to a place in a sequence."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

_RANGE = float(1 << 64)


class Draws(NamedTuple):
    """Random numbers of one owner, such as one machine: the same index gives the same number, for ever.

    Numbers come from a hash, not from a generator, so that the thousandth draw needs no 999 others, and so that they
    do not change with the version of Python.
    """

    key: bytes

    @classmethod
    def of(cls, *owner: str | int) -> Draws:
        """Return the draws of an owner, such as a seed and the name of a machine."""
        return cls(blake2b("\0".join(map(str, owner)).encode(), digest_size=16).digest())

    def uniform(self, low: float, high: float, what: str, index: int = 0) -> float:
        """Return a number from `low` to `high`, evenly distributed."""
        digest = blake2b(f"{what}\0{index}".encode(), digest_size=8, key=self.key).digest()
        return low + (high - low) * (int.from_bytes(digest, "big") / _RANGE)

    def choice(self, count: int, what: str, index: int = 0) -> int:
        """Return one of 0, 1, ... `count` - 1, each as likely as the others."""
        return min(int(self.uniform(0, count, what, index)), count - 1)  # a fraction can round up to 1
