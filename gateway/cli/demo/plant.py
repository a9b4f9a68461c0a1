"""The demo's plant: simulated machines in a process of their own, which talk to the embedded broker."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.child_process import running
from gateway.errors import GatewayError

SCENARIO = "mixed"
STOP_SECONDS = 10.0


class Machines:
    """The simulated machines while they run, and what they say at their end."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    def check(self) -> None:
        """See whether they still run.

        Raises:
            GatewayError: They ended by themselves.
        """
        if self._process.returncode is not None:
            raise GatewayError(f"the simulated machines have ended: {self._log} says why")

    async def stop(self) -> int:
        """Switch them off; return how many messages they have published."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            output, _ = await self._process.communicate()
        lines = output.decode().splitlines()
        if not lines:
            raise GatewayError(f"the simulated machines ended without a word: {self._log} says why")
        return int(json.loads(lines[-1])["published"])


async def configuration(port: int) -> str:
    """Return the configuration of a gateway that collects what the machines say.

    Raises:
        GatewayError: The simulators do not give it.
    """
    arguments = ["-m", "simulators", "config", SCENARIO, "--broker", _url(port)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise GatewayError(
            f"the simulated machines do not say how they are collected: they ended with {process.returncode}"
        )
    return output.decode()


def _url(port: int) -> str:
    return f"mqtt://127.0.0.1:{port}"


@asynccontextmanager
async def machines(port: int, folder: Path, seed: int) -> AsyncIterator[Machines]:
    """Run the simulated machines until the block ends."""
    log = folder / "machines.log"
    arguments = ["-m", "simulators", "run", SCENARIO, "--broker", _url(port), "--seed", str(seed), "--json"]
    async with running(arguments, log, output=asyncio.subprocess.PIPE) as process:
        yield Machines(process, log)
