"""Dead letters: what could not be understood or stored, kept with its bytes and the reason.

Bounded in bytes. The first few for each reason and topic are always kept; beyond that they are kept while there is
room, and then only counted, so that one bad metric at ten messages a second cannot push out the evidence of another.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

SCHEMA = """
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    received_ns INTEGER NOT NULL,
    source TEXT NOT NULL,
    topic TEXT NOT NULL,
    sink TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,
    properties TEXT NOT NULL,
    fingerprint TEXT UNIQUE
) STRICT;
CREATE INDEX dead_letters_by_reason ON dead_letters (kind, reason, topic);
CREATE TABLE dead_letter_counts (
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    topic TEXT NOT NULL,
    seen INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    PRIMARY KEY (kind, reason, topic)
) STRICT, WITHOUT ROWID;
"""

MAX_REASON = 120
MAX_DETAIL = 1000
MAX_COUNTED = 10_000
"""Pairs of reason and topic counted apart; further topics are counted together as `(others)`."""
OTHERS = "(others)"


class Kind(StrEnum):
    """Why something is a dead letter."""

    UNDECODABLE = "undecodable"
    """A message that cannot be understood; its bytes are kept."""
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

    @property
    def whole(self) -> bool:
        """Whether nothing of the message was stored."""
        return self.kind is Kind.UNDECODABLE


def reason_of(error: BaseException) -> tuple[str, str]:
    """Return the reason and the detail of an error: what stands before its first colon, and all of it."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.partition(":")[0][:MAX_REASON], text[:MAX_DETAIL]


class DeadLetterBox:
    """Keeps dead letters in the spool's file. All calls run inside a transaction of the caller.

    Args:
        connection: The writing connection.
        max_bytes: Room for payloads.
        keep: How many are kept for each reason and topic, whatever else there is.
    """

    def __init__(self, connection: sqlite3.Connection, max_bytes: int, keep: int) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._keep = keep
        self._bytes: int = connection.execute("SELECT coalesce(sum(length(payload)), 0) FROM dead_letters").fetchone()[
            0
        ]
        self._kept: dict[tuple[str, str, str], int] = {
            (kind, reason, topic): kept
            for kind, reason, topic, kept in connection.execute(
                "SELECT kind, reason, topic, count(*) FROM dead_letters GROUP BY kind, reason, topic"
            )
        }
        self._seen: dict[tuple[str, str, str], int] = {
            (kind, reason, topic): seen
            for kind, reason, topic, seen in connection.execute(
                "SELECT kind, reason, topic, seen FROM dead_letter_counts"
            )
        }

    def add(self, letters: Iterable[DeadLetter]) -> None:
        """Count the letters, and keep those for which there is room."""
        now_ns = time.time_ns()
        touched: dict[tuple[str, str, str], int] = {}
        for letter in letters:
            letter = letter._replace(reason=letter.reason[:MAX_REASON])  # noqa: PLW2901
            key = (letter.kind.value, letter.reason, letter.topic)
            if key not in self._seen and len(self._seen) >= MAX_COUNTED:
                key = (letter.kind.value, letter.reason, OTHERS)
            number = self._seen[key] = self._seen.get(key, 0) + 1
            touched[key] = number
            if number <= self._keep or self._bytes + len(letter.payload) <= self._max_bytes:
                self._insert(letter, now_ns)
        self._connection.executemany(
            "INSERT INTO dead_letter_counts VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET seen = excluded.seen, last_ns = excluded.last_ns",
            [(*key, seen, now_ns) for key, seen in touched.items()],
        )

    def _insert(self, letter: DeadLetter, now_ns: int) -> None:
        inserted = self._connection.execute(
            "INSERT INTO dead_letters (kind, created_ns, received_ns, source, topic, sink, reason, detail, payload, "
            "properties, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO NOTHING",
            (
                letter.kind.value,
                now_ns,
                letter.received_ns,
                letter.source,
                letter.topic,
                letter.sink,
                letter.reason,
                letter.detail[:MAX_DETAIL],
                letter.payload,
                letter.properties,
                letter.fingerprint or None,
            ),
        )
        if inserted.rowcount:
            key = (letter.kind.value, letter.reason, letter.topic)
            self._kept[key] = self._kept.get(key, 0) + 1
            self._bytes += len(letter.payload)
        while self._bytes > self._max_bytes and self._drop_from_the_largest():
            pass

    def _drop_from_the_largest(self) -> bool:
        """Forget the latest letter of the most frequent reason and topic; False if none has more than one."""
        key = max(self._kept, key=self._kept.__getitem__, default=None)
        if key is None or self._kept[key] <= 1:
            return False
        letter, size = self._connection.execute(
            "SELECT id, length(payload) FROM dead_letters WHERE (kind, reason, topic) = (?, ?, ?) ORDER BY id DESC", key
        ).fetchone()
        self._connection.execute("DELETE FROM dead_letters WHERE id = ?", (letter,))
        self._kept[key] -= 1
        self._bytes -= size
        return True
