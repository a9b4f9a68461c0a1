"""Whichever way a message is taken, quick or long, it comes to the same records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st

from gateway.catalogue import Catalogue
from gateway.lanes import Path
from gateway.line_protocol import Encoder
from gateway.models import BAD, GOOD, STALE, Decoded, Definition, Message, Observation, Origin, Quality, RawTime, Value
from gateway.normalize import Normalized, Normalizer, Place, SeriesStates
from gateway.normalize.room import Room
from gateway.normalize.schema import Schema
from gateway.routing import Router, TopicPattern
from gateway.spool import Group, Redelivery
from gateway.status import Status
from gateway.translator import Translator
from gateway.waiting import Waiting
from tests.gateway.configurations import NOW_NS, message, route, settings
from tests.gateway.fakes import FakeAdapter

SECOND = 1_000_000_000
MEASUREMENTS = {
    "cnc": {
        "metrics": {
            "band": {"deadband": 0.5},
            "count": {"type": "int"},
            "hours": {"unit": "h"},
            "state": {"type": "text", "description": "what it does"},
        }
    }
}
INCOMING = {"raw": {"scale": 0.1}, "noise": {"ignore": True}, "mode": {"enum": {"0": "OFF", "1": "ON"}}}


class Scene:
    """A translator whose adapter says what a test wants it to say."""

    def __init__(self, *, quick: bool, layout: str = "wide", **keys: object) -> None:
        table = {"layout": layout, "metrics": INCOMING, **keys}
        self.settings = settings([route(**table)], measurements=MEASUREMENTS)
        self.status = Status()
        self.said: Mapping[bytes, Sequence[Decoded]] = {}
        pattern = TopicPattern(self.settings.routes[0].topic)
        self.states = SeriesStates(100)
        normalizer = Normalizer(
            self.settings.routes[0], pattern.names, self.settings, self.states, self.status, names_asset=False
        )
        self.long = 0
        if not quick:
            normalizer.quick = lambda *_: False
        normalize = normalizer.normalize

        def counted(place: Place, one: Message, observations: Sequence[Observation]) -> Normalized:
            self.long += 1
            return normalize(place, one, observations)

        normalizer.normalize = counted  # type: ignore[assignment, method-assign]
        self.translator = Translator(
            "plant",
            Router({0: pattern}),
            {0: Path(pattern.text, FakeAdapter(self._decode), normalizer)},
            Encoder(),
            Redelivery(),
            Waiting(0),
            Catalogue({}),
            self.status,
        )

    def _decode(self, one: Message) -> Iterable[Decoded]:
        return self.said[one.payload]

    def take(self, *observations: Observation) -> Group:
        """Take messages, each with one observation, that arrived together."""
        return self.take_all(*((one,) for one in observations))

    def take_all(self, *messages: Sequence[Decoded]) -> Group:
        """Take messages that arrived together."""
        self.said = {b"%d" % number: said for number, said in enumerate(messages)}
        group = Group("plant")
        self.translator.translate([message(payload=payload) for payload in self.said], group)
        return group

    def long_ways(self, *observations: Observation) -> int:
        """Take messages; return how many of them went the long way."""
        before = self.long
        self.take(*observations)
        return self.long - before


def outcome(group: Group) -> tuple[object, ...]:
    """Return all that can differ."""
    letters = [(letter.reason, letter.detail, letter.payload) for letter in group.dead_letters]
    return group.lines, group.further, group.definitions, letters, bytes(group.redelivery)


_numbers = st.one_of(
    st.floats(-100, 100), st.integers(-5, 5), st.sampled_from([math.nan, 2**53, 2**53 + 1, 2**64, 1e300, -0.0, 10**400])
)
_values: Mapping[str, st.SearchStrategy[Value | None]] = {
    "a": st.floats(-100, 100),
    "b/c": st.floats(-100, 100),
    "b.c": st.floats(-100, 100),
    "any": st.one_of(_numbers, st.booleans(), st.text(max_size=3), st.none()),
    "n": st.integers(-5, 5),
    "p% =,": st.one_of(st.floats(-1, 1), st.none()),
    "s": st.sampled_from(["on", "a,b", '"', "\\", "],[", "\ud800", "x" * 65_537]),
    "ok": st.booleans(),
    "band": st.floats(-1, 1),
    "count": st.one_of(st.integers(-5, 5), st.floats(-2, 2), st.just(2**63)),
    "hours": st.floats(0, 60),
    "state": st.one_of(st.sampled_from(["on", "off"]), st.integers(0, 3)),
    "raw": st.one_of(st.floats(-100, 100), st.integers(-5, 5)),
    "noise": _numbers,
    "mode": st.one_of(st.integers(0, 2), st.booleans()),
}
_times: st.SearchStrategy[RawTime] = st.one_of(
    st.none(),
    st.integers(1, 4).map(lambda number: (NOW_NS - number * SECOND) // 1_000_000),
    st.sampled_from([0, "yesterday", True, NOW_NS * 2]),
)
_said: list[Quality | Mapping[str, Quality]] = [
    GOOD,
    GOOD,
    GOOD,
    BAD,
    STALE,
    {},
    {"a": BAD},
    {"a": Quality(0, "Bad, so"), "ok": BAD},
]
_UNITS = ({"hours": "min", "a": "kW"}, {"hours": "h", "n": "mm"})


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Draw an observation; most of them say little that is special."""
    names = draw(st.lists(st.sampled_from(sorted(_values)), max_size=8, unique=True))
    plain = draw(st.booleans())
    return Observation(
        {name: draw(_values[name]) for name in names},
        draw(_times),
        None if plain else draw(st.one_of(st.none(), st.fixed_dictionaries(dict.fromkeys(names[:3], _times)))),
        None if plain else draw(st.sampled_from([None, None, *_UNITS])),
        GOOD if plain else draw(st.sampled_from(_said)),
        origin=Origin.LIVE
        if plain
        else draw(st.sampled_from([Origin.LIVE] * 3 + [Origin.HISTORICAL, Origin.TRANSIENT])),
        place=None if plain else draw(st.sampled_from([None, {"machine": "m1"}, {"machine": "m2"}])),
    )


