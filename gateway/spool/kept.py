"""Messages that are kept whole: held until a key is known, or remembered as the latest for a key."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from gateway.models import Message
from gateway.spool.group import Group


class HeldMessage(NamedTuple):
    """A message that waits for a key."""

    id: int
    source: str
    key: str
    message: Message


def keep(connection: sqlite3.Connection, group: Group) -> None:
    """Write what a group holds, releases and remembers, inside a transaction of the caller."""
    source = group.source
    connection.executemany("DELETE FROM held WHERE source = ? AND key = ?", [(source, key) for key in group.released])
    connection.executemany(
        "INSERT INTO held (source, key, topic, payload, received_ns, properties) VALUES (?, ?, ?, ?, ?, ?)",
        [(source, key, *_columns(message)) for key, message in group.held],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO remembered VALUES (?, ?, ?, ?, ?, ?)",
        [(source, key, *_columns(message)) for key, message in group.remembered.items()],
    )


def read_held(connection: sqlite3.Connection) -> list[HeldMessage]:
    """Return all messages that wait for a key, oldest first."""
    return [
        HeldMessage(id_, source, key, message_of(topic, payload, received_ns, properties))
        for id_, source, key, topic, payload, received_ns, properties in connection.execute(
            "SELECT id, source, key, topic, payload, received_ns, properties FROM held ORDER BY id"
        )
    ]


def read_remembered(connection: sqlite3.Connection, source: str) -> list[Message]:
    """Return the latest message for each key, in the order in which they were received."""
    return [
        message_of(*row)
        for row in connection.execute(
            "SELECT topic, payload, received_ns, properties FROM remembered WHERE source = ? ORDER BY received_ns",
            (source,),
        )
    ]


def properties_of(message: Message) -> str:
    """Return what MQTT 5 said beside the payload, and the retain flag, as JSON; empty if nothing."""
    if not (message.content_type or message.user_properties or message.retained):
        return ""
    return json.dumps([message.content_type, message.user_properties, message.retained])


def _columns(message: Message) -> tuple[str, bytes, int, str]:
    return message.topic, message.payload, message.received_ns, properties_of(message)


def message_of(topic: str, payload: bytes, received_ns: int, properties: str) -> Message:
    """Return the message that these columns keep; `properties` is what `properties_of` wrote."""
    content_type, user_properties, retained = json.loads(properties) if properties else ("", (), False)
    return Message(
        topic=topic,
        payload=payload,
        received_ns=received_ns,
        retained=retained,
        content_type=content_type,
        user_properties=tuple((name, value) for name, value in user_properties),
    )
