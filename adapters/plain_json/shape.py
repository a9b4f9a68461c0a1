"""Tells from the keys of an object what it is: one reading, or a group of values."""

from __future__ import annotations

from types import NoneType
from typing import NamedTuple

from adapters.plain_json.options import JsonOptions
from adapters.plain_json.remembered import Remembered

TIME_KEYS = (
    "timestamp_ms",
    "timestamp",
    "sourceTimestamp",
    "SourceTimestamp",
    "source_timestamp",
    "Timestamp",
    "timeStamp",
    "TimeStamp",
    "_timestamp",
    "datetime",
    "ts",
    "time",
    "Time",
    "t",
)
"""The usual keys of a time; the first that an object has counts."""

WEAK_TIME_KEYS = frozenset({"time", "Time", "t"})
"""Keys that mean a time only if their value can be one: `t` is a temperature too, and `time` a duration."""

EARLIEST = 100_000_000
"""In seconds, March 1973: a smaller number under a weak key is no time."""


class Shape(NamedTuple):
    """What the keys of an object are.

    Attributes:
        value: Key of the value, if it is a reading.
        unit: Key of its unit.
        quality: Key of its quality; in a group, one that tells that of all if its value says good or bad.
        name: Key by which a reading, or an element of an array, names itself; in other groups it is a value.
        times: Keys that may hold the time, the first counts.
        containers: Keys that hold values and are no part of their names.
        values: Keys of the values of a group, or of those that stand beside that of a reading.
        named_by_key: The key of the value is the name of the reading too: `{"temperature": 21, "unit": "Cel"}`.
    """

    value: str | None
    unit: str | None
    quality: str | None
    name: str | None
    times: tuple[str, ...]
    containers: tuple[str, ...]
    values: tuple[str, ...]
    named_by_key: bool = False


def shape_of(keys: tuple[str, ...], options: JsonOptions) -> Shape:
    """Return what an object with these keys is.

    It is a reading if it has the key of a value and, beside it, either nothing but what tells about a value, or a unit
    or a quality. Everything else is a group, in which every key but that of the time is a value.
    """
    own_time = options.timestamp_key
    usual_times = TIME_KEYS if own_time is None else (own_time, *(key for key in TIME_KEYS if key != own_time))
    times = tuple(key for key in usual_times if key in keys)
    containers = tuple(key for key in keys if key in options.containers)
    left = frozenset(keys) - {*times, *containers, options.asset_key, options.measurement_key}
    value = _first(options.value_keys, left)
    unit = _first(options.unit_keys, left)
    quality = _first(options.quality_keys, left)
    name = _first(options.name_keys, left)
    unknown = left - {value, unit, quality, name, *options.context}
    # A single letter may be anything: u, v and w are three phases.
    marked = any(key is not None and len(key) > 1 for key in (unit, quality))
    if value is not None and (marked or not unknown):
        beside = tuple(key for key in keys if key in unknown)
        return Shape(value, unit, quality, name, times, containers, beside)
    if value is None and len(unknown) == 1 and unit is not None and len(unit) > 1 and not containers:
        return Shape(min(unknown), unit, quality, name, times, containers, (), named_by_key=True)
    others = tuple(key for key in keys if key in left and key not in (quality, name))
    return Shape(None, None, quality, name, times, containers, others)


class Shapes:
    """The shapes of objects, by their keys, as one set of options sees them.

    Attributes:
        usual: As `shape_of` says.
        unmarked: The same where neither a unit nor a quality is looked for.
    """

    def __init__(self, options: JsonOptions) -> None:
        without = options.model_copy(update={"unit_keys": (), "quality_keys": ()})
        self.usual: Remembered[tuple[str, ...], Shape] = Remembered(lambda keys: shape_of(keys, options))
        self.unmarked: Remembered[tuple[str, ...], Shape] = Remembered(lambda keys: shape_of(keys, without))


def can_be_time(key: str, value: object, *, certain: bool) -> bool:
    """Whether the value of this key is a time, or says that there is none.

    Args:
        key: The key.
        value: Its value.
        certain: The configuration says that the key is that of the time.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, NoneType)):
        return False
    if certain or key not in WEAK_TIME_KEYS:
        return True
    if isinstance(value, str):
        return len(value) >= len("20200101") and value[:2].isdigit()
    return value is not None and value >= EARLIEST


def _first(candidates: tuple[str, ...], present: frozenset[str]) -> str | None:
    return next((key for key in candidates if key in present), None)
