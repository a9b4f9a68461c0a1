"""A host application as the gateway runs it, without the gateway: what it says, what it holds, what it publishes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from adapters.sparkplug.adapter import Sparkplug
from adapters.sparkplug.codec import Payload, read
from gateway.models import Command, Decoded, Hold, Message, Observation, Reject, Release, Remember, Value
from tests.adapters.sparkplug.speaking import MILLISECOND_NS, SECOND_NS, START_MS


class Listening:
    """A host that is given messages, and a clock that the test sets.

    Attributes:
        said: What it said, in order.
        published: What it published.
        held: Messages that wait, by key.
        remembered: Messages that are recalled after a restart, by key.
        quarantined: Messages that could not be understood, and why.
    """

    def __init__(self, **options: object) -> None:
        self._options = {"role": "active", "host_id": "test"} | options
        self.host = Sparkplug(**self._options)
        self.now_ns = START_MS * MILLISECOND_NS
        self.said: list[Decoded] = []
        self.published: list[Command] = []
        self.held: dict[str, list[Message]] = {}
        self.remembered: dict[str, Message] = {}
        self.quarantined: list[tuple[Message, str]] = []
        self.connect()

    def connect(self) -> None:
        """Connect the host to its broker."""
        self.host.will(self.now_ns)
        self.published += self.host.connected(self.now_ns)

    def lose_connection(self) -> None:
        """Let the connection to the broker break."""
        self.now_ns += 1000
        self.host.disconnected(self.now_ns)

    def restart(self, seconds: float = 1) -> None:
        """Kill the host and start it again: it knows what it held and what it remembered, and no more."""
        self.now_ns += int(seconds * SECOND_NS)
        self.host = Sparkplug(**self._options)
        for message in sorted(self.remembered.values(), key=lambda one: one.received_ns):
            self.host.recall(message)
        self.connect()

    def hear(self, topic: str, payload: bytes, *, retained: bool = False) -> list[Decoded]:
        """Give the host a message, and then those that it releases; return what it said."""
        self.now_ns += 1000
        return self._take(Message(topic, payload, self.now_ns, retained=retained))

    def hear_all(self, *messages: tuple[str, bytes]) -> list[Decoded]:
        """Give the host messages in this order; return what it said."""
        return [thing for topic, payload in messages for thing in self.hear(topic, payload)]

    def pass_time(self, seconds: float, step: float = 0.25) -> list[Decoded]:
        """Let time pass in steps as the gateway does; return what the host said."""
        said: list[Decoded] = []
        until = self.now_ns + int(seconds * SECOND_NS)
        while self.now_ns < until:
            self.now_ns = min(until, self.now_ns + int(step * SECOND_NS))
            said += self.look()
        return said

    def look(self) -> list[Decoded]:
        """Let the host see what time it is; return what it said."""
        said, released = self._note(list(self.host.advance(self.now_ns)), None)
        for one in released:
            said += self._take(one)
        return said

    def _take(self, message: Message) -> list[Decoded]:
        said: list[Decoded] = []
        waiting = deque([message])
        while waiting:
            one = waiting.popleft()
            try:
                things = list(self.host.decode(one))
            except ValueError as error:
                self.quarantined.append((one, str(error)))
                continue
            told, released = self._note(things, one)
            said += told
            waiting.extendleft(reversed(released))
        return said

    def _note(self, things: Sequence[Decoded], message: Message | None) -> tuple[list[Decoded], list[Message]]:
        said: list[Decoded] = []
        released: list[Message] = []
        for thing in things:
            match thing:
                case Hold(key):
                    assert message is not None
                    self.held.setdefault(key, []).append(message)
                case Release(key):
                    released += self.held.pop(key, [])
                case Remember(key, kept):
                    kept = kept or message
                    assert kept is not None
                    self.remembered[key] = kept
                case Command():
                    self.published.append(thing)
                case _:
                    said.append(thing)
        self.said += said
        return said, released

    @property
    def requests(self) -> list[Command]:
        """The rebirths that it asked for."""
        return [command for command in self.published if "/NCMD/" in command.topic]

    @property
    def request(self) -> Payload:
        """What the last of them says."""
        return read(self.requests[-1].payload)

    @property
    def waiting(self) -> int:
        """How many messages it holds."""
        return sum(map(len, self.held.values()))

    def node(self, name: str = "G/N") -> dict[str, JsonValue]:
        """Return what the host tells of an edge node."""
        nodes = cast("list[dict[str, JsonValue]]", self.host.describe(self.now_ns)["nodes"])
        return next(node for node in nodes if f"{node['group']}/{node['node']}" == name)

    def device(self, device: str, name: str = "G/N") -> dict[str, JsonValue]:
        """Return what the host tells of a device."""
        devices = cast("list[dict[str, JsonValue]]", self.node(name)["devices"])
        return next(one for one in devices if one["device"] == device)

    def reasons(self, name: str = "G/N") -> list[str]:
        """Return for what reasons it wanted a rebirth of an edge node."""
        return list(cast("dict[str, int]", self.node(name)["rebirth_reasons"]))


def observations_of(said: Sequence[Decoded], measurement: str = "") -> list[Observation]:
    """Return what was told of metrics, or of who is online (`sparkplug_node`, `sparkplug_device`)."""
    return [thing for thing in said if isinstance(thing, Observation) and thing.measurement == measurement]


def values_of(said: Sequence[Decoded]) -> dict[str, Value | None]:
    """Return the last value of each name that was told of metrics."""
    return {name: value for one in observations_of(said) for name, value in one.values.items()}


def series_of(said: Sequence[Decoded], name: str) -> list[Value | None]:
    """Return all values of a name, in the order in which they were told."""
    return [one.values[name] for one in observations_of(said) if name in one.values]


def times_of(said: Sequence[Decoded], name: str) -> list[object]:
    """Return the times of all values of a name."""
    return [(one.times or {}).get(name, one.time) for one in observations_of(said) if name in one.values]


def qualities_of(said: Sequence[Decoded], name: str) -> list[int]:
    """Return how good all values of a name are."""
    found = []
    for one in observations_of(said):
        if name in one.values:
            quality = one.quality.get(name) if isinstance(one.quality, Mapping) else one.quality
            found.append(192 if quality is None else quality.level)
    return found


def rejects_of(said: Sequence[Decoded]) -> list[Reject]:
    """Return what was refused."""
    return [thing for thing in said if isinstance(thing, Reject)]


def presence_of(said: Sequence[Decoded]) -> list[tuple[str, Value | None]]:
    """Return who was told to be online or not, in order."""
    return [
        ((thing.place or {})["machine"], thing.values["online"])
        for thing in said
        if isinstance(thing, Observation) and thing.measurement
    ]


def stale_of(said: Sequence[Decoded]) -> set[str]:
    """Return the names whose values were told to be stale."""
    return {name for one in observations_of(said) for name in one.values if qualities_of([one], name) == [500]}
