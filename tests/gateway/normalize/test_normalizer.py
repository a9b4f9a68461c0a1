"""The one schema: names, types, quality, time and place, whatever a format called them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.line_protocol import Encoder
from gateway.models import BAD, GOOD, STALE, UNCERTAIN, Observation, Origin, Quality, Telemetry, Value
from gateway.normalize import Normalized, Normalizer, Place, SeriesStates, TooManySeries, UsualMessages, silences
from gateway.routing import TopicPattern
from gateway.status import Status
from tests.gateway.configurations import NOW_NS, message, route, settings

MS = 1_000_000
SECOND = 1000 * MS


class Bench:
    """A normalizer for one route, with all that it needs."""

    def __init__(self, keys: Mapping[str, object] | None = None, **tables: Any) -> None:
        self.settings = settings([route(**(keys or {}))], **tables)
        self.status = Status()
        self.states = SeriesStates(self.settings.limits.max_series)
        self.pattern = TopicPattern(self.settings.routes[0].topic)
        self.normalizer = Normalizer(
            self.settings.routes[0], self.pattern.names, self.settings, self.states, self.status, names_asset=False
        )
        self.places: dict[str, Place] = {}
        self.quick = True
        self.taken_quickly = 0
        self.taken_by_name = 0

    def take(self, *observations: Observation, topic: str = "s1/m1/telemetry", **fields: Any) -> Normalized:
        levels = self.pattern.match(topic)
        assert levels is not None
        place = self.places.setdefault(topic, Place(levels))
        received = message(topic, **fields)
        if self.quick and len(observations) == 1:
            usual = UsualMessages()
            if self.normalizer.quick(place, received, observations[0], usual):
                checked = usual.check()
                if not checked.unusual:
                    self.taken_quickly += 1
                    self.taken_by_name += len(checked.assorted)
                    return Normalized([*checked.telemetry()], timeless=observations[0].time is None)
        return self.normalizer.normalize(place, received, observations)

    def values(self, values: Mapping[str, Value | None], **fields: Any) -> Telemetry:
        """Return the one telemetry of an observation with these values."""
        (telemetry,) = self.take(Observation(values)._replace(**fields)).telemetry
        return telemetry


def test_a_message_becomes_one_telemetry_of_its_machine() -> None:
    telemetry = Bench().values({"temp": 21.5})
    assert (telemetry.series.asset, telemetry.series.measurement) == ("m1", "cnc")
    assert telemetry.series.tags == {"site": "s1"}
    assert telemetry.values == {"temp": 21.5}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (21.5, {"x": 21.5}),
        (21, {"x": 21.0}),
        (2**53, {"x": float(2**53)}),
        (2**53 + 1, {"x_int": 2**53 + 1}),
        (2**64, {"x_text": str(2**64)}),
        (-(2**63) - 1, {"x_text": str(-(2**63) - 1)}),
        ("on", {"x_text": "on"}),
        (True, {"x_bool": True}),
        (None, {}),
        (math.nan, {}),
        (math.inf, {}),
    ],
)
def test_the_type_of_an_undeclared_field_shows_in_its_name(value: Value | None, stored: Mapping[str, Value]) -> None:
    bench = Bench()
    for _ in range(3):  # the long way, and the quick one
        telemetry = bench.take(Observation({"y": 1.0, "x": value})).telemetry
        assert telemetry[0].values == {"y": 1.0, **stored}
        assert {type(v) for v in telemetry[0].values.values()} == {type(v) for v in [1.0, *stored.values()]}


@pytest.mark.parametrize(
    ("declared", "value", "stored"),
    [
        ("int", 42, 42),
        ("int", 42.0, 42),
        ("int", "42", 42),
        ("int", "42.0", 42),
        ("int", True, 1),
        ("float", 42, 42.0),
        ("float", "72.5", 72.5),
        ("float", True, 1.0),
        ("text", 7, "7"),
        ("text", False, "false"),
        ("text", 1.5, "1.5"),
        ("bool", 1, True),
        ("bool", 0.0, False),
        ("bool", "ON", True),
    ],
)
def test_a_declared_value_is_converted_without_loss_and_keeps_its_name(
    declared: str, value: Value, stored: Value
) -> None:
    bench = Bench(measurements={"cnc": {"metrics": {"x": {"type": declared}}}})
    for _ in range(3):
        telemetry = bench.values({"x": value})
        assert telemetry.values == {"x": stored}
        assert type(telemetry.values["x"]) is type(stored)


@pytest.mark.parametrize(
    ("declared", "value", "reason"),
    [
        ("int", 42.5, "declared int, but is not: 42.5"),
        ("int", 2**64, "the integer is beyond 64 bits"),
        ("int", str(2**64), "declared int, but beyond 64 bits"),
        ("int", "many", "declared int, but is not: 'many'"),
        ("float", "warm", "declared float, but is not: 'warm'"),
        ("float", 2**53 + 1, "declared float, but is not without loss"),
        ("bool", 2, "declared bool, but is not: '2'"),
    ],
)
def test_what_a_declared_type_cannot_take_is_rejected_and_the_rest_goes_on(
    declared: str, value: Value, reason: str
) -> None:
    bench = Bench(measurements={"cnc": {"metrics": {"x": {"type": declared}}}})
    for _ in range(3):
        result = bench.take(Observation({"x": value, "y": 1.0}))
        assert result.telemetry[0].values == {"y": 1.0}
        assert result.rejects[0].name == "x"
        assert result.rejects[0].reason.startswith(reason)


def test_names_that_mean_something_else_get_an_underscore() -> None:
    values: dict[str, Value] = dict.fromkeys(["x_q", "x_text", "time", "site", "asset", "a/b", "c.d"], 1.0)
    names = list(Bench().values(values).values)
    assert names == ["x_q_", "x_text_", "time_", "site_", "asset_", "a.b", "c.d"]


def test_control_characters_in_names_are_replaced() -> None:
    assert list(Bench().values({"te\nmp\x7f": 1.0, "a\\": 1.0}).values) == ["te_mp_", "a."]


def test_two_names_that_become_one_cost_the_second() -> None:
    result = Bench().take(Observation({"a/b": 1.0, "a.b": 2.0}))
    assert result.telemetry[0].values == {"a.b": 1.0}
    assert [reject.name for reject in result.rejects] == ["a.b"]


def test_values_are_renamed_scaled_mapped_and_converted() -> None:
    bench = Bench(
        {
            "metrics": {
                "temp1": {"name": "temperature", "source_unit": "degF"},
                "p": {"name": "pressure", "scale": 0.1, "offset": 1.0},
                "st": {"name": "state", "enum": {"0": "IDLE", "1": "RUNNING"}},
                "debug": {"ignore": True},
            }
        },
        measurements={"cnc": {"metrics": {"temperature": {"unit": "degC"}, "state": {"type": "text"}}}},
    )
    for _ in range(3):
        telemetry = bench.values({"temp1": 212, "p": 20, "st": 1, "debug": 3})
        assert telemetry.values["temperature"] == pytest.approx(100.0)
        assert telemetry.values["pressure"] == pytest.approx(3.0)
        assert telemetry.values["state"] == "RUNNING"
        assert "debug" not in telemetry.values


def test_an_undeclared_enumeration_never_changes_the_type_of_a_field() -> None:
    bench = Bench({"metrics": {"st": {"enum": {"0": "IDLE"}}}})
    assert bench.values({"st": 0}).values == {"st_text": "IDLE"}
    assert bench.values({"st": 7}).values == {"st": 7.0}
    assert bench.values({"st": True}).values == {"st_bool": True}


def test_a_unit_in_the_message_is_converted_to_the_declared_one_and_told_to_the_catalogue() -> None:
    bench = Bench(measurements={"cnc": {"metrics": {"hours": {"unit": "h"}}}})
    result = bench.take(Observation({"hours": 90.0, "power": 3.0}, units={"hours": "min", "power": "kW"}))
    assert result.telemetry[0].values == {"hours": pytest.approx(1.5), "power": 3.0}
    assert {(d.name, d.unit) for d in result.definitions} == {("hours", "h"), ("power", "kW")}
    again = bench.take(Observation({"hours": 90.0}, units={"hours": "min"}))
    assert again.definitions == []


def test_a_value_in_a_unit_that_cannot_be_converted_is_rejected() -> None:
    bench = Bench(measurements={"cnc": {"metrics": {"t": {"unit": "degC"}}}})
    result = bench.take(Observation({"t": 1.0, "y": 2.0}, units={"t": "kg"}))
    assert result.telemetry[0].values == {"y": 2.0}
    assert result.rejects[0].reason.startswith("the unit cannot be converted: 'kg'")


def test_quality_is_written_at_first_and_when_it_changes_and_then_not() -> None:
    bench = Bench()
    assert bench.values({"x": 1.0}).quality == {"x": GOOD}
    assert bench.values({"x": 1.0}).quality is None
    bad = Quality(0, "Bad_SensorFailure")
    assert bench.values({"x": 1.0}, quality=bad).quality == {"x": bad}
    assert bench.values({"x": 1.0}, quality={"x": bad}).quality is None
    assert bench.values({"x": 1.0}).quality == {"x": GOOD}
    assert bench.values({"x": 1.0}).quality is None


def test_no_value_is_bad_quality_and_never_zero() -> None:
    bench = Bench()
    bench.values({"x": 1.0})
    telemetry = bench.values({"x": None})
    assert telemetry.values == {}
    assert telemetry.quality == {"x": BAD}
    assert bench.values({"x": None}, quality=UNCERTAIN).quality == {"x": UNCERTAIN}


def test_silence_becomes_stale_once_and_good_on_return() -> None:
    bench = Bench({"stale_after": "10s"})
    bench.take(Observation({"x": 1.0, "y": 2.0}))
    assert silences(bench.states, NOW_NS + 9 * SECOND) == []
    (telemetry,) = silences(bench.states, NOW_NS + 11 * SECOND)
    assert telemetry.values == {}
    assert telemetry.quality == {"x": STALE, "y": STALE}
    assert telemetry.timestamp_ns == NOW_NS + 10 * SECOND
    assert silences(bench.states, NOW_NS + 60 * SECOND) == []
    assert bench.values({"x": 1.0}).quality == {"x": GOOD}


@pytest.mark.parametrize(
    ("raw", "unit", "expected"),
    [
        (1_733_904_005_123, "auto", 1_733_904_005_123_000_000),
        (1_733_904_005, "auto", 1_733_904_005_000_000_000),
        (1_733_904_005.123, "auto", 1_733_904_005_123_000_000),
        (1_733_904_005_123_456, "auto", 1_733_904_005_123_456_000),
        (1_733_904_005_123_456_789, "auto", 1_733_904_005_123_456_789),
        (1_733_904_005, "s", 1_733_904_005_000_000_000),
        ("1717083000000", "auto", 1_717_083_000_000_000_000),
        ("2024-12-11T08:00:05.123456789Z", "auto", 1_733_904_005_123_456_789),
        ("2024-12-11T08:00:05,1234567+00:00", "auto", 1_733_904_005_123_456_700),
        ("2024-12-11 16:00:05.123+0800", "auto", 1_733_904_005_123_000_000),
        ("2024-12-11T08:00Z", "auto", 1_733_904_000_000_000_000),
        ("2024-12-11T08:00:60Z", "auto", 1_733_904_060_000_000_000),
    ],
)
def test_times_are_read_to_the_nanosecond(raw: str | float, unit: str, expected: int) -> None:
    telemetry = Bench({"timestamp": {"unit": unit}}).values({"x": 1.0}, time=raw)
    assert telemetry.timestamp_ns == expected
    assert telemetry.time_status is None


def test_a_time_without_a_zone_takes_the_zone_of_the_route() -> None:
    bench = Bench({"timestamp": {"time_zone": "Asia/Shanghai"}})
    assert bench.values({"x": 1.0}, time="2024-12-11T16:00:05").timestamp_ns == 1_733_904_005_000_000_000


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (None, "received"),
        ("0001-01-01T00:00:00Z", "received"),
        ("2024-12-11T08:00:05", "without a zone"),
        ("yesterday", "not understood"),
        (True, "not understood"),
        (0, "before 2015"),
        (NOW_NS // MS + 86_400_000 + 1, "in the future"),
        (NOW_NS // MS + 8 * 3_600_000 + 20, "8:00 h ahead, as if local time were sent as UTC"),
        (NOW_NS // MS + 5 * 3_600_000 + 1_800_000, "5:30 h ahead, as if local time were sent as UTC"),
    ],
)
def test_a_time_that_cannot_be_believed_becomes_that_of_receipt_and_is_marked(raw: float | str, status: str) -> None:
    bench = Bench()
    telemetry = bench.values({"x": 1.0}, time=raw)
    assert telemetry.timestamp_ns == NOW_NS
    assert telemetry.time_status == status
    assert bench.values({"x": 1.0}, time=raw).time_status is None, "the mark is written once"
    assert bench.values({"x": 1.0}, time=NOW_NS).time_status == "source", "and taken back"


def test_a_little_ahead_is_believed() -> None:
    ahead = NOW_NS + 299 * SECOND
    assert Bench().values({"x": 1.0}, time=ahead).timestamp_ns == ahead


def test_while_its_own_clock_was_never_set_the_gateway_judges_nobody() -> None:
    result = Bench().take(Observation({"x": 1.0}, time=NOW_NS), received_ns=SECOND)
    assert result.telemetry[0].timestamp_ns == NOW_NS


def test_times_that_are_not_believed_keep_their_spacing() -> None:
    tomorrow = NOW_NS + 86_400 * SECOND + SECOND
    readings = [Observation({"x": float(n)}, time=tomorrow + n * SECOND) for n in range(3)]
    times = [telemetry.timestamp_ns for telemetry in Bench().take(*readings).telemetry]
    assert times == [NOW_NS - 2 * SECOND, NOW_NS - SECOND, NOW_NS]


def test_values_with_times_of_their_own_are_stored_under_them() -> None:
    result = Bench().take(Observation({"x": 1.0, "y": 2.0}, time=NOW_NS, times={"y": NOW_NS - SECOND}))
    assert {t.timestamp_ns: dict(t.values) for t in result.telemetry} == {
        NOW_NS: {"x": 1.0},
        NOW_NS - SECOND: {"y": 2.0},
    }


def test_two_values_for_one_instant_are_kept_apart_by_a_nanosecond() -> None:
    bench = Bench()
    bench.values({"x": 0.0}, time=NOW_NS - SECOND)
    result = bench.take(
        *(Observation({"x": float(n)}, time=NOW_NS) for n in range(3)), Observation({"x": 9.0}, time=NOW_NS + 1)
    )
    assert [telemetry.timestamp_ns - NOW_NS for telemetry in result.telemetry] == [0, 1, 2, 3]
    assert bench.status.corrected["two values for one instant in one message"] == 3


def test_many_values_for_one_instant_do_not_take_for_ever() -> None:
    result = Bench().take(*(Observation({"x": float(n)}, time=NOW_NS) for n in range(10_000)))
    assert len({telemetry.timestamp_ns for telemetry in result.telemetry}) == 10_000


def test_a_retained_message_is_written_only_under_its_own_time() -> None:
    bench = Bench()
    assert bench.take(Observation({"x": 1.0}), retained=True).telemetry == []
    (telemetry,) = bench.take(Observation({"x": 1.0}, time=NOW_NS - SECOND), retained=True).telemetry
    assert telemetry.origin is Origin.RETAINED
    assert bench.values({"x": 1.0}).quality == {"x": GOOD}, "it told nothing of the present"


def test_historical_values_do_not_touch_what_is_known_of_the_present() -> None:
    bench = Bench()
    bench.values({"x": 1.0})
    old = bench.values({"x": 1.0}, time=NOW_NS - SECOND, quality=BAD, origin=Origin.HISTORICAL)
    assert old.quality == {"x": BAD}
    assert bench.values({"x": 1.0}).quality is None


def test_deadband_swallows_small_changes_and_keeps_steps_and_heartbeats() -> None:
    bench = Bench(measurements={"cnc": {"metrics": {"t": {"deadband": 0.5, "heartbeat": "60s"}}}})

    def stored(value: float, seconds: float, **fields: Any) -> list[tuple[float, float]]:
        at = NOW_NS - 3600 * SECOND + int(seconds * SECOND)
        result = bench.take(Observation({"t": value}, time=at)._replace(**fields))
        return [(t.values["t"], (t.timestamp_ns - NOW_NS) / SECOND + 3600) for t in result.telemetry if t.values]  # type: ignore[misc]

    assert stored(20.0, 0) == [(20.0, 0)]
    assert stored(20.1, 1) == []
    assert stored(20.2, 2) == []
    assert stored(30.0, 3) == [(20.2, 2), (30.0, 3)], "the last swallowed value before a step is let through"
    assert stored(30.1, 4) == []
    assert stored(30.1, 64) == [(30.1, 64)], "confirmed unchanged"
    assert stored(30.1, 65, quality=BAD) == [(30.1, 65)], "quality is never held up"


def test_narrow_and_wide_hold_the_same_values() -> None:
    said = Observation({"t": 1.5, "n": 3, "s": "on", "b": True}, NOW_NS, quality={"t": BAD})
    (telemetry,) = Bench({"layout": "narrow"}).take(said).telemetry
    assert Encoder().encode(telemetry) == [
        f"cnc,asset=m1,metric=t,site=s1 value=1.5,value_q=0i {NOW_NS}",
        f"cnc,asset=m1,metric=n,site=s1 value=3.0,value_q=192i {NOW_NS}",
        f'cnc,asset=m1,metric=s,site=s1 value_text="on",value_q=192i {NOW_NS}',
        f"cnc,asset=m1,metric=b,site=s1 value_bool=true,value_q=192i {NOW_NS}",
    ]


def test_the_topic_names_the_value() -> None:
    bench = Bench({"topic": "umh/{location...}/_{contract}/{metric...}", "asset": "{location}"})
    result = bench.take(Observation({"": 23.4}), topic="umh/acme/plant/_raw/weather/temperature")
    assert result.telemetry[0].values == {"weather.temperature": 23.4}
    assert result.telemetry[0].series.asset == "acme/plant"
    assert result.telemetry[0].series.tags == {"contract": "raw"}
    result = bench.take(Observation({"pos.x": 1.0}), topic="umh/acme/plant/_raw/mill")
    assert result.telemetry[0].values == {"mill.pos.x": 1.0}


def test_scalar_topics_of_one_machine_are_one_series() -> None:
    bench = Bench({"topic": "{site}/{machine}/{metric...}"})
    one = bench.take(Observation({"": 1.0}), topic="s1/m1/t").telemetry[0]
    other = bench.take(Observation({"": 2.0}), topic="s1/m1/p").telemetry[0]
    assert one.series is other.series
    assert len(bench.states) == 1


def test_tags_come_from_levels_templates_and_the_table_of_assets() -> None:
    bench = Bench({"tags": {"place": "{site}-hall"}}, assets={"m1": {"hall": "B"}})
    assert bench.values({"x": 1.0}).series.tags == {"place": "s1-hall", "hall": "B"}


def test_series_are_bounded() -> None:
    bench = Bench(limits={"max_series": 2})
    for machine in ("a", "b"):
        bench.take(Observation({"x": 1.0}), topic=f"s1/{machine}/telemetry")
    with pytest.raises(TooManySeries):
        bench.take(Observation({"x": 1.0}), topic="s1/c/telemetry")
    bench.take(Observation({"x": 1.0}), topic="s1/a/telemetry")


def test_a_machine_that_invents_names_is_stopped() -> None:
    bench = Bench()
    result = bench.take(Observation({f"n{number}": 1.0 for number in range(50_001)}))
    assert len(result.telemetry[0].values) == 50_000
    assert len(result.rejects) == 1


def test_a_text_too_long_or_not_unicode_costs_only_itself() -> None:
    bench = Bench()
    for _ in range(3):
        result = bench.take(Observation({"a": "x" * 65_537, "b": "\ud800", "c": "ok"}))
        assert result.telemetry[0].values == {"c_text": "ok"}
        assert [reject.name for reject in result.rejects] == ["a", "b"]


_values = st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.none())
_observations = st.builds(
    Observation,
    st.dictionaries(st.text(max_size=5), _values, max_size=5),
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=25)),
    quality=st.sampled_from([GOOD, BAD, UNCERTAIN]),
    measurement=st.sampled_from(["", "press"]),
)


@given(st.lists(_observations, min_size=1, max_size=4), st.lists(_observations, min_size=1, max_size=4))
def test_every_value_is_stored_or_rejected_whatever_comes(first: list[Observation], second: list[Observation]) -> None:
    bench = Bench()
    for observations in (first, second):
        result = bench.take(*observations)
        taken = sum(len(telemetry.values) for telemetry in result.telemetry)
        sent = [
            value
            for observation in observations
            if observation.origin is not Origin.TRANSIENT
            for value in observation.values.values()
            if value is not None and not (isinstance(value, float) and not math.isfinite(value))
        ]
        assert len(sent) - len(result.rejects) <= taken <= len(sent)


@given(st.lists(_observations, min_size=1, max_size=6))
def test_the_quick_way_and_the_long_way_give_the_same_points(observations: list[Observation]) -> None:
    warm, cold = Bench(), Bench()
    cold.quick = False
    for observation in [*observations, *observations]:
        one, other = warm.take(observation), cold.take(observation)
        assert [t.model_dump() for t in one.telemetry] == [t.model_dump() for t in other.telemetry]
        assert (one.rejects, one.timeless) == (other.rejects, other.timeless)


def test_a_message_like_the_last_one_is_taken_quickly() -> None:
    bench = Bench()
    for number in range(5):
        bench.take(Observation({"x": float(number), "s": "on", "n": number}, time=NOW_NS - 10 + number))
    assert bench.taken_quickly == 4
    bench.take(Observation({"x": 1.0, "s": "on", "n": 2**60}, time=NOW_NS))
    assert bench.taken_quickly == 4


def test_scalar_topics_without_time_are_taken_quickly_too() -> None:
    bench = Bench({"topic": "{site}/{machine}/{metric...}"})
    for number in range(5):
        for metric in ("t", "p"):
            bench.take(Observation({"": float(number)}), topic=f"s1/m1/{metric}")
    assert bench.taken_quickly >= 6


def test_a_message_without_time_is_known_as_timeless() -> None:
    bench = Bench()
    assert bench.take(Observation({"x": 1.0})).timeless
    assert not bench.take(Observation({"x": 1.0}, time=NOW_NS)).timeless


def test_a_message_of_too_many_values_is_refused() -> None:
    bench = Bench(limits={"max_values": 3})
    with pytest.raises(ValueError, match="more than 3 values"):
        bench.take(Observation({"a": 1.0, "b": 1.0}), Observation({"c": 1.0, "d": 1.0}))


def test_messages_keep_their_type_of_machine() -> None:
    bench = Bench({"measurement": "{measurement}_{site}"})
    result = bench.take(Observation({"x": 1.0}, measurement="press"))
    assert result.telemetry[0].series.measurement == "press_s1"
