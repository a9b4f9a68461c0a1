"""A source whose connection an adapter owns, against mosquitto: its Will, its first and its last words."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiomqtt
import pytest

from tests.gateway.mqtt.collecting import PATIENCE, collecting, publish, until
from tests.gateway.mqtt.hosts import FakeHost
from tests.servers.brokers import StartMosquitto
from tests.servers.proxy import Proxy

BOTH_VERSIONS = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


class State(NamedTuple):
    """What a host application says of itself."""

    online: bool
    timestamp: int


class Watch:
    """Hears what is published on the topics of host applications.

    Attributes:
        states: Everything said so far.
    """

    def __init__(self) -> None:
        self.states: list[State] = []

    async def say(self, *words: str) -> list[State]:
        """Wait until this is what was said, `online` or `offline` each time; return it."""
        wanted = [word == "online" for word in words]
        await until(lambda: [state.online for state in self.states] == wanted, " ".join(words))
        return self.states


@asynccontextmanager
async def watching(port: int, topic: str = "plant/STATE/gw") -> AsyncIterator[Watch]:
    """Watch until the block ends."""
    watch = Watch()

    async def hear(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            watch.states.append(State(**json.loads(message.payload)))

    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(topic, qos=1)
        hearing = asyncio.create_task(hear(client), name="watch")
        try:
            yield watch
        finally:
            hearing.cancel()


def packets(log: Path, client_id: str) -> list[str]:
    """Return what mosquitto says it exchanged with a client: `Received CONNECT`, `Sending SUBACK` and so on."""
    pattern = re.compile(rf"(Received|Sending) ([A-Z]+) (?:from|to) {client_id}\b")
    return [f"{found[1]} {found[2]}" for found in map(pattern.search, log.read_text().splitlines()) if found]


@BOTH_VERSIONS
async def test_a_broken_connection_brings_the_will_and_the_next_one_has_a_new_time(
    mosquitto: StartMosquitto, protocol: str
) -> None:
    broker = mosquitto()
    async with watching(broker.port) as watch:
        with Proxy(broker.port) as proxy:
            async with collecting(f"mqtt://127.0.0.1:{proxy.port}", session=FakeHost(), protocol=protocol):
                await watch.say("online")
                proxy.cut_once()
                await watch.say("online", "offline", "online")
                proxy.cut_once()
                first, died, second, died_again, third = await watch.say(
                    "online", "offline", "online", "offline", "online"
                )
    assert first.timestamp == died.timestamp < second.timestamp == died_again.timestamp < third.timestamp


@BOTH_VERSIONS
async def test_the_first_words_follow_the_grants_and_the_last_ones_come_before_the_goodbye(
    mosquitto: StartMosquitto, protocol: str
) -> None:
    broker = mosquitto()
    async with watching(broker.port) as watch:
        async with collecting(broker.url, session=FakeHost(), protocol=protocol) as collector:
            await collector.connected()
            await watch.say("online")
        born, gone = await watch.say("online", "offline")
    assert gone.timestamp > born.timestamp, "it says when it went, not when it came"
    said = [one for one in packets(broker.log, "gateway-plant") if "PING" not in one and one != "Sending PUBLISH"]
    grants = [number for number, one in enumerate(said) if one == "Sending SUBACK"]
    assert "Received PUBLISH" not in said[: grants[-1]]
    assert said[-3:] == ["Received PUBLISH", "Sending PUBACK", "Received DISCONNECT"]


@BOTH_VERSIONS
async def test_room_that_runs_short_is_told_while_connected(mosquitto: StartMosquitto, protocol: str) -> None:
    broker = mosquitto()
    async with (
        watching(broker.port) as watch,
        collecting(broker.url, session=FakeHost(), protocol=protocol) as collector,
    ):
        await watch.say("online")
        await collector.connected()
        collector.source.accepting(accepting=False)
        await watch.say("online", "offline")
        collector.source.accepting(accepting=True)
        await watch.say("online", "offline", "online")


async def test_room_that_runs_short_without_a_connection_is_told_by_the_first_words(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    broker.stop()
    async with collecting(broker.url, session=FakeHost()) as collector:
        collector.source.accepting(accepting=False)
        broker.start()
        async with watching(broker.port) as watch:
            await watch.say("offline")
    assert collector.status.commands_dropped == 0


@BOTH_VERSIONS
async def test_the_session_sees_all_that_came_before_it_is_told_that_the_connection_is_gone(
    mosquitto: StartMosquitto, protocol: str
) -> None:
    broker, host = mosquitto(), FakeHost()
    async with collecting(broker.url, session=host, protocol=protocol) as collector:
        await collector.connected()
        before = collector.status.received
        await publish(broker.port, *(("plant/m1", b"%d" % number) for number in range(1000)), qos=0)
        await until(lambda: collector.status.received >= before + 1000, "all have come")
        broker.stop(kill=True)
        await until(
            lambda: collector.status.state in ("waiting", "connecting"),
            "it is gone",
        )
        assert len(await collector.take(1000)) >= 1000
        await until(lambda: "disconnected" in host.events, "told")


@BOTH_VERSIONS
async def test_what_has_come_when_the_source_ends_is_returned_and_then_nothing(
    mosquitto: StartMosquitto, protocol: str
) -> None:
    broker = mosquitto()
    async with collecting(broker.url, session=FakeHost(), protocol=protocol) as collector:
        await collector.connected()
        await publish(broker.port, *(("plant/m1", b"%d" % number) for number in range(1000)), qos=0)
        collector.ending.cancel()
        await until(collector.ending.done, "it has ended")
        taken, came = 0, await _receive(collector.source.receive)
        while came:
            taken, came = taken + came, await _receive(collector.source.receive)
        assert taken == collector.status.received
        assert collector.status.state == "stopped"


async def _receive(receive: Callable[[], Awaitable[Sequence[object]]]) -> int:
    async with asyncio.timeout(PATIENCE):
        return len(await receive())
