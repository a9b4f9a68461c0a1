"""Real servers for tests: each on a free port of the loopback interface, with its data in a temporary folder."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def require(program: str, package: str) -> str:
    """Return the path of a server's program; without it skip on a laptop, and fail where CI=true."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path is None:
        reason = f"{program} is not installed: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


_PORTS = range(10_000, 32_000)
"""Below those that Linux gives to connections, and to servers that take any port."""
_SHARE = 220
"""How many of them one process has for its tests."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now.

    No other process of tests is given it, and no connection: it stays free until its server starts, and while that is
    stopped. Comes round again after about 200 others.
    """
    for port in itertools.islice(_own_ports, _SHARE):
        if _is_free(port):
            return port
    pytest.fail("every port of this process of tests is in use")


def _share() -> Iterator[int]:
    """Claim a share of the ports for this process, and yield its ports again and again."""
    for first in _PORTS[::_SHARE]:
        with socket.socket() as claim:
            try:
                claim.bind(("127.0.0.1", first))
            except OSError:  # the share of another process
                continue
            while True:
                yield from range(first + 1, first + _SHARE)
    pytest.fail("every share of the ports is claimed")


_own_ports = _share()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Poll until the condition holds; fail with `what` if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def accepts(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: list[str], log: Path, ports: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; wait until it listens, and show its log if it does not."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not all(accepts(port) for port in ports):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()
