"""Whether a row that was read of a damaged spool can be what was written: SQLite hands garbage over without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gateway.models import Definition
from gateway.spool.dead_letters import Kind
from gateway.spool.group import Origins
from gateway.spool.kept import message_of
from gateway.spool.redelivery import RECORD

Columns = Mapping[str, Any]


def plausible(table: str, row: Columns) -> bool:
    """Whether a row makes sense in its table."""
    check = _CHECKS.get(table)
    try:
        return check is None or check(row)
    except (ValueError, TypeError, AttributeError, LookupError):  # what cannot be taken apart makes none
        return False


def _record(row: Columns) -> bool:
    body, origins = row["body"], Origins.unpack(row["origins"])
    body.decode()
    return (
        row["size"] == len(body) + len(row["origins"])
        and row["points"] == body.count(b"\n")
        and body.endswith(b"\n")
        and row["messages"] == len(origins.topic_of) == len(origins.records_of)
        and sum(origins.records_of) <= row["points"]
        and all(index < len(origins.topics) for index in origins.topic_of)
    )


def _message(row: Columns) -> bool:
    message_of(row["topic"], row["payload"], row["received_ns"], row["properties"])
    return True


def _definition(row: Columns) -> bool:
    known = Definition(*json.loads(row["definition"]))
    return (known.asset, known.measurement, known.name) == (row["asset"], row["measurement"], row["name"])


def _dead_letter(row: Columns) -> bool:
    return row["kind"] in set(Kind)


_CHECKS: Mapping[str, Callable[[Columns], bool]] = {
    "records": _record,
    "held": _message,
    "remembered": _message,
    "catalogue": _definition,
    "cursors": lambda row: bool(row["position"] >= 0),
    "stretches": lambda row: bool(0 < row["first"] <= row["last"]),
    "redelivery": lambda row: len(row["keys"]) % RECORD.size == 0,
    "dead_letters": _dead_letter,
    "dead_letter_counts": _dead_letter,
}
