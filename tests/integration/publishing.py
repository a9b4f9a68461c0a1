"""An independent MQTT client that publishes, and knows what the broker has confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Publication(NamedTuple):
    """A message to publish."""

    topic: str
    payload: bytes
    retain: bool = False
    user_properties: tuple[tuple[str, str], ...] = ()


@contextmanager
def client(port: int, *, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> Iterator[Client]:
    """Connect to 127.0.0.1 and run in the background until the block ends."""
    made = Client(CallbackAPIVersion.VERSION2, protocol=version)
    made.max_inflight_messages_set(1000)
    made.max_queued_messages_set(0)
    made.connect("127.0.0.1", port)
    made.loop_start()
    try:
        yield made
    finally:
        made.disconnect()
        made.loop_stop()


def publish(to: Client, publications: Iterable[Publication], *, qos: int = 1) -> int:
    """Publish and wait until the broker has confirmed everything; return how many they were."""
    waiting: list[MQTTMessageInfo] = []
    for one in publications:
        properties = None
        if one.user_properties:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = list(one.user_properties)
        waiting.append(to.publish(one.topic, one.payload, qos, one.retain, properties))
    for info in waiting:
        info.wait_for_publish(60)
        assert info.is_published()
    return len(waiting)
