"""A running gateway tells its status to whoever asks on its socket, and to nobody else."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from gateway.control import ask, serve, socket_of
from gateway.errors import GatewayError


async def test_the_status_is_told_even_from_a_deep_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("er" * 40)
    folder.mkdir(parents=True)
    path = socket_of(folder / "spool.db")
    async with serve(path, lambda: {"id": "gw", "large": "x" * 200_000}):
        assert path.stat().st_mode & 0o077 == 0
        answer = await asyncio.to_thread(ask, path)
        assert answer["id"] == "gw"
        assert len(str(answer["large"])) == 200_000
    assert not path.exists()
    with pytest.raises(GatewayError, match="is it running"):
        ask(path)


async def test_a_socket_that_a_killed_gateway_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "spool.db.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with serve(path, lambda: {"id": "gw"}):
        assert (await asyncio.to_thread(ask, path))["id"] == "gw"


async def test_who_asks_and_goes_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "spool.db.sock"
    async with serve(path, lambda: {"large": "x" * 5_000_000}):
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.close()
        assert await asyncio.to_thread(ask, path)
