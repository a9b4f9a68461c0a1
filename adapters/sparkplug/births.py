"""What one birth tells: its metrics become known, and those of its values that are wanted are told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from adapters.sparkplug.columns import Columns
from adapters.sparkplug.edge_node import MILLISECOND_NS, Station
from adapters.sparkplug.engineering import Engineering, engineering, quality_code
from adapters.sparkplug.known import Known
from adapters.sparkplug.last_values import kept, kept_of
from adapters.sparkplug.payload import Metric, Template, Value
from adapters.sparkplug.properties import Properties
from adapters.sparkplug.told import Told
from adapters.sparkplug.values import value_of
from gateway.models import BAD, GOOD, Reject

if TYPE_CHECKING:
    from adapters.sparkplug.interpreter import Interpreter

LONGEST_AHEAD_MS = 300_000
"""What is further ahead is not stored under its own time."""

_FEW = 4
"""So many metrics are taken one by one."""

_place_of = attrgetter("place")


class Birth:
    """Takes the metrics of a birth, in their order.

    Args:
        interpreter: Knows what metrics mean.
        station: Whose birth.
        time: Of the message, in milliseconds since 1970.
        told: Collects the values.
        more: Whether it goes on where the birth before it ended.

    Attributes:
        by_name: Its metrics by name.
        rejects: What of it cannot be taken.
    """

    def __init__(self, interpreter: Interpreter, station: Station, time: int | None, told: Told, *, more: bool) -> None:
        self._interpreter, self._station, self._time, self._told, self._more = interpreter, station, time, told, more
        self._before = station.by_name
        self.by_name: dict[bytes, Known] = dict(self._before) if more else {}
        self._by_alias: dict[int, Known] = dict(station.by_alias) if more else {}
        self._units: dict[str, str] = dict(station.units or {}) if more else {}
        self._ambiguous: set[int] = set()
        self._meanings: dict[bytes, Engineering | None] = {}
        self.rejects: list[Reject] = []
        self._latest_ahead_ms = station.last_seen_ns // MILLISECOND_NS + LONGEST_AHEAD_MS

    def take(self, metrics: Sequence[Metric]) -> None:
        """Take all metrics."""
        if isinstance(metrics, Columns) and not self._more and len({*metrics.encoded}) == len(metrics):
            self._take_columns(metrics)
        else:
            for metric in metrics:
                self._take(metric)

    def end(self) -> None:
        """Let what it told hold from now on."""
        station, by_name = self._station, self.by_name
        if not self._more:
            for alias in self._ambiguous:
                del self._by_alias[alias]
                self.rejects.append(Reject(f"alias {alias}", "two metrics of one birth have this alias: it names none"))
        station.by_name, station.by_alias, station.units = by_name, self._by_alias, self._units or None
        if not self._more and len(station.last.values) > len(by_name):
            station.last.keep_only({known.slot for known in by_name.values()})
        station.is_simple = all(known.place is None for known in by_name.values())
        station.shapes.forget()

    def _take_columns(self, columns: Columns) -> None:
        """Take plain metrics that follow one another together, and the others one by one."""
        rare = [place for place, reading in enumerate(columns.readings) if reading is None]
        if any(columns.properties):
            pairs = enumerate(zip(columns.properties, columns.readings, strict=True))
            telling = [place for place, (said, reading) in pairs if said and reading and self._tells_quality(said)]
            rare = sorted(rare + telling) if telling else rare
        begin = 0
        for place in [*rare, len(columns)]:
            if place - begin < _FEW or not self._take_plain(columns, slice(begin, place)):
                for each in range(begin, place):
                    self._take(columns[each])
            if place < len(columns):
                self._take(columns[place])
            begin = place + 1

    # A birth may have twenty thousand metrics: 1 us for each that is new, half of that for one that says nothing new.
    def _take_plain(self, columns: Columns, run: slice) -> bool:
        """Take plain metrics, each with a name of its own; False, and nothing has changed, if two have one key."""
        known = self._know(columns, run)
        stored = [one.key for one in known]
        slots = [one.key if one.place is None else one.name for one in known if one.key]
        if len({*slots}) < len(slots):
            return False
        encoded = columns.encoded[run]
        self.by_name.update(zip(encoded, known, strict=True))
        self._name_aliases(columns.aliases[run], known)
        self._define(encoded, known, columns.properties[run])
        if self._interpreter.births == "none" or not slots:
            return True
        values, times = columns.values[run], columns.times[run]
        kept_values = kept_of(values)
        if len(slots) < len(known):  # some are ignored
            encoded, known = [*compress(encoded, stored)], [*compress(known, stored)]
            values, times = [*compress(values, stored)], [*compress(times, stored)]
            kept_values = [*compress(kept_values, stored)]
        if self._before and self._interpreter.births == "changed" and not self._station.stale:
            before, last = self._before, self._station.last.values
            is_new = [
                not (type(said) is type(value) and said == value and name in before)
                for said, value, name in zip(map(last.get, slots), kept_values, encoded, strict=True)
            ]
            slots, known = [*compress(slots, is_new)], [*compress(known, is_new)]
            values, times = [*compress(values, is_new)], [*compress(times, is_new)]
            kept_values = [*compress(kept_values, is_new)]
        if slots:
            self._tell_plain(slots, known, values, [time or self._time for time in times])
            self._station.last.values.update(zip(slots, kept_values, strict=True))
        return True

    def _define(self, encoded: Sequence[bytes], known: Sequence[Known], properties: Sequence[bytes]) -> None:
        """Note what properties say of the meaning of values."""
        for name, one, said in compress(zip(encoded, known, properties, strict=True), properties):
            if one.key and (meaning := self._meanings[said]) is not None:
                unit = self._interpreter.define(self._station, one, meaning, self._before.get(name))
                if unit:
                    self._units[one.key] = unit

    def _tell_plain(
        self, slots: Sequence[str], known: Sequence[Known], values: Sequence[Value | None], times: Sequence[int | None]
    ) -> None:
        """Tell values, and remember of when they were."""
        station, told, begin = self._station, self._told, 0
        for _, group in groupby(map(_place_of, known), id):
            end = begin + len([*group])
            keys = [one.key for one in known[begin:end]]
            told.add_all(known[begin].place, keys, values[begin:end], times[begin:end])
            begin = end
        believed = {
            slot: time
            for slot, time in zip(slots, times, strict=True)
            if time is not None and time <= self._latest_ahead_ms
        }
        station.last.times.update(believed)
        station.latest_ms = max(station.latest_ms, max(believed.values(), default=0))

    def _know(self, columns: Columns, run: slice) -> list[Known]:
        """Return what becomes known of plain metrics; what is known of those of the birth before stays as it is."""
        before, interpreter = self._before, self._interpreter
        encoded, names = columns.encoded[run], columns.names[run]
        datatypes, readings = columns.datatypes[run], columns.readings[run]
        if not before and interpreter.names.are_plain:
            ignored = interpreter.names.ignored_among(names)
            return [
                Known(name, "" if name in ignored else name, None, datatype, *reading)  # type: ignore[misc]  # all plain
                for name, datatype, reading in zip(names, datatypes, readings, strict=True)
            ]
        found = [before.get(name) for name in encoded]
        return [
            old
            if old is not None and old.datatype == datatype and old.field == reading[0]  # type: ignore[index]  # plain
            else interpreter.known(self._station, columns[place], old)
            for place, (old, datatype, reading) in enumerate(zip(found, datatypes, readings, strict=True), run.start)
        ]

    def _name_aliases(self, aliases: Sequence[int | None], known: Sequence[Known]) -> None:
        """Let aliases name metrics; one that two of them have names the last, until the end of the birth."""
        mine = dict(zip(aliases, known, strict=True))
        by_alias = self._by_alias
        if len(mine) == len(known) and None not in mine and mine.keys().isdisjoint(by_alias):
            by_alias.update(mine)  # type: ignore[arg-type]  # none is None
            return
        for alias, one in zip(aliases, known, strict=True):
            if alias is not None and by_alias.setdefault(alias, one) is not one:
                self._ambiguous.add(alias)
                by_alias[alias] = one

    def _tells_quality(self, properties: bytes) -> bool:
        """Whether properties say how good a value is; if not, what they mean is known from now on, if anything."""
        if properties in self._meanings:
            return False
        found = Properties(properties)
        if found and quality_code(found) is not None:
            return True
        self._meanings[properties] = engineering(found) if found else None
        return False

    def _take(self, metric: Metric) -> None:
        name = metric.name
        if metric.fault or not name:
            self.rejects.append(Reject(_title(metric), metric.fault or "a metric of a birth without a name"))
            return
        if isinstance(metric.value, Template) and metric.value.is_definition:
            return  # what its instances are made of, they say themselves
        station, interpreter = self._station, self._interpreter
        encoded = name.encode()
        known = self.by_name.get(encoded)
        old = self._before.get(encoded)
        if known is None:
            known = self.by_name[encoded] = interpreter.known(station, metric, old)
        if (alias := metric.alias) is not None and self._by_alias.setdefault(alias, known) is not known:
            self._ambiguous.add(alias)
            self._by_alias[alias] = known
        if not known.key:
            return
        if metric.properties:
            unit = interpreter.define(station, known, engineering(metric.properties), old)
            if unit:
                self._units[known.key] = unit
        if (reject := self._tell(known, metric, old)) is not None:
            self.rejects.append(reject)

    def _tell(self, known: Known, metric: Metric, old: Known | None) -> Reject | None:
        """Tell a value, if it is one of those that are wanted."""
        station, interpreter = self._station, self._interpreter
        if interpreter.births == "none" and not metric.is_historical:
            return None
        has_quality = bool(metric.properties) and quality_code(metric.properties) is not None
        if has_quality or metric.is_null or metric.is_historical or metric.is_transient or known.is_complex:
            return interpreter.tell(station, known, metric, self._time, self._told, old=False)
        try:
            value = value_of(metric, known.datatype) if known.is_special else _plain(metric)
        except ValueError as error:
            return Reject(known.name, str(error))
        slot, time = known.slot, metric.timestamp or self._time
        said = kept(value) if type(value) is str else value
        unchanged = interpreter.births == "changed" and old is not None and not station.stale
        if unchanged and (before := station.last.values.get(slot)) == said and type(before) is type(said):
            return None
        self._told.add(known.place, known.key, value, time, BAD if value is None else GOOD)
        station.last.values[slot] = said
        if time is not None and time <= self._latest_ahead_ms:
            station.last.times[slot] = time
            station.latest_ms = max(station.latest_ms, time)
        return None


def _plain(metric: Metric) -> Value | None:
    """Return a value that is what stands on the wire."""
    return metric.value  # type: ignore[return-value]  # fields of other kinds have conversions


def _title(metric: Metric) -> str:
    """Return how to speak of a metric that may lack a name."""
    return metric.name or (f"alias {metric.alias}" if metric.alias is not None else "a metric without a name")
