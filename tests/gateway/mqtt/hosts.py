"""A host application for tests, in a few lines: an adapter that owns its connection, as Sparkplug's does.

It tells on `plant/STATE/ID` (QoS 1, retained) whether it is there and since when, and hears bare numbers below `plant`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from gateway.models import Command, Decoded, Message, Observation

TOPIC = "plant/#"


class FakeHost(BaseModel):
    """Options are those of the adapter."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    DEFAULT_ROUTE: ClassVar[Mapping[str, object]] = {"topic": TOPIC, "measurement": "fake"}

    host_id: str = "gw"
    second: str = ""
    """Host id of a second connection."""
    ask: bool = False
    """Whether to send a command for every message, when time passes."""
    may_publish: tuple[str, ...] = ("plant/STATE/+", "plant/cmd/+")

    _since_ms: int = PrivateAttr(0)
    _accepting: bool = PrivateAttr(default=True)
    _events: list[str] = PrivateAttr(default_factory=list)
    _due: list[Command] = PrivateAttr(default_factory=list)

    @property
    def events(self) -> list[str]:
        """What it was told, in order."""
        return self._events

    # As a session.

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        return [(f"plant/STATE/{self.host_id}", 1), (TOPIC, 0)]

    def will(self, now_ns: int) -> Command | None:
        self._since_ms = now_ns // 1_000_000
        self._events.append("will")
        return self._state(online=False, at_ms=self._since_ms)

    def connected(self, now_ns: int) -> Iterable[Command]:
        del now_ns
        self._events.append("connected")
        yield self._state(online=self._accepting, at_ms=self._since_ms)
        yield Command("plant/cmd/first", b"", qos=0)

    def disconnecting(self, now_ns: int) -> Iterable[Command]:
        self._events.append("disconnecting")
        yield self._state(online=False, at_ms=now_ns // 1_000_000)

    def disconnected(self, now_ns: int) -> None:
        del now_ns
        self._events.append("disconnected")

    def accepting(self, accepting: bool, now_ns: int) -> Iterable[Command]:  # noqa: FBT001  # as the seam has it
        self._accepting = accepting
        self._events.append(f"accepting {accepting}")
        yield self._state(online=accepting, at_ms=self._since_ms if accepting else now_ns // 1_000_000)

    def companion(self) -> FakeHost | None:
        return FakeHost(host_id=self.second) if self.second else None

    def _state(self, *, online: bool, at_ms: int) -> Command:
        payload = json.dumps({"online": online, "timestamp": at_ms}).encode()
        return Command(f"plant/STATE/{self.host_id}", payload, qos=1, retain=True)

    # As an adapter.

    @property
    def names_asset(self) -> bool:
        return False

    def decode(self, message: Message) -> Iterable[Decoded]:
        self._events.append(message.topic)
        if self.ask and not message.topic.startswith("plant/cmd/"):
            self._due.append(Command("plant/cmd/answer", message.payload, qos=0))
        if not message.topic.startswith(("plant/cmd/", "plant/STATE/")):
            yield Observation({"x": float(message.payload)})

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        del now_ns
        due = tuple(self._due)
        self._due.clear()
        return due

    # As one that knows places.

    @property
    def place_names(self) -> Sequence[str]:
        return ("hall", "machine")

    @property
    def further_words(self) -> Sequence[str]:
        return ("shelf",)

    def place(self, topic: str) -> Mapping[str, str]:
        _, *hall, machine = topic.split("/")
        return {"hall": "/".join(hall), "machine": machine, "shelf": topic[:5]}
