"""Writes what is said on a broker into a file: every message with the time at which it came.

Over MQTT 5 a message keeps its retain flag (retain as published); over 3.1.1 it has one only if it was stored before
the recording began. User properties are kept, other properties are not; QoS 2 becomes QoS 1. A message costs about
0.12 ms of CPU. A broker drops messages of a subscriber that is behind, and tells nobody: mosquitto when 1,000 wait
(`max_queued_messages`), of which it sends 20 at a time (`max_inflight_messages`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from simulators.broker import Broker
from simulators.delivery.client import Client, Protocol
from simulators.delivery.connection import BrokerRefusedError
from simulators.delivery.file import Recorded, line
from simulators.messages import Publication

_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5, 2.4)."""


def _gathering(arrived: list[tuple[int, aiomqtt.Message]]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return a queue that appends messages with their times to a list, and itself holds one at most, to wake who waits.

    Waiting for each message costs more than taking it: so a thousand that come at a time are one waiting.
    """

    class Gathering(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            arrived.append((time.monotonic_ns(), item))
            if self.empty():
                super().put_nowait(item)

    return Gathering


class Recorder:
    """Records a broker.

    Attributes:
        messages: Written so far.
        subscribed: Set as soon as nothing more is missed.

    Args:
        broker: Which.
        filters: Topic filters of what is recorded.
        protocol: Version of MQTT.
        tell: Called with a sentence when the connection is lost: what is said until there is another is missing.
    """

    def __init__(
        self, broker: Broker, filters: Sequence[str], protocol: Protocol, *, tell: Callable[[str], None]
    ) -> None:
        self.messages = 0
        self.subscribed = asyncio.Event()
        self._filters = filters
        self._protocol = protocol
        self._arrived: list[tuple[int, aiomqtt.Message]] = []
        self._client = Client(broker, protocol, tell=tell, arrivals=_gathering(self._arrived))
        self._broker = broker
        # Not moved by whoever sets the clock meanwhile.
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    @property
    def connections(self) -> int:
        """How often a connection was made; between two of them something may be missing."""
        return self._client.connections

    def stop(self) -> None:
        """End the recording, after what has arrived."""
        self._client.stop()

    async def record(self, path: Path, seconds: float | None = None) -> None:
        """Record into a new file until stopped, or for so many seconds.

        Raises:
            FileExistsError: There is a file of this name.
            OSError: The file cannot be written.
            BrokerRefusedError: The broker does not let this client in, or not to a topic.
            ConnectionLostError: No broker answers.
        """
        with path.open("xb") as file:
            await self._client.run(lambda client: self._session(client, file, seconds))

    async def _session(self, client: aiomqtt.Client, file: BinaryIO, seconds: float | None) -> None:
        """Record over one connection until it is time to stop, or it is lost."""
        await self._subscribe(client)
        if seconds is not None and not self.subscribed.is_set():
            asyncio.get_running_loop().call_later(seconds, self.stop)
        self.subscribed.set()
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(self._take(client, file), name="take messages")
            stopping = group.create_task(self._client.rest(None), name="time to stop")
            await asyncio.wait((taking, stopping), return_when=asyncio.FIRST_COMPLETED)
            taking.cancel()
            stopping.cancel()

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Subscribe; after a loss of the connection without the stored messages, which are in the file already."""
        again = self.subscribed.is_set()
        for topic_filter in self._filters:
            if self._protocol is Protocol.MQTT_5:
                options = SubscribeOptions(
                    qos=1,
                    retainAsPublished=True,
                    retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND if again else 0,
                )
                codes = await client.subscribe(topic_filter, options=options)
            else:
                codes = await client.subscribe(topic_filter, qos=1)
            if any((code.value if isinstance(code, ReasonCode) else code) >= _FAILURE for code in codes):
                raise BrokerRefusedError(f"The broker at {self._broker} refuses a subscription to {topic_filter}")

    async def _take(self, client: aiomqtt.Client, file: BinaryIO) -> None:
        try:
            async for _ in client.messages:
                self._write(file)
        finally:
            self._write(file)

    def _write(self, file: BinaryIO) -> None:
        """Write what has arrived."""
        arrived = self._arrived.copy()
        self._arrived.clear()
        for time_ns, message in arrived:
            publication = Publication(
                str(message.topic),
                message.payload,
                1 if message.qos else 0,
                bool(message.retain),
                tuple(getattr(message.properties, "UserProperty", ())),
            )
            file.write(line(Recorded(self._offset_ns + time_ns, publication)))
        file.flush()
        self.messages += len(arrived)
