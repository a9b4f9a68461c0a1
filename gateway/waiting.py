"""Messages that cannot be understood yet, kept in memory as the spool keeps them on disk."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.models import Message


@dataclass
class Waiting:
    """Messages that wait for a key, bounded in bytes: the spool's own list, kept in memory too."""

    max_bytes: int
    size: int = 0
    by_key: dict[str, list[Message]] = field(default_factory=dict)

    def add(self, key: str, message: Message, *, at_once: bool = False) -> bool:
        """Take a message; False if there is no room, unless it is released at once."""
        size = len(message.payload) + len(message.topic)
        if self.size + size > self.max_bytes and not at_once:
            return False
        self.size += size
        self.by_key.setdefault(key, []).append(message)
        return True

    def take(self, key: str) -> list[Message]:
        """Return the messages that wait for a key, and forget them."""
        messages = self.by_key.pop(key, [])
        self.size -= sum(len(message.payload) + len(message.topic) for message in messages)
        return messages

    def __len__(self) -> int:
        return sum(map(len, self.by_key.values()))
