"""Faults of the way: nothing is made up, and what arrives is what was sent, in another number, order or time."""

from __future__ import annotations

import pytest

from simulators.faults.fault import EVERY
from tests.simulators.faults.scenes import AT, FOR, Told, counted, publications, tell_once


def payloads(told: Told) -> list[bytes]:
    """Return all payloads, in order."""
    return [publication.payload for publication in told.publications]


def test_a_duplicate_follows_its_original() -> None:
    well = payloads(tell_once(None))
    twice = [each for payload in well[AT : AT + FOR] for each in (payload, payload)]
    assert payloads(tell_once("duplicate")) == well[:AT] + twice + well[AT + FOR :]


@pytest.mark.parametrize("fault", ["reordered", "late"])
def test_what_comes_in_another_order_is_all_there_once(fault: str) -> None:
    assert counted(tell_once(fault).publications) == counted(tell_once(None).publications)
    assert payloads(tell_once(fault)) != payloads(tell_once(None))


def test_order_is_lost_among_four_only() -> None:
    well, told = payloads(tell_once(None)), payloads(tell_once("reordered"))
    places = [well.index(payload) for payload in told]
    assert all(place // 4 == AT // 4 or abs(place - number) < 4 for number, place in enumerate(places))
    assert places[:AT] == list(range(AT))


def test_late_messages_are_one_to_five_minutes_late_or_come_at_the_end() -> None:
    told = tell_once("late")
    said = {publications(actions)[0]: reading for reading, actions in tell_once(None).struck()}
    arrived = [
        (reading.time_ns - said[publication].time_ns) // 1_000_000_000
        for reading, actions in zip(told.readings, told.actions, strict=True)
        for publication in publications(actions)
        if publication in said
    ]
    assert arrived
    assert all(60 <= seconds <= 300 for seconds in arrived)
    assert len(arrived) + len([each for each in told.last if each in said]) == FOR


def test_every_tenth_is_lost() -> None:
    well = payloads(tell_once(None))
    lost = well[AT + EVERY - 1 : AT + FOR : EVERY]
    assert payloads(tell_once("lost")) == [payload for payload in well if payload not in lost]


def test_what_is_held_back_is_told_before_the_machine_leaves() -> None:
    *held, _ = tell_once("late").last
    assert held == publications(held)
