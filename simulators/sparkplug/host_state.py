"""What an edge node believes of its primary host, from STATE messages that may be old, repeated or in disorder."""

from __future__ import annotations

from typing import NamedTuple

import orjson


class HostState(NamedTuple):
    """Whether a host is online, and since when by its own clock.

    Attributes:
        online: None: it has not been heard of in this session.
        timestamp: In milliseconds since 1970-01-01T00:00:00Z; -1 if nothing was heard.
    """

    online: bool | None = None
    timestamp: int = -1

    def after(self, payload: bytes) -> HostState:
        """Return the state after a STATE message of Sparkplug 3.0: `{"online": true, "timestamp": 1700000000000}`.

        What is older than what is known, or cannot be read, changes nothing
        (message-flow-edge-node-birth-publish-phid-wait-timestamp and -offline).
        """
        try:
            said = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return self
        match said:
            case {"online": bool(online), "timestamp": int(timestamp)} if timestamp >= self.timestamp:
                return HostState(online, timestamp)
        return self

    def after_legacy(self, payload: bytes) -> HostState:
        """Return the state after a STATE message of Sparkplug 2.2, `ONLINE` or `OFFLINE`, which has no time."""
        match payload:
            case b"ONLINE":
                return HostState(online=True)
            case b"OFFLINE":
                return HostState(online=False)
        return self
