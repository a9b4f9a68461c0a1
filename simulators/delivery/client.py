"""An MQTT client of its own, over MQTT 5 or 3.1.1, whose work goes on over another connection when one is lost.

Many machines speak over `simulators.delivery.connection`, which is made for hundreds of connections; who records and
replays needs one, and 3.1.1 as well, so that this takes aiomqtt.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from simulators.broker import Broker
from simulators.delivery.connection import BrokerRefusedError, ConnectionLostError
from simulators.delivery.file import FileError

WINDOW = 10
"""Messages on their way at a time. The least receive maximum in common use (HiveMQ's); aiomqtt does not ask for it."""

_ANSWER_SECONDS = 5.0
"""How long the broker may take for an answer before the connection is given up."""

_RECONNECT_SECONDS = (0.5, 10.0)

_FINAL_REFUSALS = {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}
"""MQTT 5, 3.2.2.2: version, client id, login, permission, ban. paho maps those of 3.1.1 to the same codes."""


class Protocol(StrEnum):
    """A version of MQTT."""

    MQTT_5 = "5"
    MQTT_311 = "3.1.1"


class Client:
    """A client that connects again.

    Attributes:
        connections: How often a connection was made.

    Args:
        broker: To whom.
        protocol: Version of MQTT.
        tell: Called with a sentence when a connection is lost or cannot be made again.
        window: Messages on their way at a time; within the broker's receive maximum.
        arrivals: What messages from the broker are put into; by default a plain queue.
    """

    def __init__(
        self,
        broker: Broker,
        protocol: Protocol,
        *,
        tell: Callable[[str], None],
        window: int = WINDOW,
        arrivals: type[asyncio.Queue[aiomqtt.Message]] | None = None,
    ) -> None:
        self.connections = 0
        self._broker = broker
        self._protocol = aiomqtt.ProtocolVersion.V5 if protocol is Protocol.MQTT_5 else aiomqtt.ProtocolVersion.V311
        self._tell = tell
        self._window = window
        self._arrivals = arrivals
        self._stopping = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Make no connection any more, and end every `rest`."""
        self._stopping.set()

    async def rest(self, seconds: float | None) -> None:
        """Wait for so long, or for ever, but no longer than until it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass  # nobody asked to stop

    async def run(self, work: Callable[[aiomqtt.Client], Awaitable[None]]) -> None:
        """Do some work over a connection, and when that is lost begin it anew over another, until it is done.

        Raises:
            BrokerRefusedError: The broker does not let this client in, and will not.
            ConnectionLostError: The first connection could not be made.
            OSError: The work raised it, as it may `FileError`; also from within a group of tasks.
        """
        attempt = 0
        while True:
            before = self.connections
            lost = await self._connection(work)
            if lost is None or self.is_stopping:
                return
            if self.connections == before and _code(lost) in _FINAL_REFUSALS:
                raise BrokerRefusedError(f"The broker at {self._broker} refuses this client: {lost}") from lost
            if not self.connections:
                raise ConnectionLostError(f"No broker answers at {self._broker}: {lost}") from lost
            attempt = 1 if self.connections > before else attempt + 1
            least, most = _RECONNECT_SECONDS
            delay = random.uniform(0, min(most, least * 2**attempt))
            self._tell(f"No connection to the broker at {self._broker}: {lost}. Trying again in {delay:.1f} s")
            await self.rest(delay)
            if self.is_stopping:
                return

    async def _connection(self, work: Callable[[aiomqtt.Client], Awaitable[None]]) -> aiomqtt.MqttError | None:
        """Work over one connection; return why it ended, or None if the work is done."""
        lost: aiomqtt.MqttError | None = None
        failure: OSError | FileError | None = None
        try:
            async with aiomqtt.Client(
                self._broker.host,
                self._broker.port,
                username=self._broker.username,
                password=self._broker.password,
                protocol=self._protocol,
                timeout=_ANSWER_SECONDS,
                max_inflight_messages=self._window,
                queue_type=self._arrivals,
            ) as client:
                client.pending_calls_threshold = self._window  # above it aiomqtt warns
                self.connections += 1
                await work(client)
        except* aiomqtt.MqttError as group:
            lost = _first(group)
        except* (OSError, FileError) as group:
            failure = _first(group)
        if failure is not None:
            raise failure
        return lost


async def watch(client: aiomqtt.Client) -> None:
    """Raise MqttError as soon as the connection is lost: publishing alone would not tell before the next message."""
    try:
        async for _ in client.messages:
            pass  # nothing is subscribed
    except aiomqtt.MqttError as error:
        raise aiomqtt.MqttError("the connection was lost") from error


Error = TypeVar("Error", bound=Exception)


def _first(group: BaseExceptionGroup[Error]) -> Error:
    """Return the first error of a group of groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _code(error: aiomqtt.MqttError) -> int | None:
    """Return the reason code with which the broker refused a connection; None if it did not."""
    if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
        return error.rc.value
    return None
