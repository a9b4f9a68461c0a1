"""Recognises a message without a time of its own that the broker sends again because an acknowledgement was lost.

A message with its own time overwrites itself when it is stored twice. One without is stored under the time of its
receipt, so a second copy would be a second point. The broker marks what it sends again (DUP) and uses the same packet
identifier within a session; where identifier, topic and payload are those of what was committed last under that
identifier, it is the same message. In doubt it is not, for a duplicate is better than a loss:

- A session that the broker has forgotten takes its identifiers with it.
- Identifiers come round again after 65,535 messages at the latest. A machine that says the same for ever will then
  have said under this identifier what it says now, and the one that was lost on its way would pass for a copy. So
  nothing is recognised by what was committed more than half a round ago.
- Some brokers use an identifier again as soon as it is acknowledged. From those nothing is recognised.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from array import array
from collections import deque

from gateway.models import Message

RECORD = struct.Struct("<HQI")
"""Packet identifier, fingerprint and number of a message, as kept in the spool's file."""
RECENT = 32_768
"""Messages: half of the packet identifiers of a session (MQTT 5.0, 2.2.1)."""
NOTED_EVERY = 4096
"""Messages after which it is noted how many there were since the last one that needed a key."""

_IDENTIFIERS = 65_536
_NUMBERS = 2**32
_COUNT, _SESSION_LOST = 0, 1
"""What a record says that is about no message: its identifier is 0, and this stands for the fingerprint."""


def fingerprint(message: Message) -> int:
    """Return 64 bits that tell messages apart: two CRCs, which cost 0.2 us and outlive the process."""
    topic = zlib.crc32(message.topic.encode("utf-8", "surrogatepass"))
    return topic << 32 | zlib.crc32(message.payload, topic ^ len(message.payload))


class Redelivery:
    """What was committed last under each packet identifier of one source."""

    def __init__(self, records: bytes = b"") -> None:
        self._fingerprints = array("Q", bytes(8 * _IDENTIFIERS))
        self._numbers = array("I", bytes(4 * _IDENTIFIERS))
        self._number = 0
        """Of the latest message, counted from any."""
        self._noted_at = 0
        self._last_key_at: int | None = None
        self._reused_at: int | None = None
        """When an identifier was seen again too soon."""
        self._session_lost = False
        usable = len(records) - len(records) % RECORD.size
        for packet_id, key, number in RECORD.iter_unpack(records[:usable]):
            self._number = number
            if packet_id:
                self._keep(packet_id, key)
            elif key == _SESSION_LOST:
                self._forget()

    def passed(self, count: int) -> bytes:
        """Note that so many messages came, of any kind; return what is to be committed with them, mostly nothing."""
        self._number = (self._number + count) % _NUMBERS
        if self._session_lost:
            self._session_lost = False
            return RECORD.pack(0, _SESSION_LOST, self._number)
        if self._last_key_at is None or self._since(self._noted_at) < NOTED_EVERY:
            return b""
        if not self._is_recent(self._last_key_at):
            self._last_key_at = None  # no key is of use any more: there is nothing to count for
        self._noted_at = self._number
        return RECORD.pack(0, _COUNT, self._number)

    def session_lost(self) -> None:
        """Note that the broker has forgotten the session: what it sends again from now on is of another."""
        self._forget()
        self._session_lost = True

    def known(self, message: Message) -> bool:
        """Whether the message is a second copy of one that is committed, or in the group that is being filled."""
        return (
            message.duplicate
            and self._fingerprints[message.packet_id] == fingerprint(message)
            and self._is_recent(self._numbers[message.packet_id])
            and not self._is_recent(self._reused_at)
        )

    def note(self, message: Message) -> bytes:
        """Note a message without a time of its own; return the record to commit with it."""
        key = fingerprint(message)
        self._keep(message.packet_id, key, duplicate=message.duplicate)
        return RECORD.pack(message.packet_id, key, self._number)

    def _keep(self, packet_id: int, key: int, *, duplicate: bool = False) -> None:
        number = self._number
        # What arrived together has one number, and no identifier twice: then a message is noted for a second time.
        if self._fingerprints[packet_id] and not duplicate and 0 < self._since(self._numbers[packet_id]) < RECENT:
            self._reused_at = number
        self._fingerprints[packet_id], self._numbers[packet_id] = key, number
        self._last_key_at = self._noted_at = number

    def _since(self, number: int) -> int:
        return (self._number - number) % _NUMBERS

    def _is_recent(self, number: int | None) -> bool:
        return number is not None and (self._number - number) % _NUMBERS < RECENT

    def _forget(self) -> None:
        self._fingerprints = array("Q", bytes(8 * _IDENTIFIERS))
        self._last_key_at = self._reused_at = None


class RedeliveryLog:
    """Keeps the keys of committed messages in the spool's file, as many as something can be recognised by.

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
        while self._sizes[source] - rows[0][1] > RECENT * RECORD.size:
            oldest, size = rows.popleft()
            self._sizes[source] -= size
            self._connection.execute("DELETE FROM redelivery WHERE id = ?", (oldest,))

    def _note(self, source: str, row: int, size: int) -> None:
        self._rows.setdefault(source, deque()).append((row, size))
        self._sizes[source] = self._sizes.get(source, 0) + size
