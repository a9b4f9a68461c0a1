"""Whatever a device sends, nothing stops and nothing vanishes: stored, corrected, or quarantined with its bytes."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from typing import cast

import pytest

from gateway.dead_letters import Kept, letters, tallies
from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.integration.publishing import Publication, client, publish
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import Gateway, StartGateway

TOPIC = "s1/m1/telemetry"
DECLARED = "[measurements.cnc.metrics]\ncount = { type = 'int' }\n"


@pytest.fixture
def running(mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> tuple[Gateway, int]:
    influxd.create_database("plant")
    broker = mosquitto("message_size_limit 0")
    return gateway(gateway_id() + source(broker) + CNC + DECLARED + influxdb(influxd)), broker.port


def fate_of(running: tuple[Gateway, int], *payloads: bytes, topic: str = TOPIC) -> tuple[Mapping[str, int], list[Kept]]:
    """Publish, and after it a message that must get through; return the counts and the dead letters."""
    gateway, port = running
    before = gateway.messages()["received"]
    with client(port) as publisher:
        publish(publisher, [Publication(topic, payload) for payload in payloads])
        publish(publisher, [Publication("s1/witness/telemetry", b'{"alive": 1}')])
    return gateway.until_settled(before + len(payloads) + 1), letters(gateway.spool)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"temp": 21.5, "sta',
        b"\xff\xfe\x00garbage",
        b'{"a": "\xff"}',
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000,
        b"1" * 5000,
        b"\x1f\x8b\x08not gzip",
        gzip.compress(b"0" * 200_000_000, 9),
    ],
    ids=["truncated", "not text", "invalid utf-8", "10,000 objects", "10,000 arrays", "5000 digits", "no gzip", "bomb"],
)
def test_what_cannot_be_understood_is_quarantined_with_its_bytes(running: tuple[Gateway, int], payload: bytes) -> None:
    counts, kept = fate_of(running, payload)
    assert (counts["quarantined"], counts["stored"]) == (1, 1)
    assert kept[0].payload == payload
    assert kept[0].topic == TOPIC
    assert kept[0].reason


def test_nan_costs_only_its_own_value(running: tuple[Gateway, int], influxd: Influxd) -> None:
    counts, _ = fate_of(running, b'{"a": NaN, "b": 1.5, "c": Infinity}')
    assert counts["stored"] == 2
    (row,) = influxd.query("SELECT * FROM cnc WHERE asset = 'm1'", "plant")
    assert (row["b"], row["a_q"], row["c_q"], row["b_q"]) == (1.5, 0, 0, 192)
    assert "a" not in row


def test_an_integer_beyond_64_bits_is_kept_as_text_or_rejected_where_an_integer_is_declared(
    running: tuple[Gateway, int], influxd: Influxd
) -> None:
    counts, kept = fate_of(running, json.dumps({"free": 2**64, "count": 2**64, "b": 1}).encode())
    assert counts["stored"] == 2
    (row,) = influxd.query("SELECT * FROM cnc WHERE asset = 'm1'", "plant")
    assert (row["free_text"], row["b"]) == (str(2**64), 1)
    assert "count" not in row
    assert (kept[0].kind, kept[0].detail) == ("value", "count: the integer is beyond 64 bits")


def test_a_message_of_20_mb_is_set_aside_and_the_stream_goes_on(running: tuple[Gateway, int]) -> None:
    counts, kept = fate_of(running, b'{"a": "' + b"x" * 20_000_000 + b'"}')
    assert (counts["quarantined"], counts["stored"]) == (1, 1)
    assert kept[0].payload.startswith(b'{"a": "xxx')
    assert len(kept[0].payload) == 65_536


def test_control_characters_in_names_and_topics_reach_no_name_of_the_store(
    running: tuple[Gateway, int], influxd: Influxd
) -> None:
    gateway, _ = running
    counts, _ = fate_of(running, b'{"te\\nmp,x=1 y": 1.5, "a\\\\": 2, "": 3}', topic="s1/m 1,=\\/telemetry")
    assert counts["quarantined"] == 0
    (row,) = influxd.query("SELECT * FROM cnc WHERE asset <> 'witness'", "plant")
    assert row["te_mp,x=1 y"] == 1.5
    assert row["asset"] == "m 1,=/"
    log = gateway.log.read_text()
    assert "\x1b" not in log


def test_times_that_cannot_be_believed_are_corrected_and_counted(
    running: tuple[Gateway, int], influxd: Influxd
) -> None:
    now = time.time()
    times = {
        "in the future": int((now + 86_400 + 60) * 1000),
        "before 2015": 0,
        "8:00 h ahead, as if local time were sent as UTC": int((now + 8 * 3600) * 1000),
        "without a zone": "2026-11-23T10:00:00",
        "not understood": "half past nine",
    }
    counts, _ = fate_of(running, *(json.dumps({"ts": t, "n": n}).encode() for n, t in enumerate(times.values())))
    assert counts["stored"] == len(times) + 1
    rows = influxd.query("SELECT n FROM cnc WHERE asset = 'm1'", "plant")
    assert sorted(cast("float", row["n"]) for row in rows) == [0, 1, 2, 3, 4]
    assert all(abs(int(cast("int", row["time"])) / 1e9 - now) < 60 for row in rows)
    status = running[0].status()
    assert status is not None
    assert status["corrected"] == {f"time: {reason}": 1 for reason in times}
    marks = influxd.query("SELECT time_status FROM cnc WHERE asset = 'm1'", "plant")
    assert {row["time_status"] for row in marks} == set(times)


def test_a_flood_of_bad_messages_leaves_the_evidence_of_others(running: tuple[Gateway, int]) -> None:
    counts, _ = fate_of(running, *[b"{bad"] * 500, topic="s1/flood/telemetry")
    assert counts["quarantined"] == 500
    fate_of(running, b"{rare", topic="s1/rare/telemetry")
    found = {one.topic: (one.seen, one.kept) for one in tallies(running[0].spool)}
    assert found["s1/rare/telemetry"] == (1, 1)
    assert found["s1/flood/telemetry"][0] == 500
