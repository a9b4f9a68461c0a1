"""What metrics said last, and when: noted for each message, looked up only for births and for what comes late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from gateway.models import Value

_MOST_NOTED = 16
LONGEST_TEXT = 128
"""Texts that are longer are kept by their digest: all that is asked of a last value is whether it is the same."""

Kept = Value | bytes | None
"""A value, the digest of a long text, or nothing."""


def kept(text: str) -> str | bytes:
    """Return what is kept of a text: itself, or its digest if it is long."""
    if len(text) <= LONGEST_TEXT:
        return text
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def kept_of(values: Sequence[Value | None]) -> Sequence[Kept]:
    """Return what is kept of values."""
    if str not in {*map(type, values)}:
        return values
    return [kept(value) if type(value) is str else value for value in values]


class LastValues:
    """The last value of each metric of a station, by its slot, and its time as it was written."""

    __slots__ = ("_keys", "_latest", "_noted", "_times", "_values")

    def __init__(self) -> None:
        self._values: dict[str, Kept] = {}
        self._times: dict[str, int | None] = {}
        self._noted: dict[tuple[str, ...], tuple[Mapping[str, Kept], Sequence[int]]] = {}
        self._keys: tuple[str, ...] = ()
        self._latest: tuple[Mapping[str, Kept], Sequence[int]] = {}, ()
        """Of the last message, and stands behind what is noted: mostly the next has the very same keys."""

    def note(self, keys: tuple[str, ...], values: Mapping[str, Kept], times: Sequence[int]) -> None:
        """Note what a message said, with the time of each value or the one of all.

        It is entered later: the next with the same metrics replaces it as a whole.
        """
        if keys is not self._keys:
            self._put_behind()
            if len(self._noted) >= _MOST_NOTED:
                self._enter()
            self._keys = keys
        self._latest = (values, times)

    def note_long(self, keys: tuple[str, ...], values: Mapping[str, Value], times: Sequence[int]) -> None:
        """Note the same of a message that has long texts."""
        self.note(keys, {key: kept(one) if type(one) is str else one for key, one in values.items()}, times)

    @property
    def values(self) -> dict[str, Kept]:
        """The last values, to be looked at and changed; long texts as `kept` makes them."""
        if self._keys:
            self._enter()
        return self._values

    @property
    def times(self) -> dict[str, int | None]:
        """Their times, to be looked at and changed."""
        if self._keys:
            self._enter()
        return self._times

    def keep_only(self, slots: set[str]) -> None:
        """Forget all others."""
        self._enter()
        self._values = {slot: value for slot, value in self._values.items() if slot in slots}
        self._times = {slot: time for slot, time in self._times.items() if slot in slots}

    def _put_behind(self) -> None:
        """Put what the last message said behind what is noted of others."""
        if self._keys:
            self._noted.pop(self._keys, None)
            self._noted[self._keys] = self._latest
            self._keys = ()

    def _enter(self) -> None:
        self._put_behind()
        for keys, (values, times) in self._noted.items():
            self._values.update(values)
            self._times.update(dict.fromkeys(keys, times[0]) if len(times) == 1 else zip(keys, times, strict=True))
        self._noted.clear()
