"""One connection of a load whose machines speak by their face: it logs in with its Will, speaks, and hears commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Literal

import mqtt5

from simulators.broker import Broker
from simulators.faces.face import Action, Face
from simulators.load.batch import encode
from simulators.load.connection import BrokerFailedError, Connection, Login
from simulators.messages import Publication

_SLOTS = 8
"""Batches on their way at a time, at least."""
_LEAVE_SECONDS = 2.0
"""How long the last words may take."""
_MOST = 20
"""Messages in a batch: more save nothing, and what a line says in a second is often no more."""


class Speaker:
    """A face and its connection.

    Attributes:
        face: Speaks for the machines.

    Args:
        face: Speaks for the machines.
        qos: The most of any message.
    """

    def __init__(self, face: Face, qos: Literal[0, 1]) -> None:
        self.face = face
        self._qos = qos
        self._connection: Connection | None = None
        self._slot = self._slots = self._size = 0

    @property
    def acknowledged(self) -> int:
        """Messages at QoS 1 that the broker has acknowledged."""
        return 0 if self._connection is None else self._connection.acknowledged

    @property
    def _connected(self) -> Connection:
        assert self._connection is not None, "it is not connected"  # noqa: S101  # the order of calls is ours
        return self._connection

    async def connect(self, broker: Broker, window: int) -> None:
        """Connect, say what is said then (births), and wait until the broker has it.

        Raises:
            BrokerFailedError: There is no such broker, or it does not let us in.
        """
        will = self.face.will(time.time_ns())
        login = Login(
            None
            if will is None
            else mqtt5.Will(will.topic, payload=will.payload, qos=mqtt5.QoS(will.qos), retain=will.retain),
            self.face.subscriptions(),
        )
        self._connection = await Connection.connect(broker, window, login)
        self._size = max(1, min(_MOST, self._connection.window // _SLOTS))
        self._slots = self._connection.window // self._size
        await self.say(self.face.connected(time.time_ns()))
        await self.drain()

    async def say(self, actions: Sequence[Action]) -> None:
        """Send messages, in order, as soon as the broker takes them.

        Raises:
            BrokerFailedError: It never will.
        """
        publications = [action for action in actions if isinstance(action, Publication)]
        if not self._qos:
            publications = [
                publication._replace(qos=0) if publication.qos else publication for publication in publications
            ]
        connection = self._connected
        for first in range(0, len(publications), self._size):
            slot = self._slot
            self._slot = (slot + 1) % self._slots
            if not connection.can_send(slot):
                await connection.until(partial(connection.can_send, slot))
            connection.send(encode(publications[first : first + self._size], slot, 1 + slot * self._size))

    async def answer(self) -> None:
        """Say what commands ask for that have come meanwhile: births.

        Raises:
            BrokerFailedError: The broker does not take it.
        """
        received = self._connected.received
        while received:
            topic, payload = received.pop(0)
            await self.say(self.face.received(topic, payload, time.time_ns()))

    async def drain(self) -> None:
        """Wait until the broker has everything.

        Raises:
            BrokerFailedError: It never will.
        """
        await self._connected.drain()

    async def leave(self) -> None:
        """Say what is said at the end (deaths), and end the connection, when all has left."""
        if (connection := self._connection) is None:
            return
        await self.say(self.face.leaving(time.time_ns()))
        connection.close()
        with suppress(BrokerFailedError, TimeoutError):  # there is no connection any more
            async with asyncio.timeout(_LEAVE_SECONDS):
                await connection.until(lambda: False)

    def close(self) -> None:
        """End the connection without a word."""
        if self._connection is not None:
            self._connection.close()
