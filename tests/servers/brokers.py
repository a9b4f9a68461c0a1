"""Real MQTT brokers for tests: mosquitto, and rumqttd out of the `iotcore` wheel; fixtures that start as many as asked.

    def test_something(mosquitto):
        broker = mosquitto("max_inflight_messages 0", persistence=True)
        ...                        # broker.url, broker.port, broker.log
        broker.stop(kill=True)     # as a power cut; without `kill` it writes its sessions to disk first
        broker.start()             # on the same port, with the same data

Every broker listens on 127.0.0.1 only and is stopped at the end of the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.servers import free_port, require, running


class Broker:
    """A broker in a process of its own, which can be stopped and started again on the same port.

    Attributes:
        port: Of its listener on 127.0.0.1.
        ports: Of all its listeners.
        log: File that its output goes to.
    """

    def __init__(self, command: list[str], ports: list[int], log: Path) -> None:
        self.port, self.ports, self.log = ports[0], ports, log
        self._command = command
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As a source's `url` names it (`mqtts` where the broker was given a certificate)."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id, to measure or to signal it."""
        assert self._process is not None, "the broker is stopped"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens; nothing happens if it runs."""
        if self._process is None:
            self._process = self._stack.enter_context(running(self._command, self.log, self.ports))

    def stop(self, *, kill: bool = False) -> None:
        """Stop it; with `kill` at once, so that nothing is written to disk any more."""
        if self._process is not None:
            if not kill:
                self._process.terminate()
                self._process.wait(30)
            self._process = None
            self._stack.close()  # kills what is left

    def restart(self, *, kill: bool = False) -> None:
        """Stop it and start it again."""
        self.stop(kill=kill)
        self.start()


class StartMosquitto(Protocol):
    """Starts a mosquitto; what the fixture `mosquitto` gives."""

    def __call__(self, *lines: str, persistence: bool = False) -> Broker:
        """Start one with these lines of mosquitto.conf; they may speak of the listener (`cafile`, ...).

        Anonymous clients are allowed unless a line says otherwise. With `persistence` a clean stop keeps the
        sessions, and `autosave_on_changes` with an interval of 1 writes them after every change.
        """


class Mosquitto(Broker):
    """A mosquitto that does not run yet.

    Args:
        folder: Where its configuration, its log and its data go; there already.
        lines: See `StartMosquitto`.
        persistence: See `StartMosquitto`.
        verbose: Whether its log has every packet.
    """

    def __init__(self, folder: Path, *lines: str, persistence: bool = False, verbose: bool = True) -> None:
        port = free_port()
        configuration = [
            f"listener {port} 127.0.0.1",
            # Started by root it would become the user `mosquitto`, who may not write here.
            *(["user root"] if os.geteuid() == 0 else []),
            *([] if any(line.startswith("allow_anonymous") for line in lines) else ["allow_anonymous true"]),
            *([f"persistence true\npersistence_location {folder}/"] if persistence else []),
            *lines,
        ]
        (folder / "mosquitto.conf").write_text("\n".join(configuration) + "\n")
        command = [require("mosquitto", "mosquitto"), "-c", f"{folder}/mosquitto.conf", *(["-v"] if verbose else [])]
        super().__init__(command, [port], folder / "log.txt")


@pytest.fixture
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartMosquitto]:
    """Start mosquitto brokers: `mosquitto("max_queued_messages 0", persistence=True)` returns a `Broker`."""
    with ExitStack() as stack:

        def start(*lines: str, persistence: bool = False) -> Broker:
            broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), *lines, persistence=persistence)
            stack.callback(broker.stop, kill=True)
            broker.start()
            return broker

        yield start


RUMQTTD = """
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5"
listen = "127.0.0.1:{v5}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 100
dynamic_filters = true
[v4.1]
name = "v4"
listen = "127.0.0.1:{v4}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 100
dynamic_filters = true
"""
"""Its configuration: without one it would listen on every interface, and know no MQTT 5."""


class Rumqttd(Broker):
    """rumqttd with two listeners: `port` speaks MQTT 5, `v4_port` knows only 3.1.1. Keeps everything in memory."""

    @property
    def v4_port(self) -> int:
        """Port of the listener that knows only MQTT 3.1.1."""
        return self.ports[1]

    @property
    def v4_url(self) -> str:
        """As a source's `url` names that listener."""
        return f"mqtt://127.0.0.1:{self.v4_port}"


@pytest.fixture
def rumqttd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Rumqttd]]:
    """Start rumqttd brokers: `rumqttd()` returns a `Rumqttd`, ready to be connected to."""
    with ExitStack() as stack:

        def start() -> Rumqttd:
            folder = tmp_path_factory.mktemp("rumqttd")
            v5, v4 = free_port(), free_port()
            (folder / "rumqttd.toml").write_text(RUMQTTD.format(v5=v5, v4=v4, max_payload=4 * 2**20))
            command = [sys.executable, "-m", "iotcore", "--config", f"{folder}/rumqttd.toml", "--log-level", "CRITICAL"]
            broker = Rumqttd(command, [v5, v4], folder / "log.txt")
            stack.callback(broker.stop, kill=True)
            broker.start()
            return broker

        yield start
