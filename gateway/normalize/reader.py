"""Checks the values of messages that all look alike, many messages in one call of pydantic: types and bounds.

The values of most messages need nothing but a new name and a check. For these a plan has a validator of its own: rows
of values, a type for each place. It says which rows hold something unusual, and the long way then says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import TypeAlias

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from gateway.models import INT64_MAX, INT64_MIN, MAX_TEXT_BYTES, Value

Values: TypeAlias = tuple[Value | None, ...]
Read: TypeAlias = "Callable[[list[Values]], list[tuple[Value, ...]]]"
ReadList: TypeAlias = "Callable[[Sequence[Value | None]], list[Value]]"

EXACT = 2**53
"""Up to here every integer is also a float. What is larger, of either type, goes the long way."""

# A strict float of pydantic takes integers too and makes floats of them, as the schema wants it. It takes no boolean.
# It does so before it looks at the bounds, and 2**53 + 1 becomes 2**53, so that itself is beyond them.
_SCHEMAS: Mapping[type, CoreSchema] = {
    float: core_schema.float_schema(strict=True, allow_inf_nan=False, gt=-EXACT, lt=EXACT),
    int: core_schema.int_schema(strict=True, ge=INT64_MIN, le=INT64_MAX),
    str: core_schema.str_schema(strict=True, max_length=MAX_TEXT_BYTES),
    bool: core_schema.bool_schema(strict=True),
}


def make_reader(kinds: Sequence[type]) -> Read:
    """Return a function that checks rows of values, or raises ValidationError.

    Args:
        kinds: For each place of a row, the type it is stored in: float, int, str or bool.
    """
    row = core_schema.tuple_schema([_SCHEMAS[kind] for kind in kinds], strict=True)
    read: Read = SchemaValidator(core_schema.list_schema(row, strict=True)).validate_python
    return read


def _make_list_reader(kind: type) -> ReadList:
    read: ReadList = SchemaValidator(core_schema.list_schema(_SCHEMAS[kind], strict=True)).validate_python
    return read


read_numbers = _make_list_reader(float)
"""Checks numbers, and makes floats of the integers among them, or raises ValidationError."""
read_texts, read_booleans = _make_list_reader(str), _make_list_reader(bool)
"""The same for texts and for booleans."""
_read_integers = _make_list_reader(int)


def check_values(values: Sequence[Value]) -> None:
    """Check values of any type that are ready to be stored: sorted by type, a fifth of the time of trying each.

    Raises:
        ValidationError: One is unusual.
    """
    read_numbers([value for value in values if type(value) is float])
    read_texts([value for value in values if type(value) is str])
    if integers := [value for value in values if type(value) is int]:
        _read_integers(integers)


def check_mixed(values: Sequence[Value | None], kinds: Sequence[type]) -> Sequence[Value]:
    """Check values that are stored as they come, or as floats; return them as they are to be stored.

    Args:
        values: They.
        kinds: Their types: float, int, str or bool.

    Raises:
        ValidationError: One is unusual.
    """
    are_numbers = [kind is float or kind is int for kind in kinds]
    if all(are_numbers):
        return read_numbers(values)
    if str in kinds:
        read_texts([value for value, kind in zip(values, kinds, strict=True) if kind is str])
    numbers = iter(read_numbers([*compress(values, are_numbers)]))
    return [
        next(numbers) if is_number else value  # type: ignore[misc]  # its type is none of None
        for value, is_number in zip(values, are_numbers, strict=True)
    ]


def unusual_rows(error: ValidationError) -> set[int]:
    """Return the numbers of the rows that hold something unusual."""
    return {
        detail["loc"][0]
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
        if isinstance(detail["loc"][0], int)
    }
