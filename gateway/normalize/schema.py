"""The names and types of the values of one measurement: where a value goes, looked up once for each name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TypeAlias

from gateway.normalize.columns import Column, Usual, make_column, plain_columns
from gateway.normalize.names import field_name, field_names, metric_name, metric_names
from gateway.normalize.plan import IRREGULAR, MAX_FIELDS, Plan, Shape, make_plan
from gateway.normalize.room import Room
from gateway.settings.models import Incoming, Metric

Key: TypeAlias = str | tuple[str, str]
"""A name, or a name and a unit."""
SIGHTINGS = 3
"""How often a shape comes before a plan is made for it, which costs as much as ten messages taken without one."""
MAX_SHAPES = 4096
"""Shapes that are counted, and plans."""
_COLUMN_BYTES = 600
"""What a name takes in all tables, beside its characters (measured)."""
_UNKNOWN = Column("", "", False, None, "", None)  # noqa: FBT003
"""Stands where there is no column yet; an exception for each of 20,000 new names would cost a tenth of their birth."""


class Schema:
    """The names and types of the values of one measurement, as one route sees them.

    Args:
        metric: The part of the topic that names the value, or is a prefix to the names in the message.
        incoming: What the route does to single values, by the name they come in.
        declared: What the measurement declares, by stored name.
        tags: Names of tags, which no field may have.
        room: What the schemas of its route share.

    Attributes:
        columns: By type, and by name in the message or, where it names one, name and unit: where a value goes; None
            if the route ignores it. What is not there yet is found by `column`.
        room: Where it remembers what it worked out.
        shared: What the tables of many machines have in common, so that each is kept once: it then stays in the
            processor's cache, which halves the time for a message.
        plans: The plan that was made last for these keys, of messages that name no units.
    """

    def __init__(
        self,
        metric: str,
        incoming: Mapping[str, Incoming],
        declared: Mapping[str, Metric],
        tags: frozenset[str],
        room: Room,
    ) -> None:
        self._metric = metric
        self._incoming = incoming
        self._declared = declared
        self._tags = tags
        self.room = room
        room.move_in(self)
        self.columns: Mapping[type, dict[Key, Column | None]] = {kind: {} for kind in (float, int, str, bool)}
        self.shared: dict[Usual, Usual] = {}
        self.plans: dict[tuple[str, ...], Plan] = {}
        self._by_shape: dict[Shape, Plan] = {}
        self._sightings: dict[int, int] = {}

    def forget(self) -> None:
        """Forget everything that can be worked out again."""
        for columns in self.columns.values():
            columns.clear()
        for table in (self.shared, self.plans, self._by_shape, self._sightings):
            table.clear()

    def see(self, shape: Shape) -> Plan | None:
        """Take note of the shape of a message, and return its plan if it came often enough to have one."""
        plan = self._by_shape.get(shape)
        if plan is None:
            number = hash(shape)
            seen = self._sightings.get(number, 0) + 1
            if seen < SIGHTINGS or len(shape[0]) > MAX_FIELDS:
                if len(self._sightings) >= MAX_SHAPES:
                    self._sightings.clear()
                self._sightings[number] = seen
                return None
            plan = self._plan(shape)
        if not shape[2]:
            self.plans[shape[0]] = plan
        return plan

    def column(self, source_name: str, kind: type, unit: str) -> Column | None:
        """Return where a value goes; None if the route ignores it.

        Raises:
            ValueError: It cannot be stored under this name, or not in this unit.
        """
        key = (source_name, unit) if unit else source_name
        columns = self.columns[kind]
        column = columns.get(key, _UNKNOWN)
        if column is _UNKNOWN:
            self.room.take(_COLUMN_BYTES + 2 * len(source_name))
            column = columns[key] = self._make_column(source_name, kind, unit)
        return column

    def plain_columns(
        self, sources: Sequence[str], kinds: Sequence[type], units: Sequence[str]
    ) -> Sequence[Column] | None:
        """Return where values go that are stored as they come, or as floats; None if one of them is another.

        Args:
            sources: Their names in the message.
            kinds: Their types: float, int, str or bool.
            units: Their units; empty for none.
        """
        keys: Sequence[Key] = sources
        if any(units):
            keys = [(source, unit) if unit else source for source, unit in zip(sources, units, strict=True)]
        columns = [self.columns[kind].get(key) for kind, key in zip(kinds, keys, strict=True)]
        is_free = not self._incoming and not self._declared
        if None in columns and is_free:
            try:
                names = field_names(metric_names(self._metric, sources), self._tags)
            except ValueError:
                return None
            self.room.take(columns.count(None) * _COLUMN_BYTES + 2 * sum(map(len, sources)))
            made = plain_columns(names, kinds)
            for place, column in enumerate(columns):
                if column is None:
                    columns[place] = self.columns[kinds[place]][keys[place]] = made[place]
        if None in columns:
            return None
        found: list[Column] = columns  # type: ignore[assignment]  # none is None
        if is_free or all(column.is_plain(kind) for column, kind in zip(found, kinds, strict=True)):
            return found
        return None

    def described(self, source_name: str) -> tuple[str, Metric | None]:
        """Return the name without the ending of a type, and what the measurement declares of it.

        Raises:
            ValueError: It cannot be stored under this name.
        """
        column = self.column(source_name, float, "")
        return (self._name(source_name)[0], None) if column is None else (column.name, column.rule)

    def _name(self, source_name: str) -> tuple[str, Incoming | None]:
        name = metric_name(self._metric, source_name)
        incoming = None
        if self._incoming:
            incoming = self._incoming.get(name) or self._incoming.get(source_name)
            if incoming is not None and incoming.name:
                name = metric_name(incoming.name)
        return field_name(name, self._tags), incoming

    def _make_column(self, source_name: str, kind: type, unit: str) -> Column | None:
        if self._incoming and self._is_ignored(source_name):
            return None  # whatever its name is
        name, incoming = self._name(source_name)
        rule = None
        if self._declared:
            rule = self._declared.get(name) or self._declared.get(name.removesuffix("_"))
        return make_column(name, kind, incoming, rule, unit)

    def _is_ignored(self, source_name: str) -> bool:
        found = self._incoming.get(metric_name(self._metric, source_name)) or self._incoming.get(source_name)
        return found is not None and found.ignore

    def _plan(self, shape: Shape) -> Plan:
        keys, kinds, units = shape
        try:
            columns = [
                self.column(key, kind, unit)
                for key, kind, unit in zip(keys, kinds, units or repeat(""), strict=False)
                if kind is not type(None)
            ]
        except ValueError:  # the long way says which value cannot be taken, and why
            columns = []
        plan = make_plan(shape, columns) if len(columns) == len(keys) else IRREGULAR
        if len(self._by_shape) >= MAX_SHAPES:
            self._by_shape.clear()
            self.plans.clear()
        self.room.take(plan.size if plan.regular else 16 * len(keys))
        self._by_shape[shape] = plan
        return plan
