"""What arrives late is seen, and what is written again is not taken for it."""

from __future__ import annotations

from gateway.verification.messages import Kind, Stream
from tests.durability.arrivals import Arrivals
from tests.servers.http_proxy import Write

M0, M1 = Stream(Kind.TIMED, "m0"), Stream(Kind.UNTIMED, "m1")


def write(*messages: tuple[Stream, int], forwarded: bool = True) -> Write:
    lines = [
        f'verification_{stream.kind},asset={stream.machine},run=r n={number}.0,n_q=192i,time_status="received" 1'
        for stream, number in messages
    ]
    return Write(1, "/write", "\n".join([*lines, ""]).encode(), forwarded)


def late(*writes: Write) -> list[tuple[Stream, int]]:
    arrivals = Arrivals()
    for one in writes:
        arrivals.note(one)
    return arrivals.late


def test_each_stream_has_an_order_of_its_own() -> None:
    assert late(write((M0, 0), (M1, 0), (M0, 1)), write((M1, 1), (M0, 2))) == []


def test_a_message_that_comes_after_a_later_one_is_late() -> None:
    assert late(write((M0, 0), (M0, 2)), write((M0, 1), (M0, 3))) == [(M0, 1)]


def test_what_is_written_again_is_not_late() -> None:
    assert late(write((M0, 0), (M0, 1), (M0, 2)), write((M0, 0), (M0, 1), (M0, 2), (M0, 3))) == []


def test_what_was_refused_and_is_tried_apart_is_not_late() -> None:
    assert late(write((M0, 4), (M0, 5), forwarded=False), write((M0, 5)), write((M0, 4)), write((M0, 6))) == []


def test_constant_messages_have_no_order() -> None:
    stream = Stream(Kind.CONSTANT, "p0-m0")
    assert late(write((stream, 1), (stream, 1), (stream, 1))) == []
