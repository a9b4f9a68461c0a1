"""The books on what is not acknowledged yet."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.clock import STRIDE_NS, Clock
from gateway.models import Message
from gateway.mqtt.deliveries import FULL, FULL_BYTES, MAX_MESSAGES, Deliveries
from gateway.mqtt.window import Window
from gateway.status import SourceStatus
from tests.gateway.hands import Hands


class Link:
    """A connection that notes what it acknowledges."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def acknowledge(self, packet_ids: list[int]) -> None:
        self.acknowledged += packet_ids


class Books:
    """Deliveries, and one connection that fills them."""

    def __init__(self, max_bytes: int = 1_000_000, window: int | None = None, clock: Clock | None = None) -> None:
        self.status, self.pressure = SourceStatus(), list[bool]()
        self.deliveries = Deliveries(self.status, Window(window), max_bytes, self.pressure.append, clock)
        self.link = self.connect()

    def connect(self) -> Link:
        self.link = Link()
        self.deliveries.begin(self.link)
        return self.link

    def arrive(self, *packet_ids: int, copies: tuple[int, ...] = (), size: int = 10, link: Link | None = None) -> None:
        """Let messages arrive in one piece, copies behind them."""
        delivery = self.deliveries.open(link or self.link)
        stamp = self.deliveries.now_ns()
        for number, packet_id in enumerate(packet_ids):
            delivery.add(Message("a", b"", stamp + number * STRIDE_NS, packet_id))
            delivery.size += size
        delivery.packet_ids += copies
        self.deliveries.close(delivery)


async def test_receive_returns_all_that_waits_and_acknowledge_goes_in_order() -> None:
    books = Books()
    books.arrive(5, 6)
    books.arrive(7)
    first = await books.deliveries.receive()
    books.arrive(8)
    second = await books.deliveries.receive()
    assert [[message.packet_id for message in group] for group in (first, second)] == [[5, 6, 7], [8]]
    books.deliveries.acknowledge(first)
    books.deliveries.acknowledge(second)
    assert books.link.acknowledged == [5, 6, 7, 8]
    assert (books.status.received, books.status.acknowledged, books.status.received_bytes) == (4, 4, 40)


async def test_only_the_oldest_sequence_can_be_acknowledged_and_only_once() -> None:
    books = Books()
    books.arrive(1)
    first = await books.deliveries.receive()
    books.arrive(2)
    second = await books.deliveries.receive()
    with pytest.raises(ValueError, match="oldest"):
        books.deliveries.acknowledge(second)
    books.deliveries.acknowledge(first)
    with pytest.raises(ValueError, match="oldest"):
        books.deliveries.acknowledge(first)
    assert books.link.acknowledged == [1]


async def test_receive_waits_for_a_message_and_can_be_cancelled_without_loss() -> None:
    books = Books()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(books.deliveries.receive(), 0.01)
    waiting = asyncio.create_task(books.deliveries.receive())
    await asyncio.sleep(0)
    books.arrive(1)
    assert [message.packet_id for message in await waiting] == [1]


async def test_what_came_over_a_connection_that_is_gone_is_never_acknowledged_on_another() -> None:
    books = Books()
    books.arrive(1, 2)
    old = books.link
    handed_out = await books.deliveries.receive()
    books.arrive(3)
    new = books.connect()
    books.arrive(1)
    left_behind, current = await books.deliveries.receive(), await books.deliveries.receive()
    assert [message.packet_id for message in left_behind] == [3]
    for group in (handed_out, left_behind, current):
        books.deliveries.acknowledge(group)
    assert (old.acknowledged, new.acknowledged) == ([], [1])


async def test_copies_are_acknowledged_with_the_message_before_them() -> None:
    books = Books()
    books.arrive(1)
    first = await books.deliveries.receive()
    books.arrive(copies=(2,))
    books.arrive(copies=(3,))
    assert books.link.acknowledged == []
    books.deliveries.acknowledge(first)
    assert books.link.acknowledged == [1, 2, 3]


async def test_copies_behind_a_message_that_waits_go_with_it() -> None:
    books = Books()
    books.arrive(1)
    books.arrive(copies=(2,))
    books.deliveries.acknowledge(await books.deliveries.receive())
    assert books.link.acknowledged == [1, 2]


