"""Drives one edge node: connects it, again and again, hands it what arrives, and does what it wants done."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable

from simulators.broker import Broker
from simulators.delivery.connection import Connection, ConnectionLostError
from simulators.messages import Disconnect, Publication
from simulators.sparkplug.messages import Action
from simulators.sparkplug.node import EdgeNode

_RECONNECT_SECONDS = (0.5, 10.0)


class Driver:
    """The life of a node on a broker.

    Attributes:
        node: The node.
        connections: How often a connection was made.
        skipped: Samples that were left out because the broker was behind.

    Args:
        node: The node.
        broker: Where it lives.
        tell: Called with a sentence when a connection is lost or cannot be made.
        gate: Bounds how many nodes log in at a time.
    """

    def __init__(self, node: EdgeNode, broker: Broker, tell: Callable[[str], None], gate: asyncio.Semaphore) -> None:
        self.node = node
        self.connections = 0
        self.skipped = 0
        self._broker = broker
        self._tell = tell
        self._gate = gate
        self._connection: Connection | None = None
        self._stopping = asyncio.Event()
        self._wanted_end = False

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    async def live(self) -> None:
        """Be connected as much of the time as the broker allows, until `leave`.

        Raises:
            BrokerRefusedError: The broker does not let this node in.
        """
        attempt = 0
        while not self._stopping.is_set():
            before = self.connections
            reason = await self._session()
            if self._stopping.is_set():
                break
            attempt = 1 if self.connections > before else attempt + 1
            least, most = _RECONNECT_SECONDS
            delay = random.uniform(0, min(most, least * 2**attempt))
            if not self._wanted_end:
                self._tell(f"Edge node {self.node.plan.node}: {reason}. Trying again in {delay:.1f} s")
            await self._rest(delay)

    def leave(self) -> None:
        """Say the death, and end the connection and `live`."""
        self._stopping.set()
        self._do(self.node.disconnecting(time.time_ns()))

    def cut(self) -> None:
        """Pull the cable: the broker publishes the Will, and the node connects again."""
        if self._connection is not None:
            self._connection.abort()

    def measure(self, part: int, time_ns: int) -> None:
        """Have the node take a sample, unless what it said before has not left yet."""
        if self._connection is not None and not self._connection.is_writable:
            self.skipped += 1
            return
        self._do(self.node.measured(part, time_ns, time.time_ns()))

    def do(self, happen: Callable[[int], Iterable[Action]]) -> None:
        """Have something happen to the node, given the time, and do what follows: a device is lost, or found."""
        self._do(happen(time.time_ns()))

    async def _session(self) -> str:
        """Live through one connection; return why it ended."""
        self._wanted_end = False
        try:
            async with self._gate:
                will = self.node.connecting(time.time_ns())
                connection = await Connection.open(self._broker, will, self.node.subscriptions(), asyncio.Event())
        except ConnectionLostError as error:
            return str(error)
        self.connections += 1
        self._connection = connection
        try:
            if self._stopping.is_set():
                connection.close()
            else:
                self._do(self.node.connected(time.time_ns()))
                connection.listen(self._received)
            return await connection.ended()
        finally:
            connection.abort()
            self._connection = None
            self.node.disconnected()

    def _received(self, topic: str, payload: bytes) -> None:
        self._do(self.node.received(topic, payload, time.time_ns()))

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publication() if self._connection is not None:
                    self._connection.publish(action)
                case Disconnect(with_packet) if self._connection is not None:
                    self._wanted_end = True
                    self._connection.close(with_packet=with_packet)

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass  # nobody asked to stop
