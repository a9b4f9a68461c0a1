"""`simulators run` and its like: what is refused, what is told, and how they end."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mqtt5
import orjson
import pytest
from typer.testing import CliRunner, Result

from simulators.cli import app
from tests.servers import free_port, wait_until
from tests.servers.brokers import StartMosquitto

ROOT = Path(__file__).parents[3]


def simulators(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


@contextmanager
def hanging_broker() -> Iterator[tuple[int, threading.Event]]:
    """Accept connections and log-ins, and answer nothing else; give the port, and what is set at the first message."""
    published = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:  # the end
                    return
                threading.Thread(target=answer, args=(peer,), daemon=True).start()

        def answer(peer: socket.socket) -> None:
            with peer:
                peer.recv(65_536)
                peer.sendall(mqtt5.ConnAckPacket().write())
                while data := peer.recv(65_536):
                    if data[0] & 0xF0 == 0x30:
                        published.set()
                while True:  # it does not even close
                    if stopped.wait(0.05):
                        return

        stopped = threading.Event()
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1], published
        finally:
            stopped.set()
            server.shutdown(socket.SHUT_RDWR)


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "simulators", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_run_tells_how_to_ask_for_its_answers(mosquitto: StartMosquitto) -> None:
    ran = simulators("run", "single", "--broker", mosquitto().url, "--speed", "max", "--duration", "2min", "--json")
    told = re.search(r"simulators (expect single --seed \d+ --start \S+ --duration 120s)", ran.stderr)
    assert told is not None, ran.stderr
    expected = orjson.loads(simulators(*shlex.split(told[1]), "--json").stdout)
    assert orjson.loads(ran.stdout)["published"] == expected["plant"]["messages"]


def test_run_into_a_file_leaves_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text("precious")
    result = simulators("run", "single", "--duration", "1s", "--output", str(file))
    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "single", "--duration", "0"), "more than 0s"),
        (("expect", "single", "--duration", "0s"), "more than 0s"),
        (("run", "single", "--duration", "9" * 20), "100 years at most"),
        (("expect", "single", "--duration", "101000w"), "100 years at most"),
        (("record", "x.jsonl", "--duration", "9" * 20), "100 years at most"),
        (("expect", "single", "--duration", "3600w"), "began before 1970"),
        (("expect", "single", "--start", "2262-01-01T00:00:00Z", "--duration", "200w"), "ends after 2262"),
        (("expect", "single", "--start", "1969-12-31T00:00:00Z"), "begins before 1970"),
        (("run", "single", "--output", "x.jsonl", "--username", "me"), "either --username or --output"),
        (("run", "single", "--output", "x.jsonl", "--password-file", "/dev/null"), "either --password-file or"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple[str, ...], reason: str) -> None:
    result = simulators(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_an_unknown_face_of_a_load_is_blamed_alone() -> None:
    result = simulators("load", "--face", "nope")
    assert result.exit_code == 2
    assert "Invalid value for --face: there is no face 'nope'" in result.stderr


@pytest.mark.parametrize(
    "command", [("run", "single", "--speed", "1000", "--duration", "10s"), ("load",), ("record", "FILE")]
)
def test_the_remedy_names_the_port_that_was_asked_for(tmp_path: Path, command: tuple[str, ...]) -> None:
    port = free_port()
    arguments = [str(tmp_path / "new.jsonl") if argument == "FILE" else argument for argument in command]
    result = simulators(*arguments, "--broker", f"mqtt://127.0.0.1:{port}")
    assert result.exit_code == 1
    assert f"mosquitto -p {port}`" in result.stderr


@pytest.mark.parametrize("qos", ["3", "-1", "true"])
def test_replay_refuses_a_qos_that_there_is_not(tmp_path: Path, qos: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(f'{{"time": "2026-03-02T06:00:00Z", "topic": "a", "payload": "", "qos": {qos}}}\n')
    result = simulators("replay", str(file))
    assert result.exit_code == 1
    assert f"{file}, line 1: qos" in result.stderr


def test_run_fails_if_the_broker_does_not_acknowledge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.delivery.conductor._DRAIN_SECONDS", 0.1)
    with hanging_broker() as (port, _):
        result = simulators(
            "run", "single", "--broker", f"mqtt://127.0.0.1:{port}", "--speed", "max", "--duration", "1s"
        )
    assert result.exit_code == 1
    assert re.search(r"has not acknowledged \d+ messages", result.stderr)


def test_a_signal_ends_a_run_whose_broker_hangs() -> None:
    with hanging_broker() as (port, published):
        process = start("run", "single", "--broker", f"mqtt://127.0.0.1:{port}", "--json")
        assert published.wait(60)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=25)
    assert process.returncode == 0, errors
    assert orjson.loads(output)["acknowledged"] == 0


def test_a_second_signal_ends_it_at_once() -> None:
    with hanging_broker() as (port, published):
        process = start("run", "single", "--broker", f"mqtt://127.0.0.1:{port}", "--json")
        assert published.wait(60)

        def interrupted() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None

        wait_until(interrupted, "it ends")
        output, _ = process.communicate(timeout=25)
    assert process.returncode != 0
    assert output == ""
