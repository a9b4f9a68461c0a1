"""What the properties of a metric mean: quality, unit, range, description."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from adapters.sparkplug.properties import Property, PropertyContent


class Engineering(NamedTuple):
    """What a device tells about what a value means; None or empty where it does not."""

    unit: str = ""
    low: float | None = None
    high: float | None = None
    description: str = ""


NOTHING_TOLD = Engineering()

_ROLES = MappingProxyType(
    {
        "engunit": "unit",
        "engineeringunit": "unit",
        "unit": "unit",
        "englow": "low",
        "enghigh": "high",
        "description": "description",
        "documentation": "description",
        "tooltip": "description",
    }
)
"""What properties mean, by the names that devices give them in letters of either case."""


def quality_code(properties: Mapping[str, Property]) -> int | None:
    """Return the quality that is told: 0 bad, 192 good, 500 stale, or the sender's own; None if none is."""
    for key in ("Quality", "quality"):
        if key in properties:
            value = properties[key].value
            return value if isinstance(value, int) and not isinstance(value, bool) else None
    return None


def engineering(properties: Mapping[str, Property]) -> Engineering:
    """Return unit, range and description; of several names for one thing the first that stands there."""
    if not properties:
        return NOTHING_TOLD
    unit = description = ""
    low = high = None
    for key, told in properties.items():
        content = told.value
        match _ROLES.get(key.casefold()):
            case "unit" if isinstance(content, str):
                unit = unit or content
            case "description" if isinstance(content, str):
                description = description or content
            case "low" if low is None:
                low = _number(content)
            case "high" if high is None:
                high = _number(content)
    return Engineering(unit, low, high, description)


def _number(content: PropertyContent) -> float | None:
    if isinstance(content, str):
        try:
            return float(content)
        except ValueError:
            return None
    return content if isinstance(content, (int, float)) and not isinstance(content, bool) else None
