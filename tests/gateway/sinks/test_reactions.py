"""Every answer a database or a proxy is known to give, and what the sink makes of it."""

from __future__ import annotations

import json

import pytest

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch
from gateway.sinks.influxdb import InfluxDBSink
from tests.gateway.sinks.conftest import OpenSink
from tests.servers.scripted import ScriptedServer

BATCH = Batch(b"cnc,asset=a x=1.0 1\ncnc,asset=a x=2.0 2\n", 2)
CONFLICT = 'field type conflict: input field "x" on measurement "cnc" is type integer, already exists as type float'
WRITING = "failure writing points to database: partial write: "
UNEXPECTED = "unexpected error writing points to database: "
BEYOND = "points beyond retention policy"
NO_SPACE = "write /var/lib/influxdb/wal/plant/_00001.wal: no space left on device"
NGINX = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
LINE = {"original_line": "cnc,asset=a x=1i", "line_number": 2, "error_message": "invalid column type for column 'x'"}


def v1(message: str) -> str:
    return json.dumps({"error": message})


def v2(code: str, message: str) -> str:
    return json.dumps({"code": code, "message": message})


def v3(message: str, data: object = None) -> str:
    return json.dumps({"error": message, "data": data})


def outcome(sink: InfluxDBSink) -> str:
    """Return what becomes of a batch, in a word."""
    try:
        sink.write(BATCH)
    except SinkUnavailable as error:
        return "unexplained" if error.unexplained else "retry"
    except SinkHeld:
        return "hold"
    except SinkRejected as error:
        return "doubtful" if error.doubtful else f"reject {error.records}" if error.records else "reject"
    return "done"


ANSWERS = [
    # A confirmation, and what only looks like one.
    ("v1", 204, "", "done"),
    ("v2", 204, "", "done"),
    ("v3", 204, "", "done"),
    ("v1", 200, "", "hold"),
    ("v2", 200, NGINX.format("Welcome to the guest network"), "hold"),
    ("v3", 206, "", "hold"),
    # Lines that cannot be read.
    ("v1", 400, v1("unable to parse 'cnc x=': missing field value"), "reject"),
    ("v1", 400, v1("partial write: unable to parse 'cnc x=': why\nunable to parse 'y' dropped=0"), "reject"),
    ("v2", 400, v2("invalid", "unable to parse 'cnc x=': missing field value"), "reject"),
    ("v2", 400, v2("invalid", "write buffer error: line protocol parse failed: invalid field value"), "reject"),
    ("v3", 400, v3("line protocol parsing error", LINE), "reject"),
    ("v3", 400, v3("parsing failed for write_lp endpoint", LINE), "reject"),
    ("v3", 400, v3("partial write of line protocol occurred", [LINE, LINE]), "reject"),
    ("v1", 500, v1('engine: unable to parse bool value "tru"'), "reject"),
    # What a device says in its texts decides nothing, though it is quoted.
    ("v1", 400, v1("unable to parse 'cnc,asset=a x=\"no space left on device\"': timeout"), "reject"),
    ("v1", 400, v1('partial write: field type conflict: input field "overloaded" on measurement'), "reject"),
    ("v2", 400, v2("invalid", "something about 'no space left on device'"), "doubtful"),
    ("v3", 400, v3("something", {"error_message": "no space left on device"}), "doubtful"),
    # A field of another type; 2.0 hid it behind 500.
    ("v1", 400, v1(f"partial write: {CONFLICT} dropped=2"), "reject 2"),
    ("v1", 400, v1(f"partial write: {CONFLICT} dropped=1"), "reject 1"),
    ("v2", 422, v2("unprocessable entity", f"{WRITING}{CONFLICT} dropped=1"), "reject 1"),
    ("v2", 500, v2("internal error", f"{UNEXPECTED}partial write: {CONFLICT} dropped=1"), "reject 1"),
    ("v2", 500, v2("internal error", f"{UNEXPECTED}{CONFLICT}"), "reject"),
    # Older than the database keeps, or outside what it takes.
    ("v1", 400, v1(f"partial write: {BEYOND} dropped=2"), "reject 2"),
    ("v2", 422, v2("unprocessable entity", f"{WRITING}{BEYOND} dropped=1"), "reject 1"),
    ("v1", 400, v1("partial write: dropped 2 points outside retention policy of duration 24h - oldest"), "reject 2"),
    # Limits.
    ("v1", 400, v1("partial write: max-series-per-database limit exceeded: (10) dropped=2"), "hold"),
    ("v1", 400, v1('partial write: max-values-per-tag limit exceeded (9/9): tag="t" dropped=1'), "hold"),
    ("v1", 400, v1("partial write: max key length exceeded: 70000 > 65535 dropped=1"), "reject 1"),
    ("v3", 422, v3("partial write of line protocol occurred", [LINE]), "hold"),
    ("v3", 422, v3("Update to schema would exceed number of columns per table limit of 500 columns"), "hold"),
    # The server's own trouble, behind whatever status.
    ("v1", 400, v1("partial write: open /data/_series/00/0001: no space left on device dropped=1"), "retry"),
    ("v1", 500, v1(f"engine: error writing WAL entry: {NO_SPACE}"), "retry"),
    ("v1", 500, v1("engine: cache-max-memory-size exceeded: (1073741824/1073741824)"), "retry"),
    ("v1", 500, v1("timeout"), "retry"),
    ("v2", 400, v2("invalid", "write buffer error: error from wal: object store error: Generic S3 error"), "retry"),
    ("v2", 400, v2("invalid", "write buffer error: wal buffer full, cannot accept writes"), "retry"),
    ("v2", 400, v2("invalid", "this service is overloaded"), "retry"),
    ("v2", 400, v2("invalid", "request limit reached"), "retry"),
    ("v1", 400, v1("couldn't write: no space left on device: couldn't sync"), "retry"),
    ("v1", 500, v1("something new"), "unexplained"),
    ("v2", 500, "", "unexplained"),
    ("v1", 500, v1('[shard 7] proto: field "tsdb.MeasurementFields.Name" contains invalid UTF-8'), "hold"),
    # Credentials and targets.
    ("v1", 401, v1("authorization failed"), "hold"),
    ("v2", 401, v2("unauthorized", "unauthorized access"), "hold"),
    ("v3", 401, v3("the request was not authenticated"), "hold"),
    ("v1", 403, v1('"u" user is not authorized to write to database "plant"'), "hold"),
    ("v2", 403, v2("forbidden", "insufficient permissions for write"), "hold"),
    ("v1", 404, v1('database not found: "plant"'), "hold"),
    ("v2", 404, v2("not found", 'bucket "plant" not found'), "hold"),
    ("v2", 404, "404 page not found", "hold"),
    ("v1", 500, v1("retention policy not found: year"), "hold"),
    # HTTP.
    ("v2", 408, v2("request timeout", "deadline"), "retry"),
    ("v2", 499, "", "retry"),
    ("v1", 413, v1("Request Entity Too Large"), "reject"),
    ("v2", 413, NGINX.format("413 Request Entity Too Large"), "reject"),
    ("v1", 415, "", "hold"),
    ("v2", 429, v2("too many requests", "write rate exceeded"), "retry"),
    ("v3", 429, v3("this service is overloaded"), "retry"),
    ("v1", 502, NGINX.format("502 Bad Gateway"), "retry"),
    ("v1", 503, "request throttled, queue full", "retry"),
    ("v2", 503, v2("unavailable", "down for maintenance"), "retry"),
    ("v2", 504, NGINX.format("504 Gateway Time-out"), "retry"),
    ("v1", 301, "", "hold"),
    ("v2", 302, "", "hold"),
    ("v3", 307, "", "hold"),
    # What nobody has seen yet.
    ("v1", 400, NGINX.format("400 The plain HTTP request was sent to HTTPS port"), "doubtful"),
    ("v2", 422, v2("unprocessable entity", "something new"), "doubtful"),
    ("v3", 400, v3("something new"), "doubtful"),
    ("v1", 418, "", "hold"),
    ("v1", 507, "", "retry"),
    ("v1", 599, "", "retry"),
]  # fmt: skip


