"""The command `simulators edge-nodes`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simulators.cli import app
from simulators.sparkplug.faults import FAULTS
from tests.servers import free_port, wait_until
from tests.servers.brokers import StartMosquitto


def edge_nodes(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["edge-nodes", *arguments])


def test_it_ends_after_a_duration_with_a_summary(mosquitto: StartMosquitto) -> None:
    result = edge_nodes("--url", mosquitto().url, "--nodes", "2", "--devices", "1", "--duration", "2", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout.splitlines()[-1])
    assert (summary["nodes"], summary["connections"], summary["births"], summary["deaths"]) == (2, 2, 4, 2)
    assert summary["data"] > 0
    assert summary["rebirths_asked"] == 0


def test_it_says_in_words_what_it_did(mosquitto: StartMosquitto) -> None:
    result = edge_nodes("--url", mosquitto().url, "--duration", "0.5", "--fault", "seq_gap", "--fault", "alias_zero")
    assert result.stdout.startswith("1 edge nodes said 4 births, ")


def test_the_faults_are_listed_with_what_they_do() -> None:
    listed = edge_nodes("--list-faults").stdout
    assert all(name in listed for name in FAULTS)
    assert json.loads(edge_nodes("--list-faults", "--json").stdout)["seq_gap"] == FAULTS["seq_gap"].description


def test_the_list_of_scenarios_names_the_command() -> None:
    assert "simulators edge-nodes" in CliRunner().invoke(app, ["list"]).stdout


def test_it_fails_if_there_never_was_a_broker_and_says_what_to_do() -> None:
    result = edge_nodes("--url", f"mqtt://127.0.0.1:{free_port()}", "--duration", "0.2")
    assert result.exit_code == 1
    assert "no broker answers" in result.stderr
    assert "mosquitto -p" in result.stderr


def test_a_refused_login_fails_with_a_remedy(mosquitto: StartMosquitto) -> None:
    result = edge_nodes("--url", mosquitto("allow_anonymous false").url)
    assert result.exit_code == 1
    assert "--password-file" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--fault", "nonsense"), "there is no fault 'nonsense'"),
        (("--group", "a/b"), "--group"),
        (("--group", ""), "--group"),
        (("--primary-host", "#"), "--primary-host"),
        (("--rate", "5000"), "lower rate"),
        (("--url", "http://broker"), "mqtt://HOST:PORT"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple[str, ...], reason: str) -> None:
    result = edge_nodes(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_signal_ends_it_with_deaths_and_the_summary(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "simulators", "edge-nodes", "--json", "--url", broker.url],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "DBIRTH" in broker.log.read_text() or process.poll() is not None, "a device is born")
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert json.loads(output.splitlines()[-1])["deaths"] == 1
