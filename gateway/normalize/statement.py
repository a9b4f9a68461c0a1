"""The long way of a message: what is as usual together, the rest one by one, with a reason if it cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from math import isfinite
from operator import attrgetter
from types import MappingProxyType

from pydantic_core import ValidationError

from gateway.models import (
    BAD,
    GOOD,
    Definition,
    Observation,
    Quality,
    Reject,
    Value,
)
from gateway.normalize.assemble import Statement
from gateway.normalize.clock import Timed
from gateway.normalize.columns import Column
from gateway.normalize.conversion import convert
from gateway.normalize.deadband import suppress
from gateway.normalize.reader import check_mixed
from gateway.normalize.schema import Schema
from gateway.normalize.series import MAX_NAMES, SeriesState
from gateway.normalize.units import canonical
from gateway.settings.models import Metric

_NO_UNITS: Mapping[str, str] = MappingProxyType({})
_MANY = 32
"""Values that are worth to be taken together."""
_name_of = attrgetter("name")
_PLAIN_KINDS = frozenset({float, int, str, bool})
_SURE = (float, bool)
"""Of these types every value can be stored that is finite."""


@dataclass(slots=True)
class Reading:
    """Reads one observation: 0.5 us for each of many values that are as usual, 1 us for each other.

    Attributes:
        live: Whether it tells the present: only then it changes what is remembered of the series.
        at_once: So many values are taken together, if they are that many and as usual; see `_take_many`.
        rejects: What could not be taken, and why.
        definitions: What it told of the meaning of its values that was not known.
    """

    state: SeriesState
    schema: Schema
    observation: Observation
    timed: Timed
    single: Mapping[str, Timed]
    live: bool
    at_once: int = 256
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
        sources, values = [*self.observation.values], [*self.observation.values.values()]
        if min(len(sources), self.at_once) < _MANY or (one is not None and one != GOOD):
            self._take_each(sources, values, one, each)
        else:
            self._take_many(sources, values, each, self.at_once)
        if self.live and self.timed.status != self.state.time_status:
            self.state.time_status = self.statement.time_status = self.timed.status
        return self.statement

    def _take_each(
        self, sources: Sequence[str], values: Sequence[Value | None], one: Quality | None, each: Mapping[str, Quality]
    ) -> None:
        for source_name, value in zip(sources, values, strict=True):
            try:
                self._value(source_name, value, one or each.get(source_name, GOOD))
            except ValueError as error:
                self.rejects.append(Reject(source_name, str(error)))

    def _take_many(
        self, sources: Sequence[str], values: Sequence[Value | None], each: Mapping[str, Quality], size: int
    ) -> None:
        """Take values so many at once; where one of them is unusual, half as many, and a few one by one.

        Args:
            sources: Their names in the message.
            values: They.
            each: Qualities that are told, by name.
            size: How many.
        """
        for start in range(0, len(sources), size):
            some, theirs = sources[start : start + size], values[start : start + size]
            if self._take_plain(some, theirs, each):
                continue
            if size > _MANY:
                self._take_many(some, theirs, each, size // 2)
            else:
                self._take_each(some, theirs, None, each)

    # Runs for births and other messages that bring many new names: 0.4 us for each of them.
    def _take_plain(self, sources: Sequence[str], values: Sequence[Value | None], each: Mapping[str, Quality]) -> bool:
        """Take good values that need no conversion; False, and nothing has changed, if there is another."""
        kinds = [*map(type, values)]
        if not _PLAIN_KINDS.issuperset(kinds) or (each and not each.keys().isdisjoint(sources)):
            return False
        state, statement, told = self.state, self.statement, self.observation.units
        units = [told.get(source, "") for source in sources] if told else [""] * len(sources)
        columns = self.schema.plain_columns(sources, kinds, units)
        if columns is None:
            return False
        names = [*map(_name_of, columns)]
        known = {*names}
        qualities = state.qualities
        unlike = [
            name
            for name, told_last in zip(names, map(qualities.get, names), strict=True)
            if told_last is not GOOD and told_last != GOOD
        ]
        new = [name for name in unlike if name not in qualities]
        if len(known) < len(names) or not known.isdisjoint(statement.names) or not state.has_room(len(new)):
            return False
        try:
            stored = check_mixed(values, kinds)
        except ValidationError:
            return False
        statement.names |= known
        times = self._times(sources)
        statement.add_all(columns, stored, times)
        if self.live and unlike:
            if len(times) == 1:
                statement.mark_all(unlike, GOOD, times[0])
            else:
                at = dict(zip(names, times, strict=True))
                for name in unlike:
                    statement.mark(name, GOOD, at[name])
            state.tell_all(unlike, GOOD)
        for name, unit in compress(zip(names, units, strict=True), units):
            self._define(name, unit, None)
        return True

    def _times(self, sources: Sequence[str]) -> Sequence[int]:
        """Return the time of each value, or the one of all."""
        usual_ns, single = self.timed.time_ns, self.single
        if not single:
            return (usual_ns,)
        return [single[source].time_ns if source in single else usual_ns for source in sources]

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
            suffix, stored = convert(column, value)
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
