"""The two ends of a connection that passes through a proxy."""

from __future__ import annotations

import asyncio
import socket
import struct


class End:
    """One end of a proxied connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def reset(self) -> None:
        """Close it so that the other side sees a reset, and not an orderly end."""
        linger: socket.socket = self.writer.get_extra_info("socket")
        if linger.fileno() >= 0:
            linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def closed(self) -> None:
        """Close it, and wait until it is."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return


class Link:
    """A client's connection, and how much has passed since the present mode began."""

    def __init__(self, client: End) -> None:
        self.client = client
        self.server: End | None = None
        self.mode: object = None
        self.passed = 0

    def ends(self) -> tuple[End, ...]:
        """Return the ends that there are."""
        return (self.client,) if self.server is None else (self.client, self.server)
