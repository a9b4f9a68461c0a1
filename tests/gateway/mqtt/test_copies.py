"""Which copy of a message is taken where topic filters overlap."""

from __future__ import annotations

from gateway.interfaces import Subscription
from gateway.mqtt.copies import Copies

ALL, PRESSES = Subscription("plant/#", 1), Subscription("plant/+/press", 2)


def identifiers(copies: Copies) -> list[int]:
    return [identifier for _, identifier in copies.topic_filters if identifier is not None]


def test_without_overlap_there_are_no_identifiers() -> None:
    copies = Copies([ALL], None)
    assert copies.topic_filters == (("plant/#", None),)
    assert not copies.matter
    assert not copies.is_copy("plant/1/press", [7])


def test_the_copy_of_the_winner_is_taken_and_the_other_is_not() -> None:
    copies = Copies([ALL, PRESSES], lambda topic: 2 if topic.endswith("press") else 1)
    first, second = identifiers(copies)
    assert copies.is_copy("plant/1/press", [first])
    assert not copies.is_copy("plant/1/press", [second])
    assert not copies.is_copy("plant/1/saw", [first])


def test_one_message_for_both_filters_is_taken() -> None:
    copies = Copies([ALL, PRESSES], lambda _: 2)
    assert not copies.is_copy("plant/1/press", identifiers(copies))


def test_any_copy_is_taken_if_none_wins() -> None:
    copies = Copies([ALL, PRESSES], lambda _: 0)
    assert not copies.is_copy("elsewhere", identifiers(copies)[:1])


def test_a_message_without_identifiers_is_taken() -> None:
    assert not Copies([ALL, PRESSES], lambda _: 2).is_copy("plant/1/press", [])


def test_a_message_queued_for_another_set_of_filters_is_taken() -> None:
    before = Copies([ALL], lambda _: 1)
    now = Copies([ALL, PRESSES], lambda _: 2)
    assert not now.is_copy("plant/1/press", identifiers(before)), "it may be the only one"


def test_identifiers_are_within_the_range_of_mqtt() -> None:
    for number in (1, 2, 8_191, 65_536):
        copies = Copies([Subscription(f"a/{number}", number)], lambda _: 1)
        assert 1 <= identifiers(copies)[0] <= 268_435_455
