"""A subscriber for the tests of what publishes: it keeps all that arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiomqtt


class Listener:
    """What has arrived, as pairs of topic and payload, in order."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._arrived = asyncio.Event()

    def add(self, topic: str, payload: bytes) -> None:
        """Take one more message."""
        self.messages.append((topic, payload))
        self._arrived.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until what has arrived fulfils the condition; fail with TimeoutError if it does not in time."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()


@asynccontextmanager
async def listening(port: int, topic: str = "#") -> AsyncIterator[Listener]:
    """Subscribe at QoS 1 to a topic of a broker on this machine, until the block ends."""
    listener = Listener()

    async def take(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            listener.add(str(message.topic), message.payload)

    async with (
        aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client,
        asyncio.TaskGroup() as group,
    ):
        await client.subscribe(topic, qos=1)
        taking = group.create_task(take(client), name="listen")
        yield listener
        taking.cancel()
