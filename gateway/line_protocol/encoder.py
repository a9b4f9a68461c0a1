"""Turns telemetry into records: a line of line protocol, or several where it has more than 250 fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import add
from typing import NamedTuple

from orjson import dumps

from gateway.line_protocol import escape
from gateway.line_protocol.spelling import (
    Spellings,
    are_surely_apart,
    field_value,
    field_values,
    quality_fields,
    stored_names,
)
from gateway.models import GOOD, Series, Telemetry, Value

MAX_FIELDS = 250
"""Fields in a record. Records of one series and time merge in the database."""

MAX_NAMES = 65_536
"""Names in all layouts that are remembered; a device that invents names cannot fill the memory with them."""

_PLAIN_NAME = re.compile(r'[^\x00-\x20\x7f\ud800-\udfff,=:"{}\\]+')
_FLOAT = frozenset({float})
_COLON_TO_EQUALS = bytes(range(256)).replace(b":", b"=")
_BRACKETS = b'{}"'
NARROW_ENDING = {float: " value=", int: " value_int=", str: " value_text=", bool: " value_bool="}
"""In the narrow layout: the field of a value, by its type, behind the tags."""
_NARROW_FIELDS = frozenset({"value", "value_int", "value_text", "value_bool", "value_q", "value_status", "time_status"})
_MAX_METRIC_BYTES = 2048
"""The longest name of a value, spelled: 256 characters, of four bytes or escaped."""


class _Known(NamedTuple):
    """What is remembered of a series.

    Attributes:
        prefix: Measurement and tags as they begin its records.
        tags: The names of its tags, which no field may have.
        layouts: The sets of field names that were found to be storable beside these tags, and whether all of the
            names are plain: the same in JSON and in line protocol.
        before: Measurement and tags up to the value of a further tag `metric`.
        after: The tags that follow it.
    """

    prefix: str
    tags: frozenset[str]
    layouts: dict[tuple[str, ...], bool]
    before: str
    after: str


class Encoder:
    """Encodes telemetry for every version of InfluxDB; remembers how names are spelled, and nothing else.

    The same telemetry gives the same records in any process, and writing them again changes nothing.

    Attributes:
        max_series: Series whose prefix is remembered; beyond them they are made anew.
        keys: How the names of fields are spelled, with the `=` that follows.
        metrics: How the names of values are spelled as a tag.
    """

    def __init__(self, max_series: int = 200_000) -> None:
        self.max_series = max_series
        self._known: dict[str, _Known] = {}
        self._layouts: dict[frozenset[str], dict[tuple[str, ...], bool]] = {}
        self._names_in_layouts = 0
        self.keys = Spellings("=")
        self.metrics = Spellings("")

    def encode(self, telemetry: Telemetry) -> list[str]:
        """Return the records that say this: each one line without its newline, with a time in nanoseconds.

        Beside the values stand, for each name whose quality is told, `{name}_q` (an integer, as OPC numbers it) and
        `{name}_status` (the source's own code, where that is known and the quality not good); and `time_status`.

        Raises:
            ValueError: A name is reserved, is that of a tag or stands twice. Names are chosen before this is called,
                so it is a defect of the caller, and no other telemetry is affected.
        """
        # The lines that run for every message: 1.1 to 1.5 us for six floats.
        values = telemetry.values
        if telemetry.narrow:
            return self._encode_narrow(telemetry)
        try:
            prefix, tags, layouts, _, _ = self._known[telemetry.series.key]
            plain = layouts[tuple(values)]
        except KeyError:
            prefix, tags, layouts, _, _ = self._known.get(telemetry.series.key) or self._learn(telemetry.series)
            plain = self._learn_layout(tags, tuple(values))
        marked = telemetry.quality is not None or telemetry.time_status is not None
        if plain and not marked and _FLOAT.issuperset(map(type, values.values())):
            # JSON spells floats as line protocol wants them, in a third of the time of repr(), and plain names need
            # only their quotation marks removed and the colon replaced.
            fields = dumps(values).translate(_COLON_TO_EQUALS, _BRACKETS).decode()
            return [f"{prefix} {fields} {telemetry.timestamp_ns}"]
        several = self._fields(values)
        if marked:
            several += self._marks(telemetry, tags)
        if 0 < len(several) <= MAX_FIELDS:
            return [f"{prefix} {','.join(several)} {telemetry.timestamp_ns}"]
        parts = (several[start : start + MAX_FIELDS] for start in range(0, len(several), MAX_FIELDS))
        return [f"{prefix} {','.join(part)} {telemetry.timestamp_ns}" for part in parts]

    def prefix(self, series: Series) -> str:
        """Return measurement and tags as they begin the records of a series.

        Raises:
            ValueError: See `encode`.
        """
        return (self._known.get(series.key) or self._learn(series)).prefix

    def template(self, series: Series, names: Sequence[str], types: Sequence[type]) -> str:
        """Return the fields of all telemetry of these names and types, with `%s` for each value.

        Raises:
            ValueError: See `encode`.
        """
        known = self._known.get(series.key) or self._learn(series)
        self._learn_layout(known.tags, names)
        return ",".join(
            f"{self.keys[name].replace('%', '%%')}%s{'i' if kind is int else ''}"
            for name, kind in zip(names, types, strict=True)
        )

    def around(self, series: Series) -> tuple[str, str]:
        """Return what stands before and after the value of the tag `metric` at the beginning of a record.

        Raises:
            ValueError: See `encode`.
        """
        known = self._known.get(series.key) or self._learn(series)
        if not known.before:
            raise ValueError(
                f"a tag of {series.asset!r} is called as a field is in the narrow layout, or all are too long"
            )
        return known.before, known.after

    def fields(self, values: Mapping[str, Value]) -> str:
        """Return fields as they stand in a record; at most 250."""
        return ",".join(self._fields(values))

    def _encode_narrow(self, telemetry: Telemetry) -> list[str]:
        before, after = self.around(telemetry.series)
        end = f" {telemetry.timestamp_ns}"
        if telemetry.time_status is not None:
            end = f",time_status={escape.text(telemetry.time_status)}{end}"
        metrics, quality = self.metrics, telemetry.quality or {}
        if len(telemetry.values) > MAX_FIELDS:
            metrics.of(telemetry.values)
        records = []
        for name, value in telemetry.values.items():
            marks = ["", *quality_fields("value", quality[name])] if name in quality else ()
            ending = NARROW_ENDING[type(value)]
            records.append(f"{before}{metrics[name]}{after}{ending}{field_value(value)}{','.join(marks)}{end}")
        for name, one in quality.items():
            if name not in telemetry.values:
                records.append(f"{before}{metrics[name]}{after} {','.join(quality_fields('value', one))}{end}")
        return records

    def _fields(self, values: Mapping[str, Value]) -> list[str]:
        row = [*values.values()]
        if len(row) <= MAX_FIELDS:
            return [*map(add, map(self.keys.__getitem__, values), field_values(row, {*map(type, row)}))]
        cells: list[str] = []
        for start in range(0, len(row), MAX_FIELDS):
            some = row[start : start + MAX_FIELDS]
            cells += field_values(some, {*map(type, some)})
        return [*map(add, self.keys.of(values), cells)]

    def _marks(self, telemetry: Telemetry, tags: frozenset[str]) -> list[str]:
        """Return the fields that say how far the values, and their time, can be trusted."""
        quality, keys = telemetry.quality or {}, self.keys
        kinds = {*quality.values()}
        has_codes = any(one.code for one in kinds)
        if has_codes:
            marks = [field for name, one in quality.items() for field in quality_fields(keys[name][:-1], one)]
        elif len(kinds) == 1:
            end = f"_q={kinds.pop().level}i"
            marks = [key[:-1] + end for key in keys.of(quality)]
        else:
            marks = [f"{keys[name][:-1]}_q={one.level}i" for name, one in quality.items()]
        if telemetry.time_status is None and not has_codes and are_surely_apart(telemetry.values, quality):
            if any(tag in telemetry.values or (tag.endswith("_q") and tag[:-2] in quality) for tag in tags):
                raise ValueError(f"one of these names is that of a tag: {sorted(tags)[:100]}")
            return marks
        if telemetry.time_status is not None:
            marks.append(f"time_status={escape.text(telemetry.time_status)}")
        names = [*telemetry.values, *(f"{name}_q" for name in quality)]
        names += [f"{name}_status" for name, one in quality.items() if one.code and one.level != GOOD.level]
        names += [] if telemetry.time_status is None else ["time_status"]
        if not tags.isdisjoint(stored_names(names)):
            raise ValueError(f"one of these names is that of a tag: {sorted(names)[:100]}")
        return marks

    def _learn(self, series: Series) -> _Known:
        tags: dict[str, str] = {}
        for name, value in (*series.tags.items(), ("asset", series.asset)):
            stored = escape.storable(name)
            if stored in escape.RESERVED_TAGS or stored in tags:
                raise ValueError(f"a tag cannot be called {stored!r}: the name is reserved or stands twice")
            tags[stored] = value
        in_order = sorted(tags, key=str.encode)  # by bytes: the order in which servers keep tags
        spelled = (f",{escape.key(name)}={escape.key(tags[name])}" for name in in_order)
        prefix = escape.measurement(series.measurement) + "".join(spelled)
        if len(prefix.encode()) > escape.MAX_SERIES_BYTES:
            raise ValueError(f"measurement and tags of {series.asset!r} take over {escape.MAX_SERIES_BYTES} bytes")
        if len(self._known) >= self.max_series:
            self._known.clear()
        names = frozenset(tags)
        before, after = _around(series, tags)
        known = _Known(prefix, names, self._layouts.setdefault(names, {}), before, after)
        self._known[series.key] = known
        return known

    def _learn_layout(self, tags: frozenset[str], names: Sequence[str]) -> bool:
        stored = stored_names(names)
        if unusable := stored & (tags | escape.RESERVED_FIELDS):
            raise ValueError(f"a field cannot be called {min(unusable)!r}: the name is reserved or that of a tag")
        plain = 0 < len(names) <= MAX_FIELDS and all(map(_PLAIN_NAME.fullmatch, names))
        if len(names) <= MAX_FIELDS:
            if self._names_in_layouts + len(names) > MAX_NAMES:
                for layouts in self._layouts.values():
                    layouts.clear()
                self._names_in_layouts = 0
            self._names_in_layouts += len(names)
            self._layouts[tags][tuple(names)] = plain
        return plain


def _around(series: Series, tags: Mapping[str, str]) -> tuple[str, str]:
    """Return what stands before and after the value of a further tag `metric`; nothing if there can be none."""
    spelled = {name: f",{escape.key(name)}={escape.key(value)}" for name, value in tags.items() if name != "metric"}
    spelled["metric"] = ",metric="
    in_order = sorted(spelled, key=str.encode)
    place = in_order.index("metric") + 1
    before = escape.measurement(series.measurement) + "".join(spelled[name] for name in in_order[:place])
    after = "".join(spelled[name] for name in in_order[place:])
    too_long = len(before.encode()) + len(after.encode()) + _MAX_METRIC_BYTES > escape.MAX_SERIES_BYTES
    return ("", "") if too_long or not _NARROW_FIELDS.isdisjoint(tags) else (before, after)
