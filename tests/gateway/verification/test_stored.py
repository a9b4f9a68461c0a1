"""Reading back what is stored: the historian's file, and the answers of InfluxDB 1, 2 and 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.interfaces import Batch
from gateway.settings.sinks import Historian, InfluxDB
from gateway.sinks.historian import HistorianSink
from gateway.verification import HistorianReader, InfluxDBReader, Kind, Point, Stream
from gateway.verification.stored import time_of
from tests.gateway.verification.books import CONSTANT, TIMED, UNTIMED
from tests.servers.scripted import ScriptedServer

NOTHING = Stream(Kind.TIMED, "m9")


def reader(server: ScriptedServer, folder: Path, api: str) -> InfluxDBReader:
    secret = folder / "secret"
    secret.write_text("s3cret")
    options: dict[str, object] = {
        "v1": {"database": "verification", "username": "gateway", "password_file": secret},
        "v2": {"org": "plant 1", "bucket": "verification", "token_file": secret},
        "v3": {"database": "verification", "token_file": secret},
    }[api]
    return InfluxDBReader(
        InfluxDB.model_validate({"name": "db", "type": "influxdb", "api": api, "url": server.url, **options})
    )


def test_the_historian_is_read_for_one_run(tmp_path: Path) -> None:
    path = tmp_path / "historian.db"
    sink = HistorianSink(Historian(name="h", type="historian", path=path))
    lines = [
        "verification_timed,asset=m0,run=r1 n=0,n_q=192i 1790000000000000000",
        "verification_timed,asset=m0,run=r1 n=1 1790000000001000000",
        "verification_untimed,asset=m0,run=r1 n=0 1790000000000000005",
        "verification_constant,asset=m0,run=r1 n=1 1790000000000000006",
        "verification_timed,asset=m0,run=r0 n=5 1790000000002000000",
        "verification_timed,asset=m0,run=r1 other=5 1790000000003000000",
    ]
    sink.write(Batch("".join(f"{line}\n" for line in lines).encode(), len(lines)))
    sink.close()
    assert HistorianReader(path).read("r1", [TIMED, UNTIMED, NOTHING]) == {
        TIMED: [Point(1790000000000000000, 0), Point(1790000000001000000, 1)],
        UNTIMED: [Point(1790000000000000005, 0)],
        CONSTANT: [Point(1790000000000000006, 1)],
        NOTHING: [],
    }


def test_a_historian_that_is_not_there_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        HistorianReader(tmp_path / "historian.db").read("r1", [TIMED])


def test_influxdb_1_is_asked_in_influxql(tmp_path: Path) -> None:
    series = {
        "name": "verification_timed",
        "tags": {"asset": "m0"},
        "columns": ["time", "n"],
        "values": [[1790000000000000000, 0], [1790000000001000000, 1.5]],
    }
    empty = json.dumps({"results": [{"statement_id": 0}]})
    with ScriptedServer() as server:
        server.answer(200, json.dumps({"results": [{"statement_id": 0, "series": [series]}]}))
        server.answer(200, empty).answer(200, empty)
        found = reader(server, tmp_path, "v1").read("r1", [TIMED, NOTHING])
    assert found == {TIMED: [Point(1790000000000000000, 0), Point(1790000000001000000, -1)], NOTHING: []}
    assert [request.path for request in server.requests] == ["/query"] * 3
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert b"db=verification&epoch=ns" in server.requests[0].body


def test_influxdb_2_is_asked_in_flux(tmp_path: Path) -> None:
    answer = (
        "#datatype,string,long,dateTime:RFC3339,double,string\r\n"
        ",result,table,_time,_value,asset\r\n"
        ",_result,0,2026-09-21T14:13:20Z,0,m0\r\n"
        ",_result,0,2026-09-21T14:13:20.001Z,1,m0\r\n"
        "\r\n"
        ",result,table,_time,_value,asset\r\n"
        ",_result,1,2026-09-21T14:13:20.000000005Z,7,m1\r\n"
    )
    with ScriptedServer() as server:
        server.answer(200, answer).answer(200, "\r\n").answer(200, "")
        found = reader(server, tmp_path, "v2").read("r1", [TIMED])
    assert found == {
        TIMED: [Point(1790000000000000000, 0), Point(1790000000001000000, 1)],
        Stream(Kind.TIMED, "m1"): [Point(1790000000000000005, 7)],
    }
    request = server.requests[0]
    assert (request.path, request.query["org"]) == ("/api/v2/query", "plant 1")
    assert request.headers["authorization"] == "Token s3cret"
    assert b'from(bucket: "verification")' in request.body


def test_an_error_in_the_middle_of_an_answer_of_influxdb_2_is_an_error(tmp_path: Path) -> None:
    answer = (
        ",result,table,_time,_value,asset\n,_result,0,2026-09-21T14:13:20Z,0,m0\n"
        "\n,error,reference\n,out of memory,897\n"
    )
    with ScriptedServer() as server:
        server.answer(200, answer)
        with pytest.raises(GatewayError, match="out of memory"):
            reader(server, tmp_path, "v2").read("r1", [TIMED])


def test_influxdb_3_is_asked_in_sql_and_has_no_table_before_the_first_write(tmp_path: Path) -> None:
    rows = [
        {"asset": "m0", "time": "2026-09-21T14:13:20", "n": 0.0},
        {"asset": "m0", "time": "2026-09-21T14:13:20.000000005", "n": 1.0},
    ]
    absent = "error while planning query: table 'public.iox.verification_constant' not found"
    with ScriptedServer() as server:
        server.answer(200, json.dumps(rows)).answer(200, "[]").answer(400, json.dumps({"error": absent}))
        found = reader(server, tmp_path, "v3").read("r1", [TIMED])
    assert found == {TIMED: [Point(1790000000000000000, 0), Point(1790000000000000005, 1)]}
    assert server.requests[0].headers["authorization"] == "Bearer s3cret"
    assert json.loads(server.requests[0].body)["db"] == "verification"


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_credentials_that_may_only_write_are_named_as_the_cause(tmp_path: Path, api: str) -> None:
    with ScriptedServer() as server:
        server.answer(403, json.dumps({"error": "not authorized"}))
        with pytest.raises(GatewayError, match=r"not authorized.*must allow to read"):
            reader(server, tmp_path, api).read("r1", [TIMED])


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.answer(200, json.dumps({"results": [{"error": "database not found: verification"}]}))
        with pytest.raises(GatewayError, match="database not found"):
            reader(server, tmp_path, "v1").read("r1", [TIMED])


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("2026-09-21T14:13:20.5", 1790000000500000000),
        ("2026-09-21T14:13:20.123456789Z", 1790000000123456789),
    ],
)
def test_times_keep_their_nanoseconds(text: str, ns: int) -> None:
    assert time_of(text) == ns
