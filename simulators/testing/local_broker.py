"""A broker for a test, on a free port of 127.0.0.1: mosquitto where it is installed, else rumqttd out of `iotcore`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_PATH = "/usr/sbin:/usr/local/sbin"
"""Where distributions put servers, beside what PATH says."""
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.02

_MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
{user}
"""
"""It limits nothing: by default it would drop what a slow subscriber has not taken."""

_RUMQTTD = """
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "tests"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 4194304
max_inflight_count = 100
dynamic_filters = true
"""
"""Without a configuration of its own it would listen on every interface, and know no MQTT 5."""


class LocalBroker(NamedTuple):
    """A broker that runs; anyone may log in, over MQTT 5.

    Attributes:
        host: 127.0.0.1.
        port: Its TCP port.
        log: File of its output.
    """

    host: str
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it is, as `mqtt://127.0.0.1:PORT`."""
        return f"mqtt://{self.host}:{self.port}"


@contextmanager
def local_broker(folder: Path) -> Iterator[LocalBroker]:
    """Run a broker until the block ends.

    Args:
        folder: Where its configuration and its log go.

    Raises:
        RuntimeError: It does not start: with the end of its log.
    """
    port = _free_port()
    log = folder / "broker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # the program that is installed, with arguments of our own
            _command(folder, port), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the broker did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(_LOOK_SECONDS)
        yield LocalBroker("127.0.0.1", port, log)
    finally:
        process.kill()
        process.wait()


def _command(folder: Path, port: int) -> list[str]:
    if mosquitto := shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_PATH}"):
        configuration = folder / "mosquitto.conf"
        # Started by root it would become a user who may not read here.
        configuration.write_text(_MOSQUITTO.format(port=port, user="user root" if os.geteuid() == 0 else ""))
        return [mosquitto, "-c", str(configuration)]
    configuration = folder / "rumqttd.toml"
    configuration.write_text(_RUMQTTD.format(port=port))
    return [sys.executable, "-m", "iotcore", "--config", str(configuration), "--log-level", "CRITICAL"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
