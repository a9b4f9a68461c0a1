"""The configuration of the gateway under test: the plant's connection, and nothing else of the plant."""

from __future__ import annotations

import tomllib
from pathlib import Path

from gateway.settings import load
from gateway.settings.sinks import InfluxDB
from gateway.settings.sources import MqttSource
from gateway.verification.document import client_id, document, gateway_id, influxdb_sink, table
from tests.gateway.verification.books import MESSAGES

BROKER = MqttSource.model_validate(
    {
        "name": "plant",
        "url": "mqtts://broker.plant:8883",
        "username": 'gate"way\\ü',
        "password_file": "secrets/mqtt",
        "tls": {"ca": "ca.pem"},
        "keep_alive": "10s",
        "session_expiry": "7d",
        "shared_group": "pair",
    }
)
DATABASE = InfluxDB(
    name="db", type="influxdb", api="v2", url="http://db:8086", org="plant", bucket="real", token_file=Path("/t")
)


def test_it_reaches_the_broker_as_the_plant_does(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    sinks = table("[[sinks]]", influxdb_sink(DATABASE, "verification"))
    file.write_text(document(MESSAGES, BROKER, sinks, acknowledge="after_sink", spool='linger = "50ms"'))
    settings = load(file)
    (source,) = settings.sources
    assert (source.url, source.username) == (BROKER.url, BROKER.username)
    assert source.password_file == Path("secrets/mqtt").absolute(), "files are found from any folder"
    assert source.tls is not None
    assert source.tls.ca == Path("ca.pem").absolute()
    assert source.keep_alive == BROKER.keep_alive
    (sink,) = settings.sinks
    assert isinstance(sink, InfluxDB)
    assert (sink.url, sink.org, sink.bucket, sink.token_file) == ("http://db:8086", "plant", "verification", Path("/t"))
    assert (settings.spool.acknowledge, settings.spool.linger) == ("after_sink", 50_000_000)
    assert settings.spool.path == tmp_path / "spool.db"


def test_it_takes_nothing_from_the_plants_own_gateways(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(document(MESSAGES, BROKER, table("[[sinks]]", DATABASE), acknowledge="after_commit", spool=""))
    settings = load(file)
    assert settings.id == gateway_id("run-1") == "verification-run-1"
    assert client_id("run-1") == f"{settings.id}-{settings.sources[0].name}"
    assert settings.sources[0].shared_group is None
    assert settings.sources[0].session_expiry == 3_600_000_000_000, "a session that is left behind goes by itself"
    assert [route.topic for route in settings.routes] == ["gateway-verification/run-1/{kind}/{machine}"]


def test_the_default_mode_is_not_written() -> None:
    sinks = table("[[sinks]]", DATABASE)
    written = document(MESSAGES, BROKER, sinks, acknowledge="after_commit", spool="")
    assert "acknowledge" not in tomllib.loads(written)["spool"]


def test_a_retention_policy_of_the_real_database_is_not_asked_of_the_other() -> None:
    real = InfluxDB(
        name="db", type="influxdb", api="v1", url="http://db:8086", database="real", retention_policy="two_years"
    )
    assert influxdb_sink(real, "verification").retention_policy is None
