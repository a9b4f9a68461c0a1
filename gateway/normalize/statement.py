"""The long way of a message: value by value, with a reason for each that cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

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
from gateway.normalize.assemble import Statement
from gateway.normalize.clock import Timed
from gateway.normalize.columns import Column, Elsewhere, Suffix
from gateway.normalize.deadband import suppress
from gateway.normalize.schema import Schema
from gateway.normalize.series import MAX_NAMES, SeriesState
from gateway.normalize.units import canonical
from gateway.settings.models import Metric

_NO_UNITS: Mapping[str, str] = MappingProxyType({})
_SURE = (float, bool)
"""Of these types every value can be stored that is finite."""


@dataclass(slots=True)
class Reading:
    """Reads one observation, value by value: 1 us for each.

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
        self.statement = Statement(self.timed.time_ns, narrow=self.state.is_narrow)

    def read(self) -> Statement:
        """Take every value that can be taken."""
        said = self.observation.quality
        one = said if isinstance(said, Quality) else None
        each: Mapping[str, Quality] = {} if isinstance(said, Quality) else said
        for source_name, value in self.observation.values.items():
            try:
                self._value(source_name, value, one or each.get(source_name, GOOD))
            except ValueError as error:
                self.rejects.append(Reject(source_name, str(error)))
        if self.live and self.timed.status != self.state.time_status:
            self.state.time_status = self.statement.time_status = self.timed.status
        return self.statement

    def _value(self, source_name: str, value: Value | None, quality: Quality) -> None:
        if value is None or (type(value) is float and not isfinite(value)):
            self._no_value(source_name, BAD if quality == GOOD else quality)
            return
        unit = units.get(source_name, "") if (units := self.observation.units) else ""
        column = self.schema.column(source_name, type(value), unit)
        if column is None:
            return  # the route ignores it
        name, state, statement = column.name, self.state, self.statement
        before = state.qualities.get(name)
        if before is None or name in statement.names:
            self._check_name(name, before)
        if column.convert is None and type(value) in _SURE:
            suffix, stored = column.suffix, value  # nothing can be wrong with it
        else:
            suffix, stored = _convert(column, value)
        statement.names.add(name)
        changed = quality != (before if self.live else GOOD)
        time_ns = self.timed.time_ns
        if self.single and source_name in self.single:
            time_ns = self.single[source_name].time_ns
        if (
            column.rule is None
            or not column.has_deadband
            or self._outside_deadband(column, stored, time_ns, changed=changed)
        ):
            statement.add(column, suffix, stored, time_ns)
        if changed:
            self._mark(name, quality, time_ns)
        if unit or column.rule is not None:
            self._define(name, unit, column.rule)

    def _no_value(self, source_name: str, quality: Quality) -> None:
        """Take a name without a value, which is never a 0: only its quality is told, if it changed."""
        column = self.schema.column(source_name, float, "")
        if column is None:
            return
        name = column.name
        before = self.state.qualities.get(name)
        self._check_name(name, before)
        self.statement.names.add(name)
        if quality != (before if self.live else GOOD):
            time_ns = self.single[source_name].time_ns if source_name in self.single else self.timed.time_ns
            self._mark(name, quality, time_ns)
        unit = (self.observation.units or _NO_UNITS).get(source_name, "")
        if unit or column.rule is not None:
            self._define(name, unit, column.rule)

    def _check_name(self, name: str, before: Quality | None) -> None:
        if name in self.statement.names:
            raise ValueError(f"two values of the message have one name: {name!r}")
        if before is None:
            self.state.know(name)

    def _mark(self, name: str, quality: Quality, time_ns: int) -> None:
        self.statement.mark(name, quality, time_ns)
        if self.live:
            self.state.tell(name, quality)

    def _outside_deadband(self, column: Column, stored: Value, time_ns: int, *, changed: bool) -> bool:
        if column.rule is None or not self.live or not isinstance(stored, float | int):
            return True
        verdict = suppress(self.state, column.name, stored, time_ns, column.rule, always=changed)
        if verdict.before is not None:
            before, when = verdict.before
            self.statement.add(column, column.suffix, before, when)
        return verdict.store or changed

    def _define(self, name: str, unit: str, rule: Metric | None) -> None:
        """Tell the catalogue what is new: a unit that the message or the configuration names."""
        unit = canonical(rule.unit if rule is not None and rule.unit else unit)
        description = rule.description if rule is not None else ""
        known = self.state.units
        before = known.get(name)
        if (unit or (description and before is None)) and before != unit and len(known) < MAX_NAMES:
            known[name] = unit
            self.state.redefined += before is not None
            series = self.state.series
            kind = rule.type if rule is not None and rule.type else ""
            self.definitions.append(
                Definition(name, unit, kind, None, None, description, series.asset, series.measurement)
            )


def _convert(column: Column, value: Value) -> tuple[Suffix, Value]:
    """Return the ending of the field and the value in its stored form; ValueError says why it has none."""
    suffix = column.suffix
    if column.convert is not None:
        try:
            value = column.convert(value)
        except Elsewhere as other:
            suffix, value = other.suffix, other.value
    if type(value) is float:
        if not isfinite(value):
            raise ValueError("the number is too large once converted")
    elif isinstance(value, str):
        _check_text(value)
    elif not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("the integer is beyond 64 bits")
    return suffix, value


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"the text is longer than {MAX_TEXT_BYTES} characters")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("the text is not Unicode: it holds half a surrogate pair") from error
