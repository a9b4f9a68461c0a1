"""Spells names and texts so that every InfluxDB stores what was meant, and no text of a device can end a record.

InfluxDB 1, 2 and 3 and the published grammar differ in what they take. What is written here lies in what they have in
common, so a few characters of a device are replaced, always by one that a reader recognises:

- In names and tags a backslash becomes `/`: before a comma, a space or `=` it would change their meaning, at the end
  it would swallow what follows, and some sequences of two stop influxd 1.6.
- In texts a line feed and every other control character but the tab becomes its picture (U+240A for U+000A), for a
  record is one line. A text of more than 64 KiB, which InfluxDB 3.0 to 3.8 refuse, is cut and ends in `…`.
- Half a surrogate pair, which JSON can carry and UTF-8 cannot, becomes U+FFFD: a single name that is not UTF-8 makes
  influxd 1.6 refuse every later field of its shard.

In a text, a quotation mark and a backslash are escaped by a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gateway.models import MAX_TEXT_BYTES

MAX_SERIES_BYTES = 64_000
"""Measurement and tags together; InfluxDB 1 and 2 take 65,535, with the name of a field."""

RESERVED_TAGS = frozenset({"time", "_field", "_measurement"})
"""`time` is refused by 1, 2 and 3; the others by 2."""

RESERVED_FIELDS = frozenset({"time"})
"""1.6 drops such a field and answers that all is well."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) != "\t"} | {0x7F: 0x2421}
_TEXT_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\"}
_MEASUREMENT_ESCAPES = {ord(","): "\\,", ord(" "): "\\ "}
_KEY_ESCAPES = _MEASUREMENT_ESCAPES | {ord("="): "\\="}
_PLAIN = re.compile(r"[A-Za-z0-9_./:\-\[\]]+")
_CUT = "…"


def measurement(name: str) -> str:
    """Return the name of a measurement as it stands in a record.

    Raises:
        ValueError: It is empty, has a control character, or begins with `#` and so a comment.
    """
    if name.startswith("#"):
        raise ValueError(f"a measurement cannot begin with '#': {name!r}")
    return storable(name).translate(_MEASUREMENT_ESCAPES)


def key(name: str) -> str:
    """Return the key of a tag or a field, or the value of a tag, as it stands in a record.

    Raises:
        ValueError: It is empty or has a control character.
    """
    if _PLAIN.fullmatch(name):  # as most names are
        return name
    return storable(name).translate(_KEY_ESCAPES)


def are_plain(names: Collection[str]) -> bool:
    """Whether all names stand in a record as they are."""
    return "" not in names and _PLAIN.fullmatch("".join(names)) is not None


def storable(name: str) -> str:
    """Return the name that the server will know: without backslashes and halves of surrogate pairs.

    Raises:
        ValueError: It is empty or has a control character: only a caller's mistake brings one here.
    """
    if not name:
        raise ValueError("a name is empty")
    if _CONTROL.search(name):
        raise ValueError(f"a name has a control character: {name!r}")
    return _without_surrogates(name).replace("\\", "/")


def text(value: str) -> str:
    """Return a text in quotation marks, as it stands in a record."""
    # Most texts are states and names: printable means no control character and no surrogate.
    if value.isprintable() and '"' not in value and "\\" not in value and len(value) * 4 <= MAX_TEXT_BYTES:
        return f'"{value}"'
    value = _without_surrogates(value).translate(_PICTURES)
    content = value.encode()
    if len(content) > MAX_TEXT_BYTES:
        # A character that is cut in two at the end is left out.
        value = content[: MAX_TEXT_BYTES - len(_CUT.encode())].decode(errors="ignore") + _CUT
    return f'"{value.translate(_TEXT_ESCAPES)}"'


def _without_surrogates(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
