"""The long way of a message: value by value, with a reason for each that cannot be taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.models import (
    BAD,
    GOOD,
    INT64_MAX,
    INT64_MIN,
    MAX_TEXT_BYTES,
    Definition,
    Observation,
    Quality,
    Reject,
    Value,
)
from gateway.normalize.assemble import Cell, Statement
from gateway.normalize.clock import Timed
from gateway.normalize.columns import Column, Elsewhere
from gateway.normalize.deadband import suppress
from gateway.normalize.plan import Schema
from gateway.normalize.series import SeriesState
from gateway.normalize.units import canonical

MAX_NAMES = 10_000
"""Names remembered for one series: a device that invents keys must not fill the memory."""


@dataclass
class Reading:
    """Reads one observation, value by value.

    Attributes:
        live: Whether it tells the present: only then it changes what is remembered of the series.
        rejects: What could not be taken, and why.
        definitions: What it told of the meaning of its values that was not known.
    """

    state: SeriesState
    schema: Schema
    observation: Observation
    timed: Timed
    single: Mapping[str, Timed]
    live: bool
    statement: Statement = field(init=False)
    rejects: list[Reject] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.statement = Statement(self.timed.time_ns)

    def read(self) -> Statement:
        """Take every value that can be taken."""
        for source_name, value in self.observation.values.items():
            try:
                self._value(source_name, value)
            except ValueError as error:
                self.rejects.append(Reject(source_name, str(error)))
        if self.live and self.timed.status != self.state.time_status:
            self.state.time_status = self.statement.time_status = self.timed.status
            self.state.epoch += 1
        return self.statement

    def _value(self, source_name: str, value: Value | None) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            value = None  # no number: there is no value, and never a 0
        unit = (self.observation.units or {}).get(source_name, "")
        kind = float if value is None else type(value)
        column = self.schema.column(source_name, kind, unit if value is not None else "")
        if column is None:
            return  # the route ignores it
        name = column.name
        if name in self.statement.names:
            raise ValueError(f"two values of the message have one name: {name!r}")
        if name not in self.state.qualities and len(self.state.qualities) >= MAX_NAMES:
            raise ValueError(f"more than {MAX_NAMES} names in one series")
        suffix, stored = _convert(column, value)
        self.statement.names.add(name)
        quality = self._quality(source_name, value)
        changed = quality != (self.state.qualities.get(name) if self.live else GOOD)
        time_ns = self.single.get(source_name, self.timed).time_ns
        store = self._outside_deadband(column, stored, time_ns, changed=changed)
        if store or changed:
            self.statement.cells.append(
                Cell(name, suffix, column.declared, stored, time_ns, quality if changed else None)
            )
        if changed and self.live:
            self.state.qualities[name] = quality
            self.state.epoch += 1
        self._define(name, unit)

    def _quality(self, source_name: str, value: Value | None) -> Quality:
        quality = self.observation.quality
        if not isinstance(quality, Quality):
            quality = quality.get(source_name, GOOD)
        return BAD if value is None and quality == GOOD else quality

    def _outside_deadband(self, column: Column, stored: Value | None, time_ns: int, *, changed: bool) -> bool:
        rule = self.schema.declared(column.name)
        if rule is None or rule.deadband is None or not self.live or not isinstance(stored, float | int):
            return stored is not None
        verdict = suppress(self.state, column.name, stored, time_ns, rule, always=changed)
        if verdict.before is not None:
            before, when = verdict.before
            self.statement.cells.append(Cell(column.name, column.suffix, column.declared, before, when, None))
        return verdict.store

    def _define(self, name: str, unit: str) -> None:
        """Tell the catalogue what is new: a unit that the message or the configuration names."""
        rule = self.schema.declared(name)
        unit = canonical(rule.unit if rule is not None and rule.unit else unit) if unit or rule is not None else ""
        description = rule.description if rule is not None else ""
        if (unit or description) and self.state.units.get(name) != unit:
            self.state.units[name] = unit
            series = self.state.series
            kind = rule.type if rule is not None and rule.type else ""
            self.definitions.append(
                Definition(name, unit, kind, None, None, description, series.asset, series.measurement)
            )


def _convert(column: Column, value: Value | None) -> tuple[str, Value | None]:
    """Return the ending of the field and the value in its stored form; ValueError says why it has none."""
    suffix, stored = column.suffix, value
    if value is None:
        return suffix, None
    try:
        stored = value if column.convert is None else column.convert(value)
    except Elsewhere as other:
        suffix, stored = other.suffix, other.value
    if isinstance(stored, str):
        if len(stored) > MAX_TEXT_BYTES:
            raise ValueError(f"the text is longer than {MAX_TEXT_BYTES} characters")
        if not stored.isascii():
            try:
                stored.encode()
            except UnicodeEncodeError as error:
                raise ValueError("the text is not Unicode: it holds half a surrogate pair") from error
    elif isinstance(stored, float):
        if not math.isfinite(stored):
            raise ValueError("the number is too large once converted")
    elif not INT64_MIN <= stored <= INT64_MAX:
        raise ValueError("the integer is beyond 64 bits")
    return suffix, stored
