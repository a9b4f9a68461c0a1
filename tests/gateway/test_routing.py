"""Topic patterns, the order of routes, and the subscriptions they need."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routing import Match, Router, TopicPattern, filter_covers, filters_overlap


@pytest.mark.parametrize(
    ("pattern", "topic", "levels"),
    [
        ("{site}/{line}/{machine}/telemetry", "a/b/c/telemetry", {"site": "a", "line": "b", "machine": "c"}),
        ("{site}/{line}/{machine}/telemetry", "a/b/c/status", None),
        ("{site}/{line}/{machine}/telemetry", "a/b//telemetry", None),
        ("{machine}/{metric...}", "press/axis/x/position", {"machine": "press", "metric": "axis/x/position"}),
        ("{machine}/{metric...}", "press", None),
        (
            "umh/v1/{location...}/_{contract}/{metric...}",
            "umh/v1/acme/plant/_raw/weather/_inner/t",
            {"location": "acme/plant", "contract": "raw", "metric": "weather/_inner/t"},
        ),
        ("umh/v1/{location...}/_historian/{metric...}", "umh/v1/_historian/x", None),
        ("/neuron/{app}", "/neuron/one", {"app": "one"}),
        ("{location...}/temp", "a/b/c/temp", {"location": "a/b/c"}),
        ("a/+/{machine}/#", "a/x/m/y/z", {"machine": "m"}),
        ("m-{number}.x/data", "m-7.x/data", {"number": "7"}),
    ],
)
def test_a_pattern_names_the_levels_of_a_topic(pattern: str, topic: str, levels: dict[str, str] | None) -> None:
    assert TopicPattern(pattern).match(topic) == levels


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "at least one level"),
        ("{a}/{a}", "stands twice"),
        ("{A}/x", "not understood"),
        ("{a}{b}", "not understood"),
        ("{a...}/x/{b...}", "only one level"),
        ("{a...}/{metric...}", "side by side"),
        ("{metric...}/x", "must stand last"),
        ("a/#/b", "must stand last"),
        ("x{a...}", "nothing may stand beside it"),
        ("a/b+", "not understood"),
    ],
)
def test_what_is_no_pattern_is_refused_with_a_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        TopicPattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "topic_filter"),
    [
        ("{a}/b/{c}", "+/b/+"),
        ("umh/v1/{location...}/_{contract}/{metric...}", "umh/v1/#"),
        ("a/{metric...}", "a/#"),
        ("m-{n}/x", "+/x"),
        ("{a...}", "#"),
    ],
)
def test_a_pattern_needs_this_subscription(pattern: str, topic_filter: str) -> None:
    assert TopicPattern(pattern).topic_filter == topic_filter


def test_the_first_route_that_matches_wins() -> None:
    router = Router({0: TopicPattern("a/special/{machine}"), 1: TopicPattern("a/{kind}/{machine}")})
    assert router.match("a/special/m") == Match(0, {"machine": "m"})
    assert router.match("a/other/m") == Match(1, {"kind": "other", "machine": "m"})
    assert router.match("b/other/m") is None


def test_a_filter_that_another_covers_is_not_subscribed() -> None:
    router = Router({0: TopicPattern("a/special/{machine}"), 1: TopicPattern("a/{kind}/{machine}")})
    assert [s.topic_filter for s in router.subscriptions] == ["a/+/+"]
    assert not router.overlapping
    assert router.winner("a/special/m") == 1


def test_of_overlapping_subscriptions_the_winning_routes_copy_counts() -> None:
    router = Router({0: TopicPattern("{site}/line1/{machine}"), 1: TopicPattern("plant/{line}/{machine}")})
    assert router.overlapping
    assert router.winner("plant/line1/m") == 1
    assert router.winner("plant/line2/m") == 2
    assert router.winner("elsewhere/line2/m") == 0


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("{a}/{b}", "{x}/{y}", True),
        ("{a}/{b}", "x/{y}", True),
        ("x/{b}", "{a}/{b}", False),
        ("{a}/{metric...}", "{a}/{b}/{c}", True),
        ("{a}/{b}/{c}", "{a}/{metric...}", False),
        ("umh/{location...}/_{contract}/{metric...}", "umh/{site}/_raw/{tag}", True),
        ("umh/{location...}/_{contract}/{metric...}", "umh/{site}/{other}/{tag}", False),
        ("a/#", "a/{b}", True),
    ],
)
def test_a_pattern_covers_another(wide: str, narrow: str, covers: bool) -> None:  # noqa: FBT001
    assert TopicPattern(wide).covers(TopicPattern(narrow)) is covers


def test_the_nearest_miss_says_which_level_differs() -> None:
    router = Router({0: TopicPattern("x/{machine}"), 1: TopicPattern("plant/{line}/{machine}/telemetry")})
    assert router.nearest_miss("plant/l1/m1/status") == (
        1,
        "level 4 is `status`, the route wants `telemetry`",
    )
    assert router.nearest_miss("plant/l1/m1") == (
        1,
        "the topic ends after 3 levels, where the route wants `telemetry`",
    )
    assert router.nearest_miss("plant/l1/m1/telemetry/x") == (
        1,
        "the topic goes on with `x` where the route ends",
    )


_level = st.sampled_from(["a", "b", "+"])
_filters = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(_level, min_size=1, max_size=3),
    st.sampled_from([[], ["#"]]),
)


def _matches(topic_filter: str, topic: str) -> bool:
    return filter_covers(topic_filter, topic)


_topics = [
    "/".join(levels)
    for first in "ab"
    for rest in (
        [],
        ["a"],
        ["b"],
        ["a", "a"],
        ["a", "b"],
        ["b", "a"],
        ["b", "b"],
        ["a", "a", "a"],
        ["b", "b", "b", "b"],
    )
    for levels in [[first, *rest]]
]


@given(_filters, _filters)
def test_covering_and_overlapping_agree_with_the_topics_themselves(one: str, other: str) -> None:
    both = [topic for topic in _topics if _matches(one, topic) and _matches(other, topic)]
    if both:
        assert filters_overlap(one, other)
    if filter_covers(one, other):
        assert all(_matches(one, topic) for topic in _topics if _matches(other, topic))


def test_a_topic_of_absurd_depth_costs_nothing() -> None:
    assert Router({0: TopicPattern("{location...}/x")}).match("a/" * 30_000 + "x") is None
