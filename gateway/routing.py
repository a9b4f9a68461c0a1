"""Decides which route takes a topic, what its levels say, and which MQTT subscriptions that needs.

A pattern has named levels: `{site}/{area}/{machine}/telemetry`. A level may have a fixed beginning or end
(`_{contract}`), `{location...}` takes one or more levels and may stand anywhere once, and a trailing `{metric...}`
takes the rest as the name of the value. `+` and a trailing `#` are levels without a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from gateway.interfaces import Subscription

METRIC = "metric"
"""The name of the trailing level that names a value."""

_LEVEL = re.compile(r"([^{}+#]*)\{([a-z_][a-z0-9_]*)(\.\.\.)?\}([^{}+#]*)")
_MAX_TOPIC_LEVELS = 128


class Match(NamedTuple):
    """A topic that a route takes.

    Attributes:
        route: Index of the route.
        levels: Name of a level to what stands there; several levels are joined by `/`.
    """

    route: int
    levels: Mapping[str, str]


@dataclass(frozen=True)
class TopicPattern:
    """A topic with named levels.

    Raises:
        ValueError: The text is no pattern; the message says why.
    """

    text: str
    levels: tuple[str, ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    topic_filter: str = field(init=False)
    _expression: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        levels = tuple(self.text.split("/"))
        parts = [_Level.parse(level, last=number == len(levels)) for number, level in enumerate(levels, 1)]
        names = tuple(part.name for part in parts if part.name)
        if not self.text or "\0" in self.text:
            raise ValueError("a topic needs at least one level")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"the level {{{min(twice)}}} stands twice")
        several = [part for part in parts if part.several]
        if len(several) - any(part.name in (METRIC, "") for part in several[-1:]) > 1:
            raise ValueError("only one level besides a trailing {metric...} may take several levels")
        if any(left.several and right.several for left, right in pairwise(parts)):
            raise ValueError("two levels that take several cannot stand side by side: nothing tells where one ends")
        if any(part.several and part.name in (METRIC, "") for part in parts[:-1]):
            raise ValueError("{metric...} and # must stand last")
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "topic_filter", _topic_filter(parts))
        object.__setattr__(self, "_expression", re.compile("/".join(part.expression for part in parts)))

    def match(self, topic: str) -> dict[str, str] | None:
        """Return what stands at the named levels, or None if the topic does not fit."""
        found = self._expression.fullmatch(topic)
        return None if found is None else found.groupdict()

    def covers(self, other: TopicPattern) -> bool:
        """Whether every topic that the other pattern takes is taken by this one."""
        return all(self.match(sample) is not None for sample in other.samples())

    def samples(self) -> list[str]:
        """Return topics that stand for all that this pattern takes.

        The parts that may vary are filled with words that no pattern can name, so whoever takes them takes anything.
        """
        topics = []
        for depth in (1, 2, 7):
            filled = []
            for number, level in enumerate(self.levels):
                part = _Level.parse(level, last=True)
                word = f"\u0001{number}"
                filled.append("/".join([word] * depth) if part.several else part.fill(word))
            topics.append("/".join(filled))
        return list(dict.fromkeys(topics))

    def explain_miss(self, topic: str) -> tuple[int, str]:
        """Return how many levels fit before the first that does not, and that in words."""
        levels = topic.split("/")
        for number, pattern in enumerate(self.levels):
            part = _Level.parse(pattern, last=True)
            if part.several:
                return (
                    number,
                    f"{{{part.name or '#'}...}} leaves no way to fit the rest `{'/'.join(levels[number:])}`",
                )
            if number >= len(levels):
                return number, f"the topic ends after {len(levels)} levels, where the route wants `{pattern}`"
            if not re.fullmatch(part.expression, levels[number]):
                found = f"`{levels[number]}`" if levels[number] else "empty"
                return number, f"level {number + 1} is {found}, the route wants `{pattern}`"
        return len(self.levels), f"the topic goes on with `{'/'.join(levels[len(self.levels) :])}` where the route ends"


class _Level(NamedTuple):
    """One level of a pattern."""

    before: str
    name: str
    after: str
    several: bool
    varies: bool

    @classmethod
    def parse(cls, text: str, *, last: bool) -> _Level:
        if text == "#":
            if not last:
                raise ValueError("# must stand last")
            return cls("", "", "", several=True, varies=True)
        if text == "+":
            return cls("", "", "", several=False, varies=True)
        if not any(character in text for character in "{}+#"):
            return cls(text, "", "", several=False, varies=False)
        found = _LEVEL.fullmatch(text)
        if found is None:
            raise ValueError(
                f"the level `{text}` is not understood: write {{name}}, {{name...}}, +, a trailing #, or plain text, "
                "with names of small letters, digits and _"
            )
        before, name, several, after = found.groups()
        if several and (before or after):
            raise ValueError(f"the level `{text}` takes several levels, so nothing may stand beside it")
        return cls(before, name, after, several=bool(several), varies=True)

    @property
    def expression(self) -> str:
        if not self.varies:
            return re.escape(self.before)
        # A named level must not be empty: it becomes a tag. The shortest fit lets the next fixed level decide.
        inner = r"[^/]+(?:/[^/]+)*?" if self.several else r"[^/]+"
        if not self.name:
            return ".*" if self.several else "[^/]*"
        if self.several and self.name == METRIC:
            inner = ".+"
        return f"{re.escape(self.before)}(?P<{self.name}>{inner}){re.escape(self.after)}"

    def fill(self, word: str) -> str:
        return f"{self.before}{word}{self.after}" if self.varies else self.before


def _topic_filter(parts: Sequence[_Level]) -> str:
    levels: list[str] = []
    for part in parts:
        if part.several:
            return "/".join([*levels, "#"])
        levels.append("+" if part.varies else part.before)
    return "/".join(levels)


def filter_covers(wide: str, narrow: str) -> bool:
    """Whether every topic that matches the filter `narrow` matches the filter `wide` (MQTT 5.0, 4.7)."""
    wide_levels, narrow_levels = wide.split("/"), narrow.split("/")
    for number, level in enumerate(wide_levels):
        if level == "#":
            return True
        if number >= len(narrow_levels) or narrow_levels[number] == "#":
            return False
        if level != "+" and level != narrow_levels[number]:
            return False
    return len(wide_levels) == len(narrow_levels)


def filters_overlap(one: str, other: str) -> bool:
    """Whether a topic exists that matches both filters."""
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if "#" in (left, right):
            return True
        if left != right and "+" not in (left, right):
            return False
    lengths = one.count("/"), other.count("/")
    # "a/#" also matches "a" (MQTT 5.0, 4.7.1.2).
    longer = one if lengths[0] > lengths[1] else other
    return lengths[0] == lengths[1] or (abs(lengths[0] - lengths[1]) == 1 and longer.endswith("/#"))


class Router:
    """Finds the route of a topic among those of one source; the first that matches wins.

    Args:
        patterns: Index of a route to its pattern, in the order of the configuration.
    """

    def __init__(self, patterns: Mapping[int, TopicPattern]) -> None:
        self._patterns = patterns
        self.subscriptions = _subscriptions([pattern.topic_filter for pattern in patterns.values()])
        self.overlapping = any(
            filters_overlap(one.topic_filter, other.topic_filter)
            for number, one in enumerate(self.subscriptions)
            for other in self.subscriptions[:number]
        )

    def match(self, topic: str) -> Match | None:
        """Return the first route that takes the topic, or None."""
        if topic.count("/") >= _MAX_TOPIC_LEVELS:  # bounds the work a hostile topic can cause
            return None
        for route, pattern in self._patterns.items():
            levels = pattern.match(topic)
            if levels is not None:
                return Match(route, levels)
        return None

    def winner(self, topic: str) -> int:
        """Return the identifier of the subscription whose copy of a message counts; 0 if any will do."""
        match = self.match(topic)
        if match is None:
            return 0
        wanted = self._patterns[match.route].topic_filter
        return next(s.identifier for s in self.subscriptions if filter_covers(s.topic_filter, wanted))

    def nearest_miss(self, topic: str) -> tuple[int, str] | None:
        """Return the route that comes closest to taking the topic, and why it does not; None without routes."""
        if not self._patterns:
            return None
        misses = {route: pattern.explain_miss(topic) for route, pattern in self._patterns.items()}
        route = max(misses, key=lambda index: misses[index][0])
        return route, misses[route][1]


def _subscriptions(filters: Sequence[str]) -> tuple[Subscription, ...]:
    distinct = list(dict.fromkeys(filters))
    needed = [
        topic_filter
        for topic_filter in distinct
        if not any(other != topic_filter and filter_covers(other, topic_filter) for other in distinct)
    ]
    return tuple(Subscription(topic_filter, number) for number, topic_filter in enumerate(needed, 1))
