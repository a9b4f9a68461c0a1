"""The beginning of an MQTT 5 connection: what to say, and what the broker's answers mean."""

from __future__ import annotations

from collections.abc import Iterator

import mqtt5
from mqtt5 import QoS, RetainHandling

from gateway.models import Command
from gateway.mqtt.endpoint import Endpoint
from gateway.mqtt.outcomes import ConnectionEnded, Refused, VersionUnsupported, show, taken_over
from gateway.mqtt.reasons import CONNECT_REMEDIES, REFUSED, SESSION_TAKEN_OVER, UNSUPPORTED_PROTOCOL_VERSION, words
from gateway.mqtt.terms import Established, Terms


def connect(terms: Terms, endpoint: Endpoint) -> bytes:
    """Return CONNECT.

    It names no maximum packet size: a broker would then acknowledge longer messages to whoever published them and
    drop them without a word (mosquitto does). And it allows no topic aliases.
    """
    return mqtt5.ConnectPacket(
        terms.client_id,
        username=endpoint.username,
        password=endpoint.password,
        clean_start=terms.clean_start,
        will=None if terms.will is None else _will(terms.will),
        keep_alive=terms.keep_alive,
        session_expiry_interval=terms.session_expiry,
        receive_max=terms.receive_maximum,
        topic_alias_max=0,
    ).write()


def _will(will: Command) -> mqtt5.Will:
    qos = QoS.AT_LEAST_ONCE if will.qos else QoS.AT_MOST_ONCE
    return mqtt5.Will(will.topic, payload=will.payload, qos=qos, retain=will.retain)


def subscribe(terms: Terms, *, identifiers: bool) -> Iterator[tuple[int, str, bytes]]:
    """Yield packet identifier, topic filter and SUBSCRIBE, one for each filter, as identifiers ask for.

    At QoS 1 at most: at QoS 2 a message counts as taken before anybody could have stored it.
    """
    handling = RetainHandling.SEND_ALWAYS if terms.retained else RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
    for packet_id, (topic_filter, identifier) in enumerate(terms.topic_filters, 1):
        wanted = mqtt5.TopicFilter(
            topic_filter,
            max_qos=QoS.AT_LEAST_ONCE if terms.qos.get(topic_filter, 1) else QoS.AT_MOST_ONCE,
            retain_as_published=False,
            retain_handling=handling,
        )
        subscription_id = identifier if identifiers else None
        yield (
            packet_id,
            topic_filter,
            mqtt5.SubscribePacket(packet_id, [wanted], subscription_id=subscription_id).write(),
        )


def judge(code: int, said: str | None = None) -> None:
    """See whether the broker takes us, given the code of CONNACK and the broker's own words, if it has any.

    Raises:
        VersionUnsupported: It does not speak MQTT 5.
        Refused: It does not, until an operator has acted.
        ConnectionEnded: It does not now.
    """
    if code < REFUSED:
        return
    reason = f"the broker refuses the connection, {words(code)}{f': {show(said)}' if said else ''}"
    if code == UNSUPPORTED_PROTOCOL_VERSION:
        raise VersionUnsupported(reason)
    if code in CONNECT_REMEDIES:
        raise Refused(reason, CONNECT_REMEDIES[code])
    raise ConnectionEnded(reason)


def established(answer: mqtt5.ConnAckPacket, granted_qos: dict[str, int]) -> Established:
    """Return what was granted."""
    return Established(
        answer.session_present,
        granted_qos,
        answer.session_expiry_interval,
        answer.receive_max,
        answer.subscription_id_available,
    )


def farewell(packet: mqtt5.DisconnectPacket) -> ConnectionEnded:
    """Say what the broker's DISCONNECT means."""
    if packet.reason_code.value == SESSION_TAKEN_OVER:
        return taken_over("another client connected with the same client id")
    said = f": {show(packet.reason_str)}" if packet.reason_str else ""
    return ConnectionEnded(f"the broker disconnected, {words(packet.reason_code.value)}{said}")
