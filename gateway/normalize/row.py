"""The values of one message taken by name, and whether all that it says of their quality stands written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from gateway.models import GOOD, Quality, Value
from gateway.normalize.series import SeriesState

_NONE: Mapping[str, Quality] = {}


class Row(NamedTuple):
    """The values of one message, checked.

    Attributes:
        sources: Their names in the message.
        names: Their stored names, each once.
        known: The same names.
        fields: In the wide layout: the names of their fields.
        values: They, as they are to be stored.
        types: The types they are stored in; None if all are floats.
    """

    sources: Iterable[str]
    names: Sequence[str]
    known: AbstractSet[str]
    fields: Sequence[str]
    values: Sequence[Value]
    types: Sequence[type] | None


def as_told(state: SeriesState, row: Row, said: Quality | Mapping[str, Quality]) -> bool:
    """Whether all qualities that a message says stand written."""
    told = state.qualities
    if not told.keys() >= row.known:
        return False
    each = _NONE if isinstance(said, Quality) else said
    if not each and not state.marked:
        return True
    rest = said if isinstance(said, Quality) else GOOD
    return all(told[name] == each.get(source, rest) for source, name in zip(row.sources, row.names, strict=True))
