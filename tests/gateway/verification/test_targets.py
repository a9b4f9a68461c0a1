"""What of a plant's configuration a verification may use, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.settings import load
from gateway.verification import Setup
from gateway.verification.targets import new_run, plant

CONFIGURATION = """
id = "plant1"
[[sources]]
name = "hall-a"
url = "mqtt://a"
[[sources]]
name = "hall-b"
url = "mqtt://b"
[[sources]]
name = "old"
url = "mqtt://c"
protocol = "3.1.1"
[[routes]]
topic = "{machine}/telemetry"
adapter = "json"
measurement = "cnc"
[[sinks]]
name = "db"
type = "influxdb"
api = "v1"
url = "http://db:8086"
database = "telemetry"
[[sinks]]
name = "cloud"
type = "influxdb"
api = "v2"
url = "http://cloud:8086"
org = "plant"
bucket = "machines"
[[sinks]]
name = "here"
type = "historian"
"""


def made(folder: Path, source: str | None = "hall-b", sink: str | None = "db", target: str = "verification") -> Setup:
    file = folder / "gateway.toml"
    file.write_text(CONFIGURATION)
    return plant(
        load(file),
        file,
        new_run(),
        folder,
        source=source,
        sink=sink,
        target=target,
        mode="after_commit",
        messages=100,
        rate=100,
    )


def test_broker_and_server_are_the_plants_and_the_database_is_not(tmp_path: Path) -> None:
    setup = made(tmp_path)
    assert setup.broker.url == "mqtt://b"
    assert 'url = "http://db:8086"' in setup.sinks
    assert 'database = "verification"' in setup.sinks
    assert setup.redelivery_window == 0, "a copy too many is a finding"


@pytest.mark.parametrize("target", ["telemetry", "machines"])
def test_a_database_that_holds_real_data_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{target} holds real data"):
        made(tmp_path, target=target)


@pytest.mark.parametrize(
    ("source", "sink", "reason"),
    [
        (None, "db", "several sources.*hall-a, hall-b, old"),
        ("hall-c", "db", "no source hall-c"),
        ("old", "db", "3.1.1"),
        ("hall-a", None, "not just one InfluxDB.*db, cloud"),
        ("hall-a", "here", "no InfluxDB here"),
    ],
)
def test_what_it_cannot_use_it_names(tmp_path: Path, source: str | None, sink: str | None, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        made(tmp_path, source=source, sink=sink)


def test_runs_have_names_of_their_own_that_are_short_enough_for_a_client_id() -> None:
    assert new_run() != new_run()
    assert len(f"{new_run()}-after-commit") <= 40
