"""Collects the values of one message into as few observations as can hold them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from adapters.json_document import Unusable
from adapters.scalar import NO_VALUE, read_as
from gateway.models import BAD, GOOD, Observation, Origin, Quality, RawTime, Reject, Value

Raw: TypeAlias = Value | Unusable | None
"""What may stand in a document as a value."""

EXACT = 1e18
"""What is larger, and no integer of 64 bits, may have been an integer that lost digits when it was parsed."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Inexact(Exception):  # noqa: N818  # not an error: a reason to parse again
    """The document has a number that may have lost digits."""


class Scope(NamedTuple):
    """What holds for a value."""

    time: RawTime = None
    unit: str = ""
    quality: Quality = GOOD
    asset: str = ""
    measurement: str = ""


@dataclass(slots=True)
class _Draft:
    """An observation in the making; its time is that of its first value."""

    time: RawTime
    values: dict[str, Value | None] = field(default_factory=dict)
    times: dict[str, RawTime] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    qualities: dict[str, Quality] = field(default_factory=dict)


class Drafts:
    """Takes values one by one. The n-th of a name goes into the n-th observation of its machine.

    Args:
        room: How many values there may be.
        exact: Whether the document was parsed so that no integer can have lost digits.
        type_name: Data type of texts, where something beside the message tells it; empty if nothing does.
    """

    def __init__(self, room: int, *, exact: bool, type_name: str = "") -> None:
        self._room = room
        self._exact = exact
        self._type_name = type_name
        self._machines: dict[tuple[str, str], list[_Draft]] = {}
        self._repeats: dict[tuple[str, str, str], int] = {}
        self._rejects: list[Reject] = []
        self._scope: Scope | None = None
        self._drafts: list[_Draft] = []

    def add(self, name: str, raw: Raw, scope: Scope) -> None:
        """Take a value, or what stands in its place: a NaN is no value, half a surrogate pair a reject.

        Raises:
            Inexact: The document must be parsed again, exactly.
            ValueError: There are too many values.
        """
        self._take_room()
        try:
            value = self._usable(raw)
        except ValueError as error:
            self._reject(name, str(error))
            return
        if not name.isascii() and _SURROGATE.search(name):
            self._reject(name, "the name holds half a surrogate pair")
            return
        draft = self._draft(name, scope)
        draft.values[name] = value
        if scope.time != draft.time:
            draft.times[name] = scope.time
        if scope.unit:
            draft.units[name] = scope.unit
        if scope.quality is not GOOD:
            draft.qualities[name] = scope.quality
        elif value is None:
            draft.qualities[name] = BAD

    def reject(self, name: str, reason: str) -> None:
        """Note a value that cannot be taken.

        Raises:
            ValueError: There are too many values.
        """
        self._take_room()
        self._reject(name, reason)

    def _take_room(self) -> None:
        self._room -= 1
        if self._room < 0:
            raise ValueError("the message has more values than the option max_values allows")

    def _reject(self, name: str, reason: str) -> None:
        self._rejects.append(Reject(name.encode(errors="backslashreplace").decode(), reason))

    def finish(self, origin: Origin) -> list[Observation | Reject]:
        """Return what was collected."""
        result: list[Observation | Reject] = []
        for (asset, measurement), drafts in self._machines.items():
            for draft in drafts:
                quality = draft.qualities or GOOD
                times, units = draft.times or None, draft.units or None
                result.append(Observation(draft.values, draft.time, times, units, quality, asset, measurement, origin))
        return result + self._rejects

    def _draft(self, name: str, scope: Scope) -> _Draft:
        if scope is not self._scope:
            self._scope = scope
            self._drafts = self._machines.setdefault((scope.asset, scope.measurement), [])
            if not self._drafts:
                self._drafts.append(_Draft(scope.time))
        if name not in self._drafts[0].values:
            return self._drafts[0]
        key = (scope.asset, scope.measurement, name)
        number = self._repeats[key] = self._repeats.get(key, 0) + 1
        if number == len(self._drafts):
            self._drafts.append(_Draft(scope.time))
        return self._drafts[number]

    def _usable(self, raw: Raw) -> Value | None:
        """Return the value; ValueError says why there is none to take."""
        if isinstance(raw, str):
            if self._type_name:
                return read_as(raw, self._type_name)
            if not raw.isascii() and _SURROGATE.search(raw):
                raise ValueError("the text holds half a surrogate pair")
            return None if raw in NO_VALUE else raw
        if isinstance(raw, float):
            if not math.isfinite(raw):
                return None
            if not self._exact and abs(raw) >= EXACT:
                raise Inexact
        elif isinstance(raw, Unusable):
            raise ValueError(raw.reason)  # noqa: TRY004  # of the value, not of its Python type
        return raw
