"""Takes messages value by value where all that is needed is known of each name: any choice of names, in any order.

Who reports by exception sends another choice of its names each time. Working out what to do with each choice would take
longer than doing it, so what is known is kept by name; types and bounds are still checked in one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import compress
from typing import NamedTuple

from pydantic_core import ValidationError

from gateway.models import Value
from gateway.normalize.columns import STORED_TYPE, Column, Convert, Elsewhere, Usual
from gateway.normalize.plan import Plan
from gateway.normalize.reader import check_values, read_booleans, read_numbers, read_texts
from gateway.normalize.row import Row
from gateway.normalize.schema import Schema
from gateway.normalize.series import SeriesState
from gateway.normalize.units import canonical

_NO_UNITS: Mapping[str, str] = {}
_make = tuple.__new__
_KINDS = frozenset({float, int, str, bool})
_NUMBERS = frozenset({float, int})


class _Cell(NamedTuple):
    """Where values of one name and type go; a name that is empty means that the route ignores it."""

    name: str
    field: str
    convert: Convert | None
    stored: type


_IGNORED = _Cell("", "", None, float)
_NO_CELLS: Mapping[str, _Cell] = {}


class Table:
    """Where values go, by name, for messages that name the same units.

    Args:
        schema: The names and types of the values.
        units: By name, as the messages say them. Not changed: other units come as another mapping.
        state: The series, if the messages name units: it knows whether they were told.

    Attributes:
        plans: Of messages that name these units, by their keys; those that name none share the plans of the schema.
        plan: That of the last of them.
    """

    __slots__ = (
        "__weakref__",
        "_cells",
        "_mixed",
        "_numbers",
        "_redefined",
        "_schema",
        "_state",
        "_usual",
        "plan",
        "plans",
        "units",
    )

    def __init__(self, schema: Schema, units: Mapping[str, str] | None, state: SeriesState | None) -> None:
        self._schema, self._state, self.units = schema, state, units
        self._redefined = 0 if state is None else state.redefined
        self.plan: Plan | None = None
        self.plans: dict[tuple[str, ...], Plan] = {}
        self._mixed = False
        self._usual: dict[str, Usual] = {}
        self._numbers: dict[str, str] = {}
        self._cells: dict[type, dict[str, _Cell]] = {}
        schema.room.move_in(self)

    def forget(self) -> None:
        """Forget everything that can be worked out again."""
        for table in (self._numbers, self._usual, self._cells, self.plans):
            table.clear()
        self.plan = None

    def renew(self) -> None:
        """Forget what was worked out if the units of its series are other ones now."""
        if self._state is not None and self._state.redefined != self._redefined:
            self.forget()
            self._redefined = self._state.redefined

    def learn_plan(self, plan: Plan) -> None:
        """Remember the plan of messages that name these units, if all of them were told."""
        if self.plans.get(plan.keys) is plan:
            self.plan = plan
            return
        for key, kind in zip(plan.keys, plan.kinds, strict=True):
            unit = (self.units or {}).get(key, "")
            column = self._schema.column(key, kind, unit)
            if column is None or not self._is_told(column, unit):
                return
        self._schema.room.take(400)
        self.plans[plan.keys] = self.plan = plan

    # Runs for every message that is like no other: 5 us for 50 numbers, 12 us where types are mixed.
    def take(self, values: Mapping[str, Value | None]) -> Row | None:
        """Return what a message says; None if the long way must look at it."""
        if not self._mixed:
            with suppress(KeyError, ValidationError):
                return self._take_numbers(values)
        try:
            return self._take_usual(values)
        except ValidationError:
            return self._take_mixed(values)
        except KeyError:
            self._learn_usual(values)
        try:
            return self._take_usual(values)
        except (KeyError, ValidationError):
            return self._take_mixed(values)

    def _take_usual(self, values: Mapping[str, Value | None]) -> Row | None:
        """Take what is stored as it comes, or as a float: numbers, texts and booleans each in one call."""
        if not values:
            return None
        found = map(self._usual.__getitem__, values)
        names, fields, types, numbers, texts, booleans = zip(*found, strict=True)
        row = [*values.values()]
        checked = {**values}
        checked.update(zip(compress(values, numbers), read_numbers([*compress(row, numbers)]), strict=True))
        read_texts([*compress(row, texts)])
        read_booleans([*compress(row, booleans)])
        self._mixed = not all(numbers)
        known = {*names}
        if len(known) < len(names):
            return None
        stored: Sequence[Value] = [*checked.values()]  # type: ignore[list-item]  # no check lets None pass
        return Row(values, names, known, fields, stored, types if self._mixed else None)

    def _take_numbers(self, values: Mapping[str, Value | None]) -> Row | None:
        names = [*map(self._numbers.__getitem__, values)]
        row = read_numbers([*values.values()])
        known = {*names}
        return Row(values, names, known, names, row, None) if len(known) == len(names) > 0 else None

    def _take_mixed(  # noqa: PLR0911  # each is another reason for the long way
        self, values: Mapping[str, Value | None]
    ) -> Row | None:
        cells = self._cells
        try:
            found = [cells[type(value)][source] for source, value in values.items()]
        except KeyError:
            learned = [self._find(source, type(value)) for source, value in values.items()]
            found = [cell for cell in learned if cell is not None]
            if len(found) < len(learned):
                return None
            with suppress(KeyError, ValidationError):
                return self._take_numbers(values)
        if not found:
            return None
        sources: Sequence[str] = (*values,)
        row: list[Value] = [*values.values()]  # type: ignore[list-item]  # there is no cell for the type of None
        names, fields, conversions, types = zip(*found, strict=True)
        if any(conversions):
            try:
                row = [convert(value) if convert else value for convert, value in zip(conversions, row, strict=True)]
            except (ValueError, OverflowError, Elsewhere):
                return None  # the long way says where it goes, or why it goes nowhere
        if not all(names):  # the route ignores some
            sources, row = [*compress(sources, names)], [*compress(row, names)]
            fields, types = (*compress(fields, names),), (*compress(types, names),)
            names = (*filter(None, names),)
        known = {*names}
        if not known or len(known) < len(names):
            return None
        try:
            check_values(row)
        except ValidationError:
            return None
        return Row(sources, names, known, fields, row, types)

    # Runs for each name once: 1 us.
    def _learn_usual(self, values: Mapping[str, Value | None]) -> None:
        """Learn where names go of which the long way has found out how they are stored, if that is as they come."""
        schema, units, usual, size = self._schema, self.units or _NO_UNITS, self._usual, 0
        columns, shared = schema.columns, schema.shared
        for source, value in values.items():
            if source in usual:
                continue
            kind, unit = type(value), units.get(source, "")
            column = columns[kind].get((source, unit) if unit else source) if kind in columns else None
            if column is None or column.has_deadband or not self._is_told(column, unit):
                continue
            is_number = column.is_number and kind in _NUMBERS
            if not is_number and (column.convert is not None or kind is int):
                continue
            stored = float if is_number else kind
            one = _make(Usual, (column.name, column.field, stored, is_number, kind is str, kind is bool))
            usual[source] = shared.setdefault(one, one)
            if is_number:
                self._numbers[source] = column.name
            size += 400 + 2 * len(source)
        schema.room.take(size)

    def _find(self, source: str, kind: type) -> _Cell | None:
        """Return where values of this name and type go; None if the long way has to say it."""
        cell = self._cells.get(kind, _NO_CELLS).get(source)
        if cell is None and kind in _KINDS:
            try:
                cell = self._learn(source, kind)
            except ValueError:
                return None
        return cell

    def _learn(self, source: str, kind: type) -> _Cell | None:
        unit = (self.units or {}).get(source, "")
        column = self._schema.column(source, kind, unit)
        cell, is_number = _IGNORED, False
        if column is not None:
            if column.has_deadband or not self._is_told(column, unit):
                return None
            convert = column.convert
            if is_number := column.is_number and kind in _NUMBERS:
                # `float` does all that is done to an integer, unless it is so large that the check refuses it.
                convert = float if kind is int else None
            cell = _Cell(column.name, column.field, convert, STORED_TYPE[column.suffix])
        self._schema.room.take(400 + 2 * len(source))
        self._cells.setdefault(kind, {})[source] = cell
        if is_number:
            self._numbers[source] = cell.name
        return cell

    def _is_told(self, column: Column, unit: str) -> bool:
        """Whether the catalogue knows the unit that messages name."""
        if not unit or self._state is None:
            return True
        rule = column.rule
        return self._state.units.get(column.name) == canonical(rule.unit if rule is not None and rule.unit else unit)
