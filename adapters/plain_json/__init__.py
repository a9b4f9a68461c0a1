"""JSON without a standard, and scalars, as a unified namespace (UNS) carries them."""

from __future__ import annotations

from adapters.plain_json.adapter import PlainJson

__all__ = ["PlainJson"]