@pytest.mark.parametrize("layout", ["wide", "narrow"])
@trial(deadline=None)
@given(data=st.data())
def test_every_way_gives_the_same_records(layout: str, data: st.DataObject) -> None:
    warm, cold = Scene(quick=True, layout=layout), Scene(quick=False, layout=layout)
    kinds = data.draw(st.lists(observations(), min_size=1, max_size=5))
    numbers = st.lists(st.integers(0, len(kinds) - 1), min_size=1, max_size=12)
    for group in data.draw(st.lists(numbers, min_size=1, max_size=4)):
        said = [kinds[number] for number in group]
        assert outcome(warm.take(*said)) == outcome(cold.take(*said))
    assert (warm.status.ignored, warm.status.corrected) == (cold.status.ignored, cold.status.corrected)
    assert warm.status.messages == cold.status.messages


def test_history_of_what_nothing_live_has_told_is_told_to_the_catalogue() -> None:
    history = Observation({"state": "on"}, NOW_NS - 2 * SECOND, origin=Origin.HISTORICAL)
    warm, cold = Scene(quick=True), Scene(quick=False)
    first = Observation({}, NOW_NS - SECOND)
    assert outcome(warm.take(first, history)) == outcome(cold.take(first, history))


@pytest.mark.parametrize("layout", ["wide", "narrow"])
@trial(deadline=None)
@given(data=st.data())
def test_a_plan_gives_the_same_records(layout: str, data: st.DataObject) -> None:
    warm, cold = Scene(quick=True, layout=layout), Scene(quick=False, layout=layout)
    names = data.draw(st.lists(st.sampled_from(sorted(_values)), min_size=1, max_size=6, unique=True))
    units = data.draw(st.sampled_from([None, *_UNITS]))
    values = st.fixed_dictionaries({name: _values[name] for name in names})
    usual = Observation(data.draw(values), NOW_NS - SECOND, units=units)
    enough = [usual] * 60
    assert outcome(warm.take(*enough)) == outcome(cold.take(*enough))
    for group in data.draw(st.lists(st.lists(values, max_size=4), max_size=3)):
        said = [usual, *(usual._replace(values=one) for one in group)]
        other = data.draw(st.sampled_from([units, None, *_UNITS]))
        said.append(usual._replace(units=other))
        assert outcome(warm.take(*said)) == outcome(cold.take(*said))
    assert warm.status.messages == cold.status.messages


