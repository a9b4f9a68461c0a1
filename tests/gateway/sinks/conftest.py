"""What the tests of the sinks share: a sink that talks to a scripted server, a historian, and a batch for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from gateway.interfaces import Batch
from gateway.settings.sinks import Historian as HistorianSettings
from gateway.settings.sinks import InfluxDB
from gateway.sinks.historian import HistorianSink
from gateway.sinks.influxdb import InfluxDBSink
from tests.servers.scripted import ScriptedServer

OpenSink: TypeAlias = Callable[..., InfluxDBSink]

APIS = ["v1", "v2", "v3"]
BATCH = Batch(b"cnc,asset=a x=1.0 1\n", 1)

TARGETS: dict[str, dict[str, str]] = {
    "v1": {"database": "plant"},
    "v2": {"org": "factory", "bucket": "plant"},
    "v3": {"database": "plant"},
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Run a scripted server for one test."""
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def open_influxdb(server: ScriptedServer) -> Iterator[OpenSink]:
    """Return a function that opens a sink for an API, by default to the scripted server; it is closed at the end."""
    with ExitStack() as stack:

        def open_one(api: str = "v1", **options: object) -> InfluxDBSink:
            settings = {"name": "db", "type": "influxdb", "api": api, "url": server.url, **TARGETS[api], **options}
            sink = InfluxDBSink(InfluxDB.model_validate(settings))
            stack.callback(sink.close)
            return sink

        yield open_one


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Write a file with a secret."""
    path = tmp_path / "secret"
    path.write_text("s3cret-token==\n")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the historian is to be: in a folder that does not exist yet."""
    return tmp_path / "data" / "historian.db"


@pytest.fixture
def sink(path: Path) -> Iterator[HistorianSink]:
    """Return the sink of a historian that has no file yet."""
    historian = open_historian(path)
    yield historian
    historian.close()


def open_historian(path: Path) -> HistorianSink:
    """Return the sink of a historian at a path."""
    return HistorianSink(HistorianSettings(name="historian", type="historian", path=path))


def batch_of_lines(*lines: str) -> Batch:
    """Return a batch of these records."""
    return Batch("".join(f"{line}\n" for line in lines).encode(), len(lines))
