"""The programs of other libraries tell what their libraries have published, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import MQTTMessage

from adapters.sparkplug.codec import DataType, Payload, read, value_of, write
from adapters.sparkplug.codec import Metric as WireMetric
from tests.integration.publishing import client
from tests.servers import wait_until
from tests.servers.brokers import Broker, StartMosquitto
from tests.servers.edge_nodes import LIBRARIES, StartEdgeNode, metric

TIME_MS = 1_700_000_000_123
INTERNAL = ("bdSeq", "Node Control/Rebirth", "CMD/Node Control/Rebirth")


@contextmanager
def listening(broker: Broker) -> Iterator[list[MQTTMessage]]:
    """Collect all messages."""
    messages: list[MQTTMessage] = []
    subscribed: list[bool] = []
    with client(broker.port) as subscriber:
        subscriber.on_message = lambda _client, _data, message: messages.append(message)
        subscriber.on_subscribe = lambda *_: subscribed.append(True)
        wait_until(subscriber.is_connected, "it is connected")
        subscriber.subscribe("spBv1.0/#")
        wait_until(lambda: bool(subscribed), "it is subscribed")
        yield messages


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_told_is_on_the_wire(mosquitto: StartMosquitto, edge_node: StartEdgeNode, library: str) -> None:
    broker = mosquitto()
    with listening(broker) as messages:
        node = edge_node(library, broker)
        node.connect(
            [metric("a/b", "Int8", -3, TIME_MS, alias=5)], {"d": [metric("c", "Int64", -(2**63), TIME_MS + 1)]}
        )
        node.data([metric("a/b", "Int8", -4, TIME_MS + 2)])
        node.data([metric("c", "Int64", 2**63 - 1, TIME_MS + 3)], "d")
        node.death()
        wait_until(lambda: len(messages) >= len(node.said), "all has come")
    assert sorted(kind for kind, _, _ in node.said) == sorted(message.topic.split("/")[2] for message in messages)
    names: dict[int, str] = {}
    types: dict[str, int | None] = {}
    on_the_wire = set()
    for message in messages:
        for one in read(bytes(message.payload)).metrics:
            if one.name and one.alias is not None:
                names.setdefault(one.alias, one.name)
            name = one.name or names[one.alias or 0]
            types.setdefault(name, one.datatype)
            if name not in INTERNAL:
                on_the_wire.add((message.topic.split("/")[2], name, value_of(one, types[name]), one.timestamp))
    told = {(kind, one["name"], one["value"], one["time"]) for kind, _, metrics in node.said for one in metrics}
    assert {one for one in told if one[1] not in INTERNAL} == on_the_wire


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_rebirth_is_answered_as_the_library_does(
    mosquitto: StartMosquitto, edge_node: StartEdgeNode, library: str
) -> None:
    broker = mosquitto()
    rebirth = WireMetric(name="Node Control/Rebirth", timestamp=TIME_MS, datatype=DataType.BOOLEAN, value=True)
    with listening(broker) as messages, client(broker.port) as host:
        node = edge_node(library, broker, name="n9")
        node.connect([metric("a", "Double", 1.5, TIME_MS)])
        wait_until(lambda: bool(messages), "it is born, and so it listens")
        host.publish("spBv1.0/G/NCMD/n9", write(Payload(timestamp=TIME_MS, metrics=[rebirth]))).wait_for_publish(10)
        wait_until(lambda: [kind for kind, _, _ in node.said].count("NBIRTH") == 2, "it is born again")
    assert node.rebirths == 1
