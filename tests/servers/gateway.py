"""The real `gateway` command in a process of its own, for tests against real brokers and databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import pytest

from gateway import fail_points
from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from tests.servers import wait_until

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
SECONDS = 60.0


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a `gateway` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
    )


class Gateway:
    """A gateway with a configuration of its own, which can be stopped, killed and started again.

    Args:
        folder: Where its configuration, its spool and its log go.
        document: Its configuration without the spool.
        spool: Options of the spool, as TOML.

    Attributes:
        config: Its configuration file.
        folder: Where its spool and its log are.
    """

    def __init__(self, folder: Path, document: str, **spool: str) -> None:
        self.folder = folder
        self.config = folder / "gateway.toml"
        options = {"path": '"spool.db"', "min_free": "0", **spool}
        lines = [f"{key} = {value}" for key, value in options.items()]
        self.config.write_text("\n".join([document, "[spool]", *lines, ""]))
        self.spool = folder / "spool.db"
        self.log = folder / "gateway.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, connected: bool = True) -> None:
        """Start it; wait until it is connected to all of its brokers, unless told not to."""
        self.launch()
        wait_until(self._answers, "the gateway answers", SECONDS)
        if connected:
            self.until(_is_connected, "it is connected")

    def launch(self, fail_point: str = "") -> None:
        """Start it and wait for nothing; with a fail point (`NAME:COUNT`) it dies when it gets there."""
        assert self._process is None, "it runs"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "run", "-c", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, fail_points.VARIABLE: fail_point},
            )

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            pytest.fail(f"the gateway ended:\n{self.log.read_text()[-4000:]}")
        return self.status() is not None

    def status(self) -> Mapping[str, JSON] | None:
        """Return its status; None if it does not answer."""
        try:
            return ask(socket_of(self.spool))
        except GatewayError:
            return None

    def messages(self) -> dict[str, int]:
        """Return what became of the messages."""
        status = self.status()
        assert status is not None, "the gateway does not answer"
        return cast("dict[str, int]", status["messages"])

    def until(self, condition: Callable[[Mapping[str, JSON]], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until its status is as it should be."""

        def holds() -> bool:
            status = self.status()
            return status is not None and condition(status)

        try:
            wait_until(holds, what, seconds)
        except BaseException:
            print(json.dumps(self.status(), indent=1)[:4000], self.log.read_text()[-4000:])  # noqa: T201
            raise

    def until_settled(self, received: int) -> dict[str, int]:
        """Wait until so many messages were received and none waits; return what became of them."""
        self.until(
            lambda status: (
                cast("dict[str, int]", status["messages"])["received"] >= received
                and not cast("dict[str, int]", status["messages"])["waiting"]
            ),
            f"{received} messages are received and none waits",
        )
        return self.messages()

    def kill(self) -> None:
        """End it as a power cut would, for this process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def connected(self) -> bool:
        """Whether it is connected to all of its brokers."""
        status = self.status()
        return status is not None and _is_connected(status)

    def has_waiting(self) -> bool:
        """Whether it says that something waits in its spool."""
        status = self.status()
        return status is not None and bool(cast("dict[str, JSON]", status["spool"])["messages"])

    def ended(self) -> bool:
        """Whether it has ended by itself, or never ran."""
        return self._process is None or self._process.poll() is not None

    def exit_code(self) -> int:
        """Wait until it has ended by itself; return its exit code, negative for the signal that ended it."""
        assert self._process is not None
        code = self._process.wait(SECONDS)
        self._process = None
        return code

    def stop(self) -> int:
        """End it as a container's host does; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.exit_code()


def _is_connected(status: Mapping[str, JSON]) -> bool:
    sources = cast("dict[str, dict[str, JSON]]", status["sources"])
    return all(source["state"] == "connected" for source in sources.values())


class StartGateway(Protocol):
    """Starts a gateway; what the fixture `gateway` gives."""

    def __call__(self, document: str, *, started: bool = True, **spool: str) -> Gateway:
        """Start one with this configuration; its spool is added, with these options (TOML)."""


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Start gateways: `gateway(document)` returns a `Gateway` that is connected."""
    with ExitStack() as stack:

        def start(document: str, *, started: bool = True, **spool: str) -> Gateway:
            made = Gateway(tmp_path_factory.mktemp("gateway"), document, **spool)
            stack.callback(made.kill)
            if started:
                made.start()
            return made

        yield start
