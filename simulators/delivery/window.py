"""What a connection has to send, and what of it is on its way: no more at QoS 1 than the broker takes at a time."""

from __future__ import annotations

from collections import deque

import mqtt5

from simulators.messages import Publication

_MOST = 1_000
"""Messages on their way at most; the broker's receive maximum is often less."""


class Window:
    """The messages of one connection that are not acknowledged, or not sent.

    Attributes:
        acknowledged: How many messages at QoS 1 the broker has acknowledged.
    """

    def __init__(self) -> None:
        self.acknowledged = 0
        self._room = 0
        self._packet_id = 0
        self._unacknowledged: dict[int, Publication] = {}
        self._queue: deque[tuple[Publication, bool]] = deque()

    def open(self, receive_maximum: int) -> None:
        """Let messages go, as many at a time as the broker takes."""
        self._room = min(receive_maximum, _MOST)

    @property
    def waiting(self) -> int:
        """How many messages wait for an acknowledgement of theirs or of those before them."""
        return len(self._unacknowledged) + len(self._queue)

    def left(self) -> list[tuple[Publication, bool]]:
        """Return what was not acknowledged or not sent, in order, each with whether it had been sent."""
        return [(publication, True) for publication in self._unacknowledged.values()] + list(self._queue)

    def put(self, publication: Publication, *, duplicate: bool) -> None:
        """Take a message; `duplicate` if it was sent before, over another connection."""
        self._queue.append((publication, duplicate))

    def acknowledge(self, packet_id: int) -> None:
        """Take note of an acknowledgement."""
        self.acknowledged += self._unacknowledged.pop(packet_id, None) is not None

    def packets(self) -> bytes:
        """Return the packets of all messages that may go now."""
        packets = []
        while self._queue and (not self._queue[0][0].qos or len(self._unacknowledged) < self._room):
            publication, duplicate = self._queue.popleft()
            packet_id = None
            if publication.qos:
                self._packet_id = packet_id = self._packet_id % 65_535 + 1
                self._unacknowledged[packet_id] = publication
            packets.append(
                mqtt5.PublishPacket(
                    publication.topic,
                    publication.payload,
                    qos=mqtt5.QoS.AT_LEAST_ONCE if publication.qos else mqtt5.QoS.AT_MOST_ONCE,
                    retain=publication.retain,
                    packet_id=packet_id,
                    duplicate=duplicate and publication.qos > 0,
                    user_properties=list(publication.properties),
                ).write()
            )
        return b"".join(packets)
