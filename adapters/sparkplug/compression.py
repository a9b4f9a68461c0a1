"""Compressed payloads: a payload whose body is another one (an extension of many senders, not in Sparkplug 3.0)."""

from __future__ import annotations

import zlib
from typing import Literal

COMPRESSED = "SPBV1.0_COMPRESSED"
"""The uuid of such a payload."""

Algorithm = Literal["DEFLATE", "GZIP"]
"""What senders name in a metric `algorithm`; without it, DEFLATE. What is read follows from the bytes themselves."""

_ANY_HEADER = 32 + zlib.MAX_WBITS
_GZIP_HEADER = 16 + zlib.MAX_WBITS


def inflate(body: bytes, limit: int) -> bytes:
    """Return what was compressed, by either algorithm; never holds much more than `limit` bytes.

    Raises:
        ValueError: It cannot be inflated, or would be longer than `limit`.
    """
    stream = zlib.decompressobj(_ANY_HEADER)
    try:
        content = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise ValueError(f"the compressed payload cannot be inflated: {error}") from error
    if len(content) > limit:
        raise ValueError(f"the compressed payload has more than {limit} bytes")
    if not stream.eof:
        raise ValueError("the compressed payload is cut off")
    return content


def deflate(content: bytes, algorithm: Algorithm = "DEFLATE") -> bytes:
    """Return the bytes compressed, with the header of zlib or of gzip."""
    stream = zlib.compressobj(wbits=_GZIP_HEADER if algorithm == "GZIP" else zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()
