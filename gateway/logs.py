"""Logging: a short sentence and its facts, for people on a terminal and as JSON otherwise, to the standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Literal, TextIO

import structlog

MAX_FACT = 500
"""Characters of a fact that are logged: a hostile payload must not fill the disk through the log."""


def configure(
    level: str = "info", form: Literal["auto", "console", "json"] = "auto", file: TextIO | None = None
) -> None:
    """Set up logging for this process.

    Args:
        level: Least level to log.
        form: `console`, `json`, or `auto`: console where the standard error is a terminal.
        file: Where to; by default the standard error.
    """
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(pad_event_to=0) if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
            structlog.processors.format_exc_info,
            harmless,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file or sys.stderr),
        cache_logger_on_first_use=False,
    )


def harmless(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Escape what a device could write to disturb a terminal or forge a line, and cut what is long."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception" and (len(value) > MAX_FACT or not value.isprintable()):
            escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value[:MAX_FACT])
            event[key] = escaped + ("..." if len(value) > MAX_FACT else "")
    return event
