"""`simulators load`: what it prints, and its exit codes; one load through a gateway that runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simulators.cli import app
from tests.servers import running, wait_until
from tests.servers.brokers import StartMosquitto

SUMMARY = {
    "published",
    "acknowledged",
    "seconds",
    "cpu_seconds",
    "messages_per_second",
    "cpu_us_per_message",
    "face",
    "machines",
    "rate",
    "latency",
}


def load(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["load", *arguments])


@pytest.mark.parametrize(
    ("arguments", "acknowledged"),
    [
        (("--machines", "40", "--publishers", "2"), 400),
        (("--machines", "40", "--face", "sparkplug"), 0),
        (("--topics", "20", "--values", "3"), 400),
    ],
)
def test_it_prints_what_it_came_to(mosquitto: StartMosquitto, arguments: tuple[str, ...], acknowledged: int) -> None:
    result = load("--url", mosquitto("max_inflight_messages 0").url, "--messages", "400", *arguments)
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert set(summary) == SUMMARY
    assert (summary["published"], summary["acknowledged"]) == (400, acknowledged)
    assert summary["messages_per_second"] > 0
    assert "400 messages" in result.stderr


def test_with_json_it_says_nothing_else(mosquitto: StartMosquitto) -> None:
    result = load("--url", mosquitto("max_inflight_messages 0").url, "--messages", "40", "--json")
    assert json.loads(result.stdout)["machines"] == 100
    assert result.stderr == ""


def test_a_rate_that_is_not_reached_is_told(mosquitto: StartMosquitto) -> None:
    result = load("--url", mosquitto("max_inflight_messages 0").url, "--messages", "400", "--rate", "10000000")
    assert result.exit_code == 0
    assert "less than the 10,000,000 that were asked for" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--face", "morse"), "there is no face 'morse': there are json"),
        (("--machines", "20", "--publishers", "2"), "cannot share"),
        (("--machines", "20", "--topics", "2"), "of no machine"),
        (("--duration", "soon"), "no duration"),
        (("--historian", "/etc/passwd"), "file is not a database"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple[str, ...], reason: str) -> None:
    result = load(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


@pytest.mark.parametrize("face", ["json", "sparkplug"])
def test_a_gateway_with_its_configuration_stores_every_message(
    mosquitto: StartMosquitto, tmp_path: Path, face: str
) -> None:
    broker = mosquitto("max_inflight_messages 0", "max_queued_messages 0")
    machines = ("--url", broker.url, "--machines", "60", "--face", face)
    configuration = load(*machines, "--config").stdout
    assert tomllib.loads(configuration)["sinks"] == [{"name": "historian", "type": "historian", "path": "historian.db"}]
    (tmp_path / "gateway.toml").write_text(configuration)
    command = [sys.executable, "-m", "gateway", "run", "-c", str(tmp_path / "gateway.toml")]
    with running(command, tmp_path / "gateway.log", []):
        wait_until(lambda: "Connected" in (tmp_path / "gateway.log").read_text(), "the gateway connects")
        sending = ("--messages", "1190", "--rate", "600", "--historian", str(tmp_path / "historian.db"), "--json")
        command = [sys.executable, "-m", "simulators", "load", *machines, *sending]
        answer = subprocess.run(command, check=True, capture_output=True).stdout
    latency = json.loads(answer)["latency"]
    assert latency["missing"] == 0
    assert 390 <= latency["messages"] <= 400  # those of each third machine
    assert 0 < latency["median_ms"] <= latency["p99_ms"] <= latency["max_ms"]
