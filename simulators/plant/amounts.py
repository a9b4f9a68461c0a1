"""Durations as people write them: `90s`, `15min`, `1.5h`, `7d`, or a number of seconds."""

from __future__ import annotations

import math
import re
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


def seconds(text: object) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: It is none.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return _finite(text)
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or (match[2] or "s") not in _SECONDS:
        raise ValueError(f"{text!r} is no duration: say a number with {', '.join(_SECONDS)}, such as 90s or 1.5h")
    return _finite(float(match[1]) * _SECONDS[match[2] or "s"])


def _finite(number: float) -> float:
    try:
        if math.isfinite(number):
            return float(number)
    except OverflowError:  # an int that is no float
        pass
    raise ValueError("it is endless, or no number: say a duration such as 90s or 1.5h")


Seconds: TypeAlias = Annotated[float, BeforeValidator(seconds), Field(ge=0, le=100 * 366 * 86_400.0)]
"""A field of a scenario that holds a duration."""


def spoken(duration: float) -> str:
    """Return a duration as people write it: `8h`, `1h 30min`, `45s`, `0.5s`."""
    if duration != int(duration):
        return f"{duration:g}s"
    parts = []
    rest = int(duration)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
