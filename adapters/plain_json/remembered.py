"""Remembers what was worked out for a key, within bounds that no device can push."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Sequence[str])
ResultT = TypeVar("ResultT")

MAX_KEYS = 1024
MAX_CHARACTERS = 4096
"""Of one key; what belongs to a longer one is worked out every time."""


class Remembered(dict[KeyT, ResultT], Generic[KeyT, ResultT]):
    """A function of a text, or of several, as a mapping: what it has returned is looked up from then on.

    Args:
        work_out: The function.
    """

    def __init__(self, work_out: Callable[[KeyT], ResultT]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: KeyT) -> ResultT:
        result = self._work_out(key)
        if len("".join(key)) <= MAX_CHARACTERS:
            if len(self) >= MAX_KEYS:
                self.clear()
            self[key] = result
        return result
