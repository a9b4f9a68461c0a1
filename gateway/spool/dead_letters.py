"""Dead letters: what could not be understood or stored, kept with its bytes and the reason."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, NamedTuple

SCHEMA = """
CREATE TABLE dead_letter_counts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    sink TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    seen INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    UNIQUE (kind, reason, source, sink, topic, subject)
) STRICT;
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    counted INTEGER NOT NULL,
    size INTEGER NOT NULL,
    kind TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    received_ns INTEGER NOT NULL,
    source TEXT NOT NULL,
    sink TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    retries INTEGER NOT NULL,
    properties TEXT NOT NULL,
    fingerprint TEXT UNIQUE,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_count ON dead_letters (counted, id, size);
CREATE INDEX dead_letters_by_source ON dead_letters (source, id);
"""
"""`counted` is the row of `dead_letter_counts` under which a letter is counted."""

MAX_NAME = 256
"""Characters of a topic or subject by which letters are counted apart."""
MAX_REASON = 120
MAX_DETAIL = 1000
OVERHEAD = 256
"""Bytes that a letter takes in the file beside its texts and payload, about."""

_SERIES = re.compile(rb"(?:\\.|[^ \\])*", re.DOTALL)


class Kind(StrEnum):
    """Why something is a dead letter."""

    UNDECODABLE = "undecodable"
    """A message that cannot be understood; its bytes are kept."""
    UNREADABLE = "unreadable"
    """A packet of which no message could be made; what is known of it is kept, and it can never be decoded."""
    VALUE = "value"
    """A message of which a value could not be taken; the rest was stored, and all its bytes are kept."""
    REJECTED = "rejected"
    """A record that a sink will never take."""


class DeadLetter(NamedTuple):
    """One dead letter.

    Attributes:
        kind: Why it is one.
        source: Name of the source.
        topic: Topic of the message.
        payload: The message's bytes, or the rejected record.
        reason: What is wrong, in the same words for the same fault.
        detail: What is wrong, in full.
        received_ns: When the message was received; 0 if that is not known.
        sink: The sink that rejected it.
        properties: MQTT 5 content type and user properties, as JSON; needed to decode it again.
        fingerprint: A text that the same letter always has, so that it is kept once; empty if there is none.
        subject: What it is about, where the topic does not say it all: the names of the values that could not be
            taken, or the series of a rejected record.
    """

    kind: Kind
    source: str
    topic: str
    payload: bytes
    reason: str
    detail: str = ""
    received_ns: int = 0
    sink: str = ""
    properties: str = ""
    fingerprint: str = ""
    subject: str = ""

    @property
    def size(self) -> int:
        """Bytes it takes in the file, about."""
        texts = len(self.topic) + len(self.subject) + len(self.reason) + len(self.detail) + len(self.properties)
        return OVERHEAD + len(self.payload) + texts

    def bounded(self) -> DeadLetter:
        """Return it with its texts cut to what is kept of them, and its subject."""
        subject = self.subject
        if self.kind is Kind.REJECTED and not subject:
            subject = series_of(self.payload)
        return self._replace(
            reason=self.reason[:MAX_REASON], detail=self.detail[:MAX_DETAIL], subject=subject[:MAX_NAME]
        )


class Kept(NamedTuple):
    """A dead letter as it is kept: with its number, when it was set aside, and how often it was tried again since."""

    id: int
    kind: Kind
    created_ns: int
    received_ns: int
    source: str
    sink: str
    topic: str
    subject: str
    reason: str
    detail: str
    retries: int
    properties: str
    payload: bytes

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Kept:
        """Return what a row with `COLUMNS` says."""
        return cls(row[0], Kind(row[1]), *row[2:])


COLUMNS = ", ".join(Kept._fields)


def reason_of(error: BaseException) -> tuple[str, str]:
    """Return the reason and the detail of an error: what stands before its first colon, and all of it."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(":")[0][:MAX_REASON], text[:MAX_DETAIL]


def series_of(record: bytes) -> str:
    """Return measurement and tags of a record in line protocol, as they stand there."""
    found = _SERIES.match(record)
    return "" if found is None else found[0].decode(errors="replace")