@pytest.mark.parametrize(("api", "status", "body", "expected"), ANSWERS)
def test_an_answer_means(
    server: ScriptedServer, open_influxdb: OpenSink, api: str, status: int, body: str, expected: str
) -> None:
    sink = open_influxdb(api)
    server.answer(status, body, {"Location": f"{server.url}/elsewhere"} if 300 <= status < 400 else {})

    assert outcome(sink) == expected
    assert len(server.requests) == 1


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_an_answer_of_any_status_means_something(server: ScriptedServer, open_influxdb: OpenSink, api: str) -> None:
    sink = open_influxdb(api)
    for status in (*range(200, 204), *range(205, 600, 7)):
        server.answer(status, "?")
        assert outcome(sink) != "done", status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "86400"}, 600.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "Fri, 02 Jan 2026 10:00:30 GMT"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_wait_that_a_database_asks_for_is_kept(
    server: ScriptedServer, open_influxdb: OpenSink, headers: dict[str, str], seconds: float
) -> None:
    server.answer(429, "", headers)
    with pytest.raises(SinkUnavailable) as caught:
        open_influxdb().write(BATCH)
    assert caught.value.retry_after == seconds


def test_what_is_held_tells_the_operator_what_to_do(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    server.answer(404, v1('database not found: "plant"'))
    with pytest.raises(SinkHeld, match=r'^HTTP 404: database not found: "plant"; create the database'):
        open_influxdb().write(BATCH)


def test_what_version_3_says_about_lines_is_told(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    server.answer(400, v3("parsing failed for write_lp endpoint", LINE))
    with pytest.raises(SinkRejected, match=r"parsing failed for write_lp endpoint: invalid column type"):
        open_influxdb("v3").write(BATCH)


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_an_answer_that_breaks_off_confirms_nothing(server: ScriptedServer, open_influxdb: OpenSink, api: str) -> None:
    server.truncate(400, b"partial write")
    with pytest.raises(SinkUnavailable) as caught:
        open_influxdb(api).write(BATCH)
    assert caught.value.connection_lost


@pytest.mark.parametrize("api", ["v1", "v2", "v3"])
def test_a_connection_closed_without_an_answer_is_told_apart(
    server: ScriptedServer, open_influxdb: OpenSink, api: str
) -> None:
    sink = open_influxdb(api)
    server.close_connection()
    with pytest.raises(SinkUnavailable) as caught:
        sink.write(BATCH)
    assert caught.value.connection_lost
    assert caught.value.suspect
    sink.write(BATCH)
    assert len(server.requests) == 2
