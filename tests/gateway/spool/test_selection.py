"""Which letters a filter means."""

from __future__ import annotations

import pytest

from gateway.spool import Kind, Selection
from gateway.spool.selection import topic_fits


@pytest.mark.parametrize(
    ("topic_filter", "topic", "fits"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/+/c", "a/b/c/d", False),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "anything/at/all", True),
        ("+", "one", True),
        ("+", "one/two", False),
        ("+/two", "/two", True),
    ],
)
def test_topic_filters_fit_as_mqtt_says(topic_filter: str, topic: str, fits: bool) -> None:  # noqa: FBT001
    assert topic_fits(topic_filter, topic) is fits


def test_a_selection_is_the_same_after_a_way_through_the_file() -> None:
    full = Selection(Kind.VALUE, "not a number", "a/#", "plant", "db", 1, 2, (3, 4), 5)
    assert Selection.from_json(full.to_json()) == full
    assert Selection.from_json(Selection().to_json()) == Selection()


def test_a_limit_alone_chooses_nothing() -> None:
    assert Selection(limit=5).everything
    assert not Selection(topic="a").everything
