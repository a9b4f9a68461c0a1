"""Single values by their data type: integers of every width, floats, booleans, texts.

Senders differ in where they put an integer and how far they extend its sign: an Int8 of -3 is 253 from some and
4294967293 from others; a UInt32 stands in `int_value` or in `long_value`. All of these are read; nothing is guessed
where two readings are possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from adapters.sparkplug.datatypes import FIELDS, SIGNED, TEXTS, WIDTHS, DataType, Field, type_name
from adapters.sparkplug.float32 import shortest_of

Scalar = bool | int | float | str

Conversion = Callable[..., Scalar]
"""Turns what stands in one field into a value of one type, or raises ValueError."""


def conversion(datatype: int, field: Field) -> Conversion | None:
    """Return how to read single values of this type that stand in this field; None if they are what stands there.

    What it returns holds for all values of a metric that stand in this field, so it can be kept.

    Raises:
        ValueError: No value of this type stands in this field, or it is no type of single values.
    """
    try:
        return _CONVERSIONS[datatype, field]
    except KeyError:
        raise ValueError(f"{type_name(datatype)} does not stand in {field or 'no field'}") from None


def convert(datatype: int | None, field: Field, raw: Scalar | bytes) -> Scalar:
    """Return the value of a single value on the wire.

    Args:
        datatype: None or `UNKNOWN` if nobody tells: then it is what the field says.
        field: Where it stands.
        raw: What stands there; a text also as its bytes.

    Raises:
        ValueError: It is no value of this type.
    """
    reading = conversion(datatype or _PLAIN.get(field, DataType.UNKNOWN), field)
    if isinstance(raw, bytes):
        raw = raw.decode()
    return raw if reading is None else reading(raw)


def field_of(datatype: int | None, value: Scalar) -> Field:
    """Return the field that a single value stands in: by its type, or if it has none, by what it is in Python."""
    if datatype and datatype in FIELDS:
        return FIELDS[datatype]
    match value:
        case bool():
            return "boolean_value"
        case int():
            return "long_value"
        case float():
            return "double_value"
        case str():
            return "string_value"


def on_the_wire(datatype: int, value: Scalar, *, extended: bool = False) -> Scalar:
    """Return what stands on the wire for a value: negative integers as two's complement, else the value.

    Args:
        datatype: Its type.
        value: It.
        extended: Whether types of up to 32 bits fill all 32, as Java writes them.

    Raises:
        ValueError: It is no value of this type.
    """
    width = WIDTHS.get(DataType(datatype))
    if width is None:
        kinds = _KINDS.get(FIELDS.get(datatype, ""), ())
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"{value!r} is no {type_name(datatype)}")
        return value
    low, high = (-(1 << width - 1), (1 << width - 1) - 1) if datatype in SIGNED else (0, (1 << width) - 1)
    if isinstance(value, (float, str)) or not low <= value <= high:
        raise ValueError(f"{value!r} is no {type_name(datatype)}")
    return value & ((1 << (max(width, 32) if extended else width)) - 1)


def text_of(raw: str | bytes) -> str:
    """Return a text of the wire; raise ValueError if it is none."""
    return raw if isinstance(raw, str) else raw.decode()


_KINDS: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {"float_value": (float, int), "double_value": (float, int), "boolean_value": (bool,), "string_value": (str,)}
)


def _integer(datatype: DataType) -> Conversion:
    """Return how to read an integer: its lowest bits, if those above only repeat its sign or are not used."""
    width, name, signed = WIDTHS[datatype], datatype.title, datatype in SIGNED
    high, whole = 1 << (width - 1), 1 << width
    limit = high if signed else whole
    signs = frozenset((1 << above - width) - 1 for above in (16, 32, 64) if above > width)

    def read(raw: int) -> int:
        if raw < limit:
            return raw
        value = raw & (whole - 1)
        rest = raw >> width
        if rest and not (value >= high and rest in signs):
            raise ValueError(f"{raw} is no {name}")
        return value - whole if signed else value

    return read


def _long_in_int(datatype: DataType) -> Conversion:
    def read(raw: int) -> int:
        if raw >> 31:
            raise ValueError(f"{raw} in int_value, too narrow for {datatype.title}, may be negative or not")
        return raw

    return read


def _boolean(raw: int) -> bool:
    if raw not in (0, 1):
        raise ValueError(f"{raw} is no Boolean")
    return raw == 1


_SINGLE = (DataType.FLOAT, DataType.DOUBLE)

_CONVERSIONS: Mapping[tuple[int, Field], Conversion | None] = MappingProxyType(
    {
        **{(datatype, "int_value"): _integer(datatype) for datatype in WIDTHS},
        **{(datatype, "long_value"): _integer(datatype) for datatype in WIDTHS},
        **{(datatype, "int_value"): _long_in_int(datatype) for datatype in (DataType.INT64, DataType.DATETIME)},
        (DataType.UINT64, "int_value"): None,
        (DataType.UINT64, "long_value"): None,
        **{(datatype, "float_value"): shortest_of for datatype in _SINGLE},
        **{(datatype, "double_value"): None for datatype in _SINGLE},
        (DataType.BOOLEAN, "boolean_value"): None,
        (DataType.BOOLEAN, "int_value"): _boolean,
        (DataType.BOOLEAN, "long_value"): _boolean,
        **{(datatype, "string_value"): text_of for datatype in TEXTS},
    }
)

_PLAIN: Mapping[Field, DataType] = MappingProxyType(
    {
        "int_value": DataType.UINT32,
        "long_value": DataType.UINT64,
        "float_value": DataType.FLOAT,
        "double_value": DataType.DOUBLE,
        "boolean_value": DataType.BOOLEAN,
        "string_value": DataType.STRING,
    }
)
"""What a value is that nobody gives a type."""
