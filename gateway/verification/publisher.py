"""Publishes the messages at QoS 1 over MQTT 5, paced and bounded, and tells the ledger what the broker acknowledged.

A broker that goes away is waited for. What was on its way then stays uncertain: it is not sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import mqtt5

from gateway.errors import GatewayError
from gateway.mqtt.endpoint import Endpoint
from gateway.verification.connection import FAILURE, Connection, connect
from gateway.verification.ledger import Ledger
from gateway.verification.messages import Messages, Stream

TICK_SECONDS = 0.005
"""How often messages are sent: a load in even small portions."""
LONGEST_WAIT = 1.0
"""Seconds between attempts to reach a broker that is away."""


class Publisher:
    """One client that publishes numbered messages.

        publisher = Publisher(endpoint, "client-id", messages, ledger, rate=1000, window=1000)
        await publisher.connect()                  # raises if the broker does not take us
        task = asyncio.create_task(publisher.run())    # from here on it connects again by itself
        publisher.offer(5000, streams)             # publish so many more, in turn to these
        await publisher.reached(5000)
        await publisher.answered(10)
        await publisher.close()

    Args:
        endpoint: The broker.
        client_id: Unique on it; its session ends with the connection.
        messages: What they look like.
        ledger: Is told what is sent and what is acknowledged.
        rate: Messages a second, at most.
        window: Messages on their way at a time, at most; the broker may allow fewer.

    Attributes:
        sent: Messages sent so far.
        refused: Messages that the broker answered with a refusal, by its reason: those are not owed.
        connections: Times it was connected.
    """

    def __init__(
        self, endpoint: Endpoint, client_id: str, messages: Messages, ledger: Ledger, *, rate: float, window: int
    ) -> None:
        self.sent = 0
        self.refused: dict[str, int] = {}
        self.connections = 0
        self._endpoint, self._client_id = endpoint, client_id
        self._messages, self._ledger = messages, ledger
        self._rate, self._window = rate, window
        self._offered = 0
        self._streams: Sequence[Stream] = ()
        self._allowance = 0.0
        self._changed = asyncio.Event()
        self._connection: Connection | None = None

    async def connect(self) -> None:
        """Connect for the first time.

        Raises:
            GatewayError: The broker cannot be reached or does not let us in.
        """
        self._connection = await connect(self._endpoint, self._client_id, self._window, self._answer)
        self.connections += 1

    async def run(self) -> None:
        """Publish what is offered, and connect again whenever the connection ends, until cancelled."""
        loop = asyncio.get_running_loop()
        before, wait = loop.time(), TICK_SECONDS
        while True:
            connection = self._connection
            if connection is None or connection.closed:
                self._changed.set()  # what was on its way will not be answered any more
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
                with contextlib.suppress(GatewayError):  # it is away, and waited for
                    await self.connect()
                    wait = TICK_SECONDS
                before = loop.time()
                continue
            now = loop.time()
            # After a pause the schedule is not made up for in one burst.
            self._allowance = min(self._allowance + (now - before) * self._rate, max(1.0, self._rate * 0.1))
            before = now
            self._send(connection)
            await asyncio.sleep(TICK_SECONDS)

    def offer(self, number: int, streams: Sequence[Stream]) -> None:
        """Let so many more messages be published, to these streams in turn."""
        self._offered += number
        self._streams = streams

    async def reached(self, sent: int) -> None:
        """Wait until so many messages have been sent in all."""
        await self._until(lambda: self.sent >= sent)

    async def answered(self, seconds: float) -> bool:
        """Wait until nothing is on its way any more; return whether that came about in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._until(lambda: not self.on_their_way)
        return not self.on_their_way

    @property
    def offered(self) -> int:
        """Messages that were offered so far."""
        return self._offered

    @property
    def on_their_way(self) -> int:
        """Messages that may still be acknowledged."""
        connection = self._connection
        return 0 if connection is None or connection.closed else len(connection.waiting)

    async def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            await self._connection.close()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _send(self, connection: Connection) -> None:
        """Send as many as rate, window and socket allow: about 3 us each."""
        number = min(int(self._allowance), self._offered - self.sent, connection.room)
        if number <= 0:
            return
        streams, messages, ledger, parts = self._streams, self._messages, self._ledger, []
        for index in range(self.sent, self.sent + number):
            stream = streams[index % len(streams)]
            sequence = ledger.send(stream)
            parts.append(
                connection.packet(stream, sequence, messages.topic(stream), messages.payload(stream, sequence))
            )
        connection.write(b"".join(parts))
        self.sent += number
        self._allowance -= number
        self._changed.set()

    def _answer(self, stream: Stream, number: int, reason: mqtt5.PubAckReasonCode) -> None:
        if reason.value < FAILURE:
            self._ledger.acknowledge(stream, number)
        else:
            self.refused[reason.name] = self.refused.get(reason.name, 0) + 1
        self._changed.set()
