"""Plans: what to do with every message that has the same keys, types and units, worked out once.

Machines say the same things again and again. The names, types, conversions and deadbands of such a message are
looked up when its shape is first seen; from then on messages are checked by a validator made for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gateway.normalize.columns import STORED_TYPE, Column, Convert, float_of_int, make_column
from gateway.normalize.names import field_name, metric_name
from gateway.normalize.reader import Read, make_reader
from gateway.settings.models import Incoming, Metric

MAX_FIELDS = 250
"""Values of a message that is taken the quick way: as many as fit one record."""
MAX_PLANS = 1024
"""Shapes kept for one kind of message: a device that invents keys must not fill the memory."""

Shape: TypeAlias = tuple[tuple[str, ...], tuple[type, ...]]


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


_IRREGULAR = Plan((), (), (), (), (), make_reader(()), (), regular=False)


class Schema:
    """The names and types of the values of one measurement, as one route sees them.

    Args:
        metric: The part of the topic that names the value, or is a prefix to the names in the message.
        incoming: What the route does to single values, by the name they come in.
        declared: What the measurement declares, by stored name.
        tags: Names of tags, which no field may have.
    """

    def __init__(
        self, metric: str, incoming: Mapping[str, Incoming], declared: Mapping[str, Metric], tags: frozenset[str]
    ) -> None:
        self._metric = metric
        self._incoming = incoming
        self._declared = declared
        self._tags = tags
        self._plans: dict[Shape, Plan] = {}
        self._columns: dict[tuple[str, type, str], Column | None] = {}

    def plan(self, shape: Shape) -> Plan:
        """Return the plan for messages of this shape."""
        plan = self._plans.get(shape)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            plan = self._plans[shape] = self._make_plan(*shape)
        return plan

    def column(self, source_name: str, kind: type, unit: str) -> Column | None:
        """Return where a value goes; None if the route ignores it.

        Raises:
            ValueError: It cannot be stored under this name, or not in this unit.
        """
        key = (source_name, kind, unit)
        if key not in self._columns:
            if len(self._columns) >= MAX_PLANS:
                self._columns.clear()
            self._columns[key] = self._make_column(*key)
        return self._columns[key]

    def stored_name(self, source_name: str) -> str:
        """Return the name without the ending of a type.

        Raises:
            ValueError: It cannot be stored under this name.
        """
        joined = metric_name(self._metric, source_name)
        incoming = self._find_incoming(joined, source_name)
        return field_name(metric_name(incoming.name) if incoming and incoming.name else joined, self._tags)

    def declared(self, name: str) -> Metric | None:
        """Return what the measurement declares of a stored name."""
        return self._declared.get(name) or self._declared.get(name.removesuffix("_"))

    def _find_incoming(self, joined: str, source_name: str) -> Incoming | None:
        return self._incoming.get(joined) or self._incoming.get(source_name)

    def _make_column(self, source_name: str, kind: type, unit: str) -> Column | None:
        incoming = self._find_incoming(metric_name(self._metric, source_name), source_name)
        if incoming is not None and incoming.ignore:
            return None
        name = self.stored_name(source_name)
        return make_column(name, kind, incoming, self.declared(name), unit)

    def _make_plan(self, keys: tuple[str, ...], kinds: tuple[type, ...]) -> Plan:
        columns: list[Column] = []
        try:
            for key, kind in zip(keys, kinds, strict=True):
                column = self.column(key, kind, "") if kind is not type(None) else None
                if column is None:
                    return _IRREGULAR
                declared = self.declared(column.name)
                if declared is not None and declared.deadband is not None:
                    return _IRREGULAR
                columns.append(column)
        except ValueError:  # the long way says which value cannot be taken, and why
            return _IRREGULAR
        names = tuple(column.name for column in columns)
        fields = tuple(column.field for column in columns)
        regular = 0 < len(set(names)) == len(names) <= MAX_FIELDS
        stored = tuple(STORED_TYPE[column.suffix] for column in columns)
        simple = all(column.convert is None or column.convert is float_of_int for column in columns)
        conversions = tuple(
            (place, column.convert) for place, column in enumerate(columns) if column.convert is not None
        )
        return Plan(
            keys,
            kinds,
            fields,
            stored,
            () if simple else conversions,
            make_reader(stored),
            names,
            regular=regular,
        )
