"""Whatever a database answers, the whole gateway loses nothing, doubles nothing, and goes on with everything else."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import pytest

from tests.integration.answers import BAD, ROWS, Databases, Row
from tests.integration.documents import CNC, gateway_id, source
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.gateway import JSON, Gateway, StartGateway, command
from tests.servers.scripted import Request, ScriptedServer, Step

LOAD = ("max_queued_messages 0", "max_inflight_messages 0")
PORTION = 200
BAD_NUMBER = 77
TARGETS = {"v1": 'database = "plant"', "v2": 'org = "o"\nbucket = "b"', "v3": 'database = "plant"'}


def sink(url: str, name: str, api: str) -> str:
    """Return a sink for a scripted database."""
    return (
        f'[[sinks]]\nname = "{name}"\ntype = "influxdb"\napi = "{api}"\nurl = "{url}/{name}"\n{TARGETS[api]}\n'
        'timeout = "5s"\n'
    )


def numbered(first: int, count: int = PORTION) -> Iterable[Publication]:
    """Yield messages that are each one record; one of them has a value that some databases do not take."""
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    for number in range(first, first + count):
        extra = {"bad": 1} if number == BAD_NUMBER else {}
        yield Publication(
            f"s1/m{number % 3}/telemetry", json.dumps({"ts": start_ms + number, "n": number, **extra}).encode()
        )


def sinks_of(running: Gateway) -> Mapping[str, Mapping[str, JSON]]:
    """Return what the gateway says of its sinks."""
    status = running.status()
    assert status is not None
    return cast("Mapping[str, Mapping[str, JSON]]", status["sinks"])


def number_of(value: JSON) -> int:
    assert isinstance(value, int)
    return value


def dead_letters(running: Gateway) -> dict[str, list[tuple[str, bytes]]]:
    """Return detail and payload of all dead letters, by sink."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    connection = sqlite3.connect(f"file:{running.spool}?mode=ro", uri=True)
    try:
        for name, detail, payload in connection.execute("SELECT sink, detail, payload FROM dead_letters"):
            found.setdefault(name, []).append((detail, bytes(payload)))
    finally:
        connection.close()
    return found


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


def test_every_answer_is_dealt_with_and_no_sink_stops_another(
    mosquitto: StartMosquitto, gateway: StartGateway, server: ScriptedServer
) -> None:
    databases = Databases()
    server.otherwise = databases
    broker = mosquitto(*LOAD)
    document = gateway_id() + source(broker) + CNC + "".join(sink(server.url, row.name, row.api) for row in ROWS)
    running = gateway(document)
    everything = set(range(2 * PORTION))
    with client(broker.port) as publisher:
        publish(publisher, numbered(0))
        running.until(all_as_expected, "each sink says how it is")
        # While many are away or held, ingest goes on and the healthy ones get everything.
        publish(publisher, numbered(PORTION))
        running.until(lambda status: status["sources"]["plant"]["acknowledged"] >= 2 * PORTION, "all acknowledged")  # type: ignore[index, call-overload, operator]
        healthy = [row.name for row in ROWS if row.kind == "done"]
        wait_until(lambda: all(databases.confirmed[name] == everything for name in healthy), "the healthy have all")
    during = databases.requests.copy()
    shown = command("status", "-c", str(running.config))
    assert "create the database or bucket" in shown.stdout.replace("\n", " ")
    states = {name: (one["state"], one["reason"]) for name, one in sinks_of(running).items()}
    databases.mended.set()

    def has_all(row: Row) -> bool:
        return databases.confirmed[row.name] == everything - ({BAD_NUMBER} if row.kind == "rejects" else set())

    wait_until(lambda: all(map(has_all, ROWS)), "every sink has every record that it takes", 90)
    running.until(lambda status: status["messages"]["waiting"] == 0, "nothing waits")  # type: ignore[index, call-overload]
    running.until(lambda status: all(one["state"] == "ready" for one in status["sinks"].values()), "all are ready")  # type: ignore[index, call-overload, union-attr]
    sinks = sinks_of(running)
    letters = dead_letters(running)
    for row in ROWS:
        found = letters.get(row.name, [])
        if row.kind == "rejects":
            assert [BAD in payload for _, payload in found] == [True], f"{row.name}: exactly the bad record"
            assert row.words in found[0][0], row.name
            assert sinks[row.name]["rejected"] == 1, row.name
        else:
            assert found == [], row.name
        # Nobody is asked all the time: a few tries within seconds, and a search for what is at fault.
        attempts = number_of(sinks[row.name]["batches"])
        assert databases.requests[row.name] <= attempts + 60, f"{row.name}: {attempts} attempts"
        if row.kind in ("retrying", "held"):
            assert states[row.name][0] == row.kind, row.name
            assert during[row.name] <= 60, row.name
    assert running.stop() == 0


def all_as_expected(status: Mapping[str, JSON]) -> bool:
    """Whether each sink shows the state of its row, with words that say why."""
    sinks = cast("Mapping[str, Mapping[str, str]]", status["sinks"])
    return all(
        sinks[row.name]["state"] == row.kind and row.words in sinks[row.name]["reason"]
        for row in ROWS
        if row.kind in ("retrying", "held")
    )


@pytest.mark.parametrize(
    ("api", "reply"),
    [
        ("v1", Step(400, b'{"error":"partial write: unable to parse \'x\': why dropped=0"}')),
        ("v2", Step(422, b'{"code":"unprocessable entity","message":"something nobody has seen"}')),
        ("v3", Step(400, b'{"error":"line protocol parsing error","data":{"error_message":"why"}}')),
    ],
)
def test_one_bad_record_of_5000_costs_30_requests_at_most(
    mosquitto: StartMosquitto, gateway: StartGateway, server: ScriptedServer, api: str, reply: Step
) -> None:
    def answer(request: Request) -> Step:
        return reply if BAD in request.body else Step(204)

    server.otherwise = answer
    broker = mosquitto(*LOAD)
    running = gateway(gateway_id() + source(broker) + CNC + sink(server.url, "db", api), linger='"2s"')
    with client(broker.port) as publisher:
        publish(publisher, numbered(0, 5000))
    counts = running.until_settled(5000)
    assert (counts["stored"], counts["quarantined"]) == (4999, 1)
    ((_, payload),) = dead_letters(running)["db"]
    assert BAD in payload
    batches = number_of(sinks_of(running)["db"]["batches"])
    assert len(server.requests) <= batches + 30
