"""Topics of Sparkplug B: `spBv1.0/group/type/node[/device]`, and the STATE topics of host applications."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

NAMESPACE = "spBv1.0"
"""The only namespace whose payloads this package reads (topic-structure-namespace-a)."""


class MessageType(StrEnum):
    """What a message is, as the third level of its topic says."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"
    STATE = "STATE"


_OF_DEVICES = frozenset({MessageType.DBIRTH, MessageType.DDEATH, MessageType.DDATA, MessageType.DCMD})


class Address(NamedTuple):
    """Where a message comes from or goes to.

    Attributes:
        type: What it is.
        group: Group id; empty for STATE.
        node: Edge node id; the host id for STATE.
        device: Device id; empty where it is the edge node itself.
    """

    type: MessageType
    group: str
    node: str
    device: str = ""

    @property
    def descriptor(self) -> str:
        """Group and node, unique in an infrastructure (topic-structure-namespace-unique-edge-node-descriptor)."""
        return f"{self.group}/{self.node}"


def parse(topic: str) -> Address:
    """Return what a topic says.

    Some hosts and libraries publish their state on other topics with `STATE` in the second or third level; nothing
    with `STATE` there is ever taken for a payload.

    Raises:
        ValueError: It is no topic of Sparkplug B; the message says why.
    """
    namespace, *levels = topic.split("/")
    if namespace != NAMESPACE:
        raise ValueError(f"no topic of Sparkplug B: it does not begin with {NAMESPACE}/")
    if MessageType.STATE in levels[:2]:
        return Address(MessageType.STATE, "", levels[1] if levels[0] == MessageType.STATE and len(levels) == 2 else "")  # noqa: PLR2004
    if len(levels) not in (3, 4) or not all(levels):
        raise ValueError("no topic of Sparkplug B: it is not group/type/node or group/type/node/device")
    group, kind, node, *rest = levels
    try:
        type_ = MessageType(kind)
    except ValueError:
        raise ValueError(f"no topic of Sparkplug B: there is no message type {kind[:40]!r}") from None
    if bool(rest) != (type_ in _OF_DEVICES):
        raise ValueError(f"no topic of Sparkplug B: {type_} {'needs a' if not rest else 'has no'} device")
    return Address(type_, group, node, *rest)


def topic_of(address: Address) -> str:
    """Return the topic of an edge node or device."""
    topic = f"{NAMESPACE}/{address.group}/{address.type}/{address.node}"
    return f"{topic}/{address.device}" if address.device else topic


def rebirth_topic(group: str, node: str) -> str:
    """Return the topic of commands to an edge node (topics-ncmd-topic)."""
    return f"{NAMESPACE}/{group}/{MessageType.NCMD}/{node}"


def state_topic(host_id: str) -> str:
    """Return the topic of a host application's state (host-topic-phid-birth-topic)."""
    return f"{NAMESPACE}/{MessageType.STATE}/{host_id}"


def legacy_state_topic(host_id: str) -> str:
    """Return the topic of the same in Sparkplug 2.2."""
    return f"{MessageType.STATE}/{host_id}"
