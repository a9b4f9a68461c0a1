"""What an earlier run remembered of edge nodes and devices: their births, when they were born last, who was online.

Of each station whose birth is remembered (see `Evidence`) a note is remembered beside it: a message without a payload,
on the topic of its last birth or death, with the time of its last birth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from adapters.sparkplug.codec import Limits, Metric, Payload, Template, members, read
from adapters.sparkplug.edge_node import EdgeNode, Station
from adapters.sparkplug.evidence import LARGEST, Evidence
from adapters.sparkplug.names import Names
from adapters.sparkplug.nodes import Nodes
from adapters.sparkplug.options import SparkplugOptions
from adapters.sparkplug.topics import Address, MessageType, parse, topic_of
from gateway.models import STALE, Message, Observation, Remember

_WAIT_NS = 60_000_000_000
"""How long after the connection an edge node may take to be heard, where no `silence` says it."""
_BORN = "born_ns"
_LONGEST_TIME = 19
_BIRTHS = (MessageType.NBIRTH, MessageType.DBIRTH)


class Note(NamedTuple):
    """What is remembered of a station beside its birth.

    Attributes:
        born_ns: When its last birth came; 0 if that had other aliases than the one that is remembered.
        online: Whether it was told last that it is there.
    """

    born_ns: int
    online: bool


class Past:
    """Makes known at the start who was online, until heard again, and keeps what the next start is to know.

    Args:
        options: As configured.
        evidence: Has births remembered whose aliases are others than before.
    """

    def __init__(self, options: SparkplugOptions, evidence: Evidence) -> None:
        self._names = Names(options.name_patterns, options.ignore)
        self._wait_ns = options.silence or _WAIT_NS
        self._evidence = evidence
        self._births: dict[str, Message] = {}
        """Those that are remembered, until it begins; then those of whom the values are not known to be stale."""
        self._notes: dict[str, Note] = {}
        self._spelled: dict[str, int] = {}
        """What the names of each birth come to that is remembered."""
        self._unheard: dict[str, EdgeNode] = {}
        self._due_ns = 0
        self.begun = False
        """Whether there is a connection to be heard over; without one, old messages are all that there is."""

    # What an earlier run remembered.

    def recall(self, key: str, address: Address, message: Message, payload: Payload) -> None:
        """Learn from a birth that was remembered, or from the note beside one."""
        if message.payload:
            self._births[key] = message
            self._spelled[key] = _spelling(metric.name.encode() for metric in payload.metrics if _is_told(metric))
            self._notes.setdefault(key, Note(message.received_ns, online=True))
            return
        born = dict(message.user_properties).get(_BORN, "")
        if born.isdecimal() and len(born) <= _LONGEST_TIME:
            self._notes[key] = Note(int(born), address.type in _BIRTHS)

    def birth(self, key: str, received_ns: int) -> Message | None:
        """Return the birth that explains the aliases of a message of an earlier run: one like it came before and after.

        None if there is none, or if this is no look at the past.
        """
        birth, note = self._births.get(key), self._notes.get(key)
        if self.begun or birth is None or note is None:
            return None
        return birth if birth.received_ns <= received_ns <= note.born_ns else None

    def begin(self, nodes: Nodes) -> None:
        """Make those known who were online: before anything is heard."""
        if self.begun:
            return
        self.begun = True
        online = {key: birth for key, birth in self._births.items() if self._notes[key].online}
        self._births = {}
        for key, birth in online.items():
            line = nodes.line(birth.topic)
            if not nodes.has_room and nodes.get(line.address.descriptor) is None:
                continue
            with suppress(ValueError):  # there is no room for so many devices
                station = nodes.station(line, birth.received_ns)
                node = nodes.node(line, birth.received_ns)
                station.online, station.since_ns = True, birth.received_ns
                node.unverified = True
                self._births[key] = birth
                self._unheard[node.key] = node

    # Who is not heard of.

    def connected(self, now_ns: int) -> None:
        """Take note that edge nodes can be heard since now."""
        self._due_ns = now_ns + self._wait_ns

    def heard(self, node: EdgeNode) -> None:
        """Take note that an edge node is heard of."""
        if self._unheard:
            self._unheard.pop(node.key, None)

    def awaits(self, node: EdgeNode) -> bool:
        """Whether an edge node may yet be heard of."""
        return node.key in self._unheard

    def overdue(self, now_ns: int) -> list[EdgeNode]:
        """Return the edge nodes that should have been heard of by now, once."""
        if not self._unheard:
            return []
        self._due_ns = self._due_ns or now_ns + self._wait_ns  # there is no connection yet, and nobody knows either
        return self.forget() if now_ns >= self._due_ns else []

    def forget(self) -> list[EdgeNode]:
        """Return those that were not heard of yet, and wait for them no more."""
        nodes = list(self._unheard.values())
        self._unheard.clear()
        return nodes

    def clock_was_set(self, step_ns: int) -> None:
        """Take note that the clock was set ahead by this, or back."""
        self._due_ns += step_ns if self._due_ns else 0

    def fall_silent(self, station: Station, time_ns: int) -> Iterator[Observation]:
        """Yield that the values are stale that a station told in an earlier run, if that was not told before."""
        if not self._births or (birth := self._births.pop(_key(station), None)) is None:
            return
        time = station.moment(time_ns)
        with suppress(ValueError):
            for place, names in self._names_of(read(birth.payload, Limits(inflated=LARGEST)), station.place):
                yield Observation(names, time, quality=STALE, place=place)

    def _names_of(
        self, payload: Payload, place: Mapping[str, str]
    ) -> Iterable[tuple[Mapping[str, str], dict[str, None]]]:
        """Return whose the values of a birth are, and the names of them."""
        sheets: dict[tuple[tuple[str, str], ...], tuple[Mapping[str, str], dict[str, None]]] = {}
        for metric in payload.metrics:
            if not _is_told(metric) or self._names.is_ignored(metric.name):
                continue
            key, words = self._names.read(metric.name)
            sheet = sheets.get(tuple(words.items()))
            if sheet is None:
                sheet = sheets[tuple(words.items())] = ({**place, **words}, {})
            if isinstance(metric.value, Template):
                sheet[1].update((f"{key}/{path}", None) for path, _ in members(metric.value))
            else:
                sheet[1][key] = None
        return [sheet for sheet in sheets.values() if sheet[1]]

    # What the next run is to know.

    def born(self, station: Station, key: str, message: Message) -> Iterator[Remember]:
        """Take note of a birth; have it remembered if it has other aliases or names than before, and when it came.

        Args:
            station: Whose birth; its metrics are known by now.
            key: Under which it is remembered.
            message: The birth.
        """
        for_aliases = tuple(self._evidence.born(station, key, message))
        yield from for_aliases
        remembered = bool(for_aliases)
        self._births.pop(key, None)
        if message.retained:
            return  # nobody knows when it was said
        note = self._notes.get(key)
        has_gap = note is not None and not note.born_ns
        spelling = _spelling(station.by_name)
        stands = station.remembered is station.aliases
        if stands and not remembered and (has_gap or self._spelled.get(key) != spelling):
            remembered = bool(message.payload) and self._evidence.keeps(key, message)
            stands = remembered or not has_gap
            if remembered:
                yield Remember(key)
        if remembered:
            self._spelled[key] = spelling
        if key in self._spelled:
            yield self._note(key, Note(message.received_ns if stands else 0, online=True), message.topic, message)

    def gone(self, station: Station, time_ns: int) -> Iterator[Remember]:
        """Have it remembered that a station is not there any more."""
        key = _key(station)
        note = self._notes.get(key)
        if note is not None and note.online:
            place = station.place
            device = place.get("device", "")
            kind = MessageType.DDEATH if device else MessageType.NDEATH
            topic = topic_of(Address(kind, place["group"], place["node"], device))
            yield self._note(key, note._replace(online=False), topic, Message(topic, b"", time_ns))

    def _note(self, key: str, note: Note, topic: str, message: Message) -> Remember:
        self._notes[key] = note
        properties = ((_BORN, str(note.born_ns)),)
        return Remember(f"{key}#", Message(topic, b"", message.received_ns, user_properties=properties))


def key_of(topic: str) -> tuple[str, Address]:
    """Return what births on a topic are remembered under, and whose they are.

    Raises:
        ValueError: It is no topic of Sparkplug B.
    """
    address = parse(topic)
    return f"{address.descriptor}/{address.device}" if address.device else address.descriptor, address


def _key(station: Station) -> str:
    place = station.place
    key = f"{place['group']}/{place['node']}"
    return f"{key}/{place['device']}" if "device" in place else key


def _is_told(metric: Metric) -> bool:
    """Whether a birth makes a metric known by this."""
    is_definition = isinstance(metric.value, Template) and metric.value.is_definition
    return bool(metric.name) and not metric.fault and not is_definition


def _spelling(names: Iterable[bytes]) -> int:
    """Return a number that is another one for other names."""
    return hash(frozenset(names))
