"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simulators.cli import app
from tests.servers import free_port, require, wait_until
from tests.servers.brokers import StartMosquitto


def simulators(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, arguments)


def last_line(result: Result) -> dict[str, float]:
    """Return the JSON object on the last line of the standard output."""
    answer: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_list_shows_scenarios_with_their_machines() -> None:
    result = simulators("list")
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("demo", "single", "mill-4", "meter-2", "energy_meter"))


def test_list_can_be_read_by_a_machine() -> None:
    listed = json.loads(simulators("list", "--json").stdout)
    assert listed["single"] == [
        {
            "machine": "mill-1",
            "kind": "cnc_mill",
            "topic": "plant1/machining/line1/mill-1/telemetry",
            "messages_per_second": 10.0,
        }
    ]


def test_run_ends_after_a_count_with_a_summary(mosquitto: StartMosquitto) -> None:
    result = simulators("run", "demo", "--url", mosquitto().url, "--count", "100", "--json")
    assert result.exit_code == 0
    summary = last_line(result)
    assert summary["published"] == summary["acknowledged"] == 100
    assert summary["seconds"] > 0


def test_run_says_in_words_what_it_did(mosquitto: StartMosquitto) -> None:
    result = simulators("run", "single", "--url", mosquitto().url, "--count", "3", "--rate", "10")
    assert result.stdout.startswith("Published 3 messages in ")
    assert "3 were acknowledged" in result.stdout


def test_run_logs_in_with_a_password_from_a_file(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    passwords.write_text("machine:open sesame\n")
    passwords.chmod(0o600)
    subprocess.run([require("mosquitto_passwd", "mosquitto"), "-U", str(passwords)], check=True)  # hashes it in place
    secret.write_text("open sesame\n")
    url = mosquitto("allow_anonymous false", f"password_file {passwords}").url
    login = ("--url", url, "--username", "machine", "--password-file", str(secret))
    assert simulators("run", "single", "--count", "2", *login).exit_code == 0
    assert simulators("load", "--messages", "2", *login).exit_code == 0
    refused = simulators("run", "single", "--url", url)
    assert refused.exit_code == 1
    assert "refuses this client" in refused.stderr


def test_run_fails_if_there_never_was_a_broker_and_says_what_to_do() -> None:
    result = simulators("run", "single", "--url", f"mqtt://127.0.0.1:{free_port()}", "--duration", "0.2")
    assert result.exit_code == 1
    assert "Connection refused" in result.stderr
    assert "mosquitto -p" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "nonsense"), "there are demo, single"),
        (("run", "demo", "--url", "http://broker"), "mqtt://HOST:PORT"),
        (("run", "demo", "--rate", "1000"), "lower rate"),
        (("run", "demo", "--password-file", "/nowhere/secret"), "No such file"),
        (("load", "--url", "mqtt://broker.plant1"), "--i-may-load-this-broker"),
        (("load", "--topics", "1", "--publishers", "2"), "cannot share"),
        (("load", "--qos", "2"), "--qos"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple[str, ...], reason: str) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_load_prints_counts_when_all_is_acknowledged(mosquitto: StartMosquitto) -> None:
    url = mosquitto("max_inflight_messages 0").url
    result = simulators("load", "--url", url, "--topics", "20", "--messages", "2000", "--publishers", "2")
    assert result.exit_code == 0
    summary = last_line(result)
    assert set(summary) == {"published", "acknowledged", "seconds", "cpu_seconds"}
    assert summary["published"] == summary["acknowledged"] == 2000


def test_load_fails_without_a_broker_and_says_what_to_do() -> None:
    result = simulators("load", "--url", f"mqtt://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert last_line(result)["published"] == 0
    assert "mosquitto -p" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [("run", "demo", "--json"), ("load", "--messages", "1000000000", "--rate", "5000")])
def test_a_signal_ends_it_with_the_summary(
    mosquitto: StartMosquitto, command: tuple[str, ...], number: signal.Signals
) -> None:
    broker = mosquitto()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "simulators", *command, "--url", broker.url],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "PUBLISH" in broker.log.read_text() or process.poll() is not None, "something is published")
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    summary = json.loads(output.splitlines()[-1])
    assert summary["published"] == summary["acknowledged"] > 0
