"""Reads what a database answers: each version wraps its words differently, and a proxy may answer instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeAlias

MAX_REASON = 1000
"""Characters of an answer that are shown: a bad line of 90 kB comes back as a body of 90 kB."""

MAX_RETRY_AFTER = timedelta(minutes=10).total_seconds()
"""Seconds: a longer wait is not believed."""

_JSON: TypeAlias = "dict[str, _JSON] | list[_JSON] | str | int | float | bool | None"

# JSON that was cut off, or is none: what follows the key is taken as it stands.
_CUT_JSON = re.compile(r'\A\s*\{.*?"(?:message|error)"\s*:\s*"(.*)', re.DOTALL)


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: Of HTTP.
        message: The database's own words, without what is wrapped around them. Decides what they mean.
        detail: More of its words, about single lines. They quote records, so nothing is decided by them.
        retry_after: Seconds it asks to wait, 10 minutes at most; 0 if it names none.
        version: Of the database, where it says so.
        structured: The body was JSON, as databases write it and most proxies do not.
    """

    status: int
    message: str = ""
    detail: str = ""
    retry_after: float = 0.0
    version: str = ""
    structured: bool = False

    @property
    def reason(self) -> str:
        """Status and words in one line, cut to 1000 characters, without control characters."""
        words = ": ".join(filter(None, [self.message, self.detail])) or "without a word"
        return printable(f"HTTP {self.status}: {words}")


def printable(text: str) -> str:
    """Return the text as one line that is safe to show, cut to 1000 characters."""
    shown = "".join(character if character.isprintable() else " " for character in text[: MAX_REASON + 1])
    return shown if len(shown) <= MAX_REASON else f"{shown[: MAX_REASON - 1]}…"


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Make sense of an answer; never fails, whatever the other side sent.

    InfluxDB 1 answers `{"error": ...}`, 2 `{"code": ..., "message": ...}`, 3 either of them or `{"error": ...,
    "data": ...}` with one object or several about single lines, or plain text; VictoriaMetrics answers plain text and
    proxies HTML. Header names are looked up as given: `headers` should not mind their case.
    """
    text = body.decode(errors="replace").strip()
    message, detail, version, structured = text, "", headers.get("X-Influxdb-Version", ""), False
    try:
        content: _JSON = json.loads(text)
    except (ValueError, RecursionError):
        if match := _CUT_JSON.match(text):
            message = match[1]
    else:
        if isinstance(content, dict):
            structured = True
            message = _first_text(content, "message", "error", "code") or text
            detail = _line_errors(content.get("data"))
            version = version or _first_text(content, "version")
    return Answer(
        status,
        message or headers.get("X-Influxdb-Error", ""),
        detail,
        _retry_after(headers.get("Retry-After", ""), headers.get("Date", "")),
        version[:40],
        structured,
    )


def _first_text(content: dict[str, _JSON], *keys: str) -> str:
    for key in keys:
        value = content.get(key)
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value:
            return value
    return ""


def _line_errors(data: _JSON) -> str:
    """Return what InfluxDB 3 says about single lines: of several, the first three."""
    lines = data if isinstance(data, list) else [data]
    errors = [line.get("error_message") for line in lines if isinstance(line, dict)]
    return "; ".join([error for error in errors if isinstance(error, str)][:3])


def _retry_after(value: str, date: str) -> float:
    """Return seconds for either form of the header (RFC 9110, 10.2.3); a date is measured from the answer's own."""
    seconds = 0.0
    if value.strip().isdecimal():
        seconds = float(value)
    elif value:
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds()
        except (ValueError, TypeError):  # no date, or one with a zone and one without: as if it had not been sent
            seconds = 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
