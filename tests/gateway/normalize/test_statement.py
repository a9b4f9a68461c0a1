"""Many values of one message come to the same whether they are taken together or one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.models import BAD, GOOD, STALE, Observation, Origin, Quality, Series, Value
from gateway.normalize.clock import OWN, Timed
from gateway.normalize.room import Room
from gateway.normalize.schema import Schema
from gateway.normalize.series import NameRoom, SeriesState
from gateway.normalize.statement import Reading
from gateway.settings.models import Incoming, Metric

NOW_NS = 1_790_000_000_000_000_000
_DECLARED = {"d1": Metric(type="int"), "d2": Metric(unit="h", description="how long"), "d3": Metric(deadband=0.5)}
_INCOMING = {"i1": Incoming(scale=0.1), "i2": Incoming(ignore=True), "i3": Incoming(enum={"0": "OFF"})}
_FREE: Mapping[str, Metric] = {}
_usual = st.one_of(st.floats(-100, 100), st.integers(-5, 5), st.sampled_from(["on", "off", "a b"]), st.booleans())
_unusual: st.SearchStrategy[Value | None] = st.sampled_from(
    [None, math.nan, math.inf, 2**53, 2**53 + 1, 2**64, 1e300, -0.0, "\ud800", "x" * 65_537, "", True]
)
_CLASHES = ["a/b", "a.b", "a.[0]", "a[0]", "x_int", "n_q", "time", "asset", "line"]
_SPECIAL = ["p% =,", "\x01", "", "y" * 300, "Öl", "b\\c", *_DECLARED, *_INCOMING]
_unlike = st.sampled_from([*_CLASHES, *_SPECIAL])
_names = st.one_of(st.integers(0, 400).map(lambda number: f"v{number}"), _unlike)


class Machine:
    """A series that is told of."""

    def __init__(self, *, at_once: int, declared: bool, narrow: bool, room: int = 10_000) -> None:
        self._schema = Schema(
            "", _INCOMING if declared else {}, _DECLARED if declared else _FREE, frozenset({"line"}), Room()
        )
        self._room = NameRoom(room)
        self.state = SeriesState(Series(asset="m1", measurement="cnc", tags={"line": "l1"}), self._room)
        self.state.is_narrow = narrow
        self._at_once = at_once

    def tell(self, said: Observation, single: Mapping[str, Timed], *, live: bool = True) -> str:
        """Return all that follows from an observation."""
        reading = Reading(self.state, self._schema, said, Timed(NOW_NS, OWN), single, live, self._at_once)
        telemetry = reading.read().assemble(self.state, Origin.LIVE)
        state = self.state
        known = (list(state.qualities.items()), sorted(state.marked or ()), state.units, state.bands, self._room.left)
        return repr((telemetry, reading.rejects, reading.definitions, known))


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Draw what says many things, most of them usual."""
    begin, count = draw(st.integers(0, 50)), draw(st.integers(20, 300))
    values: dict[str, Value | None] = {f"v{number}": number / 4 for number in range(begin, begin + count)}
    values |= draw(st.dictionaries(_names, st.one_of(_usual, _usual, _unusual), max_size=8))
    order = draw(st.permutations(list(values)[-12:]))
    values = {name: values[name] for name in [*list(values)[:-12], *order]}
    few = st.dictionaries(_names, st.sampled_from([BAD, STALE, GOOD, Quality(0, "broken")]), max_size=3)
    quality: Quality | Mapping[str, Quality] = draw(st.one_of(st.just(GOOD), st.just(GOOD), st.just(BAD), few))
    units = draw(st.one_of(st.none(), st.dictionaries(_names, st.sampled_from(["degC", "bar", "min", ""]), max_size=5)))
    return Observation(values, None, None, units, quality)


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("narrow", [False, True])
@settings(deadline=None, max_examples=25)
@given(said=st.lists(observations(), min_size=1, max_size=3), live=st.booleans(), timed=st.sets(_names, max_size=5))
def test_taking_many_together_and_each_by_itself_gives_the_same(
    *, declared: bool, narrow: bool, said: list[Observation], live: bool, timed: set[str]
) -> None:
    together = Machine(at_once=256, declared=declared, narrow=narrow)
    one_by_one = Machine(at_once=1, declared=declared, narrow=narrow)
    for number, one in enumerate(said):
        single = {name: Timed(NOW_NS - 1000 * len(name), OWN) for name in timed if name in one.values}
        is_live = live or number == 0
        assert together.tell(one, single, live=is_live) == one_by_one.tell(one, single, live=is_live)


@pytest.mark.parametrize("room", [0, 30, 99, 100])
def test_names_beyond_the_room_are_refused_one_by_one(room: int) -> None:
    said = Observation({f"v{number}": 1.0 for number in range(100)})
    together, one_by_one = (Machine(at_once=count, declared=False, narrow=False, room=room) for count in (256, 1))
    assert together.tell(said, {}) == one_by_one.tell(said, {})
    assert len(together.state.qualities) == room
