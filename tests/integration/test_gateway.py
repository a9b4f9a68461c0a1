"""The real gateway between real servers: what is published comes out of the database, whatever fails."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable

import pytest

from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import Gateway, StartGateway

START_MS = time.time_ns() // 1_000_000 - 3_600_000
LOAD = ("max_queued_messages 0", "max_inflight_messages 0")


def numbered(count: int, machines: int = 10, first: int = 0) -> Iterable[Publication]:
    """Yield messages with times of their own, of each number another, so that each is one point."""
    for number in range(first, first + count):
        payload = json.dumps({"ts": START_MS + number, "n": number, "x": number / 8}).encode()
        yield Publication(f"s1/m{number % machines}/telemetry", payload)


def numbers(influxd: Influxd, field: str = "n") -> list[float]:
    """Return all values of a field, sorted."""
    rows = influxd.query(f"SELECT {field} FROM cnc", "plant")
    return sorted(float(row[field]) for row in rows if row[field] is not None)  # type: ignore[arg-type]  # numbers


def test_what_is_published_comes_out_of_the_database(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, numbered(1000))
    counts = running.until_settled(1000)
    assert counts == {"received": 1000, "stored": 1000, "quarantined": 0, "waiting": 0, "ignored": 0}
    assert numbers(influxd) == list(range(1000))
    assert running.stop() == 0


def test_a_broker_and_a_database_that_are_down_are_waited_for(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    broker.stop()
    influxd.stop()
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd), started=False)
    running.start(connected=False)
    running.until(lambda status: status["sources"]["plant"]["state"] == "waiting", "it waits for the broker")  # type: ignore[index, call-overload]
    broker.start()
    running.until(lambda status: status["sources"]["plant"]["state"] == "connected", "it is connected")  # type: ignore[index, call-overload]
    with client(broker.port) as publisher:
        publish(publisher, numbered(100))
    running.until(lambda status: status["sinks"]["db"]["state"] == "retrying", "it waits for the database")  # type: ignore[index, call-overload]
    assert running.messages()["waiting"] == 100
    influxd.start()
    running.until_settled(100)
    assert numbers(influxd) == list(range(100))
    log = running.log.read_text()
    assert "There is no connection to the broker" in log
    assert "The sink takes records again" in log


def test_kill_9_in_the_middle_of_100_000_messages_loses_none(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    generator = random.Random(7)
    with client(broker.port) as publisher:
        for part in range(4):
            publish(publisher, numbered(25_000, first=part * 25_000))
            wait_until(lambda: running.messages()["received"] > generator.randrange(10_000), "some have arrived")
            running.kill()
            running.start()
    wait_until(lambda: len(numbers(influxd)) >= 100_000, "all are in the database", 120)
    assert numbers(influxd) == list(range(100_000))


def test_of_two_gateways_side_by_side_either_may_die_and_nothing_is_missing_or_doubled(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto(*LOAD)
    influxd.create_database("plant")
    pair = [gateway(gateway_id(name) + source(broker) + CNC + influxdb(influxd)) for name in ("left", "right")]
    generator = random.Random(11)
    with client(broker.port) as publisher:
        for part in range(6):
            victim: Gateway = pair[part % 2]
            publish(publisher, numbered(3000, first=part * 3000))
            wait_until(lambda of=victim: of.messages()["received"] > generator.randrange(2000), "some have arrived")  # type: ignore[misc]
            victim.kill()
            publish(publisher, numbered(1000, first=20_000 + part * 1000))
            victim.start()
    expected = sorted([*range(18_000), *range(20_000, 26_000)])
    wait_until(lambda: len(numbers(influxd)) >= len(expected), "all are in the database", 120)
    assert numbers(influxd) == expected


def test_a_metric_that_changes_its_type_costs_no_value_and_no_conflict(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    start_ms = time.time_ns() // 1_000_000 - 60_000
    values: list[object] = [1, 2.5, "on", True, 2**60, 2**64, "off", False, 3] * 5
    with client(broker.port) as publisher:
        publish(
            publisher,
            [
                Publication(f"s1/m{number % 3}/telemetry", json.dumps({"ts": start_ms + number, "x": value}).encode())
                for number, value in enumerate(values)
            ],
        )
    counts = running.until_settled(len(values))
    assert (counts["stored"], counts["quarantined"]) == (len(values), 0)
    stored = {}
    for suffix in ("", "_int", "_text", "_bool"):
        for row in influxd.query(f'SELECT "x{suffix}" FROM cnc', "plant"):
            stored[int(row["time"]) // 1_000_000 - start_ms] = row[f"x{suffix}"]  # type: ignore[arg-type]  # ns
    assert [stored[number] for number in range(len(values))] == [str(v) if v == 2**64 else v for v in values]


def test_the_last_quality_is_the_quality_now(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    route = CNC.replace("{machine}/telemetry", "{machine}/{metric...}")
    running = gateway(gateway_id() + source(broker) + route + influxdb(influxd))
    start_ms = time.time_ns() // 1_000_000 - 60_000
    last: object = None
    with client(broker.port) as publisher:
        for number, (quality, expected) in enumerate([("GOOD", 192), ("BAD", 0), ("BAD", 0), ("GOOD", 192)]):
            reading = {"timestamp_ms": start_ms + number, "value": 20.0 + number, "quality": quality}
            publish(publisher, [Publication("s1/m1/temp", json.dumps(reading).encode())])
            running.until_settled(number + 1)
            ((last),) = [row["last"] for row in influxd.query("SELECT last(temp_q) FROM cnc", "plant")]
            assert last == expected
    marks = influxd.query("SELECT temp_q FROM cnc", "plant")
    assert len(marks) == 3, "it is written when it changes, and at first"


@pytest.mark.parametrize("stops", ["stop", "kill"])
def test_a_gap_is_told_when_the_broker_has_forgotten_the_session(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway, stops: str
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, numbered(10))
    running.until_settled(10)
    getattr(running, stops)()
    broker.restart(kill=True)  # without persistence: the session is gone
    running._process = None
    running.start()
    status = running.status()
    assert status is not None
    assert status["sources"]["plant"]["gaps"] == 1  # type: ignore[index, call-overload]
