"""The embedded broker: rumqttd, in a process of its own, on loopback only, with nothing to install.

It keeps everything in memory. What a subscriber did not acknowledge it sends again after a reconnect, with new packet
identifiers and without the mark (DUP) that would tell it from new messages: what has no time of its own may then be
stored a second time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.child_process import running
from gateway.errors import GatewayError

START_SECONDS = 20.0
WINDOW = 100
"""Messages that it has on their way to a subscriber, at most."""

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
name = "embedded"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = {window}
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
    configuration.write_text(_BROKER.format(port=port, window=WINDOW))
    log = folder / "broker.log"
    arguments = ["-m", "iotcore", "--config", str(configuration), "--log-level", "CRITICAL"]
    async with running(arguments, log) as process:
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await _listens(port):
                    if process.returncode is not None:
                        raise GatewayError(f"the embedded broker did not start: {log} says why")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise GatewayError(f"the embedded broker does not listen: {log} says why") from None
        yield


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
