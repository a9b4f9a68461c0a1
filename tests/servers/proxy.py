"""A TCP proxy that does to a connection what networks do: refuses, cuts, stalls, slows it down.

    with Proxy(broker.port) as proxy:
        ...                                      # connect to proxy.port instead of broker.port
        proxy.stall()                            # half-open: connections stay, and nothing passes
        proxy.stall(Direction.TO_CLIENT)         # what the client says still arrives
        proxy.cut()                              # reset what there is, and whatever connects
        proxy.cut_after(1000)                    # reset each connection after so many bytes more
        proxy.slow(2000)                         # bytes a second, in each direction
        proxy.refuse()                           # nothing listens; what there was is reset
        proxy.pass_on()                          # as if it were not there

Each call returns once it holds, and holds until the next. Usable from any thread, without pytest; runs in a thread of
its own. `http_proxy` knows HTTP besides.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from enum import Flag, auto
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from tests.servers.links import End, Link

__all__ = ["Direction", "End", "Link", "Mode", "Proxy"]

T = TypeVar("T")

PIECE = 65_536
"""Bytes taken at a time."""
_TURNS = 20
"""Times a second that something passes while the proxy is slow."""
_PATIENCE = 10.0


class Direction(Flag):
    """Which way bytes go."""

    TO_SERVER = auto()
    TO_CLIENT = auto()
    BOTH = TO_SERVER | TO_CLIENT


class Mode(NamedTuple):
    """What is done to connections.

    Attributes:
        refuses: Nothing listens.
        cuts: Whatever connects is reset.
        stalled: Where nothing passes.
        rate: Bytes a second in each direction; 0: as many as come.
        last_byte: How many bytes more pass before a connection is reset; -1: any number.
        counted: The direction in which those are counted.
    """

    refuses: bool = False
    cuts: bool = False
    stalled: Direction = Direction(0)
    rate: float = 0
    last_byte: int = -1
    counted: Direction = Direction.BOTH


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes everything on to another.

    Args:
        target_port: Of the server, on 127.0.0.1. Nothing needs to listen there yet.

    Attributes:
        port: To connect to; stays reserved while connections are refused.
        connections: How many were accepted.
    """

    def __init__(self, target_port: int) -> None:
        self.connections = 0
        self._target_port = target_port
        self._mode = Mode()
        self._links: dict[asyncio.Task[None], Link] = {}
        self._server: asyncio.Server | None = None
        # Bound and not listening, it keeps the port while nothing listens, and connections to it are refused.
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._switched = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {self.port}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.pass_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._switch(Mode(refuses=True)))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._reservation.close()

    def pass_on(self) -> None:
        """Let everything pass; what a stall kept passes too."""
        self._run(self._switch(Mode()))

    def refuse(self) -> None:
        """Reset all connections, and refuse new ones, as where no server runs."""
        self._run(self._switch(Mode(refuses=True)))

    def cut(self) -> None:
        """Reset all connections, and new ones as soon as they are made."""
        self._run(self._switch(Mode(cuts=True)))

    def cut_once(self) -> None:
        """Reset all connections; what connects from now on passes."""
        self._run(self._switch(Mode(cuts=True)))
        self._run(self._switch(Mode()))

    def cut_after(self, size: int, direction: Direction = Direction.TO_SERVER) -> None:
        """Reset each connection once so many bytes more have passed: in the middle of what is being said."""
        self._run(self._switch(Mode(last_byte=size, counted=direction)))

    def stall(self, direction: Direction = Direction.BOTH) -> None:
        """Keep connections open, accept new ones, and let nothing pass, not even their end: half-open connections."""
        self._run(self._switch(Mode(stalled=direction)))

    def slow(self, rate: float) -> None:
        """Let so many bytes a second pass in each direction of each connection."""
        self._run(self._switch(Mode(rate=rate)))

    def _run(self, action: Coroutine[None, None, T]) -> T:
        """Do it in the proxy's thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(action, self._loop).result(_PATIENCE)

    async def _switch(self, mode: Mode) -> None:
        self._mode, switched, self._switched = mode, self._switched, asyncio.Event()
        switched.set()
        if mode.refuses and self._server is not None:
            self._server.close()
            self._server = None
        elif not mode.refuses and self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))
        if mode.refuses or mode.cuts:
            tasks = list(self._links)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = Link(End(reader, writer))
        task = self._loop.create_task(self._handle(link), name="proxied connection")
        self._links[task] = link
        task.add_done_callback(self._links.pop)

    async def _handle(self, link: Link) -> None:
        """Serve a connection until one of its ends is gone; then the other goes in the same way."""
        orderly = False
        try:
            if not self._mode.cuts:
                await self._serve(link)
                orderly = True
        except* (OSError, EOFError):  # one end is gone
            pass
        finally:
            if not orderly:
                for end in link.ends():
                    end.reset()
            for end in link.ends():
                await end.closed()

    async def _serve(self, link: Link) -> None:
        server = await self._connect(link)
        async with asyncio.TaskGroup() as pumps:
            pumps.create_task(self._pump(link, link.client, server, Direction.TO_SERVER))
            pumps.create_task(self._pump(link, server, link.client, Direction.TO_CLIENT))

    async def _connect(self, link: Link) -> End:
        link.server = End(*await asyncio.open_connection("127.0.0.1", self._target_port))
        return link.server

    async def _pump(self, link: Link, source: End, sink: End, direction: Direction) -> None:
        while data := await self._read(source, direction):
            await self._forward(link, sink, data, direction)
        await self._unstalled(direction)
        sink.writer.write_eof()

    async def _read(self, source: End, direction: Direction) -> bytes:
        try:
            return await source.reader.read(PIECE)
        except OSError:
            await self._unstalled(direction)  # a reset does not pass through a stall either
            raise

    async def _forward(self, link: Link, sink: End, data: bytes, direction: Direction) -> None:
        """Pass bytes on as the mode wants it.

        Raises:
            ConnectionResetError: The mode wants the connection cut here.
        """
        while data:
            await self._unstalled(direction)
            mode = self._mode
            if link.mode is not mode:
                link.mode, link.passed = mode, 0
            size = len(data) if not mode.rate else max(1, int(mode.rate / _TURNS))
            if mode.last_byte >= 0 and direction in mode.counted:
                size = min(size, mode.last_byte - link.passed)
                link.passed += min(size, len(data))
            sink.writer.write(data[:size])
            await sink.writer.drain()
            data = data[size:]
            if mode.last_byte >= 0 and link.passed >= mode.last_byte:
                # A reset throws away what has not left.
                sink.writer.transport.set_write_buffer_limits(high=0)
                await sink.writer.drain()
                raise ConnectionResetError
            if mode.rate and data:
                await asyncio.sleep(1 / _TURNS)

    async def _unstalled(self, direction: Direction) -> None:
        """Wait while nothing passes in this direction.

        Raises:
            ConnectionResetError: The stall ended with a cut: what it kept is gone.
        """
        while direction in self._mode.stalled:
            await self._switched.wait()
            if self._mode.cuts or self._mode.refuses:
                raise ConnectionResetError


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
