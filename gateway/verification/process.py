"""The gateway under test: the real command, in a process of its own, that is killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.control import ask, socket_of
from gateway.errors import GatewayError
from gateway.fail_points import VARIABLE
from gateway.settings.load import PREFIX
from gateway.status import JSON

START_SECONDS = 60.0
STOP_SECONDS = 10.0
"""What a container is usually given to end."""
LOOK_SECONDS = 0.05
"""How often its status is looked at while something is waited for."""
LOG_TAIL = 2000
_CONNECTED = ("connected", "paused")


class GatewayProcess:
    """Runs `gateway run` with a configuration; to be used in an `async with` statement, which kills what is left.

    Args:
        folder: Where `gateway.toml` and its spool `spool.db` are, and `gateway.log` grows.
        environment: Further variables. Those that would change its configuration are never handed on.

    Attributes:
        arm: The fail point that the process was started with; empty for none.
        starts: Times it was started.
        gaps: Times it said that the broker had forgotten its session, as far as its status was seen.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.config = folder / "gateway.toml"
        self.log = folder / "gateway.log"
        self.arm = ""
        self.starts = 0
        self._socket = socket_of(folder / "spool.db")
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = {**own, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._gaps_of_earlier, self._gaps = 0, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def gaps(self) -> int:
        """See the class."""
        return self._gaps_of_earlier + self._gaps

    async def start(self, arm: str = "") -> None:
        """Start it; return at once.

        Args:
            arm: Value of GATEWAY_FAIL_POINT: where it is to kill itself.
        """
        if self.running:
            raise GatewayError("the gateway under test runs already")
        self.arm = arm
        self.starts += 1
        self._gaps_of_earlier, self._gaps = self.gaps, 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "run",
                "-c",
                str(self.config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self._environment, **({VARIABLE: arm} if arm else {})},
                start_new_session=True,  # Ctrl-C is for us
            )

    async def connected(self) -> bool:
        """Wait until it is connected to its broker, or has ended by an armed fail point; return which.

        Raises:
            GatewayError: It ended otherwise, or does not get there in a minute.
        """
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not self.running:
                self.explain_end()
                return False
            status = await self.status()
            if status is not None and all(one["state"] in _CONNECTED for one in sources_of(status)):
                return True
            await asyncio.sleep(LOOK_SECONDS)
        raise GatewayError(f"the gateway under test was not connected within {START_SECONDS:.0f} s:\n{self._tail()}")

    def explain_end(self) -> None:
        """Say why it ended, unless it was made to.

        Raises:
            GatewayError: It was not.
        """
        code = None if self._process is None else self._process.returncode
        if not (self.arm and code == -signal.SIGKILL):
            raise GatewayError(f"the gateway under test ended with exit code {code}:\n{self._tail()}")

    async def status(self) -> Mapping[str, JSON] | None:
        """Return its status; None if it does not answer."""
        try:
            status = await asyncio.to_thread(ask, self._socket)
        except GatewayError:  # it starts, or is dead
            return None
        self._gaps = sum(int(str(one["gaps"])) for one in sources_of(status))
        return status

    async def ended(self, seconds: float) -> bool:
        """Wait until it ends by itself; return whether it did so in time."""
        if self._process is None:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()
        return not self.running

    async def kill(self) -> None:
        """End it at once, as a power cut would; nothing happens if it has ended."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def terminate(self) -> int | None:
        """Ask it to end (SIGTERM), as the host of a container does; return its exit code.

        None if it did not end within ten seconds: it is killed then.
        """
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        if not await self.ended(STOP_SECONDS):
            await self.kill()
            return None
        return self._process.returncode

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""


def sources_of(status: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    """Return the status of each source."""
    sources = status["sources"]
    return [one for one in sources.values() if isinstance(one, dict)] if isinstance(sources, dict) else []
