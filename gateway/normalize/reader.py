"""Reads the values of messages that all look alike, in one call of pydantic: keys, types, bounds and new names.

The values of most messages need nothing but a new name and a check. For these a plan has a validator of its own: a
typed dictionary with one field for each key. It refuses what has another key, type or size, and the long way then says
what about it is unusual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from gateway.models import INT64_MAX, INT64_MIN, MAX_TEXT_BYTES, Value

Read: TypeAlias = "Callable[[Mapping[str, Value | None]], dict[str, Value]]"

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


def make_reader(keys: Sequence[str], kinds: Sequence[type], fields: Sequence[str]) -> Read:
    """Return a function that makes fields of the values of a message, or raises ValueError.

    Args:
        keys: The keys of the message.
        kinds: The types they are stored in: float, int, str or bool.
        fields: The field that each is stored in.
    """
    schema = core_schema.typed_dict_schema(
        {
            # The alias as a path of one step: an empty key is a key like any other.
            field: core_schema.typed_dict_field(_SCHEMAS[kind], validation_alias=cast("list[str | int]", [key]))
            for key, kind, field in zip(keys, kinds, fields, strict=True)
        },
        extra_behavior="forbid",
    )
    read: Read = SchemaValidator(schema).validate_python
    return read
