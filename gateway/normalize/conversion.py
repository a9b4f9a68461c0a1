"""Brings one value into the form in which it is stored, or says why it has none."""

from __future__ import annotations

from math import isfinite

from gateway.models import INT64_MAX, INT64_MIN, MAX_TEXT_BYTES, Value
from gateway.normalize.columns import Column, Elsewhere, Suffix


def convert(column: Column, value: Value) -> tuple[Suffix, Value]:
    """Return the ending of the field and the value in its stored form.

    Raises:
        ValueError: It has none; the message says why.
    """
    suffix = column.suffix
    if column.convert is not None:
        try:
            value = column.convert(value)
        except Elsewhere as other:
            suffix, value = other.suffix, other.value
    if type(value) is float:
        if not isfinite(value):
            raise ValueError("the number is too large once converted")
    elif isinstance(value, str):
        _check_text(value)
    elif not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("the integer is beyond 64 bits")
    return suffix, value


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"the text is longer than {MAX_TEXT_BYTES} characters")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("the text is not Unicode: it holds half a surrogate pair") from error
