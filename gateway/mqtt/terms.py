"""What is asked of a broker, what it grants, and what can be done over a connection to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from gateway.models import Command
from gateway.mqtt.outcomes import ConnectionEnded

ANSWER_SECONDS = 5.0
"""How long a broker may take to answer CONNECT: one that does not know the protocol may never do."""

SUBSCRIBE_SECONDS = 30.0
"""How long it may take to answer SUBSCRIBE, behind all that it has queued."""


class Terms(NamedTuple):
    """What is asked of a broker.

    Attributes:
        keep_alive: Seconds; 0 for none.
        session_expiry: Seconds that the session is to outlive the connection (MQTT 5).
        receive_maximum: Messages that may be sent before one is acknowledged (MQTT 5).
        topic_filters: To subscribe to, each with a subscription identifier or None (MQTT 5).
        retained: Whether retained messages are wanted of subscriptions that the session has already (MQTT 5).
        clean_start: Begin with nothing, and leave nothing behind: what is on its way at the end is listened to, since
            nobody will send it again.
        will: What the broker publishes if the connection breaks.
        qos: Highest QoS wanted, by topic filter, where it is not 1.
    """

    client_id: str
    keep_alive: int
    session_expiry: int
    receive_maximum: int
    topic_filters: tuple[tuple[str, int | None], ...]
    retained: bool
    clean_start: bool = False
    will: Command | None = None
    qos: Mapping[str, int] = MappingProxyType({})


class Established(NamedTuple):
    """What a broker granted.

    Attributes:
        session_present: It still has the session, and with it what it queued.
        granted_qos: By topic filter; `REFUSED` and above: the reason why not.
        session_expiry: Seconds that it keeps the session, where it differs from what was asked.
        receive_maximum: Messages that it takes unacknowledged itself; None if it did not say.
        identifiers: Whether it knows subscription identifiers.
    """

    session_present: bool
    granted_qos: dict[str, int]
    session_expiry: int | None = None
    receive_maximum: int | None = None
    identifiers: bool = False


class Connection(Protocol):
    """A connection to a broker, to be used once. What arrives goes to the source's deliveries.

    Attributes:
        protocol: Version of MQTT, as the configuration writes it.
        ended: Done when the connection is gone, with the reason.
    """

    protocol: str
    ended: asyncio.Future[ConnectionEnded]

    async def open(self) -> Established:
        """Connect and subscribe.

        Raises:
            ConnectionEnded: It came to nothing.
        """

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send acknowledgements in this order; nothing happens if the connection is gone."""

    def publish(self, command: Command) -> bool:
        """Send a message; return whether it was sent."""

    async def confirmed(self, seconds: float) -> None:
        """Wait until the broker has confirmed what was published at QoS 1, or the connection is gone, or so long."""

    def pause_reading(self) -> None:
        """Take nothing more from the network, but stay connected."""

    def resume_reading(self) -> None:
        """Take more from the network again."""

    async def close(self) -> None:
        """Send what is waiting to be sent, say goodbye so that the broker keeps the session, and disconnect."""
