"""Which faults are drawn."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from gateway.fail_points import FailPoint, arm
from gateway.verification import draw
from gateway.verification.faults import PLACES, needs_spool


def test_a_seed_draws_the_same_faults_in_the_same_order() -> None:
    assert draw(30, random.Random(7)) == draw(30, random.Random(7))
    assert draw(30, random.Random(7)) != draw(30, random.Random(8))


def test_with_enough_of_them_every_place_and_signal_has_its_turn() -> None:
    names = Counter(fault.name for fault in draw(30, random.Random(1)))
    assert names["kill -9"] == 30 - len(PLACES) - 1
    assert {number for name, number in names.items() if name != "kill -9"} == {1}
    assert len(names) == len(PLACES) + 2


@pytest.mark.parametrize("kills", [1, 2, 5])
def test_with_few_one_is_a_kill_at_a_random_moment(kills: int) -> None:
    for seed in range(10):
        names = [fault.name for fault in draw(kills, random.Random(seed))]
        assert len(names) == kills
        assert names.count("kill -9") == 1


def test_only_the_place_behind_a_refused_record_is_left_out() -> None:
    assert set(FailPoint) - set(PLACES) == {FailPoint.AFTER_DEAD_LETTERS}


def test_a_gateway_can_be_armed_with_all_of_them() -> None:
    for fault in draw(30, random.Random(1)):
        arm(fault.arm)
    arm("")


def test_it_is_known_which_places_only_messages_on_disk_pass() -> None:
    assert needs_spool("in_commit:1")
    assert needs_spool("after_write:3")
    assert not needs_spool("after_commit:2")
    assert not needs_spool("at_stop:1")
    assert not needs_spool("")
