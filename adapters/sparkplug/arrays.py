"""Arrays: the bytes of a metric that are a list of numbers, booleans or texts (specification, 6.4.16.3).

Numbers stand one after the other, the lowest byte first. Booleans are a count of 32 bits and then their bits, the
highest of a byte first. Texts end with a zero byte each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from types import MappingProxyType

from adapters.sparkplug.datatypes import DataType, type_name
from adapters.sparkplug.float32 import shortest
from adapters.sparkplug.scalars import Scalar

_NUMBERS = MappingProxyType(
    {
        DataType.INT8_ARRAY: "b",
        DataType.INT16_ARRAY: "h",
        DataType.INT32_ARRAY: "i",
        DataType.INT64_ARRAY: "q",
        DataType.UINT8_ARRAY: "B",
        DataType.UINT16_ARRAY: "H",
        DataType.UINT32_ARRAY: "I",
        DataType.UINT64_ARRAY: "Q",
        DataType.FLOAT_ARRAY: "f",
        DataType.DOUBLE_ARRAY: "d",
        DataType.DATETIME_ARRAY: "q",
    }
)
"""The letter of `struct` for the elements."""

_COUNT = struct.Struct("<I")


def read_array(datatype: int, content: bytes) -> Sequence[Scalar]:
    """Return the elements of an array.

    Raises:
        ValueError: The bytes are no array of this type.
    """
    if datatype == DataType.BOOLEAN_ARRAY:
        return _read_booleans(content)
    if datatype == DataType.STRING_ARRAY:
        texts = content.decode().split("\0")
        return texts if texts[-1] else texts[:-1]  # some senders leave out the last zero
    letter = _letter(datatype)
    count, rest = divmod(len(content), struct.calcsize(f"<{letter}"))
    if rest:
        raise ValueError(f"{len(content)} bytes are no {type_name(datatype)}")
    numbers = struct.unpack(f"<{count}{letter}", content)
    return shortest(numbers) if datatype == DataType.FLOAT_ARRAY else numbers


def encode_array(datatype: int, elements: Sequence[Scalar]) -> bytes:
    """Return the bytes of an array.

    Raises:
        ValueError: An element is no value of this type.
    """
    if datatype == DataType.BOOLEAN_ARRAY:
        bits = "".join("1" if element else "0" for element in elements)
        length = (len(bits) + 7) // 8
        return _COUNT.pack(len(bits)) + int(bits.ljust(length * 8, "0") or "0", 2).to_bytes(length, "big")
    if datatype == DataType.STRING_ARRAY:
        if any("\0" in str(element) for element in elements):
            raise ValueError("a text with a zero byte cannot stand in a StringArray")
        return "".join(f"{element}\0" for element in elements).encode()
    try:
        return struct.pack(f"<{len(elements)}{_letter(datatype)}", *elements)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"this is no {type_name(datatype)}: {error}") from error


def _letter(datatype: int) -> str:
    letter = _NUMBERS.get(DataType(datatype))
    if letter is None:
        raise ValueError(f"{type_name(datatype)} is no array")
    return letter


def _read_booleans(content: bytes) -> Sequence[bool]:
    if len(content) < _COUNT.size:
        raise ValueError(f"{len(content)} bytes are no BooleanArray")
    (count,) = _COUNT.unpack_from(content)
    bits = content[_COUNT.size :]
    if len(bits) != (count + 7) // 8:
        raise ValueError(f"a BooleanArray of {count} elements in {len(bits)} bytes")
    return [byte >> shift & 1 == 1 for byte in bits for shift in range(7, -1, -1)][:count]
