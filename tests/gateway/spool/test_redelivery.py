"""What the broker sends again is recognised, and nothing else is taken for it."""

from __future__ import annotations

from gateway.models import Message
from gateway.spool import Redelivery
from gateway.spool.redelivery import NOTED_EVERY

ROUND = 65_535


class Log:
    """Recognition, and what is committed for it."""

    def __init__(self) -> None:
        self.redelivery = Redelivery()
        self.committed = bytearray()

    def take(self, packet_id: int, payload: bytes = b"same") -> None:
        """Take a message without a time of its own."""
        self.pass_by(1)
        self.committed += self.redelivery.note(Message("t", payload, 0, packet_id))

    def pass_by(self, count: int) -> None:
        """Let messages with times of their own come, in groups."""
        while count:
            group = min(count, 1000)
            self.committed += self.redelivery.passed(group)
            count -= group

    def known(self, packet_id: int, payload: bytes = b"same") -> bool:
        """Whether a message that is sent again is recognised, both now and after a restart."""
        message = Message("t", payload, 0, packet_id, duplicate=True)
        now, later = self.redelivery.known(message), Redelivery(bytes(self.committed)).known(message)
        assert now == later
        return now


def test_all_of_half_a_round_are_recognised() -> None:
    log = Log()
    for packet_id in range(1, ROUND // 2):
        log.take(packet_id)
    assert log.known(1)
    assert log.known(ROUND // 2 - 1)
    assert not log.known(ROUND // 2)


def test_equal_messages_a_round_apart_are_not_taken_for_one_another() -> None:
    """The second of them was lost on its way to us, so its first copy is what the broker says it sends again."""
    log = Log()
    for packet_id in range(1, ROUND + 1):
        log.take(packet_id)
    assert not log.known(1)
    assert not log.known(1000)
    assert log.known(ROUND)


def test_messages_with_times_of_their_own_use_up_identifiers_too() -> None:
    log = Log()
    log.take(7)
    log.pass_by(20_000)
    assert log.known(7)
    log.pass_by(ROUND - 20_001)
    assert not log.known(7)


def test_few_keys_are_committed_where_nothing_needs_any() -> None:
    log = Log()
    log.pass_by(1_000_000)
    assert not log.committed
    log.take(7)
    size = len(log.committed)
    log.pass_by(1_000_000)
    assert len(log.committed) <= size * (2 + ROUND // NOTED_EVERY)


def test_a_broker_that_uses_identifiers_again_at_once_is_not_believed() -> None:
    log = Log()
    log.take(1)
    assert log.known(1)
    log.take(1)
    assert not log.known(1), "it may be a third message, lost on its way"
    for packet_id in range(2, ROUND):
        log.take(packet_id)
    assert log.known(ROUND - 1), "now it goes round as others do"


def test_a_second_copy_that_was_kept_in_doubt_proves_nothing_about_the_broker() -> None:
    log = Log()
    log.take(1)
    log.redelivery.note(Message("t", b"other", 0, 1, duplicate=True))
    log.take(2)
    assert log.redelivery.known(Message("t", b"same", 0, 2, duplicate=True))


def test_with_the_session_go_the_identifiers() -> None:
    log = Log()
    for packet_id in range(1, 100):
        log.take(packet_id)
    log.redelivery.session_lost()
    log.pass_by(1)
    assert not any(log.known(packet_id) for packet_id in range(1, 100))
    for packet_id in range(1, 10):
        log.take(packet_id)
    assert log.known(9)
    assert not log.known(10)


def test_numbers_may_overflow() -> None:
    log = Log()
    log.redelivery._number = 2**32 - 10
    for packet_id in range(1, 100):
        log.take(packet_id)
    assert log.known(1)
