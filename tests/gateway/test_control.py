"""A running gateway answers who asks on its socket, and nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from gateway.control import MAX_QUESTION_BYTES, Answers, ask, host_applications, serve, socket_of
from gateway.errors import GatewayError
from gateway.status import JSON, Status
from tests.gateway.fakes import FakeAdapter
from tests.gateway.sparkplug_host import NOW_NS, FakeHost, node


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[tuple[Path, FakeHost]]:
    """Return a socket, and the only host behind it, which knows two nodes."""
    host = FakeHost(node("g/a", held=3, rebirths_asked=2), node("g/b", online=False, state="offline"))
    path = tmp_path / "spool.db.sock"
    async with serve(path, Answers(Status(id="gw"), {"plant": host}, lambda: NOW_NS)):
        yield path, host


async def say(path: Path, question: bytes, *, end: bool = True) -> dict[str, JSON]:
    """Send these bytes, and return the answer to them."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(question)
    if end:
        writer.write_eof()
    answer: dict[str, JSON] = json.loads(await reader.read())
    writer.close()
    await writer.wait_closed()
    return answer


async def test_the_status_is_told_even_from_a_deep_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("er" * 40)
    folder.mkdir(parents=True)
    path = socket_of(folder / "spool.db")
    async with serve(path, lambda _: {"id": "gw", "large": "x" * 200_000}):
        assert path.stat().st_mode & 0o077 == 0
        answer = await asyncio.to_thread(ask, path)
        assert answer["id"] == "gw"
        assert len(str(answer["large"])) == 200_000
    assert not path.exists()
    with pytest.raises(GatewayError, match="is it running"):
        ask(path)


async def test_a_socket_that_a_killed_gateway_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "spool.db.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with serve(path, lambda _: {"id": "gw"}):
        assert (await asyncio.to_thread(ask, path))["id"] == "gw"


async def test_who_asks_and_goes_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "spool.db.sock"
    async with serve(path, lambda _: {"large": "x" * 5_000_000}):
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.close()
        assert await asyncio.to_thread(ask, path)


@pytest.mark.parametrize("question", [b"", b"\n", b'{"ask": "status"}', b'{"ask": "status"}\n'])
async def test_an_empty_question_means_the_status(plant: tuple[Path, FakeHost], question: bytes) -> None:
    assert (await say(plant[0], question))["id"] == "gw"


async def test_a_client_that_says_nothing_and_waits_is_told_the_status(plant: tuple[Path, FakeHost]) -> None:
    assert (await say(plant[0], b"", end=False))["id"] == "gw"


async def test_a_question_is_answered_before_the_client_ends_its_side(plant: tuple[Path, FakeHost]) -> None:
    assert "hosts" in await say(plant[0], b'{"ask": "sparkplug"}\n', end=False)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (b"status", "one line of JSON"),
        (b"\xff", "one line of JSON"),
        (b"[" * 60_000, "one line of JSON"),
        (b'["status"]', "a JSON object"),
        (b"{}", "can be asked"),
        (b'{"ask": "stop"}', "can be asked"),
        (b'{"ask": "rebirth"}', "can be asked"),
        (b'{"ask": "rebirth", "node": 1}', "can be asked"),
        (b'{"ask": "sparkplug", "source": "other"}', "'other' is no Sparkplug source; there are plant"),
        (b'{"ask": "sparkplug", "source": 1}', "1 is no Sparkplug source"),
        (b'{"ask": "rebirth", "node": "g/z"}', "there is no node g/z"),
        (b"x" * (MAX_QUESTION_BYTES + 5000), "64 KiB"),
    ],
)
async def test_what_cannot_be_answered_is_answered_with_the_reason(
    plant: tuple[Path, FakeHost], question: bytes, reason: str
) -> None:
    assert reason in str((await say(plant[0], question))["error"])


async def test_hosts_are_told_with_their_nodes_and_the_time(plant: tuple[Path, FakeHost]) -> None:
    answer = await asyncio.to_thread(ask, plant[0], {"ask": "sparkplug", "source": None})
    assert answer == {"now_ns": NOW_NS, "hosts": {"plant": plant[1].describe(NOW_NS)}}


async def test_the_status_sums_the_nodes_of_each_host_up(plant: tuple[Path, FakeHost]) -> None:
    answer = await asyncio.to_thread(ask, plant[0])
    host = cast("dict[str, dict[str, JSON]]", answer["sparkplug"])["plant"]
    assert host["role"] == "primary"
    assert host["nodes"] == {"online": 1, "offline": 1, "stale": 0, "unknown": 0}
    assert (host["rebirths_asked"], host["held"]) == (2, 3)


async def test_a_rebirth_is_handed_to_the_host(plant: tuple[Path, FakeHost]) -> None:
    path, host = plant
    answer = await asyncio.to_thread(ask, path, {"ask": "rebirth", "node": "g/a"})
    assert answer == {"source": "plant", "node": "g/a", "outcome": "g/a is asked within a second"}
    assert host.asked == ["g/a"]


def test_of_several_hosts_the_one_that_knows_the_node_asks_it() -> None:
    north, south = FakeHost(node("g/a")), FakeHost(node("g/b"))
    answers = Answers(Status(), {"north": north, "south": south}, lambda: NOW_NS)
    assert answers({"ask": "rebirth", "node": "g/b"})["source"] == "south"
    assert (north.asked, south.asked) == ([], ["g/b"])


def test_a_node_that_several_hosts_know_needs_its_source() -> None:
    north, south = FakeHost(node("g/a")), FakeHost(node("g/a"))
    answers = Answers(Status(), {"north": north, "south": south}, lambda: NOW_NS)
    with pytest.raises(ValueError, match="g/a is known to north and south: say which source is meant"):
        answers({"ask": "rebirth", "node": "g/a"})
    assert answers({"ask": "rebirth", "node": "g/a", "source": "south"})["source"] == "south"
    assert (north.asked, south.asked) == ([], ["g/a"])


def test_a_node_that_no_host_knows_is_not_asked() -> None:
    answers = Answers(Status(), {"north": FakeHost(), "south": FakeHost()}, lambda: NOW_NS)
    with pytest.raises(ValueError, match="there is no node g/a"):
        answers({"ask": "rebirth", "node": "g/a"})


def test_a_gateway_without_a_sparkplug_source_says_so() -> None:
    answers = Answers(Status(), {}, lambda: NOW_NS)
    assert answers({"ask": "status"})["sparkplug"] == {}
    with pytest.raises(ValueError, match="no source of this gateway"):
        answers({"ask": "sparkplug"})


class HostAdapter(FakeAdapter, FakeHost):
    """An adapter that is a host application."""

    def __init__(self) -> None:
        FakeAdapter.__init__(self)
        FakeHost.__init__(self)


def test_the_hosts_of_a_gateway_are_the_adapters_that_keep_account_of_nodes() -> None:
    host = HostAdapter()
    adapters = {"plant": [FakeAdapter(), host], "other": [FakeAdapter()], "third": []}
    assert host_applications(adapters) == {"plant": host}