async def test_copies_behind_messages_that_fill_a_delivery_do_not_overtake_them() -> None:
    books = Books()
    books.arrive(*range(1, FULL + 1))
    books.arrive(copies=(FULL + 1,))
    assert books.link.acknowledged == []
    books.deliveries.acknowledge(await books.deliveries.receive())
    assert books.link.acknowledged == [*range(1, FULL + 2)]


async def test_a_caller_who_lags_gets_large_messages_in_portions() -> None:
    books = Books()
    for packet_id in range(1, 4):
        books.arrive(packet_id, size=FULL_BYTES // 2)
    portions = [await books.deliveries.receive() for _ in range(2)]
    assert [[message.packet_id for message in portion] for portion in portions] == [[1, 2], [3]]


async def test_copies_alone_are_acknowledged_at_once() -> None:
    books = Books(window=2)
    books.arrive(copies=(1, 2))
    assert books.link.acknowledged == [1, 2]
    assert not books.deliveries.exhausted()


async def test_time_stamps_rise_even_if_the_clock_does_not() -> None:
    books = Books()
    books.arrive(*range(1, 1001))
    books.arrive(1001)
    stamps = [message.received_ns for message in await books.deliveries.receive()]
    assert stamps == sorted(set(stamps))
    assert abs(stamps[0] - time.time_ns()) < 60e9


async def test_receive_times_rise_through_small_corrections_and_follow_a_step() -> None:
    hands = Hands()
    books = Books(clock=hands.clock)
    year_ns = 365 * 86_400 * 1_000_000_000
    stamps = []
    for corrected in (0, -900_000_000, 0, year_ns, 0, -year_ns, 0):
        hands.pass_time(1_000_000, corrected=corrected)
        books.arrive(1, 2)
        stamps.append([message.received_ns for message in await books.deliveries.receive()])
        assert stamps[-1][0] < stamps[-1][1]
    first, corrected_, third, ahead, then, back, last = (pair[0] for pair in stamps)
    assert first < corrected_ < third < first + 1_000_000_000
    assert abs(ahead - first - year_ns) < 1_000_000_000
    assert ahead < then
    assert abs(back - hands.wall_ns) < 10_000_000
    assert back < last
    assert len({stamp for pair in stamps for stamp in pair}) == 14


async def test_pressure_begins_at_the_bound_and_ends_at_half_of_it() -> None:
    books = Books(max_bytes=100)
    books.arrive(1, 2, size=20)
    first = await books.deliveries.receive()
    assert not books.deliveries.exhausted()
    books.arrive(3, 4, 5, size=20)
    second = await books.deliveries.receive()
    assert books.deliveries.exhausted(), "nothing is read any more: waiting would be in vain"
    assert books.pressure == [True]
    books.deliveries.acknowledge(first)
    assert books.pressure == [True]
    books.deliveries.acknowledge(second)
    assert books.pressure == [True, False]


async def test_messages_of_no_size_are_bounded_too() -> None:
    books = Books()
    books.arrive(*(0 for _ in range(MAX_MESSAGES)), size=0)
    assert books.pressure == [True]
    books.deliveries.acknowledge(await books.deliveries.receive())
    assert books.pressure == [True, False]


async def test_what_an_old_connection_left_counts_against_the_bound() -> None:
    books = Books(max_bytes=100)
    books.arrive(1, size=120)
    books.connect()
    books.arrive(1, size=60)
    assert books.pressure == [True, True], "the new connection has to pause as well"
    books.deliveries.acknowledge(await books.deliveries.receive())
    assert books.pressure == [True, True]
    books.deliveries.acknowledge(await books.deliveries.receive())
    assert books.pressure == [True, True, False]


async def test_the_window_is_exhausted_when_as_many_are_unacknowledged_and_none_wait() -> None:
    books = Books(window=3)
    books.arrive(1, 2, 0)
    first = await books.deliveries.receive()
    assert not books.deliveries.exhausted(), "QoS 0 takes no room in the window"
    books.arrive(3)
    assert not books.deliveries.exhausted(), "one more can be had without waiting"
    second = await books.deliveries.receive()
    assert books.deliveries.exhausted()
    books.deliveries.acknowledge(first)
    assert not books.deliveries.exhausted()
    books.deliveries.acknowledge(second)
    assert books.link.acknowledged == [1, 2, 3]


async def test_a_new_connection_has_a_window_of_its_own() -> None:
    books = Books(window=1)
    books.arrive(1)
    await books.deliveries.receive()
    assert books.deliveries.exhausted()
    books.connect()
    assert not books.deliveries.exhausted()
