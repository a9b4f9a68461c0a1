"""Faults of payloads and topics."""

from __future__ import annotations

from simulators.faults.fault import EVERY
from simulators.faults.payloads import SIZE
from tests.simulators.faults.scenes import AT, FOR, publications, tell, tell_once


def test_every_tenth_payload_is_cut_in_the_middle() -> None:
    well, told = tell_once(None).publications, tell_once("truncated").publications
    for number, (before, after) in enumerate(zip(well, told, strict=True)):
        is_struck = AT <= number < AT + FOR and (number - AT + 1) % EVERY == 0
        assert after.payload == (before.payload[: len(before.payload) // 2] if is_struck else before.payload)


def test_every_tenth_payload_is_filled_up_with_blanks() -> None:
    well, told = tell_once(None).publications, tell_once("giant").publications
    giants = [number for number, each in enumerate(told) if len(each.payload) == SIZE]
    assert giants == list(range(AT + EVERY - 1, AT + FOR, EVERY))
    assert [each.payload.rstrip() for each in told] == [each.payload for each in well]


def test_a_renamed_machine_says_the_same_on_another_topic() -> None:
    well, told = tell_once(None, "scalar"), tell_once("renamed_topic", "scalar")
    for (_, before), (_, after) in zip(well.struck(), told.struck(), strict=True):
        assert [
            each._replace(topic=each.topic.replace("/mill/", "/mill-renamed/")) for each in publications(before)
        ] == [*publications(after)]
        assert all("/mill-renamed/" in each.topic for each in publications(after))


def test_an_edge_node_renames_the_device() -> None:
    topics = {each.topic for each in publications(tell("renamed_topic", "sparkplug").actions[AT])}
    assert topics == {"spBv1.0/plant1/DDATA/line1/mill-renamed"}


def test_messages_are_retained_while_it_strikes() -> None:
    told = tell_once("stale_retained").publications
    assert [number for number, each in enumerate(told) if each.retain] == list(range(AT, AT + FOR))
