"""Fakes that implement the seams: a source, an adapter and a sink whose behaviour a test writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from gateway.errors import SinkError
from gateway.interfaces import Batch, Unreadable
from gateway.models import Command, Decoded, Message, Observation


class FakeAdapter:
    """An adapter that says what a function says; by default, one value: the number in the payload."""

    names_asset = False

    def __init__(self, decode: Callable[[Message], Iterable[Decoded]] | None = None) -> None:
        self._decode = decode or (lambda message: (Observation({"x": float(message.payload)}),))
        self.due: list[Decoded] = []

    def decode(self, message: Message) -> Iterable[Decoded]:
        """Say what the function says."""
        return self._decode(message)

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        """Say what is due, once."""
        del now_ns
        due, self.due = self.due, []
        return due


class FakeSource:
    """A source that is fed by the test."""

    name = "plant"

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Sequence[Message | Unreadable]] = asyncio.Queue()
        self.acknowledged: list[Message | Unreadable] = []
        self.sent: list[Command] = []
        self.window = 10**9
        self._unacknowledged = 0

    def feed(self, *messages: Message | Unreadable) -> None:
        """Let these messages arrive together."""
        self._queue.put_nowait(messages)

    async def receive(self) -> Sequence[Message | Unreadable]:
        """Return what was fed."""
        messages = await self._queue.get()
        self._unacknowledged += len(messages)
        return messages

    def acknowledge(self, messages: Sequence[Message | Unreadable]) -> None:
        """Note what was acknowledged."""
        self._unacknowledged -= len(messages)
        self.acknowledged += messages

    def exhausted(self) -> bool:
        """Whether as many are unacknowledged as the window holds."""
        return self._unacknowledged >= self.window

    def send(self, command: Command) -> None:
        """Note what was sent."""
        self.sent.append(command)


class FakeSink:
    """A sink that keeps records, after raising what the test wants it to raise."""

    max_batch_bytes = 2**20

    def __init__(self, name: str = "store") -> None:
        self.name = name
        self.records: list[str] = []
        self.errors: list[SinkError] = []
        self.refuses: Callable[[str], SinkError | None] = lambda _: None

    def write(self, batch: Batch) -> None:
        """Raise the next error, or keep the records unless one is refused."""
        if self.errors:
            raise self.errors.pop(0)
        lines = batch.body.decode().splitlines()
        for line in lines:
            if error := self.refuses(line):
                raise error
        self.records += lines

    def check(self) -> str:
        """Find nothing wrong."""
        return "fine"

    def close(self) -> None:
        """Have nothing to close."""
