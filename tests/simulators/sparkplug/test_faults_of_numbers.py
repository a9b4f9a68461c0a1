"""Faults of sequence numbers, of bdSeq and of deaths: each does what it says."""

from __future__ import annotations

from adapters.sparkplug.codec import DataType
from simulators.messages import Disconnect
from tests.simulators.sparkplug.scenes import (
    START_NS,
    a_node,
    ask_rebirth,
    connect,
    data,
    heard,
    kinds,
    leave,
    measure,
)


def numbers(fault: str, seconds: int = 11) -> list[int | None]:
    """Return the sequence numbers of data, three messages a second, after births 0, 1 and 2."""
    node = a_node(fault)
    connect(node)
    return [message.seq for message in data(measure(node, *range(1, seconds)))]


def test_seq_gap_loses_every_tenth_data_message() -> None:
    assert numbers("seq_gap") == [number for number in range(3, 33) if number not in (12, 22, 32)]


def test_what_is_lost_was_not_said() -> None:
    node, whole = a_node("seq_gap"), a_node()
    for each in (node, whole):
        connect(each)
        measure(each, *range(1, 11))
    assert len(node.said) < len(whole.said)


def test_seq_duplicate_repeats_every_tenth_data_message() -> None:
    assert numbers("seq_duplicate", 5) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 13, 14]


def test_a_repeated_message_was_said_once() -> None:
    node, whole = a_node("seq_duplicate"), a_node()
    for each in (node, whole):
        connect(each)
        measure(each, *range(1, 11))
    assert node.said == whole.said


def test_seq_skip_duplicate_numbers_in_pairs() -> None:
    assert numbers("seq_skip_duplicate", 3) == [4, 4, 6, 6, 8, 8]


def test_seq_swapped_sends_every_tenth_after_the_one_that_follows() -> None:
    assert numbers("seq_swapped", 5) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 12, 14]


def test_seq_swapped_never_sends_data_after_the_death() -> None:
    node = a_node("seq_swapped")
    connect(node)
    for second in range(1, 10):
        measure(node, second, parts=[1])
    assert measure(node, 10, parts=[1]) == []
    assert kinds(leave(node, 11)) == ["DDATA mill-1", "NDEATH"]


def test_nbirth_seq_not_zero_begins_at_8() -> None:
    assert [message.seq for message in heard(connect(a_node("nbirth_seq_not_zero")))] == [None, 8, 9, 10]


def test_seq_absent_when_zero_leaves_it_out() -> None:
    assert [message.seq for message in heard(connect(a_node("seq_absent_when_zero")))] == [None, None, 1, 2]


def test_old_data_after_rebirth_comes_after_nbirth_with_its_old_number() -> None:
    node = a_node("old_data_after_rebirth")
    connect(node)
    (last,) = measure(node, 1, parts=[1])
    assert ask_rebirth(node, 2)[1] == last


def test_wrong_bdseq_death_is_one_ahead_and_the_will_is_right() -> None:
    node = a_node("wrong_bdseq_death")
    will, birth, *_ = heard(connect(node))
    assert will.bd_seq == birth.bd_seq == 0
    assert heard(leave(node))[0].bd_seq == 1


def test_will_bdseq_zero_is_zero_in_every_session() -> None:
    node = a_node("will_bdseq_zero")
    connect(node)
    will, birth, *_ = heard(connect(node))
    assert (will.bd_seq, birth.bd_seq) == (0, 1)


def test_bdseq_constant_is_a_uint64_and_never_grows() -> None:
    node = a_node("bdseq_constant")
    connect(node)
    will, birth, *_ = heard(connect(node))
    assert (will.bd_seq, birth.bd_seq, birth.metric("bdSeq").datatype) == (0, 0, DataType.UINT64)


def test_bdseq_jumps_by_five() -> None:
    node = a_node("bdseq_jumps")
    connect(node)
    will, birth, *_ = heard(connect(node))
    assert will.bd_seq == birth.bd_seq == 5


def test_bdseq_minus_one_stands_in_the_birth_of_session_255() -> None:
    node = a_node("bdseq_minus_one")
    for _ in range(255):
        node.connecting(START_NS)
    will, birth, *_ = heard(connect(node))
    assert (will.bd_seq, birth.bd_seq) == (255, 2**64 - 1)


def test_no_bdseq_stands_nowhere() -> None:
    node = a_node("no_bdseq")
    messages = heard([*connect(node), *leave(node)])
    assert not any(metric.name == "bdSeq" for message in messages for metric in message.payload.metrics)


def test_bdseq_every_message_stands_in_data() -> None:
    node = a_node("bdseq_every_message")
    connect(node)
    connect(node)
    assert [message.bd_seq for message in data(measure(node, 1))] == [1, 1, 1]


def test_no_death_leaves_without_a_word() -> None:
    node = a_node("no_death")
    assert kinds(connect(node))[0] == "NDEATH"  # the Will
    assert leave(node) == [Disconnect(with_packet=True)]


def test_death_twice_leaves_without_disconnect() -> None:
    node = a_node("death_twice")
    connect(node)
    assert leave(node)[-1] == Disconnect(with_packet=False)


def test_ddeath_bdseq_no_seq_takes_no_number() -> None:
    node = a_node("ddeath_bdseq_no_seq")
    connect(node)
    (death,) = heard(node.device_lost(1, START_NS))
    assert (death.seq, death.bd_seq) == (None, 0)
    assert data(measure(node, 1))[0].seq == 3
