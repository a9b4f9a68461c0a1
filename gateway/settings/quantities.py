"""Durations and sizes as people write them: "100ms", "7d", "10GiB"."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_DURATION_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_SIZE = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


def _parse(value: object, factors: dict[str, int], example: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return 0
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in factors:
        raise ValueError(f'write a number with a unit ({", ".join(factors)}), such as "{example}"')
    return round(float(match[1]) * factors[match[2]])


def parse_duration(value: object) -> int:
    """Return nanoseconds for a text such as "100ms"; 0 may stand alone.

    Raises:
        ValueError: It is neither; the message says what is expected.
    """
    return _parse(value, _DURATION_NS, "100ms")


def parse_size(value: object) -> int:
    """Return bytes for a text such as "10GiB"; 0 may stand alone.

    Raises:
        ValueError: It is neither; the message says what is expected.
    """
    return _parse(value, _SIZE, "10GiB")


def show_duration(ns: float) -> str:
    """Write nanoseconds the way a configuration does, in the largest unit that keeps it whole or nearly so."""
    for unit in ("d", "h", "min", "s", "ms", "us"):
        if ns >= _DURATION_NS[unit]:
            return f"{ns / _DURATION_NS[unit]:.4g}{unit}"
    return f"{ns:.0f}ns" if ns else "0s"


def show_size(size: float) -> str:
    """Write bytes the way a configuration does."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _SIZE[unit]:
            return f"{size / _SIZE[unit]:.4g}{unit}"
    return f"{size:.0f}B"


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(show_duration, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
"""Nanoseconds, written as text with a unit."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(show_size, return_type=str),
    WithJsonSchema({"type": "string", "format": "size"}),
]
"""Bytes, written as text with a unit."""
