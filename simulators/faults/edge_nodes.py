"""Faults of Sparkplug edge nodes: those of `simulators.sparkplug.faults` that strike for a while.

They strike the edge node that the machine is a device of, and with it the other devices of the line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from simulators.faults.fault import Actions, Fault, Moment, NodeFault, Readings
from simulators.messages import Away
from simulators.plant.station import Reading, Station
from simulators.sparkplug.faults import aliases, deaths, sequence
from simulators.sparkplug.messages import Message

_MOMENT_NS = 1_000_000_000
"""For how long the connection is away when it is to begin anew."""
_SILENCE_NS = 120_000_000_000
"""For how long it is away when it was cut off."""


class _While(NodeFault):
    """A fault of an edge node that strikes only while it is told to.

    Args:
        fault: The fault.
        is_on: Whether it is to strike now.
    """

    def __init__(self, fault: NodeFault, is_on: Callable[[], bool]) -> None:
        self._fault = fault
        self._is_on = is_on

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Let it shape them."""
        return self._fault.shape(messages) if self._is_on() else messages

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Let it change their numbers."""
        return self._fault.number(messages) if self._is_on() else messages


class _OnceBorn(NodeFault):
    """A fault of a session that strikes in the next one if it is told to; what it holds back it lets go at any time.

    Args:
        fault: The fault.
        is_armed: Whether it is to strike in a session that begins now.
    """

    def __init__(self, fault: NodeFault, is_armed: Callable[[], bool]) -> None:
        self._fault = fault
        self._is_armed = is_armed

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Let it see the Will, by which it knows a new session, only if it is to strike."""
        if any(message.is_will for message in messages) and not self._is_armed():
            return messages
        return self._fault.shape(messages)


class _OfEdgeNode(Fault):
    """Tells the edge node's fault when to strike.

    Attributes:
        is_on: Whether it is to strike.
    """

    faces = frozenset({"sparkplug"})

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self.is_on = False

    def measure(self, reading: Reading, moment: Moment) -> Readings:
        """Take note of the time, before anything is said of it."""
        self.is_on = moment.is_on
        return (reading,)


class SeqGap(_OfEdgeNode):
    """Every tenth data message of the edge node is lost, and its number with it."""

    name = "seq_gap"
    title = "every tenth data message of the edge node is lost, and its sequence number with it"
    reaction = "waits 2 s for what is missing, counts a gap, asks for a rebirth; what has come is stored"

    def of_node(self) -> Sequence[NodeFault]:
        """Return it."""
        return (_While(sequence.SeqGap(), lambda: self.is_on),)


class AliasBeforeBirth(_OfEdgeNode):
    """A session begins in which three data messages, with aliases only, come before any birth."""

    name = "alias_before_birth"
    title = "the edge node connects anew, and three data messages with nothing but aliases come before its births"
    reaction = "holds them, safe on disk, until the birth says what they are; a rebirth is asked for if none comes"
    own_connection = True

    def __init__(self, station: Station, source: random.Random) -> None:
        super().__init__(station, source)
        self._is_armed = False

    def of_node(self) -> Sequence[NodeFault]:
        """Return it."""
        return (_OnceBorn(aliases.AliasBeforeBirth(), self._take),)

    def _take(self) -> bool:
        """Whether it is to strike in this session: in one of them."""
        is_armed, self._is_armed = self._is_armed, False
        return is_armed

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Have a new session begin."""
        if not moment.begins:
            return actions
        self._is_armed = True
        return [*actions, Away("cut", moment.time_ns + _MOMENT_NS)]


class WrongBdseq(_OfEdgeNode):
    """A session has a Will whose bdSeq is 0, which its birth has not; when the fault ends the connection is cut."""

    name = "wrong_bdseq"
    title = "the edge node connects anew with a Will whose bdSeq is 0, not that of its birth, and is then cut off"
    reaction = "takes it for the death of another session: asks for a rebirth, and believes it after 10 s of silence"
    own_connection = True

    def of_node(self) -> Sequence[NodeFault]:
        """Return it."""
        return (_While(deaths.will_bdseq_zero(), lambda: self.is_on),)

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Have a new session begin, and end so that only its Will tells."""
        if moment.begins:
            return [*actions, Away("cut", moment.time_ns + _MOMENT_NS)]
        return [*actions, Away("cut", moment.time_ns + _SILENCE_NS)] if moment.ends else actions
