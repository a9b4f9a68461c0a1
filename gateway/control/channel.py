"""The two ends of the socket: the gateway listens and answers, a command asks."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from gateway.errors import GatewayError
from gateway.status import JSON

TIMEOUT = 5.0
"""Seconds that a client waits for an answer, and the gateway for a slow client."""
SILENCE = 1.0
"""Seconds after which a client that says nothing is told the status: older ones neither ask nor end their side."""
MAX_QUESTION_BYTES = 65_536

Answer: TypeAlias = Callable[[Mapping[str, JSON]], Mapping[str, JSON]]
"""Answers a question. Called in the event loop; raises ValueError with the reason if there is no answer."""


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
async def serve(path: Path, answer: Answer) -> AsyncIterator[None]:
    """Answer questions until the block ends."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            try:
                found = answer(_parse(await _hear(reader)))
            except ValueError as error:
                found = {"error": str(error)}
            writer.write(json.dumps(found).encode())
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
    server = await asyncio.start_unix_server(meet, sock=listener, limit=MAX_QUESTION_BYTES)
    try:
        yield
    finally:
        server.close()
        _remove(path)


async def _hear(reader: asyncio.StreamReader) -> bytes:
    """Return the line that a client sends; nothing if it ends its side, or stays silent.

    Raises:
        ValueError: The line is too long.
        TimeoutError: It was begun and not ended in time.
    """
    start = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENCE):
            start = await reader.read(1)
    if start in (b"", b"\n"):
        return b""
    async with asyncio.timeout(TIMEOUT):
        try:
            return start + await reader.readline()
        except ValueError as error:
            raise ValueError(f"a question has {MAX_QUESTION_BYTES // 1024} KiB at most") from error


def _parse(line: bytes) -> Mapping[str, JSON]:
    if not line:
        return {"ask": "status"}
    try:
        question = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("a question is one line of JSON") from error
    if not isinstance(question, dict):
        raise ValueError("a question is a JSON object")  # noqa: TRY004  # one kind of error for all that is no question
    return question


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def ask(path: Path, question: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """Return what the gateway that listens on this socket answers; without a question, its status.

    Raises:
        GatewayError: None listens there, or it has no answer: then with its reason.
    """
    try:
        with _short(path) as name, socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            client.connect(name)
            if question is not None:
                client.sendall(json.dumps(question).encode() + b"\n")
            client.shutdown(socket.SHUT_WR)
            parts = []
            while part := client.recv(65_536):
                parts.append(part)
        answer: dict[str, JSON] = json.loads(b"".join(parts))
    except (OSError, ValueError) as error:
        raise GatewayError(f"no gateway answers at {path}: is it running?") from error
    if "error" in answer:
        raise GatewayError(str(answer["error"]))
    return answer
