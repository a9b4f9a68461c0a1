"""Turns telemetry into records: a line of line protocol, or several where it has more than 250 fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orjson import dumps

from gateway.line_protocol import escape
from gateway.models import GOOD, Series, Telemetry, Value

MAX_FIELDS = 250
"""Fields in a record. Records of one series and time merge in the database."""

MAX_NAMES = 65_536
"""Names of fields kept in each cache; a device that invents names cannot fill the memory with them."""

_PLAIN_NAME = re.compile(r'[^\x00-\x20\x7f\ud800-\udfff,=:"{}\\]+')
_FLOAT = frozenset({float})
_COLON_TO_EQUALS = bytes(range(256)).replace(b":", b"=")
_BRACKETS = b'{}"'


class _Known(NamedTuple):
    """What is remembered of a series.

    Attributes:
        prefix: Measurement and tags as they begin its records.
        tags: The names of its tags, which no field may have.
        layouts: The sets of field names that were found to be storable beside these tags, and whether all of the
            names are plain: the same in JSON and in line protocol.
    """

    prefix: str
    tags: frozenset[str]
    layouts: dict[tuple[str, ...], bool]


class _Keys(dict[str, str]):
    """Name of a field to its spelling in a record, with the `=` that follows."""

    def __missing__(self, name: str) -> str:
        if len(self) >= MAX_NAMES:
            self.clear()
        spelling = self[name] = escape.key(name) + "="
        return spelling


class Encoder:
    """Encodes telemetry for every version of InfluxDB; remembers how names are spelled, and nothing else.

    The same telemetry gives the same records in any process, and writing them again changes nothing.

    Attributes:
        max_series: Series whose prefix is remembered; beyond them they are made anew.
    """

    def __init__(self, max_series: int = 200_000) -> None:
        self.max_series = max_series
        self._known: dict[str, _Known] = {}
        self._layouts: dict[frozenset[str], dict[tuple[str, ...], bool]] = {}
        self._names_in_layouts = 0
        self._keys = _Keys()

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
        try:
            prefix, tags, layouts = self._known[telemetry.series.key]
            plain = layouts[tuple(values)]
        except KeyError:
            prefix, tags, layouts = self._known.get(telemetry.series.key) or self._learn(telemetry.series)
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
            f"{self._keys[name].replace('%', '%%')}%s{'i' if kind is int else ''}"
            for name, kind in zip(names, types, strict=True)
        )

    def _fields(self, values: Mapping[str, Value]) -> list[str]:
        keys = self._keys
        fields = []
        for name, value in values.items():
            if type(value) is float:
                fields.append(keys[name] + dumps(value).decode())
            elif type(value) is str:
                fields.append(keys[name] + escape.text(value))
            elif type(value) is bool:
                fields.append(keys[name] + ("true" if value else "false"))
            else:
                fields.append(f"{keys[name]}{value}i")
        return fields

    def _marks(self, telemetry: Telemetry, tags: frozenset[str]) -> list[str]:
        """Return the fields that say how far the values, and their time, can be trusted."""
        marks: list[tuple[str, str]] = []
        for name, quality in (telemetry.quality or {}).items():
            marks.append((f"{name}_q", f"{quality.level}i"))
            if quality.code and quality.level != GOOD.level:
                marks.append((f"{name}_status", escape.text(quality.code)))
        if telemetry.time_status is not None:
            marks.append(("time_status", escape.text(telemetry.time_status)))
        names = [*map(escape.storable, (*telemetry.values, *(name for name, _ in marks)))]
        if len({*names, *tags}) < len(names) + len(tags):
            raise ValueError(f"two of these names, or one and a tag, are the same: {sorted(names)}")
        return [self._keys[name] + spelling for name, spelling in marks]

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
        known = _Known(prefix, names, self._layouts.setdefault(names, {}))
        self._known[series.key] = known
        return known

    def _learn_layout(self, tags: frozenset[str], names: Sequence[str]) -> bool:
        stored = {escape.storable(name) for name in names}
        if len(stored) < len(names):
            raise ValueError(f"two names are stored as one: {sorted(names)}")
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
