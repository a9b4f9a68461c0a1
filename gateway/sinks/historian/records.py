"""Reads records of line protocol, exactly as the gateway's encoder writes them, and refuses everything else.

    measurement,tag=value,tag=value field=1.5,other=3i,text="RUNNING",flag=true 1700000000000000000

Names hold no control characters and no backslash but before a comma, a space or `=`; texts none but before `"` and a
backslash; every record has a tag `asset` and a time in nanoseconds. InfluxDB takes more than this.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import NamedTuple

from gateway.models import INT64_MAX, INT64_MIN, Value

_MEASUREMENT = rb"(?:[^\\, \x00-\x1f\x7f]++|\\[, ])++"
_KEY = rb"(?:[^\\,= \x00-\x1f\x7f]++|\\[,= ])++"
_TEXT = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]++|\\["\\])*+"'
_VALUE = rb"(?:-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?|-?\d++i|true|false|" + _TEXT + rb")"

# Possessive quantifiers (`++`): no record, however it is made, takes longer than in proportion to its length.
_SERIES = re.compile(rb"(?P<measurement>" + _MEASUREMENT + rb")(?P<tags>(?:," + _KEY + rb"=" + _KEY + rb")++)")
_TAG = re.compile(rb",(" + _KEY + rb")=(" + _KEY + rb")")
_HEAD = re.compile(_MEASUREMENT + rb"(?:," + _KEY + rb"=" + _KEY + rb")++ ")
_FIELD = re.compile(rb"(" + _KEY + rb")=(" + _VALUE + rb")(?:,|\Z)")
_TIME = re.compile(rb"-?\d{1,19}")
_ESCAPED = re.compile(rb"\\(.)")
_LAST_OF_INT, _LAST_OF_TEXT, _LAST_OF_BOOL = b'i"e'


class SeriesKey(NamedTuple):
    """Whose points these are."""

    measurement: str
    asset: str
    tags: dict[str, str]


class Record(NamedTuple):
    """A line, taken apart as far as storing it needs.

    Attributes:
        series: Measurement and tags, as they stand in the line: the encoder writes one series in one way only.
        timestamp_ns: Nanoseconds since 1970-01-01T00:00:00Z.
        fields: Name to value.
    """

    series: bytes
    timestamp_ns: int
    fields: dict[str, Value]


def read_record(line: bytes) -> Record:
    """Take a line apart; what is before the first space is checked by `read_series`.

    Raises:
        ValueError: The encoder would not write such a line.
    """
    # The lines that run for every record: 6 us for six values.
    if b"\\" in line:
        head = _HEAD.match(line)
        start = head.end() if head else 0
    else:
        start = line.find(b" ") + 1
    end = line.rfind(b" ")
    time = line[end + 1 :]
    if not 0 < start < end or not _TIME.fullmatch(time):
        raise ValueError("it is not measurement, tags, fields and time in nanoseconds")
    timestamp_ns = int(time)
    if not INT64_MIN <= timestamp_ns <= INT64_MAX:
        raise ValueError("its time does not fit into 64 bits")
    return Record(line[: start - 1], timestamp_ns, _read_fields(line[start:end]))


def read_series(series: bytes) -> SeriesKey:
    """Take measurement and tags apart.

    Raises:
        ValueError: The encoder would not write them so.
    """
    match = _SERIES.fullmatch(series)
    if match is None:
        raise ValueError("it does not begin with a measurement and tags")
    pairs = _TAG.findall(match["tags"])
    tags = {_unescape(key): _unescape(value) for key, value in pairs}
    if len(tags) < len(pairs):
        raise ValueError("a tag stands twice in it")
    if "asset" not in tags:
        raise ValueError("it has no tag 'asset'")
    return SeriesKey(_unescape(match["measurement"]), tags["asset"], tags)


def _read_fields(text: bytes) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    length = 0
    plain = b"\\" not in text
    for key, value in _FIELD.findall(text):
        length += len(key) + len(value) + 2  # with the equals sign and the comma
        last = value[-1]
        parsed: Value
        if last == _LAST_OF_TEXT:
            parsed = value[1:-1].decode() if plain else _unescape(value[1:-1])
        elif last == _LAST_OF_INT:
            parsed = int(value[:-1])
            if not INT64_MIN <= parsed <= INT64_MAX:
                raise ValueError("an integer does not fit into 64 bits")
        elif last == _LAST_OF_BOOL:
            parsed = value == b"true"
        else:
            parsed = float(value)
            if not isfinite(parsed):
                raise ValueError("a number is not finite")
        name = key.decode() if plain else _unescape(key)
        if name in fields:
            raise ValueError("a field stands twice in it")
        fields[name] = parsed
    # What findall() passed over is missing in the sum; each match ends at a comma or at the end.
    if not fields or length != len(text) + 1:
        raise ValueError("its fields cannot be read")
    return fields


def _unescape(text: bytes) -> str:
    return _ESCAPED.sub(rb"\1", text).decode()
