"""Dead letters as JSON: the same keys everywhere, whatever is in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from gateway.spool import Kept, message_of
from gateway.status import JSON


def plain(letter: Kept) -> dict[str, JSON]:
    """Return a letter as JSON types: its payload as base64, and as text if it is UTF-8 (or null)."""
    message = message_of(letter.topic, b"", letter.received_ns, letter.properties)
    try:
        text: str | None = letter.payload.decode()
    except UnicodeDecodeError:
        text = None
    return {
        "number": letter.id,
        "kind": letter.kind.value,
        "reason": letter.reason,
        "detail": letter.detail,
        "source": letter.source,
        "sink": letter.sink,
        "topic": letter.topic,
        "subject": letter.subject,
        "received_ns": letter.received_ns,
        "created_ns": letter.created_ns,
        "retries": letter.retries,
        "retained": message.retained,
        "content_type": message.content_type,
        "user_properties": [[name, value] for name, value in message.user_properties],
        "payload": text,
        "payload_base64": base64.b64encode(letter.payload).decode(),
    }


def write_to(file: BinaryIO, pages: Iterable[Sequence[Kept]]) -> Iterator[int]:
    """Write letters as JSON lines; yield after each page how many were in it."""
    for page in pages:
        file.writelines(json.dumps(plain(letter)).encode() + b"\n" for letter in page)
        yield len(page)
