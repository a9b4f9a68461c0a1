"""What happened to nodes follows from their counters."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from gateway.cli.sparkplug.changes import changes
from gateway.cli.sparkplug.hosts import Picture
from tests.gateway.sparkplug_host import NOW_NS, device, node


def picture(*nodes: dict[str, JsonValue], online: bool = True) -> Picture:
    host = {"role": "active", "host_id": "", "online": online, "nodes": nodes}
    return Picture.model_validate({"now_ns": NOW_NS, "hosts": {"plant": host}})


def seen(before: Picture, now: Picture) -> list[tuple[str, str, int, str]]:
    found = list(changes(before, now))
    assert all((one.time_ns, one.source) == (NOW_NS, "plant") for one in found)
    return [(one.subject, one.kind.value, one.number, one.detail) for one in found]


BEFORE = node("g/n", births=2, deaths=1, devices=[device("d", births=3)])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"last_seen_ns": NOW_NS, "seq": 18, "metrics": 51}, []),
        ({"births": 3}, [("g/n", "birth", 1, "50 metrics")]),
        ({"births": 4, "deaths": 3}, [("g/n", "death", 2, ""), ("g/n", "birth", 2, "50 metrics")]),
        (
            {"births": 3, "deaths": 2, "online": False, "state": "offline"},
            [("g/n", "birth", 1, "50 metrics"), ("g/n", "death", 1, "")],
        ),
        ({"state": "stale", "online": False}, [("g/n", "state", 1, "stale")]),
        ({"gaps": 2}, [("g/n", "gap", 2, "")]),
        (
            {"rebirths_asked": 1, "last_rebirth_reason": "a gap", "rebirths_answered": 1},
            [("g/n", "rebirth asked", 1, "a gap"), ("g/n", "rebirth answered", 1, "")],
        ),
        ({"duplicate_sessions": True}, [("g/n", "duplicate sessions", 1, "")]),
        ({"devices": [device("d", births=3, deaths=1, online=False)]}, [("g/n/d", "death", 1, "")]),
        ({"devices": [device("d", births=3), device("e", metrics=9)]}, [("g/n/e", "birth", 1, "9 metrics")]),
        ({"births": 1, "deaths": 0}, [("g/n", "birth", 1, "50 metrics")]),
    ],
)
def test_a_counter_that_grew_is_a_change(
    fields: dict[str, JsonValue], expected: list[tuple[str, str, int, str]]
) -> None:
    assert seen(picture(BEFORE), picture({**BEFORE, **fields})) == expected


def test_a_node_that_is_heard_for_the_first_time_is_new() -> None:
    assert seen(picture(), picture(node("g/n"))) == [("g/n", "new", 1, "online"), ("g/n", "birth", 1, "50 metrics")]


def test_a_node_that_is_no_longer_told_was_forgotten() -> None:
    assert seen(picture(BEFORE), picture()) == [("g/n", "forgotten", 1, "")]


def test_a_host_that_goes_offline_is_a_change() -> None:
    assert seen(picture(), picture(online=False)) == [("", "host", 1, "offline")]
