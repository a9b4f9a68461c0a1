"""The STATE of a host application: what its birth and death certificates say, and over which connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from gateway.models import Command

_MILLISECOND_NS = 1_000_000


class State:
    """What a host tells of itself over one connection (Sparkplug 3.0, 6.4.26).

    While the gateway cannot take more it says that it is offline, with the time of its connection: edge nodes take a
    STATE that is as old as the last one, but none that is older, and the Will must still count after it.

    Args:
        topic: Where.
        legacy: Say it in the words of Sparkplug 2.2, which have no time.
    """

    def __init__(self, topic: str, *, legacy: bool) -> None:
        self.topic = topic
        self._legacy = legacy
        self._connect_ms = 0
        self._connected = False
        self.online = False
        """Whether it was told last that the host is online."""
        self._accepting = True

    def will(self, now_ns: int) -> Command:
        """Return the Will of a connection that is made now (host-topic-phid-death-payload-timestamp-connect)."""
        self._connect_ms = now_ns // _MILLISECOND_NS
        return self._say(self._connect_ms, online=False)

    def connected(self) -> Command:
        """Return the first message: the birth, with the time of the Will (host-topic-phid-birth-payload-timestamp)."""
        self._connected, self.online = True, self._accepting
        return self._say(self._connect_ms, online=self._accepting)

    def disconnecting(self, now_ns: int) -> Command:
        """Return the last message (host-topic-phid-death-payload-timestamp-disconnect-clean)."""
        self._connected = self.online = False
        return self._say(max(now_ns // _MILLISECOND_NS, self._connect_ms), online=False)

    def disconnected(self) -> None:
        """Take note that the connection is gone."""
        self._connected = self.online = False

    def accepting(self, *, accepting: bool) -> Iterator[Command]:
        """Yield what tells edge nodes to keep what they have to say, or that they may go on."""
        changes, self._accepting = accepting is not self._accepting, accepting
        if changes and self._connected:
            self.online = accepting
            yield self._say(self._connect_ms, online=accepting)

    def heard(self, payload: bytes) -> Iterator[Command]:
        """Yield what contradicts a message on the own topic, if it is wrong.

        The Will of an earlier connection may come late, or another program may use the same name
        (message-flow-hid-sparkplug-state-message-delivered).
        """
        if not self._connected or not self._accepting:
            return
        if _says_offline(payload):
            yield self._say(self._connect_ms, online=True)

    def _say(self, time_ms: int, *, online: bool) -> Command:
        if self._legacy:
            payload = b"ONLINE" if online else b"OFFLINE"
        else:
            payload = orjson.dumps({"online": online, "timestamp": time_ms})
        return Command(self.topic, payload, qos=1, retain=True)


def _says_offline(payload: bytes) -> bool:
    if len(payload) > 4096:  # noqa: PLR2004  # no certificate is
        return False
    try:
        said = orjson.loads(payload)  # refuses what is nested too deep, too
    except ValueError:
        return payload.strip().upper() == b"OFFLINE"
    return isinstance(said, dict) and said.get("online") is False


class LegacyState:
    """The session of the second connection that tells the state as Sparkplug 2.2 did.

    A connection has but one Will. Implements `gateway.interfaces.Session`.
    """

    def __init__(self, topic: str) -> None:
        self._state = State(topic, legacy=True)
        self.may_publish: Sequence[str] = (topic,)

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Return nothing: it only speaks."""
        return ()

    def will(self, now_ns: int) -> Command:
        """Return OFFLINE."""
        return self._state.will(now_ns)

    def connected(self, now_ns: int) -> Iterator[Command]:  # noqa: ARG002  # see the seam
        """Yield ONLINE."""
        yield self._state.connected()

    def disconnecting(self, now_ns: int) -> Iterator[Command]:
        """Yield OFFLINE."""
        yield self._state.disconnecting(now_ns)

    def disconnected(self, now_ns: int) -> None:  # noqa: ARG002  # see the seam
        """Take note of it."""
        self._state.disconnected()

    def accepting(self, accepting: bool, now_ns: int) -> Iterator[Command]:  # noqa: ARG002, FBT001  # see the seam
        """Yield OFFLINE while the spool cannot take more."""
        yield from self._state.accepting(accepting=accepting)

    def companion(self) -> None:
        """Return nothing."""
        return
