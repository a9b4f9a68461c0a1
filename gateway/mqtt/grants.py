"""Says in the log what a broker granted and what it did not, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from gateway.mqtt.reasons import REFUSED, SUBSCRIBE_REMEDIES, words
from gateway.mqtt.terms import Established
from gateway.settings.sources import MqttSource

_SECOND = 1_000_000_000


def tell(
    log: structlog.typing.FilteringBoundLogger,
    settings: MqttSource,
    protocol: str,
    established: Established,
    *,
    gap: bool,
    copies: bool,
    qos: Mapping[str, int],
) -> None:
    """Log the connection, then everything about it that an operator may want to change.

    Args:
        log: Where to.
        settings: What was asked for.
        protocol: Version of MQTT.
        established: What was granted.
        gap: Whether the session that was there before is gone.
        copies: Whether there are filters that overlap.
        qos: The QoS that was asked for, by topic filter, where it is not 1.
    """
    log.info("Connected", url=settings.url, protocol=protocol, session_present=established.session_present)
    if gap:
        log.error(
            "The broker has forgotten the session: what it had queued since the last connection is lost",
            remedy="let the broker keep sessions longer, and on disk; see that nothing else uses this client id",
        )
    expiry = established.session_expiry
    if settings.session is None and expiry is not None and expiry * _SECOND < settings.session_expiry:
        log.warning(
            "The broker keeps the session for a shorter time than asked: longer outages lose messages", seconds=expiry
        )
    # Whoever owns a connection chose its filters: what may come twice is what it says itself.
    if copies and settings.session is None and not established.identifiers:
        log.warning(
            "Topic filters overlap and this broker does not say by which one a message came: messages may come twice",
            remedy="write routes that do not overlap",
        )
    if settings.shared_group is not None and protocol != "5":
        log.warning(
            "Shared subscriptions are no part of MQTT 3.1.1: from a broker that does not know them nothing will come",
            remedy="remove shared_group, or use a broker that speaks MQTT 5",
        )
    for topic_filter, code in established.granted_qos.items():
        if code >= REFUSED:
            log.error(
                "The broker refused a subscription: nothing will come by it",
                topic_filter=topic_filter,
                reason=words(code),
                remedy=SUBSCRIBE_REMEDIES.get(code, "see the broker's log, and its access list for this topic"),
            )
        elif code == 0 and qos.get(topic_filter, 1):
            log.warning(
                "The broker grants only QoS 0: what is on its way when the connection breaks is lost",
                topic_filter=topic_filter,
                remedy="let the broker allow QoS 1",
            )
