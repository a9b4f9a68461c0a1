"""Writes commands as MQTT 5 PUBLISH packets, within what the broker takes, and hears what it says to them."""

from __future__ import annotations

import mqtt5
import structlog
from mqtt5 import QoS

from gateway.models import Command
from gateway.mqtt.outcomes import show
from gateway.mqtt.reasons import REFUSED, words

_LONGEST_ID = 65_535

_log = structlog.get_logger()


class Commands:
    """The commands sent over one connection.

    Args:
        answer: What the broker said to CONNECT: it names the limits.
        first_id: Packet identifiers below this are used for other things.
    """

    def __init__(self, answer: mqtt5.ConnAckPacket, first_id: int) -> None:
        self._answer, self._first_id = answer, first_id
        self._next_id = first_id
        self._unanswered: dict[int, str] = {}

    def write(self, command: Command) -> bytes | None:
        """Return the packet, at QoS 1 at most; None if the broker would not take it now, or for its length.

        Raises:
            ValueError: It cannot be a message: the topic is no topic, or something is too long.
        """
        qos = min(command.qos, self._answer.max_qos.value, 1)
        if qos and len(self._unanswered) >= min(self._answer.receive_max, _LONGEST_ID - self._first_id):
            return None
        packet_id = self._free_id() if qos else None
        packet = mqtt5.PublishPacket(
            command.topic,
            command.payload,
            qos=QoS(qos),
            retain=command.retain and self._answer.retain_available,
            packet_id=packet_id,
        ).write()
        if len(packet) > (self._answer.max_packet_size or len(packet)):
            return None
        if packet_id is not None:
            self._unanswered[packet_id] = command.topic
        return packet

    def answered(self, packet: mqtt5.PubAckPacket) -> None:
        """Note that the broker has taken or refused a command."""
        topic = self._unanswered.pop(packet.packet_id, "")
        if (code := packet.reason_code.value) >= REFUSED:
            _log.warning("The broker refused a command", topic=show(topic), reason=words(code))

    @property
    def unanswered(self) -> bool:
        """Whether the broker has still to say what it did with one."""
        return bool(self._unanswered)

    def _free_id(self) -> int:
        while self._next_id in self._unanswered or self._next_id > _LONGEST_ID:
            self._next_id = self._first_id if self._next_id >= _LONGEST_ID else self._next_id + 1
        return self._next_id