NAMES = [f"folder/sensor {number}" for number in range(40)]


def every(value: Value = 1.0, names: Sequence[str] = NAMES, **fields: Any) -> Observation:
    return Observation(dict.fromkeys(names, value), NOW_NS - SECOND)._replace(**fields)


@pytest.mark.parametrize("layout", ["wide", "narrow"])
@pytest.mark.parametrize(
    "said",
    [
        every(names=NAMES[3:20]),
        every(names=NAMES[20:3:-1]),
        every(7, names=NAMES[5:9]),
        every(place={"machine": "m1"}, names=NAMES[:5]),
        every(times={NAMES[0]: NOW_NS - 2 * SECOND, NAMES[1]: NOW_NS - 3 * SECOND}),
        every(origin=Origin.HISTORICAL, time=NOW_NS - 3600 * SECOND, names=NAMES[:7]),
        every(quality={}),
    ],
    ids=["some", "another order", "integers", "placed", "times", "history", "no quality"],
)
def test_any_choice_of_known_names_is_taken_quickly(said: Observation, layout: str) -> None:
    scene = Scene(quick=True, layout=layout)
    scene.take(every(), every(place={"machine": "m1"}))
    assert scene.long_ways(said, said) == 0


def test_mixed_types_are_taken_quickly() -> None:
    scene = Scene(quick=True)
    values: Mapping[str, Value] = {"x": 1.0, "n": 3, "s": "a, b", "ok": True, "raw": 4, "count": 7}
    scene.take(Observation(values, NOW_NS - SECOND))
    group = scene.take(Observation({name: values[name] for name in ("ok", "raw", "s", "count")}, NOW_NS))
    assert group.lines == [f'cnc,asset=m1,site=s1 ok_bool=true,raw=0.4,s_text="a, b",count=7i {NOW_NS}']
    assert scene.long == 1


def test_units_that_were_told_are_no_reason_for_the_long_way() -> None:
    scene = Scene(quick=True)
    scene.take(every(units={NAMES[0]: "kW"}))
    assert scene.long_ways(every(units={NAMES[0]: "kW"}), every(names=NAMES[:2], units={NAMES[0]: "kW"})) == 0
    group = scene.take(every(units={NAMES[0]: "W"}))
    assert [definition.unit for definition in group.definitions] == ["W"]


@pytest.mark.parametrize("layout", ["wide", "narrow"])
def test_the_same_units_each_time_are_no_reason_against_a_plan(layout: str) -> None:
    scene = Scene(quick=True, layout=layout)
    units = {"x": "kW", "hours": "min"}
    said = Observation({"x": 1.0, "hours": 30.0, "n": 3, "s": "on", "ok": True}, NOW_NS, units=units)
    first = scene.take(said)
    scene.take(*[said] * 50)
    (schema,) = scene.translator._paths[0].normalizer._lookup._schemas.values()
    (plan,) = schema._by_shape.values()
    assert plan.regular
    assert scene.long == 1
    assert [definition.unit for definition in first.definitions] == ["kW", "h"]
    assert any("hours" in line and "0.5" in line for line in scene.take(said).lines)


