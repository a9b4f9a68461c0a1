"""What devices write as quality, in the terms of OPC: good, uncertain or bad, and the source's own code."""

from __future__ import annotations

from typing import Literal

from gateway.models import BAD, GOOD, UNCERTAIN, Quality

QualityCodes = Literal["opc_da", "opc_ua"]
"""How numbers are read: as OPC DA quality (192 is good, 0 bad) or as OPC UA status codes (0 is good)."""

_DA_MAX = 0xFFFF
"""OPC DA keeps quality in 16 bits; OPC UA keeps flags there, and what has gone wrong in the 16 above."""

_WORDS = {
    "good": GOOD,
    "ok": GOOD,
    "valid": GOOD,
    "true": GOOD,
    "uncertain": UNCERTAIN,
    "questionable": UNCERTAIN,
    "bad": BAD,
    "invalid": BAD,
    "error": BAD,
    "false": BAD,
    "unavailable": BAD,
}


def quality_of(raw: object, codes: QualityCodes = "opc_da") -> Quality:
    """Return the quality that a JSON value stands for; the constant GOOD itself if it is good.

    A word counts by its beginning (`Bad_NoCommunication`, `GOOD`), a boolean is good or bad, an object is an OPC UA
    status `{"Code": ..., "Symbol": ...}`, empty if good. Nothing is good, as in OPC UA. A number above 65,535 can only
    be an OPC UA status code; others are read as `codes` says. What is not understood is uncertain.
    """
    match raw:
        case None | True:
            return GOOD
        case False:
            return BAD
        case int() | float():
            exact = abs(raw) < 2**64 and raw == int(raw)  # a fraction is a figure, not a code
            return _of_number(int(raw), codes) if exact else Quality(UNCERTAIN.level, str(raw)[:64])
        case str():
            return _of_text(raw, codes)
        case dict():
            return _of_status(raw)
        case _:
            return Quality(UNCERTAIN.level, str(raw)[:64])


def is_quality_word(raw: object) -> bool:
    """Whether this is a text that says good, uncertain or bad and nothing else, as no other value does."""
    return isinstance(raw, str) and raw.strip().casefold().startswith(("good", "bad", "uncertain"))


def of_opc_ua(status: int, symbol: str = "") -> Quality:
    """Return the quality of an OPC UA status code; its two highest bits are the severity (OPC UA Part 4, 7.39)."""
    severity = (status & 0xFFFF_FFFF) >> 30
    if severity == 0:
        return GOOD
    level = UNCERTAIN if severity == 1 else BAD
    return Quality(level.level, symbol or f"0x{status & 0xFFFF_FFFF:08X}")


def of_opc_da(quality: int) -> Quality:
    """Return the quality of an OPC DA number; the bits 0xC0 are the level (OPC DA 3.0, 6.8)."""
    level = {0xC0: GOOD, 0x40: UNCERTAIN}.get(quality & 0xC0, BAD)
    if level is GOOD or quality == level.level:
        return level
    return Quality(level.level, str(quality))


def _of_number(code: int, codes: QualityCodes) -> Quality:
    if codes == "opc_ua" or not 0 <= code <= _DA_MAX:
        return of_opc_ua(code)
    return of_opc_da(code)


def _of_text(text: str, codes: QualityCodes) -> Quality:
    word = text.strip().encode(errors="replace").decode()  # half a surrogate pair becomes `?`
    if word.isascii() and word.isdigit() and len(word) < 20:  # noqa: PLR2004  # 64 bits
        return _of_number(int(word), codes)
    folded = word.casefold()
    for beginning, level in _WORDS.items():
        if folded.startswith(beginning):
            return level if level is GOOD or folded == beginning else Quality(level.level, word[:256])
    return Quality(UNCERTAIN.level, word[:256]) if word else GOOD


def _of_status(status: dict[object, object]) -> Quality:
    code = status.get("Code", status.get("code"))
    symbol = status.get("Symbol", status.get("symbol", ""))
    symbol = symbol if isinstance(symbol, str) else ""
    if isinstance(code, int) and not isinstance(code, bool):
        return of_opc_ua(code, symbol)
    return _of_text(symbol, "opc_ua")
