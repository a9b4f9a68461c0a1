"""Recognises a message without a time of its own that the broker sends again because an acknowledgement was lost.

A message with its own time overwrites itself when it is stored twice. One without is stored under the time of its
receipt, so a second copy would be a second point. The broker marks what it sends again (DUP) and uses the same packet
identifier within a session; where identifier, topic and payload are those of what was committed last under that
identifier, it is the same message. In doubt it is not: a duplicate is better than a loss.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections import deque

from gateway.models import Message

RECORD = struct.Struct("<HQ")
"""Packet identifier and fingerprint, as kept in the spool's file."""
MAX_KEYS = 65_535
"""Packet identifiers of a session; no more messages can be unacknowledged (MQTT 5.0, 2.2.1)."""


def fingerprint(message: Message) -> int:
    """Return 64 bits that tell messages apart: two CRCs, which cost 0.2 us and outlive the process."""
    topic = zlib.crc32(message.topic.encode("utf-8", "surrogatepass"))
    return topic << 32 | zlib.crc32(message.payload, topic ^ len(message.payload))


class Redelivery:
    """What was committed last under each packet identifier of one source."""

    def __init__(self, records: bytes = b"") -> None:
        usable = len(records) - len(records) % RECORD.size
        self._committed: dict[int, int] = dict(RECORD.iter_unpack(records[:usable]))

    def known(self, message: Message) -> bool:
        """Whether the message is a second copy of one that is committed, or in the group that is being filled."""
        return message.duplicate and self._committed.get(message.packet_id) == fingerprint(message)

    def note(self, message: Message) -> bytes:
        """Note a message without a time of its own; return the record to commit with it."""
        key = fingerprint(message)
        self._committed[message.packet_id] = key
        return RECORD.pack(message.packet_id, key)


class RedeliveryLog:
    """Keeps the keys of committed messages in the spool's file, as many as a session can have unacknowledged.

    All calls run inside a transaction of the caller.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: dict[str, deque[tuple[int, int]]] = {}
        self._sizes: dict[str, int] = {}
        for row, source, size in connection.execute("SELECT id, source, length(keys) FROM redelivery ORDER BY id"):
            self._note(source, row, size)

    def read(self, source: str) -> Redelivery:
        """Return what the broker of this source may send again."""
        rows = self._connection.execute("SELECT keys FROM redelivery WHERE source = ? ORDER BY id", (source,))
        return Redelivery(b"".join(keys for (keys,) in rows))

    def add(self, source: str, keys: bytes) -> None:
        """Keep the keys of a group, and forget those that can be of nothing unacknowledged any more."""
        if not keys:
            return
        row = self._connection.execute("INSERT INTO redelivery (source, keys) VALUES (?, ?)", (source, keys)).lastrowid
        assert row is not None  # noqa: S101  # an INSERT into a table with a rowid has one
        self._note(source, row, len(keys))
        rows = self._rows[source]
        while self._sizes[source] - rows[0][1] > MAX_KEYS * RECORD.size:
            oldest, size = rows.popleft()
            self._sizes[source] -= size
            self._connection.execute("DELETE FROM redelivery WHERE id = ?", (oldest,))

    def _note(self, source: str, row: int, size: int) -> None:
        self._rows.setdefault(source, deque()).append((row, size))
        self._sizes[source] = self._sizes.get(source, 0) + size
