"""The processes that are measured and those they talk to: how each is started and asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.measured import MeasurementError
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.status import JSON
from tests.servers import free_port, require, running
from tests.servers.brokers import RUMQTTD

PATIENCE = 120.0
"""Seconds after which something that was awaited has failed."""
POLL = 0.02
"""Seconds between two looks: an answer of the gateway costs it 0.2 ms."""
SELDOM = 0.1
"""The same, where those 0.2 ms would count."""
SPOOL = "spool.db"
"""File of the spool, in the folder of a gateway."""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE, poll: float = POLL) -> None:
    """Wait until the condition holds, or raise MeasurementError with `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise MeasurementError(f"{what}: not within {seconds:.0f} s")
        time.sleep(poll)


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """Run a mosquitto that limits nothing and keeps nothing, until the block ends; return its port."""
    port = free_port()
    configuration = folder / "mosquitto.conf"
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        # Started by root it would become a user who may not read here.
        *(["user root"] if os.geteuid() == 0 else []),
        # By default it sends 20 messages before it waits, keeps 1000 for a slow subscriber, and drops the others.
        "max_inflight_messages 0",
        "max_queued_messages 0",
    ]
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [require("mosquitto", "mosquitto"), "-c", str(configuration)]
    with running(command, folder / "mosquitto.log", [port]):
        yield port


@contextmanager
def rumqttd(folder: Path) -> Iterator[int]:
    """Run rumqttd, which never has more than 100 messages on their way to a subscriber; return its port."""
    ports = [free_port(), free_port()]
    configuration = folder / "rumqttd.toml"
    configuration.write_text(RUMQTTD.format(v5=ports[0], v4=ports[1], max_payload=2**20), encoding="utf-8")
    command = [sys.executable, "-m", "iotcore", "--config", str(configuration), "--log-level", "CRITICAL"]
    with running(command, folder / "rumqttd.log", ports):
        yield ports[0]


class Gateway:
    """A gateway that runs: `gateway run`, in a process of its own.

    Attributes:
        pid: Its process.
    """

    def __init__(self, pid: int, spool: Path, log: Path) -> None:
        self.pid = pid
        self._socket = socket_of(spool)
        self._log = log

    def status(self) -> dict[str, JSON]:
        """Return its status.

        Raises:
            MeasurementError: It does not answer.
        """
        try:
            return ask(self._socket)
        except GatewayError as error:
            raise MeasurementError(f"{error} ({error.__cause__!r})\n{self.log()}") from error

    def log(self) -> str:
        """Return the last of what it logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def number(self, *path: str) -> int:
        """Return a number of its status."""
        found: JSON = self.status()
        for key in path:
            found = found[key] if isinstance(found, dict) else None
        if not isinstance(found, int):
            raise MeasurementError(f"the status of the gateway has no number {'.'.join(path)}")
        return found

    def is_connected(self) -> bool:
        """Whether it runs, and every source is connected."""
        try:
            sources = self.status()["sources"]
        except MeasurementError:
            return False
        return isinstance(sources, dict) and all(
            isinstance(one, dict) and one["state"] == "connected" for one in sources.values()
        )


@contextmanager
def gateway(
    folder: Path, configuration: str, *, environment: Mapping[str, str] | None = None, seconds: float = 30
) -> Iterator[Gateway]:
    """Run a gateway with this configuration, its spool in this folder, until the block ends; wait until connected.

    Args:
        folder: For everything that it writes; made if it is not there.
        configuration: The content of its configuration file.
        environment: Variables beside those that are set.
        seconds: Within which it must be connected.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file, spool = folder / "gateway.toml", folder / SPOOL
    file.write_text(configuration, encoding="utf-8")
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    # `env` becomes the gateway: its process is the same.
    command = [*(["env", *variables] if variables else []), sys.executable, "-m", "gateway", "run", "-c", str(file)]
    with running(command, folder / "gateway.log", []) as process:
        one = Gateway(process.pid, spool, folder / "gateway.log")
        wait_until(lambda: process.poll() is not None or one.is_connected(), "the gateway connects", seconds)
        if process.poll() is not None:
            raise MeasurementError(f"the gateway did not start:\n{one.log()}")
        yield one
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def publisher(port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `simulators load` with these options, until the block ends; see `published`."""
    url = f"mqtt://127.0.0.1:{port}"
    command = [sys.executable, "-m", "simulators", "load", "--url", url, *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


class Published(NamedTuple):
    """What a load came to: messages that the broker acknowledged, and the seconds from the first to the last."""

    messages: int
    seconds: float
    cpu_seconds: float


def published(process: subprocess.Popen[bytes], seconds: float = PATIENCE) -> Published:
    """Wait for the end of a load, so many seconds at most, and return what it came to.

    Raises:
        MeasurementError: It failed.
    """
    output = answer_of(process, seconds)
    return Published(int(output["acknowledged"]), output["seconds"], output["cpu_seconds"])


def answer_of(process: subprocess.Popen[bytes], seconds: float = PATIENCE) -> dict[str, float]:
    """Wait for the end of a process and return the JSON object of numbers that it wrote.

    Raises:
        MeasurementError: It failed.
    """
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{_name(process.args)} did not end within {seconds:.0f} s") from error
    if process.returncode:
        raise MeasurementError(f"{_name(process.args)} failed with exit code {process.returncode}: {output!r}")
    answer: dict[str, float] = json.loads(output)
    return answer


def _name(arguments: object) -> str:
    return " ".join(map(str, arguments[:4])) if isinstance(arguments, Sequence) else str(arguments)
