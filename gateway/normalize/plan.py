"""Plans: what to do with every message that has the same keys, types and units, worked out once.

Machines say the same things again and again. The names, types and conversions of such a message are looked up when its
shape has come a few times; from then on messages are checked by a validator made for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.normalize.columns import STORED_TYPE, Column, Convert, float_of_int
from gateway.normalize.reader import Read, make_reader

MAX_FIELDS = 250
"""Values of a message that is taken by a plan: as many as fit one record."""

Shape: TypeAlias = tuple[tuple[str, ...], tuple[type, ...], tuple[str, ...]]
"""Keys, types and units of a message; no units at all if it names none for these keys."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to do with messages of one shape. Two are equal if they are the same.

    Attributes:
        keys: The keys of its messages, in order.
        kinds: The types of their values.
        fields: For each value in order, the field it is stored in.
        stored: The types they are stored in.
        conversions: Of those that are neither stored as they come nor as floats: the place, and what to do.
        read: Checks rows of values as they are to be stored.
        names: Stored names, in the same order.
        regular: Whether the quick way does: every value is wanted, has a field of its own and no deadband.
    """

    keys: tuple[str, ...]
    kinds: tuple[type, ...]
    fields: tuple[str, ...]
    stored: tuple[type, ...]
    conversions: tuple[tuple[int, Convert], ...]
    read: Read
    names: tuple[str, ...]
    regular: bool

    @property
    def size(self) -> int:
        """Bytes it takes, about; most of them for its validator (measured)."""
        return 1000 + 400 * len(self.keys)


IRREGULAR = Plan((), (), (), (), (), make_reader(()), (), regular=False)
"""There is no plan: such messages are taken value by value."""


def make_plan(shape: Shape, columns: Sequence[Column | None]) -> Plan:
    """Return the plan for messages of this shape.

    Args:
        shape: Their keys, types and units.
        columns: Where each value goes; None if the route ignores it.
    """
    wanted = [column for column in columns if column is not None]
    names = tuple(column.name for column in wanted)
    unlike = len(wanted) < len(columns) or any(column.has_deadband for column in wanted)
    if unlike or not 0 < len(set(names)) == len(names) <= MAX_FIELDS:
        return IRREGULAR
    stored = tuple(STORED_TYPE[column.suffix] for column in wanted)
    simple = all(column.convert is None or column.convert is float_of_int for column in wanted)
    conversions = tuple((place, column.convert) for place, column in enumerate(wanted) if column.convert is not None)
    keys, kinds, _ = shape
    fields = tuple(column.field for column in wanted)
    return Plan(keys, kinds, fields, stored, () if simple else conversions, make_reader(stored), names, regular=True)
