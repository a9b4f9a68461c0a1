"""What the InfluxDB sink sends, and how it behaves towards a server."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path

import pytest

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch
from gateway.settings.sinks import Historian, InfluxDB
from gateway.sinks import open_sink
from gateway.sinks.historian import HistorianSink
from gateway.sinks.influxdb import InfluxDBSink
from tests.gateway.sinks.conftest import APIS, BATCH, OpenSink
from tests.servers.scripted import ScriptedServer


def test_version_1_is_asked_to_write_nanoseconds_to_a_database(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path
) -> None:
    open_influxdb("v1", retention_policy="a year", username="gateway", password_file=secret).write(BATCH)

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/write")
    assert request.query == {"db": "plant", "precision": "ns", "rp": "a year"}
    assert request.body == BATCH.body
    assert request.headers["authorization"] == f"Basic {b64encode(b'gateway:s3cret-token==').decode()}"


def test_version_2_is_asked_to_write_nanoseconds_to_a_bucket(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path
) -> None:
    open_influxdb("v2", org="my factory", token_file=secret).write(BATCH)

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v2/write")
    assert request.query == {"org": "my factory", "bucket": "plant", "precision": "ns"}
    assert request.body == BATCH.body
    assert request.headers["authorization"] == "Token s3cret-token=="
    assert request.headers["content-type"].startswith("text/plain")


def test_version_3_is_asked_to_write_all_or_nothing(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path
) -> None:
    open_influxdb("v3", token_file=secret).write(BATCH)

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/v3/write_lp")
    assert request.query == {"db": "plant", "precision": "nanosecond", "accept_partial": "false"}
    assert request.body == BATCH.body
    assert request.headers["authorization"] == "Bearer s3cret-token=="


@pytest.mark.parametrize("api", APIS)
def test_every_dialect_says_who_asks_and_how_long_the_body_is(
    server: ScriptedServer, open_influxdb: OpenSink, api: str
) -> None:
    open_influxdb(api, url=f"{server.url}/influx/").write(BATCH)

    headers = server.requests[0].headers
    assert headers["user-agent"] == "factory-telemetry-gateway"
    assert headers["content-length"] == str(len(BATCH.body))
    assert "authorization" not in headers
    assert "content-encoding" not in headers
    assert server.requests[0].path.startswith("/influx/")


@pytest.mark.parametrize("api", APIS)
def test_a_batch_is_compressed_where_that_is_asked_for(
    server: ScriptedServer, open_influxdb: OpenSink, api: str
) -> None:
    open_influxdb(api, gzip=True).write(BATCH)

    assert server.requests[0].headers["content-encoding"] == "gzip"
    assert gzip.decompress(server.requests[0].body) == BATCH.body


def test_an_empty_batch_is_not_sent(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    open_influxdb().write(Batch(b"", 0))
    assert server.requests == []


def test_a_long_answer_is_not_read_to_its_end(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    sink = open_influxdb()
    server.answer(400, b"unable to parse '" + b"x" * 10_000_000)
    with pytest.raises(SinkRejected) as caught:
        sink.write(BATCH)
    assert len(str(caught.value)) <= 1000
    sink.write(BATCH)


def test_a_batch_too_large_teaches_a_smaller_one(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    sink = open_influxdb(max_batch="2MiB")
    assert sink.max_batch_bytes == 2 * 2**20
    for size, learned in ((1_000_000, 500_000), (1_900_000, 500_000), (300_000, 150_000), (100_000, 65_536)):
        server.answer(413)
        with pytest.raises(SinkRejected):
            sink.write(Batch(b"x" * size, 1))
        assert sink.max_batch_bytes == learned


def test_connections_lost_in_a_row_teach_a_smaller_batch(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    sink = open_influxdb()
    large = Batch(b"x" * 1_000_000, 1)
    for _ in range(2):
        server.close_connection()
        with pytest.raises(SinkUnavailable):
            sink.write(large)
    sink.write(large)
    assert sink.max_batch_bytes == 2 * 2**20
    for _ in range(3):
        server.close_connection()
        with pytest.raises(SinkUnavailable):
            sink.write(large)
    assert sink.max_batch_bytes == 500_000


def test_a_server_that_is_not_there_is_no_suspicion_against_the_batch(open_influxdb: OpenSink) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        sink = open_influxdb(url=f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(SinkUnavailable, match="refused") as caught:
            sink.write(BATCH)
    assert not caught.value.suspect


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(open_influxdb: OpenSink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sink = open_influxdb(url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout="100ms")
        with pytest.raises(SinkUnavailable, match="timed out") as caught:
            sink.write(BATCH)
        assert caught.value.connection_lost


def test_a_server_that_speaks_no_http_is_unavailable(open_influxdb: OpenSink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as strange:
        sink = open_influxdb(url=f"http://127.0.0.1:{strange.getsockname()[1]}")

        def greet() -> None:
            connection, _ = strange.accept()
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(SinkUnavailable):
            sink.write(BATCH)
        thread.join()


@pytest.mark.parametrize(
    ("api", "status", "body"),
    [
        ("v1", 204, ""),
        ("v2", 204, ""),
        ("v2", 400, '{"code":"invalid","message":"writing requires points"}'),
        ("v3", 400, "incoming write was empty"),
        ("v3", 400, '{"error":"incoming write was empty"}'),
    ],
)
def test_a_check_writes_nothing_and_tells_what_it_found(
    server: ScriptedServer, open_influxdb: OpenSink, api: str, status: int, body: str
) -> None:
    server.answer(200, "", {"X-Influxdb-Version": "9.9"}).answer(status, body)

    found = open_influxdb(api).check()

    assert "InfluxDB 9.9" in found
    ping, write = server.requests
    assert (ping.method, ping.path) == ("GET", "/ping")
    assert write.body.startswith(b"#")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "", SinkHeld),
        (404, '{"error":"database not found"}', SinkHeld),
        (400, "<html>The plain HTTP request was sent to HTTPS port</html>", SinkHeld),
        (200, "", SinkHeld),
        (503, "", SinkUnavailable),
        (500, "", SinkUnavailable),
    ],
)
def test_a_check_finds_what_would_stop_a_batch(
    server: ScriptedServer, open_influxdb: OpenSink, status: int, body: str, error: type[Exception]
) -> None:
    server.answer(204).answer(status, body)
    with pytest.raises(error):
        open_influxdb().check()


def test_the_client_library_of_version_2_is_loaded_by_version_2_only() -> None:
    program = (
        "import sys; from gateway.settings.sinks import InfluxDB; from gateway.sinks import open_sink;"
        "open_sink(InfluxDB(name='a', type='influxdb', api='v1', url='http://127.0.0.1', database='d')).close();"
        "open_sink(InfluxDB(name='a', type='influxdb', api='v3', url='http://127.0.0.1', database='d')).close();"
        "sys.exit('influxdb_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_settings_open_the_sink_they_describe(tmp_path: Path) -> None:
    influxdb = InfluxDB(name="db", type="influxdb", api="v1", url="http://127.0.0.1:1", database="plant")
    historian = Historian(name="h", type="historian", path=tmp_path / "none" / "h.db")
    for settings, kind in ((influxdb, InfluxDBSink), (historian, HistorianSink)):
        sink = open_sink(settings)
        assert isinstance(sink, kind)
        assert sink.name == settings.name
        sink.close()
    assert not (tmp_path / "none").exists()
