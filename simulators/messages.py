"""What is published: MQTT application messages, before anyone knows how they travel."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Publication(NamedTuple):
    """One MQTT application message to be published.

    Attributes:
        topic: Where.
        payload: Its bytes.
        qos: Quality of service.
        retain: Whether the broker keeps it for later subscribers.
        properties: MQTT 5 user properties; over 3.1.1 they are left out.
    """

    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = False
    properties: tuple[tuple[str, str], ...] = ()


class Disconnect(NamedTuple):
    """The connection is to be ended.

    Attributes:
        with_packet: Whether DISCONNECT is sent; without it the broker publishes the Will.
    """

    with_packet: bool = True


class Away(NamedTuple):
    """The connection ends or goes dead, and there is none before a time.

    Attributes:
        how: `goodbye`: with DISCONNECT, so that the broker forgets the Will. `cut`: as a cable that is pulled, and the
            broker publishes the Will. `dead`: nothing more is said or heard, and the connection stays open.
        until_ns: Virtual time, in nanoseconds since 1970.
    """

    how: Literal["goodbye", "cut", "dead"]
    until_ns: int
