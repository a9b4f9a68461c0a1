"""What a fault can do to a node: change what it is, what it says, how that is numbered, and how it behaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto

from simulators.sparkplug.messages import Message
from simulators.sparkplug.plan import NodePlan

EVERY = 10
"""Faults of single data messages strike every tenth of them."""


class Rebirth(Enum):
    """How a node answers a request for rebirth."""

    BIRTHS = auto()
    DEATH_AND_BIRTHS = auto()
    RECONNECT = auto()
    IGNORED = auto()
    FIRST_IGNORED = auto()
    DEVICES_ONLY = auto()


class Fault:
    """A fault that does nothing; each real one overrides what it breaks.

    One instance belongs to one node, and may remember. Faults are applied in the order in which they are given.

    Attributes:
        rebirth: How the node answers a request for rebirth.
        hears_legacy_state: Whether the node looks for its primary host at `STATE/<id>`.
        disconnects_without_packet: Whether the node leaves with NDEATH, but without DISCONNECT.
        has_twin: Whether a second node with the same name is to be run beside it.
    """

    rebirth = Rebirth.BIRTHS
    hears_legacy_state = False
    disconnects_without_packet = False
    has_twin = False

    def plan(self, plan: NodePlan) -> NodePlan:
        """Return the node as it shall be; asked once, before anything else."""
        return plan

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages of one occasion as they shall be said; they have no sequence numbers yet."""
        return messages

    def number(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages of one occasion as they shall go out; they have sequence numbers now."""
        return messages


class Each(Fault):
    """A fault that changes each message by itself, before it is numbered.

    Args:
        change: Returns the message as it shall be.
        where: Which messages; all if it is not given.
    """

    def __init__(self, change: Callable[[Message], Message], where: Callable[[Message], bool] = lambda _: True) -> None:
        self._change = change
        self._where = where

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Change those it concerns."""
        return [self._change(message) if self._where(message) else message for message in messages]


class Count:
    """Tells which data messages a fault strikes: every tenth, from the tenth on."""

    def __init__(self) -> None:
        self._data = 0

    def strikes(self, message: Message) -> bool:
        """Count the message if it is data, and return whether it is its turn."""
        if not message.kind.is_data:
            return False
        self._data += 1
        return self._data % EVERY == 0
