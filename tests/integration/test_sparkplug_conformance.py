"""What a primary host says on the wire, and when: the gateway itself, a real broker, and the bytes between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from paho.mqtt.client import Client, MQTTMessage

from adapters.sparkplug.codec import read
from tests.adapters.sparkplug.speaking import Speaking, by_alias
from tests.integration.documents import gateway_id, host
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, Mosquitto, StartMosquitto
from tests.servers.gateway import Gateway, StartGateway
from tests.servers.mqtt_wire import Kind, MqttWire, Packet, Publish, said

HISTORIAN = '[[sinks]]\nname = "local"\ntype = "historian"\n'
STATE = "spBv1.0/STATE/scada"
OFFLINE = b'{"online":false,"timestamp":1}'


class State(NamedTuple):
    """What a certificate says."""

    online: bool
    timestamp: int


def document(broker: Broker, wire: MqttWire, protocol: str = "5", **options: str) -> str:
    """Return a gateway that is a primary host and is connected through the tap."""
    options = {"role": '"primary"', "host_id": '"scada"', "reorder_timeout": '"0s"', **options}
    source = host(broker, **options).replace(broker.url, f"mqtt://127.0.0.1:{wire.port}")
    return (
        gateway_id()
        + source.replace("[sources.sparkplug]", f'protocol = "{protocol}"\n[sources.sparkplug]')
        + HISTORIAN
    )


def state_of(publish: Publish) -> State:
    """Return what a certificate says; it says nothing else."""
    told = json.loads(publish.payload)
    assert set(told) == {"online", "timestamp"}
    assert isinstance(told["online"], bool)
    assert isinstance(told["timestamp"], int)
    return State(**told)


def states(wire: MqttWire) -> list[State]:
    """Return the certificates that the host published."""
    return [state_of(publish) for publish in wire.published() if publish.topic == STATE]


class Life(NamedTuple):
    """What was said over the connections of one host, from its start to its stop.

    Attributes:
        conversations: The packets, connection by connection. The first one broke, the second one ended on purpose.
        began_ms: Before it began.
        retained: What the broker kept on the host's topic while it was there, and afterwards.
    """

    conversations: Sequence[Sequence[Packet]]
    began_ms: int
    retained: Sequence[bytes]

    @property
    def requests(self) -> list[Publish]:
        """What was published to edge nodes."""
        every = [packet.publish() for packets in self.conversations for packet in packets if said(packet)]
        return [publish for publish in every if publish.topic != STATE]

    def states(self, conversation: int) -> list[State]:
        """Return the certificates that were published over a connection."""
        every = [packet.publish() for packet in self.conversations[conversation] if said(packet)]
        return [state_of(publish) for publish in every if publish.topic == STATE]


def retained(port: int) -> bytes:
    """Return what the broker keeps on the host's topic."""
    kept: list[bytes] = []

    def take(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        if message.retain:
            kept.append(bytes(message.payload))

    with client(port) as listener:
        listener.on_message = take
        listener.subscribe(STATE, 1)
        wait_until(lambda: bool(kept), "the broker keeps a certificate")
    return kept[0]


@pytest.fixture(scope="module", params=["5", "3.1.1"])
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Let a primary host live: it is asked by an edge node, called offline, cut off, and stopped."""
    with ExitStack() as stack:
        broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
        stack.callback(broker.stop, kill=True)
        broker.start()
        wire = stack.enter_context(MqttWire(broker.port))
        running = Gateway(tmp_path_factory.mktemp("gateway"), document(broker, wire, request.param))
        stack.callback(running.kill)
        began_ms = Speaking().time_ms
        running.start()
        wait_until(lambda: len(states(wire)) == 1, "it is born")
        with client(broker.port) as other:
            publish(other, [Publication(*Speaking().data(by_alias(1, 1.0)))], qos=0)
            wait_until(lambda: len(wire.published()) == 2, "it asks for a rebirth")
            publish(other, [Publication(STATE, OFFLINE, retain=True)])
        wait_until(lambda: len(states(wire)) == 2, "it contradicts")
        kept = [retained(broker.port)]
        wire.cut_once()
        wait_until(lambda: len(wire.conversations) > 1 and bool(states(wire)[2:]), "it is born again")
        assert running.stop() == 0
        wait_until(lambda: any(one.kind is Kind.DISCONNECT for one in wire.conversations[-1]), "it has said goodbye")
        kept.append(retained(broker.port))
        yield Life(wire.conversations, began_ms, kept)


def test_each_connection_begins_with_a_clean_session(life: Life) -> None:
    for packets in life.conversations:
        assert packets[0].kind is Kind.CONNECT
        assert packets[0].connect().clean is True


def test_no_session_outlives_its_connection(life: Life) -> None:
    for packets in life.conversations:
        assert packets[0].connect().session_expiry in (None, 0)


def test_each_connect_has_a_will_on_the_state_topic(life: Life) -> None:
    wills = [packets[0].connect().will for packets in life.conversations]
    assert [will.topic for will in wills if will] == [STATE] * len(life.conversations)


def test_the_will_has_qos_1_and_is_retained(life: Life) -> None:
    for packets in life.conversations:
        will = packets[0].connect().will
        assert will is not None
        assert (will.qos, will.retain) == (1, True)


def test_the_will_says_offline_with_the_time_of_the_connect(life: Life) -> None:
    wills = [packets[0].connect().will for packets in life.conversations]
    first, second = (state_of(will) for will in wills if will)
    assert (first.online, second.online) == (False, False)
    assert first.timestamp < second.timestamp


def test_the_state_topic_and_the_edge_nodes_are_subscribed_to_right_after_connack(life: Life) -> None:
    for packets in life.conversations:
        after = [packet for packet in packets[2:] if packet.by_client and packet.kind is not Kind.PINGREQ]
        subscribes = [packet for packet in after if packet.kind is Kind.SUBSCRIBE]
        asked = [one for packet in subscribes for one in packet.subscribe()]
        assert packets[1].kind is Kind.CONNACK
        assert after[: len(subscribes)] == subscribes
        assert asked == [(STATE, 1), ("spBv1.0/#", 1)]


def test_nothing_is_subscribed_to_after_the_birth(life: Life) -> None:
    for packets in life.conversations:
        birth = next(number for number, packet in enumerate(packets) if said(packet))
        assert all(packet.kind is not Kind.SUBSCRIBE for packet in packets[birth:])


def test_the_birth_is_published_after_all_subscriptions_are_granted(life: Life) -> None:
    for packets in life.conversations:
        birth = next(number for number, packet in enumerate(packets) if said(packet))
        granted = [number for number, packet in enumerate(packets) if packet.kind is Kind.SUBACK]
        asked = [packet for packet in packets if packet.kind is Kind.SUBSCRIBE]
        assert len(granted) == len(asked)
        assert max(granted) < birth


def test_the_birth_is_the_first_message_of_each_connection(life: Life) -> None:
    for packets in life.conversations:
        first = next(packet for packet in packets if said(packet)).publish()
        assert first.topic == STATE
        assert state_of(first).online is True


def test_the_birth_has_qos_1_and_is_retained(life: Life) -> None:
    for packets in life.conversations:
        first = next(packet for packet in packets if said(packet)).publish()
        assert (first.qos, first.retain) == (1, True)


def test_the_birth_has_the_time_of_the_will(life: Life) -> None:
    for number, packets in enumerate(life.conversations):
        will = packets[0].connect().will
        assert will is not None
        assert life.states(number)[0] == State(online=True, timestamp=state_of(will).timestamp)


def test_an_offline_of_its_own_is_contradicted_with_the_time_of_the_birth(life: Life) -> None:
    birth, answer = life.states(0)
    assert answer == birth


def test_what_the_broker_keeps_meanwhile_says_online(life: Life) -> None:
    assert json.loads(life.retained[0])["online"] is True


def test_the_last_message_is_a_death_with_the_time_of_its_end(life: Life) -> None:
    *_, last = life.states(1)
    assert last.online is False
    assert last.timestamp > life.states(1)[0].timestamp


def test_the_death_has_qos_1_and_is_retained(life: Life) -> None:
    last = [packet for packet in life.conversations[1] if said(packet)][-1].publish()
    assert (last.topic, last.qos, last.retain) == (STATE, 1, True)


def test_disconnect_follows_the_death(life: Life) -> None:
    silent = (Kind.PUBACK, Kind.PINGREQ)
    spoken = [packet for packet in life.conversations[1] if packet.by_client and packet.kind not in silent]
    assert [packet.kind for packet in spoken[-2:]] == [Kind.PUBLISH, Kind.DISCONNECT]


def test_what_the_broker_keeps_afterwards_is_that_death(life: Life) -> None:
    assert State(**json.loads(life.retained[1])) == life.states(1)[-1]


def test_a_rebirth_is_asked_for_on_the_topic_of_the_edge_node(life: Life) -> None:
    assert [request.topic for request in life.requests][:1] == ["spBv1.0/G/NCMD/N"]


def test_the_request_has_qos_0_and_is_not_retained(life: Life) -> None:
    assert [(request.qos, request.retain) for request in life.requests][:1] == [(0, False)]


def test_the_request_has_its_time_and_no_sequence_number(life: Life) -> None:
    payload = read(life.requests[0].payload)
    assert payload.seq is None
    assert abs((payload.timestamp or 0) - life.states(0)[0].timestamp) < 60_000


def test_the_request_sets_node_control_rebirth_to_true(life: Life) -> None:
    (metric,) = read(life.requests[0].payload).metrics
    assert (metric.name, metric.value, metric.alias) == ("Node Control/Rebirth", True, None)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_host_that_is_killed_is_offline_with_the_time_of_its_connection(
    mosquitto: StartMosquitto, gateway: StartGateway, protocol: str
) -> None:
    broker = mosquitto()
    with MqttWire(broker.port) as wire:
        running = gateway(document(broker, wire, protocol))
        wait_until(lambda: len(states(wire)) == 1, "it is born")
        running.kill()
        wait_until(lambda: json.loads(retained(broker.port))["online"] is False, "the broker says that it is gone")
        assert State(**json.loads(retained(broker.port))).timestamp == states(wire)[0].timestamp


def test_on_each_of_several_brokers_the_state_is_the_first_message_and_has_a_time_of_its_own(
    mosquitto: StartMosquitto, gateway: StartGateway
) -> None:
    first, second = mosquitto(), mosquitto()
    with MqttWire(first.port) as one, MqttWire(second.port) as other:
        other.refuse()
        further = document(second, other).replace(gateway_id(), "").replace(HISTORIAN, "")
        running = gateway(document(first, one) + further.replace('"plant"', '"plant2"'), started=False)
        running.start(connected=False)
        wait_until(lambda: len(states(one)) == 1, "it is born at the first")
        other.pass_on()
        wait_until(lambda: len(states(other)) == 1, "it is born at the second", 60)
        assert [wire.published()[0].topic for wire in (one, other)] == [STATE, STATE]
        assert states(one)[0].timestamp < states(other)[0].timestamp
        with client(first.port) as publisher:
            publish(publisher, [Publication(STATE, OFFLINE)])
        wait_until(lambda: len(states(one)) == 2, "it contradicts at the first")
        assert states(one)[1] == states(one)[0]
        assert len(states(other)) == 1


def test_the_state_of_2_2_has_a_connection_of_its_own(mosquitto: StartMosquitto, gateway: StartGateway) -> None:
    broker = mosquitto()
    with MqttWire(broker.port) as wire:
        running = gateway(document(broker, wire, legacy_state="true"))
        wait_until(lambda: any(publish.topic == "STATE/scada" for publish in wire.published()), "it is told")
        assert running.stop() == 0
        legacy = [publish for publish in wire.published() if publish.topic == "STATE/scada"]
        wills = [packets[0].connect().will for packets in wire.conversations]
    assert [publish.payload for publish in legacy] == [b"ONLINE", b"OFFLINE"]
    assert {(publish.qos, publish.retain) for publish in legacy} == {(1, True)}
    assert Publish("STATE/scada", b"OFFLINE", 1, retain=True) in wills


@pytest.mark.parametrize("role", ["passive", "active"])
def test_a_host_that_is_not_primary_says_nothing_of_itself(
    mosquitto: StartMosquitto, gateway: StartGateway, role: str
) -> None:
    broker = mosquitto()
    with MqttWire(broker.port) as wire:
        running = gateway(document(broker, wire, role=f'"{role}"'))
        assert running.stop() == 0
        assert wire.published() == []
        assert wire.conversations[0][0].connect().will is None
