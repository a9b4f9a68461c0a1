"""The demo's plant: an embedded broker and simulated machines, each in a process of its own, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.errors import GatewayError

START_SECONDS = 20.0
STOP_SECONDS = 10.0

# rumqttd without a configuration of its own would listen on every interface, and know no MQTT 5.
_BROKER = """
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "demo"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def broker(port: int, folder: Path) -> AsyncIterator[None]:
    """Run the embedded broker until the block ends.

    Raises:
        GatewayError: It does not start.
    """
    configuration = folder / "broker.toml"
    configuration.write_text(_BROKER.format(port=port))
    log = folder / "broker.log"
    arguments = ["-m", "iotcore", "--config", str(configuration), "--log-level", "CRITICAL"]
    async with _running(arguments, log) as process:
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await _listens(port):
                    if process.returncode is not None:
                        raise GatewayError(f"the embedded broker did not start: {log} says why")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise GatewayError(f"the embedded broker does not listen: {log} says why") from None
        yield


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
        """Switch them off; return how many messages the broker has confirmed to them."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            output, _ = await self._process.communicate()
        lines = output.decode().splitlines()
        if not lines:
            raise GatewayError(f"the simulated machines ended without a word: {self._log} says why")
        return int(json.loads(lines[-1])["acknowledged"])


@asynccontextmanager
async def machines(port: int, folder: Path, seed: int) -> AsyncIterator[Machines]:
    """Run the simulated machines until the block ends."""
    log = folder / "machines.log"
    url = f"mqtt://127.0.0.1:{port}"
    arguments = ["-m", "simulators", "run", "demo", "--url", url, "--seed", str(seed), "--json"]
    async with _running(arguments, log, output=asyncio.subprocess.PIPE) as process:
        yield Machines(process, log)


@asynccontextmanager
async def _running(
    arguments: list[str], log: Path, output: int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors if output is None else output,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for us: they are stopped in an order in which nothing is lost
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
