"""The processes that are measured and those they talk to: how each is started, asked and weighed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.measured import MeasurementError
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.status import JSON
from tests.servers import free_port, require, running

PATIENCE = 120.0
"""Seconds after which something that was awaited has failed."""
POLL = 0.02
"""Seconds between two looks: an answer of the gateway costs it 0.2 ms."""

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat behind the name of the program (man 5 proc)."""


class Memory(NamedTuple):
    """Resident memory of a process in megabytes (10^6 bytes), its libraries included: now, and at most."""

    now: float
    peak: float


def cpu_seconds(pid: int) -> float:
    """Return the time that a process took on processors so far, in user and kernel mode, by all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def memory(pid: int) -> Memory:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    kilobytes = {
        name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest
    }
    return Memory(round(kilobytes["VmRSS"] * 1024 / 1e6, 1), round(kilobytes["VmHWM"] * 1024 / 1e6, 1))


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
def gateway(folder: Path, configuration: str) -> Iterator[Gateway]:
    """Run a gateway with this configuration, its spool in this folder, until the block ends; wait until connected."""
    folder.mkdir(parents=True, exist_ok=True)
    file, spool = folder / "gateway.toml", folder / "spool.db"
    file.write_text(configuration, encoding="utf-8")
    command = [sys.executable, "-m", "gateway", "run", "-c", str(file)]
    with running(command, folder / "gateway.log", []) as process:
        one = Gateway(process.pid, spool, folder / "gateway.log")
        wait_until(lambda: process.poll() is not None or one.is_connected(), "the gateway connects", 30)
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


def published(process: subprocess.Popen[bytes]) -> Published:
    """Wait for the end of a load and return what it came to.

    Raises:
        MeasurementError: It failed.
    """
    output = answer_of(process)
    return Published(int(output["acknowledged"]), output["seconds"], output["cpu_seconds"])


def answer_of(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Wait for the end of a process and return the JSON object of numbers that it wrote.

    Raises:
        MeasurementError: It failed.
    """
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{_name(process.args)} did not end within {PATIENCE:.0f} s") from error
    if process.returncode:
        raise MeasurementError(f"{_name(process.args)} failed with exit code {process.returncode}: {output!r}")
    answer: dict[str, float] = json.loads(output)
    return answer


def _name(arguments: object) -> str:
    return " ".join(map(str, arguments[:4])) if isinstance(arguments, Sequence) else str(arguments)
