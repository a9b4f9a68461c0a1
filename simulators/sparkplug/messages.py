"""What an edge node says, on its way from values to bytes: faults change it between the two."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

from adapters.sparkplug.codec import Payload, write
from simulators.messages import Disconnect, Publication
from simulators.sparkplug.plan import Content

NAMESPACE = "spBv1.0"
BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
DEVICE_REBIRTH = "Device Control/Rebirth"


class Kind(StrEnum):
    """The message types of an edge node (Sparkplug 3.0, chapter 4). STATE stands for topics that imitate a host's."""

    NBIRTH = "NBIRTH"
    DBIRTH = "DBIRTH"
    NDATA = "NDATA"
    DDATA = "DDATA"
    NDEATH = "NDEATH"
    DDEATH = "DDEATH"
    STATE = "STATE"

    @property
    def is_birth(self) -> bool:
        """Whether it says what there is."""
        return self in (Kind.NBIRTH, Kind.DBIRTH)

    @property
    def is_data(self) -> bool:
        """Whether it says what has changed."""
        return self in (Kind.NDATA, Kind.DDATA)


class Said(NamedTuple):
    """One value that was sent, to be compared with what arrived.

    Attributes:
        topic: Of its message.
        metric: Name of the metric, as births have it.
        timestamp_ms: When it was measured, in milliseconds since 1970-01-01T00:00:00Z, whatever a fault made of it.
        value: None where there was none.
        historical: Whether it was measured while nobody listened, and sent later.
    """

    topic: str
    metric: str
    timestamp_ms: int
    value: Content
    historical: bool


class Wire(NamedTuple):
    """How a payload becomes bytes.

    Attributes:
        signed: Width of a negative number: that of its datatype, or extended to its field.
        uint32: The field of a UInt32.
        datatypes: Whether metrics tell their types; data messages should not (payloads-metric-datatype-not-req).
        also: What is done to the bytes at last: compress, cut, replace them.
    """

    signed: Literal["width", "extended"] = "width"
    uint32: Literal["int", "long"] = "int"
    datatypes: bool = True
    also: Callable[[bytes], bytes] | None = None


class Message(NamedTuple):
    """One message before it is bytes.

    Attributes:
        kind: Its type.
        device: The device that it speaks for; empty for the node.
        payload: Its content; the sequence number is set when the faults have shaped it.
        told: The values in it, for the record.
        wire: How it is encoded.
        qos: Quality of service.
        retain: Whether the broker keeps it.
        is_will: Whether the broker says it when the connection is lost.
    """

    kind: Kind
    device: str
    payload: Payload
    told: tuple[Said, ...] = ()
    wire: Wire = Wire()
    qos: Literal[0, 1] = 0
    retain: bool = False
    is_will: bool = False


Action: TypeAlias = Publication | Disconnect
"""What a node wants done; to be done in order."""


def topic(group: str, kind: Kind, node: str, device: str = "") -> str:
    """Return the topic of a message (topic-structure)."""
    return f"{NAMESPACE}/{group}/{kind}/{node}" + (f"/{device}" if device else "")


def encode(message: Message, group: str, node: str) -> Publication:
    """Return the message as it goes to the broker."""
    wire = message.wire
    payload = write(message.payload, signed=wire.signed, uint32=wire.uint32, datatypes=wire.datatypes)
    if wire.also is not None:
        payload = wire.also(payload)
    return Publication(topic(group, message.kind, node, message.device), payload, message.qos, message.retain)
