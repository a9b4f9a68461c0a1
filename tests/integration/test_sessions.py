"""A whole gateway with a source whose connection an adapter owns: what others hear of it, and what it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import Client, MQTTMessage

from tests.integration.documents import gateway_id, influxdb
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import StartGateway
from tests.servers.http_proxy import HttpProxy

HISTORIAN = '[[sinks]]\nname = "local"\ntype = "historian"\n'
BOTH_VERSIONS = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


def source(broker: Broker, protocol: str = "5", **options: str | bool) -> str:
    """Return a gateway with one source, whose session has these options."""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items())
    return (
        f'{gateway_id()}[[sources]]\nname = "plant"\nurl = "{broker.url}"\nprotocol = "{protocol}"\n'
        'session = "tests.gateway.mqtt.hosts:FakeHost"\n'
        '[[routes]]\nsource = "plant"\nadapter = "tests.gateway.mqtt.hosts:FakeHost"\ntopic = "plant/#"\n'
        f"[routes.options]\n{lines}"
    )


@contextmanager
def hearing(port: int, topic: str) -> Iterator[list[bytes]]:
    """Collect what is published on a topic until the block ends."""
    heard: list[bytes] = []

    def take(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        heard.append(bytes(message.payload))

    with client(port) as listener:
        listener.on_message = take
        listener.subscribe(topic, 1)
        yield heard


def online(heard: list[bytes]) -> list[bool]:
    """Return what was said of being online, in order."""
    return [json.loads(payload)["online"] for payload in heard]


@BOTH_VERSIONS
def test_a_kill_brings_the_will_and_a_stop_the_last_words(
    mosquitto: StartMosquitto, gateway: StartGateway, protocol: str
) -> None:
    broker = mosquitto()
    with hearing(broker.port, "plant/STATE/gw") as heard:
        running = gateway(source(broker, protocol) + HISTORIAN)
        wait_until(lambda: online(heard) == [True], "it is there")
        running.kill()
        wait_until(lambda: online(heard) == [True, False], "the broker says that it is gone")
        running.start()
        wait_until(lambda: online(heard) == [True, False, True], "it is there again")
        assert running.stop() == 0
        wait_until(lambda: online(heard) == [True, False, True, False], "it says that it goes")
    times = [json.loads(payload)["timestamp"] for payload in heard]
    assert times[0] == times[1] < times[2] < times[3]


def test_a_companion_speaks_over_a_connection_of_its_own(mosquitto: StartMosquitto, gateway: StartGateway) -> None:
    broker = mosquitto()
    with hearing(broker.port, "plant/STATE/old") as heard:
        running = gateway(source(broker, second="old") + HISTORIAN)
        wait_until(lambda: online(heard) == [True], "it is there")
        status = running.status()
        assert status is not None
        sources = status["sources"]
        assert isinstance(sources, dict)
        assert set(sources) == {"plant", "plant (companion)"}
        running.kill()
        wait_until(lambda: online(heard) == [True, False], "the broker says that it is gone")
        running.start()
        wait_until(lambda: online(heard) == [True, False, True], "it is there again")
        assert running.stop() == 0
        wait_until(lambda: online(heard) == [True, False, True, False], "it says that it goes")


@BOTH_VERSIONS
def test_all_that_the_broker_sent_before_the_gateway_stopped_is_stored(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway, protocol: str
) -> None:
    broker = mosquitto("max_queued_messages 0")
    influxd.create_database("plant")
    running = gateway(source(broker, protocol) + influxdb(influxd), linger='"10s"')
    with client(broker.port) as publisher:
        publish(publisher, [Publication("plant/m1", b"%d" % number) for number in range(20_000)], qos=0)
        running.until(lambda status: status["sources"]["plant"]["received"] >= 100, "some have come")  # type: ignore[index, call-overload, operator]
        assert running.stop() == 0
    sent = broker.log.read_text().count("Sending PUBLISH to gw-plant (d0, q0, r0, m0, 'plant/m1'")
    running.start()

    def stored() -> int:
        rows = influxd.query("SELECT count(x) FROM fake", "plant")
        return int(str(rows[0]["count"])) if rows else 0

    wait_until(lambda: stored() >= sent > 100, f"all {sent} are stored")
    assert stored() == sent


def test_what_an_adapter_says_as_time_passes_is_sent(mosquitto: StartMosquitto, gateway: StartGateway) -> None:
    broker = mosquitto()
    gateway(source(broker, ask=True) + HISTORIAN)
    with hearing(broker.port, "plant/cmd/answer") as heard, client(broker.port) as publisher:
        publish(publisher, [Publication("plant/m1", b"42")])
        wait_until(lambda: b"42" in heard, "it answers")


def test_where_the_adapter_knows_the_place_it_becomes_tags(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    gateway(source(broker) + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, [Publication("plant/h1/a/m1", b"42")])
    wait_until(lambda: bool(influxd.query("SELECT * FROM fake", "plant")), "it is stored")
    (row,) = influxd.query('SELECT "asset", "hall", "x" FROM fake', "plant")
    assert (row["asset"], row["hall"], row["x"]) == ("m1", "h1/a", 42)


@BOTH_VERSIONS
def test_while_the_spool_is_nearly_full_it_says_that_it_is_away(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway, protocol: str
) -> None:
    broker = mosquitto("max_queued_messages 0")
    influxd.create_database("plant")
    with HttpProxy(influxd.port) as proxy, hearing(broker.port, "plant/STATE/gw") as heard:
        proxy.refuse()
        sink = influxdb(influxd).replace(influxd.url, f"http://127.0.0.1:{proxy.port}")
        running = gateway(source(broker, protocol) + sink, max_bytes='"20kB"')
        wait_until(lambda: online(heard) == [True], "it is there")
        sent = 0
        with client(broker.port) as publisher:
            while online(heard) == [True]:
                sent += publish(publisher, [Publication("plant/m1", b"%d" % sent)], qos=0)
                running.until(lambda status: status["sources"]["plant"]["received"] >= sent, "it has come")  # type: ignore[index, call-overload, operator]  # noqa: B023
                assert sent < 2000
        assert online(heard) == [True, False]
        proxy.pass_on()
        wait_until(lambda: online(heard) == [True, False, True], "there is room again", 60)
        running.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
        rows = influxd.query("SELECT count(x) FROM fake", "plant")
        assert int(str(rows[0]["count"])) == sent
