"""SIGTERM ends the gateway within ten seconds, with exit code 0 and nothing lost, whatever hangs around it.

The messages have no time of their own and equal payloads, so that one that is lost or stored twice shows.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from tests.integration.documents import CNC, gateway_id
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import Broker, StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import Gateway, StartGateway
from tests.servers.http_proxy import HttpProxy, Silence
from tests.servers.proxy import Proxy

LOAD = ("max_queued_messages 0", "max_inflight_messages 0")
PROMISE = 10
"""Seconds; containers are killed after that."""


class Plant(NamedTuple):
    """A broker and a database, each behind a proxy, and the gateway between them."""

    broker: Broker
    to_broker: Proxy
    influxd: Influxd
    to_influxd: HttpProxy
    gateway: Gateway

    def publish(self, count: int) -> None:
        """Publish past the proxy."""
        with client(self.broker.port) as publisher:
            publish(publisher, [Publication("s1/m1/telemetry", b'{"n": 1}')] * count)

    def end(self) -> int:
        """Send SIGTERM; return the exit code, which must come within the time that was promised."""
        process = self.gateway._process
        assert process is not None
        process.terminate()
        code = process.wait(PROMISE)
        self.gateway._process = None
        return code

    def all_is_stored(self, count: int) -> bool:
        """Start it again with everything well; return whether each message becomes one point."""
        self.to_broker.pass_on()
        self.to_influxd.spare()
        self.to_influxd.pass_on()
        self.gateway.start()
        wait_until(lambda: self.points() >= count, f"{count} points are stored", 60)
        self.gateway.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
        return self.points() == count

    def points(self) -> int:
        """Return how many points there are."""
        rows = self.influxd.query("SELECT count(n) FROM cnc", "plant")
        return int(str(rows[0]["count"])) if rows else 0


BOTH_VERSIONS = pytest.mark.parametrize("plant", ["5", "3.1.1"], indirect=True)


@pytest.fixture
def plant(
    request: pytest.FixtureRequest, mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> Iterator[Plant]:
    """Start everything, with MQTT 5 unless the test asks for another version."""
    version = getattr(request, "param", "5")
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    with ExitStack() as stack:
        to_broker, to_influxd = (
            stack.enter_context(Proxy(broker.port)),
            stack.enter_context(HttpProxy(influxd.port)),
        )
        document = (
            f'{gateway_id()}[[sources]]\nname = "plant"\nurl = "mqtt://127.0.0.1:{to_broker.port}"\n'
            f'protocol = "{version}"\n{CNC}'
            '[[sinks]]\nname = "db"\ntype = "influxdb"\napi = "v1"\ndatabase = "plant"\n'
            f'url = "http://127.0.0.1:{to_influxd.port}"\n'
        )
        yield Plant(broker, to_broker, influxd, to_influxd, gateway(document, max_bytes='"100kB"'))


def test_an_idle_gateway_ends(plant: Plant) -> None:
    plant.publish(10)
    plant.gateway.until_settled(10)
    assert plant.end() == 0
    assert '"The gateway has stopped"' in plant.gateway.log.read_text()
    assert plant.all_is_stored(10)


@BOTH_VERSIONS
def test_a_gateway_under_load_ends(plant: Plant) -> None:
    for _ in range(3):
        plant.publish(3000)
        plant.gateway.until(lambda status: status["messages"]["received"] > 0, "some have arrived")  # type: ignore[index, call-overload, operator]
        assert plant.end() == 0
        plant.gateway.start()
    assert plant.end() == 0
    assert plant.all_is_stored(9000)


def test_a_gateway_whose_database_never_answers_ends(plant: Plant) -> None:
    plant.to_influxd.spoil(Silence())
    plant.publish(100)
    wait_until(lambda: plant.to_influxd.spoiled > 0, "a write hangs")
    assert plant.end() == 0
    assert plant.all_is_stored(100)


def test_a_gateway_whose_database_has_written_and_never_answers_ends(plant: Plant) -> None:
    plant.to_influxd.spoil(Silence(), forward=True)
    plant.publish(100)
    wait_until(lambda: plant.points() == 100, "it is written, and nobody says so")
    assert plant.end() == 0
    assert plant.all_is_stored(100)


def test_a_gateway_whose_database_is_away_ends(plant: Plant) -> None:
    plant.to_influxd.refuse()
    plant.publish(100)
    plant.gateway.until(lambda status: status["sinks"]["db"]["state"] == "retrying", "it waits for the database")  # type: ignore[index, call-overload]
    assert plant.end() == 0
    assert plant.all_is_stored(100)


@BOTH_VERSIONS
def test_a_gateway_whose_broker_is_stalled_ends(plant: Plant) -> None:
    plant.publish(100)
    plant.gateway.until_settled(100)
    plant.to_broker.stall()
    plant.publish(100)
    assert plant.end() == 0
    plant.to_broker.cut()
    assert plant.all_is_stored(200)


@BOTH_VERSIONS
def test_a_gateway_that_is_just_connecting_to_a_stalled_broker_ends(plant: Plant) -> None:
    plant.publish(100)
    plant.gateway.until_settled(100)
    plant.to_broker.stall()
    plant.to_broker.cut_once()
    plant.to_broker.stall()
    plant.gateway.until(lambda status: status["sources"]["plant"]["state"] == "connecting", "it is connecting")  # type: ignore[index, call-overload]
    assert plant.end() == 0
    plant.to_broker.cut()
    assert plant.all_is_stored(100)


def test_a_gateway_with_a_full_spool_ends(plant: Plant) -> None:
    plant.to_influxd.refuse()
    for _ in range(10):
        plant.publish(1000)
    plant.gateway.until(lambda status: status["spool"]["state"] == "full", "the spool is full")  # type: ignore[index, call-overload]
    assert plant.end() == 0
    assert plant.all_is_stored(10_000)


@BOTH_VERSIONS
def test_a_gateway_around_which_everything_hangs_ends(plant: Plant) -> None:
    plant.to_influxd.spoil(Silence())
    for _ in range(10):
        plant.publish(1000)
    plant.gateway.until(lambda status: status["spool"]["state"] == "full", "the spool is full")  # type: ignore[index, call-overload]
    plant.to_broker.stall()
    assert plant.end() == 0
    plant.to_broker.cut()
    plant.to_influxd.cut()
    assert plant.all_is_stored(10_000)


def test_a_second_signal_ends_it_at_once_and_loses_nothing(plant: Plant) -> None:
    plant.to_influxd.spoil(Silence())
    plant.publish(100)
    wait_until(lambda: plant.to_influxd.spoiled > 0, "a write hangs, so that it would take a while")
    process = plant.gateway._process
    assert process is not None
    process.terminate()
    wait_until(lambda: "The gateway stops" in plant.gateway.log.read_text(), "it has seen the first")
    process.send_signal(signal.SIGINT)
    assert process.wait(PROMISE) == 1
    assert "The gateway has stopped" not in plant.gateway.log.read_text()
    plant.gateway._process = None
    assert plant.all_is_stored(100)
