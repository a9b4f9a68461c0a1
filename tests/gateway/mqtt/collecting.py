"""A source at work in a test, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiomqtt

from gateway.interfaces import Session, Subscription, Unreadable
from gateway.models import Message
from gateway.mqtt import MqttSource
from gateway.settings import sources as settings
from gateway.status import SourceStatus

PATIENCE = 30.0
"""Seconds after which a test that waits for something fails."""


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; fail with `what` if it does not in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  # conditions of counters and files, which tell nobody
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {PATIENCE:.0f} s") from None


@dataclass
class Collector:
    """A source that runs.

    Attributes:
        unacknowledged: What `next` returned sequences of, oldest first.
        remembered: How often the source said that there is a session now.
        ending: The source at work; a test may cancel it, to have it end before the block does.
    """

    source: MqttSource
    status: SourceStatus
    ending: asyncio.Task[None] = field(init=False)
    unacknowledged: list[Sequence[Message | Unreadable]] = field(default_factory=list)
    remembered: int = 0

    async def take(self, number: int) -> list[Message | Unreadable]:
        """Return that many messages at least, without acknowledging them."""
        taken: list[Message | Unreadable] = []
        async with asyncio.timeout(PATIENCE):
            while len(taken) < number:
                self.unacknowledged.append(await self.source.receive())
                taken += self.unacknowledged[-1]
        return taken

    def acknowledge(self) -> None:
        """Acknowledge all that was taken."""
        for messages in self.unacknowledged:
            self.source.acknowledge(messages)
        self.unacknowledged.clear()

    async def collect(self, number: int) -> list[Message]:
        """Return that many messages at least, and acknowledge them; all must be readable."""
        taken = await self.take(number)
        self.acknowledge()
        messages = [message for message in taken if isinstance(message, Message)]
        assert len(messages) == len(taken)
        return messages

    async def connected(self) -> None:
        """Wait until it is connected and subscribed."""
        await until(lambda: self.status.state == "connected", "connected")


@asynccontextmanager
async def collecting(
    url: str,
    *topic_filters: str,
    client_id: str = "gateway-plant",
    had_session: bool = False,
    winner: Callable[[str], int] | None = None,
    session: Session | None = None,
    **options: object,
) -> AsyncIterator[Collector]:
    """Run a source until the block ends; `options` are those of the configuration, as it writes them.

    With a session the topic filters are those that it wants.
    """
    wanted = [] if session is None else session.subscriptions()
    topic_filters += tuple(topic_filter for topic_filter, _ in wanted)
    options |= {} if session is None else {"session": "fake"}
    status = SourceStatus()

    def remember() -> None:
        collector.remembered += 1

    source = MqttSource(
        settings.MqttSource.model_validate({"name": "plant", "url": url, **options}),
        client_id=client_id,
        subscriptions=[Subscription(topic_filter, number) for number, topic_filter in enumerate(topic_filters, 1)],
        status=status,
        had_session=had_session,
        remember_session=remember,
        winner=winner,
        session=session,
        qos=dict(wanted),
    )
    collector = Collector(source, status)
    task = collector.ending = asyncio.create_task(source.run(), name="source")
    try:
        yield collector
        assert not task.done() or task.cancelled(), "the source stopped by itself"
    finally:
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled(), task.exception()


async def publish(port: int, *messages: tuple[str, bytes], qos: int = 1, retain: bool = False) -> None:
    """Publish messages in this order with a client that shares no code with the source."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos, retain)