def test_units_that_change_end_the_plan_for_those_before() -> None:
    scene = Scene(quick=True)
    before, after = every(units={NAMES[0]: "kW"}), every(units={NAMES[0]: "W"})
    for _ in range(50):
        scene.take(before)
    for said, unit in ((after, "W"), (before, "kW")):
        assert [definition.unit for definition in scene.take(said).definitions] == [unit]


def test_a_plan_for_units_is_not_taken_for_messages_without() -> None:
    scene = Scene(quick=True)
    said = Observation({"hours": 30.0}, NOW_NS, units={"hours": "min"})
    for _ in range(50):
        scene.take(said, said._replace(units=None))
    assert [line.split(" ")[1] for line in scene.take(said, said._replace(units=None)).lines] == [
        "hours=0.5",
        "hours=30.0",
    ]


def test_a_quality_that_stands_written_is_no_reason_for_the_long_way() -> None:
    scene = Scene(quick=True)
    scene.take(every(quality={NAMES[0]: BAD}))
    assert scene.long_ways(every(quality={NAMES[0]: BAD}), every(names=NAMES[1:])) == 0
    assert scene.long_ways(every()) == 1


def test_two_shapes_that_alternate_both_get_a_plan() -> None:
    scene = Scene(quick=True)
    shapes = [every(names=NAMES[:20]), every(names=NAMES[10:30])]
    scene.take(*shapes)
    for _ in range(100):
        scene.take(*shapes)
    (schema,) = scene.translator._paths[0].normalizer._lookup._schemas.values()
    assert len(schema.plans) == 2
    assert scene.long == 2


def test_choices_that_never_repeat_make_no_plans() -> None:
    scene = Scene(quick=True)
    scene.take(every())
    for first in range(20):
        scene.take(*(every(names=[NAMES[first], *NAMES[last:]]) for last in range(first + 1, 30)))
    (schema,) = scene.translator._paths[0].normalizer._lookup._schemas.values()
    assert schema.plans == {}


def test_what_comes_after_a_message_that_changed_a_quality_is_written_after_it() -> None:
    scene = Scene(quick=True)
    for _ in range(9):
        scene.take(every(1.0, NAMES[:2]))
    group = scene.take(every(1.0, NAMES[:2]), every(math.nan, NAMES[:2]), every(2.0, NAMES[1:2]), every(3.0, NAMES[:2]))
    fields = [line.replace("\\ ", "").split(" ")[1] for line in group.lines]
    assert fields == [
        "folder.sensor0=1.0,folder.sensor1=1.0",
        "folder.sensor0_q=0i,folder.sensor1_q=0i",
        "folder.sensor1=2.0,folder.sensor1_q=192i",
        "folder.sensor0=3.0,folder.sensor1=3.0,folder.sensor0_q=192i",
    ]


def test_what_is_told_stale_is_told_once_and_good_again_on_return() -> None:
    scene = Scene(quick=True)
    birth, death = every(), every(None, quality=STALE)  # type: ignore[arg-type]
    scene.take(birth)
    assert scene.take(death).lines[0].count("_q=500i") == len(NAMES)
    assert scene.take(death).lines == []
    assert scene.take(birth).lines[0].count("_q=192i") == len(NAMES)
    assert "_q" not in scene.take(birth).lines[0]


def test_a_birth_of_many_names_is_split_into_records_of_250_fields() -> None:
    scene = Scene(quick=True)
    names = [f"n{number}" for number in range(20_000)]
    first = scene.take(every(names=names))
    assert len(first.lines) == 2 * 20_000 // 250, "each with its quality"
    assert not first.dead_letters
    again = scene.take(every(names=names))
    assert [line.count("=") - 2 for line in again.lines] == [250] * 80
    assert scene.long == 1


