"""How names, values and qualities are spelled in a record; names are spelled once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from orjson import dumps

from gateway.line_protocol import escape
from gateway.models import GOOD, MAX_TEXT_BYTES, Quality, Value

MAX_BYTES = 64 * 2**20
"""Memory for each kind of names; a device that invents names cannot fill more. It holds those of 100,000 values."""
_LONG = MAX_TEXT_BYTES // 4
"""Characters that are surely fewer bytes than a text may have."""


ALL_FLOATS: Collection[type] = frozenset({float})
"""The types of values that are all floats."""


class Spellings(dict[str, str]):
    """Name to its spelling in a record.

    Args:
        end: What follows each.
        limit: Bytes that it may take.
    """

    def __init__(self, end: str, limit: int = MAX_BYTES) -> None:
        super().__init__()
        self._end, self._limit, self._size = end, limit, 0

    def of(self, names: Collection[str]) -> list[str]:
        """Return the spellings of many names; those that are new are looked at together."""
        found = [*map(self.get, names)]
        if None in found:
            new = [name for name, spelling in zip(names, found, strict=True) if spelling is None]
            size = self._size + 300 * len(new) + 4 * sum(map(len, new))
            if size <= self._limit and escape.are_plain(new):
                self._size = size
                self.update(zip(new, [name + self._end for name in new], strict=True))
            found = [*map(self.__getitem__, names)]
        return found  # type: ignore[return-value]  # none is None any more

    def __missing__(self, name: str) -> str:
        spelling = escape.key(name) + self._end
        self._size += 300 + 4 * len(name)  # two texts of up to four bytes a character, and their place
        if self._size > self._limit:
            self.clear()
            self._size = 0
        self[name] = spelling
        return spelling


def field_values(values: Sequence[Value], types: Collection[type]) -> list[str]:
    """Return values as they stand behind the `=` of their fields: numbers and simple texts by one call of orjson.

    Args:
        values: Values that can be stored.
        types: The types of them, in any order.
    """
    try:
        json = dumps(values)
    except TypeError:  # a text holds half a surrogate pair, or an integer has more than 64 bits
        return [*map(field_value, values)]
    cells = json[1:-1].decode().split(",")
    if types is ALL_FLOATS:
        return cells
    if len(cells) != len(values) or b"\\" in json or b"\x7f" in json or len(json) > _LONG:
        return [*map(field_value, values)]
    if int in types:
        for place, value in enumerate(values):
            if type(value) is int:
                cells[place] += "i"
    return cells


def field_value(value: Value) -> str:
    """Return a value as it stands behind the `=` of its field."""
    if type(value) is float:
        return dumps(value).decode()
    if type(value) is str:
        return escape.text(value)
    if type(value) is bool:
        return "true" if value else "false"
    return f"{value}i"


def quality_fields(key: str, quality: Quality) -> list[str]:
    """Return the fields that say how far a value can be trusted.

    Args:
        key: The name of the value, as it is spelled in a record.
        quality: The quality. Its code is told only if it is not good.
    """
    if quality.code and quality.level != GOOD.level:
        return [f"{key}_q={quality.level}i", f"{key}_status={escape.text(quality.code)}"]
    return [f"{key}_q={quality.level}i"]


def are_surely_apart(values: Collection[str], qualities: Collection[str]) -> bool:
    """Whether the names of values, and of the fields that tell the quality of some, are all stored as other names.

    It takes a twentieth of the time of `stored_names`. If it is not sure, they may be all the same.
    """
    lines = "\n".join(values)
    text = lines.replace("\n", "") + "".join(qualities)
    plain = text.isascii() and text.isprintable() and "\\" not in text and "" not in values and "" not in qualities
    return plain and "_q\n" not in f"{lines}\n"


def stored_names(names: Sequence[str]) -> set[str]:
    """Return the names that the server will know.

    Raises:
        ValueError: Two of them are stored as one, or one cannot be stored.
    """
    text = "".join(names)
    plain = text.isascii() and text.isprintable() and "\\" not in text and "" not in names
    stored = {*names} if plain else {*map(escape.storable, names)}
    if len(stored) < len(names):
        raise ValueError(f"two names are stored as one: {sorted(names)[:100]}")
    return stored
