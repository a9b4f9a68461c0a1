"""Reads JSON as devices send it: compressed, with a byte order mark or a trailing NUL, with NaN, with huge integers."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TypeAlias

import orjson

MAX_RATIO = 100
"""A gzip body that unpacks to more than this many times its size, and to more than 64 KiB, is an attack."""

MAX_DIGITS = 400
"""Digits of the largest integer taken: more than any float can hold. Python refuses to read or print 4300."""

_GZIP = b"\x1f\x8b"
_SMALL = 65_536
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONG_INTEGER = re.compile(rb"[0-9]{19}")


@dataclass(frozen=True)
class Unusable:
    """Stands where a document has a value that cannot be taken."""

    reason: str


JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | Unusable | None"


def unwrap(payload: bytes, max_inflated: int) -> bytes:
    """Return the text of a payload: unpacked if it is gzip, without byte order mark and trailing NULs.

    Raises:
        ValueError: It is gzip and broken, unpacks to more than `max_inflated` bytes, or something follows it.
    """
    if payload.startswith(_GZIP):
        payload = _inflate(payload, min(max_inflated, max(_SMALL, MAX_RATIO * len(payload))))
    return payload.removeprefix(_BYTE_ORDER_MARK).rstrip(b"\0")


def parse(text: bytes) -> JSON:
    """Return the document, with every integer exact and NaN and infinities as such floats; the last of equal keys wins.

    Half a surrogate pair is left in its text for the caller to find.

    Raises:
        ValueError: It is not JSON, not UTF-8, or nested more than about a thousand levels deep.
    """
    if not _LONG_INTEGER.search(text):  # orjson makes floats of integers from 2**64 on, and does not say so
        try:
            document: JSON = orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # not always an error: NaN, half a surrogate pair, 1e999
        else:
            return document
    try:
        tolerant: JSON = json.loads(text.decode(), parse_int=_integer)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    return tolerant


def _integer(digits: str) -> int | Unusable:
    if len(digits) > MAX_DIGITS:
        return Unusable(f"an integer of too many digits: {len(digits)}")
    return int(digits)


def _inflate(payload: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)  # gzip only
    try:
        content = unpacker.decompress(payload, limit + 1)
    except zlib.error as error:
        raise ValueError(f"the gzip body is broken: {error}") from error
    if len(content) > limit:
        raise ValueError(f"the gzip body unpacks to too much: {len(payload)} bytes become more than {limit}")
    if not unpacker.eof:
        raise ValueError("the gzip body is cut short")
    if unpacker.unused_data.rstrip(b"\0"):
        raise ValueError("something follows the gzip body")
    return content
