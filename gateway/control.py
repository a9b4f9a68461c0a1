"""How a running gateway tells its status: a Unix socket beside the spool, for this user only.

Whoever connects gets one JSON object and the end of the stream. Nothing can be asked or changed through it.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from gateway.errors import GatewayError
from gateway.status import JSON

TIMEOUT = 5.0
"""Seconds that a client waits for an answer, and the gateway for a slow client."""


def socket_of(spool: Path) -> Path:
    """Return the socket of the gateway that uses this spool."""
    return spool.with_name(spool.name + ".sock")


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a socket a short name: the kernel allows 107 bytes, and folders are often deeper."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@asynccontextmanager
async def serve(path: Path, snapshot: Callable[[], dict[str, JSON]]) -> AsyncIterator[None]:
    """Answer with snapshots until the block ends."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(snapshot()).encode())
            async with asyncio.timeout(TIMEOUT):
                await writer.drain()
        except (OSError, TimeoutError):
            pass  # whoever asked is gone
        finally:
            writer.close()

    _remove(path)  # left by a gateway that was killed: the lock of the spool says that it is gone
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with _short(path) as name:
            listener.bind(name)
    finally:
        os.umask(before)
    server = await asyncio.start_unix_server(answer, sock=listener)
    try:
        yield
    finally:
        server.close()
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def ask(path: Path) -> dict[str, JSON]:
    """Return the status of the gateway that listens on this socket.

    Raises:
        GatewayError: None listens there.
    """
    try:
        with _short(path) as name, socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(name)
            parts = []
            while part := client.recv(65_536):
                parts.append(part)
        answer: dict[str, JSON] = json.loads(b"".join(parts))
    except (OSError, ValueError) as error:
        raise GatewayError(f"no gateway answers at {path}: is it running?") from error
    return answer
