"""What becomes of one value: the field it is stored in and how it gets there.

The type of a field follows from its name, never from what came first, so a database never sees two types for one
field. Undeclared, every number is a float under its name `x`, an integer too large for that goes to `x_int` or
`x_text`, text to `x_text`, a boolean to `x_bool`. A declared value stays under `x` and is converted, if that loses
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from gateway.models import INT64_MAX, INT64_MIN, Value
from gateway.normalize.reader import EXACT
from gateway.normalize.units import Conversion, conversion
from gateway.settings.models import Incoming, Metric

Convert: TypeAlias = Callable[[Value], Value]
Suffix: TypeAlias = str

SUFFIX_OF_TYPE: Mapping[type, Suffix] = {float: "", int: "", str: "_text", bool: "_bool"}
SUFFIX_OF_DECLARED: Mapping[str, Suffix] = {"float": "", "int": "_int", "text": "_text", "bool": "_bool"}
STORED_TYPE: Mapping[Suffix, type] = {"": float, "_int": int, "_text": str, "_bool": bool}
_PYTHON_TYPE: Mapping[str, type] = {"float": float, "int": int, "text": str, "bool": bool}
_make = tuple.__new__
_TRUE, _FALSE = frozenset({"true", "on", "1", "yes"}), frozenset({"false", "off", "0", "no"})


class Elsewhere(Exception):  # noqa: N818  # not an error: a way out of the usual column
    """The value cannot stand in the column of its type; it goes to another."""

    def __init__(self, suffix: Suffix, value: Value) -> None:
        super().__init__(suffix)
        self.suffix = suffix
        self.value = value


class Column(NamedTuple):
    """Where values of one name and Python type go.

    Attributes:
        name: The stored name, without the ending of its type: quality is kept by it.
        suffix: The ending of its type.
        declared: Whether the measurement declares its type: then it stays under the plain name.
        convert: Makes the value ready; None if it is as it comes. Raises ValueError with the reason why it cannot
            be taken, or Elsewhere.
        field: The name of the field in the wide layout.
        rule: What the measurement declares; None if nothing.
    """

    name: str
    suffix: Suffix
    declared: bool
    convert: Convert | None
    field: str
    rule: Metric | None

    @property
    def has_deadband(self) -> bool:
        """Whether changes too small to matter are not stored."""
        return self.rule is not None and self.rule.deadband is not None

    def is_plain(self, kind: type) -> bool:
        """Whether values of this type are stored as they come, or as floats, and nothing is declared of them."""
        return self.rule is None and self.convert is _PLAIN.get(kind)

    @property
    def is_number(self) -> bool:
        """Whether numbers are stored as they are, as floats; says nothing of a column for texts or booleans."""
        return self.suffix == "" and not self.has_deadband and self.convert in _AS_THEY_ARE


class Usual(NamedTuple):
    """Where values of one name go that are stored as they come, or as floats: it is one of the last three."""

    name: str
    field: str
    stored: type
    is_number: bool
    is_text: bool
    is_boolean: bool


def make_column(name: str, kind: type, incoming: Incoming | None, declared: Metric | None, unit: str) -> Column:
    """Return the column for values of type `kind`.

    Args:
        name: The stored name.
        kind: bool, int, float or str.
        incoming: What the route does to it.
        declared: What the measurement declares.
        unit: What the message says of its unit; empty if nothing.

    Raises:
        ValueError: The unit it comes in cannot be converted to the declared one.
    """
    if incoming is None and declared is None and kind in _PLAIN:  # nearly all of 20,000 names that come in one birth
        suffix = SUFFIX_OF_TYPE[kind]
        return _make(Column, (name, suffix, False, _PLAIN[kind], name + suffix, None))
    steps: list[Convert] = []
    stored_as = declared.type if declared is not None else None
    if incoming is not None and incoming.enum:
        steps.append(_enumeration(incoming.enum))
        kind = type(next(iter(incoming.enum.values())))
        if stored_as is None:
            steps.append(_stay_in(SUFFIX_OF_TYPE[kind]))
    elif kind in (int, float) and (linear := _linear_steps(incoming, declared, unit)):
        steps.extend(linear)
        kind = float
    if stored_as is not None:
        if kind is not _PYTHON_TYPE[stored_as] or steps:
            steps.append(_DECLARED[stored_as])
        return Column(name, SUFFIX_OF_DECLARED[stored_as], True, _chain(steps), name, declared)  # noqa: FBT003
    if kind is int:
        steps.append(float_of_int)
    suffix = SUFFIX_OF_TYPE[kind]
    return Column(name, suffix, False, _chain(steps), name + suffix, declared)  # noqa: FBT003


def plain_columns(names: Sequence[str], kinds: Sequence[type]) -> list[Column]:
    """Return the columns of names of which nothing is declared and to which the route does nothing."""
    ways = {kind: (suffix, _PLAIN[kind]) for kind, suffix in SUFFIX_OF_TYPE.items()}
    return [
        _make(Column, (name, suffix, False, convert, name + suffix, None))
        for name, (suffix, convert) in zip(names, map(ways.__getitem__, kinds), strict=True)
    ]


def _chain(steps: list[Convert]) -> Convert | None:
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]

    def convert(value: Value) -> Value:
        for step in steps:
            value = step(value)
        return value

    return convert


def _enumeration(mapping: Mapping[str, Value]) -> Convert:
    def convert(value: Value) -> Value:
        if isinstance(value, bool):
            return mapping.get("true" if value else "false", mapping.get(str(int(value)), value))
        if isinstance(value, float) and value.is_integer():
            return mapping.get(str(int(value)), value)
        return mapping.get(str(value), value)

    return convert


def _stay_in(suffix: Suffix) -> Convert:
    """Send what an enumeration does not know to the column of its own type."""

    def convert(value: Value) -> Value:
        own = SUFFIX_OF_TYPE[type(value)]
        if own != suffix:
            raise Elsewhere(own, float_of_int(value) if type(value) is int else value)
        return value

    return convert


def _linear_steps(incoming: Incoming | None, declared: Metric | None, unit: str) -> list[Convert]:
    steps: list[Convert] = []
    if incoming is not None and (incoming.scale is not None or incoming.offset is not None):
        steps.append(_linear(Conversion(1.0 if incoming.scale is None else incoming.scale, incoming.offset or 0.0)))
    source = unit or (incoming.source_unit if incoming is not None and incoming.source_unit else "")
    if declared is not None and declared.unit and source and source != declared.unit:
        change = conversion(source, declared.unit)
        if not change.changes_nothing:
            steps.append(_linear(change))
    return steps


def _linear(change: Conversion) -> Convert:
    def convert(value: Value) -> Value:
        return change.apply(float(value)) if isinstance(value, int | float) else value

    return convert


def float_of_int(value: Value) -> Value:
    """Return an integer as a float; Elsewhere says where it goes if it is too large for that."""
    if type(value) is int and -EXACT <= value <= EXACT:
        return float(value)
    if isinstance(value, int) and not -EXACT <= value <= EXACT:
        if INT64_MIN <= value <= INT64_MAX:
            raise Elsewhere("_int", value)
        raise Elsewhere("_text", str(value))
    return float(value)


def _declared_float(value: Value) -> Value:
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"declared float, but is not: {str(value)[:40]!r}") from error
    if not math.isfinite(number) or (isinstance(value, int) and int(number) != value):
        raise ValueError(f"declared float, but is not without loss: {str(value)[:40]}")
    return number


def _declared_int(value: Value) -> Value:
    try:
        number = int(value)
    except (ValueError, OverflowError) as error:
        try:  # "42.0" is an integer as much as 42.0
            number = int(float(value))
        except (ValueError, OverflowError):
            raise ValueError(f"declared int, but is not: {str(value)[:40]!r}") from error
        value = float(value)
    if isinstance(value, float) and number != value:
        raise ValueError(f"declared int, but is not: {value}")
    if not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("declared int, but beyond 64 bits")
    return number


def _declared_text(value: Value) -> Value:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _declared_bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    elif value in (0, 1):
        return bool(value)
    raise ValueError(f"declared bool, but is not: {str(value)[:40]!r}")


_DECLARED: Mapping[str, Convert] = {
    "float": _declared_float,
    "int": _declared_int,
    "text": _declared_text,
    "bool": _declared_bool,
}
_AS_THEY_ARE = (None, float_of_int, _declared_float)
"""What is done to numbers that become floats and nothing else: up to 2**53 all of it is the same."""
_PLAIN: Mapping[type, Convert | None] = {float: None, int: float_of_int, str: None, bool: None}
"""What is done to values of which nothing is declared and to which the route does nothing."""
