"""Reads one value that is written as text: `32.5`, `true`, `EXECUTE`."""

from __future__ import annotations

import math
import re

from adapters.json_document import MAX_DIGITS
from gateway.models import Value

NO_VALUE = frozenset(
    sign + word
    for sign in ("", "+", "-")
    for name in ("nan", "inf", "infinity", "unavailable")
    for word in (name, name.upper(), name.capitalize(), {"nan": "NaN"}.get(name, name))
)
"""Texts by which devices, and the languages they are programmed in, say that there is no value."""

# No leading zeros: 0042 is a part number. No `_`, `0x` or other digits, which Python would take.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_TYPES: dict[str, type[int | float | bool | str]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), int),
    **dict.fromkeys(("float", "double"), float),
    "boolean": bool,
    **dict.fromkeys(("string", "text", "uuid", "datetime"), str),
}


def read_scalar(text: str, *, decimal_comma: bool = False, as_text: bool = False) -> Value | None:
    """Return the number, boolean or text that stands here, None if it says that there is no value.

    Args:
        text: The value.
        decimal_comma: Whether 23,4 is a number.
        as_text: Whether all is text, whatever it looks like.

    Raises:
        ValueError: It has control characters, so it is no text, or it is an integer of more than 400 digits.
    """
    if _CONTROL.search(text):
        raise ValueError("neither JSON nor text: it has control characters")
    word = text.strip()
    if as_text:
        return word
    if word in NO_VALUE or word == "null":
        return None
    if (folded := word.lower()) in ("true", "false"):
        return folded == "true"
    number = word.replace(",", ".") if decimal_comma and "." not in word else word
    return _number(number) if _NUMBER.fullmatch(number) else word


def is_type(name: str) -> bool:
    """Whether this names a data type as Sparkplug does, in small or capital letters."""
    return name.lower() in _TYPES


def read_as(text: str, type_name: str) -> Value | None:
    """Return the value of a text whose data type is told apart from it.

    Raises:
        ValueError: The text is no value of that type.
    """
    kind = _TYPES[type_name.lower()]
    word = text.strip()
    if kind is str:
        return text
    if word in NO_VALUE:
        return None
    if kind is bool and word.lower() in ("true", "false", "1", "0"):
        return word.lower() in ("true", "1")
    number = _number(word) if kind is not bool and _NUMBER.fullmatch(word) else ""
    if isinstance(number, str) or (kind is int and number != int(number or 0)):
        raise ValueError(f"{word[:40]!r} is no {type_name}")
    return None if number is None else kind(number)


def _number(word: str) -> int | float | None:
    """Return the number; None if no float can hold it."""
    if len(word) > MAX_DIGITS:
        raise ValueError(f"a number of {len(word)} characters")
    if word.lstrip("+-").isdigit():
        return int(word)
    number = float(word)
    return number if math.isfinite(number) else None