def test_transient_values_are_not_stored_and_change_nothing() -> None:
    scene = Scene(quick=True)
    assert scene.take(every(origin=Origin.TRANSIENT)).empty
    assert scene.status.ignored == {"transient: not to be stored": 1}
    assert "_q=192i" in scene.take(every()).lines[0], "its quality was not told yet"


def test_transient_values_beside_others_are_counted_too() -> None:
    scene = Scene(quick=True)
    assert len(scene.take_all((every(origin=Origin.TRANSIENT), every())).lines) == 1
    assert scene.status.ignored == {"transient: not to be stored": 1}
    assert scene.status.messages.ignored == 0


def test_history_leaves_the_present_as_it_is() -> None:
    scene = Scene(quick=True)
    scene.take(every(names=["band", "x"]))
    (state,) = scene.states._states.values()
    before = (dict(state.qualities), state.time_status, state.last_ns, dict(state.bands), state.marked)
    history = every(5.0, names=["band", "x"], origin=Origin.HISTORICAL)
    for said in (history, history._replace(time=None), history._replace(quality=BAD), history._replace(time=0)):
        scene.take(said, said)
    assert (dict(state.qualities), state.time_status, state.last_ns, dict(state.bands), state.marked) == before


def test_a_message_may_know_better_than_its_topic_whose_its_values_are() -> None:
    scene = Scene(quick=True, measurement="{kind}", topic="{site}/{machine}/{kind}")
    group = scene.take(every(1.0, ["x"]), every(2.0, ["x"], place={"machine": "m2", "kind": "press"}))
    assert [line.partition(" ")[0] for line in group.lines] == [
        "telemetry,asset=m1,kind=telemetry,site=s1",
        "press,asset=m2,kind=press,site=s1",
    ]


def test_names_are_bounded_over_all_series() -> None:
    scene = Scene(quick=True)
    scene.states._room.left = 3
    group = scene.take(every(names=NAMES[:2]), every(names=NAMES[:4], place={"machine": "m2"}))
    assert [line.count("_q=") for line in group.lines] == [2, 1]
    assert scene.status.rejected == {"no room for more names": 3}


def test_a_definition_is_placed_as_the_values_are() -> None:
    scene = Scene(quick=True)
    scene.take_all((Definition("a/b", "kW", place={"machine": "m2"}), Definition("a/b", "W")))
    group = scene.take_all((Definition("a/b", "kW", place={"machine": "m2"}), Definition("c", "kW", high=5)))
    assert group.further == [f'metric_catalogue,asset=m1,metric=c,of=cnc unit_text="kW",high=5.0 {NOW_NS}']


def test_a_template_may_name_further_words_that_become_no_tags_by_themselves() -> None:
    options = settings([route(topic="{site}/{machine}", tags={"cell": "{cell}"})])
    normalizer = Normalizer(
        options.routes[0],
        ("site", "machine"),
        options,
        SeriesStates(10),
        Status(),
        names_asset=False,
        further_words=("cell",),
    )
    said = every(names=["x"], place={"cell": "c7"})
    (telemetry,) = normalizer.normalize(Place({"site": "s1", "machine": "m1"}), message(), [said]).telemetry
    assert telemetry.series.tags == {"cell": "c7"}


def test_what_was_worked_out_is_forgotten_when_its_room_is_full() -> None:
    room = Room(10_000)
    schema = Schema("", {}, {}, frozenset(), room)
    for number in range(1000):
        assert schema.column(f"n{number}", float, "") is not None
        assert sum(map(len, schema.columns.values())) * 600 <= 10_000
    assert len(room) <= 10_000


def test_two_observations_of_one_message_that_cannot_clash_keep_their_times() -> None:
    scene = Scene(quick=True)
    group = scene.take_all((every(names=["x"]), every(names=["x"], time=NOW_NS), every(names=["x"], time=NOW_NS)))
    assert [line.rpartition(" ")[2] for line in group.lines] == [f"{NOW_NS - SECOND}", f"{NOW_NS}", f"{NOW_NS + 1}"]
