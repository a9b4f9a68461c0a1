"""Values: what they are, when they were true, how good they are, and whose last value they become."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from adapters.sparkplug.codec import (
    DataSet,
    DataType,
    Metric,
    Parameter,
    Payload,
    Property,
    Template,
    encode_array,
    write,
)
from gateway.models import Definition, Observation, Origin
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    qualities_of,
    rejects_of,
    series_of,
    stale_of,
    times_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number

SEVERAL = [
    (DataType.INT8, -3),
    (DataType.INT16, -300),
    (DataType.INT32, -70_000),
    (DataType.INT64, -(2**60)),
    (DataType.UINT8, 253),
    (DataType.UINT16, 65_000),
    (DataType.UINT32, 4_000_000_000),
    (DataType.UINT64, 2**63 + 1),
    (DataType.FLOAT, 1.23),
    (DataType.DOUBLE, 1.1),
    (DataType.BOOLEAN, True),
    (DataType.STRING, "on"),
    (DataType.TEXT, "a\nb"),
    (DataType.UUID, "123e4567-e89b-12d3-a456-426614174000"),
    (DataType.DATETIME, START_MS),
]


def started(*metrics: Metric, **options: object) -> tuple[Listening, Speaking]:
    """Return a host, and an edge node that it knows."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(*(metrics or (number("x", 0.0, 1),))))
    return host, node


@pytest.mark.parametrize(("datatype", "value"), SEVERAL, ids=[one.title for one, _ in SEVERAL])
def test_a_value_is_what_its_type_says(datatype: DataType, value: float | str) -> None:
    host, node = started(Metric("v", 1, datatype=datatype, is_null=True))
    host.hear(*node.data())
    for told in (Metric("v", 1, datatype=datatype, value=value), Metric("", 1, datatype=datatype, value=value)):
        said = values_of(host.hear(*node.data(told)))
        assert said == {"v": value}
        assert type(said["v"]) is type(value)


def test_an_array_is_json() -> None:
    metric = Metric("list", 1, datatype=DataType.INT16_ARRAY, value=encode_array(DataType.INT16_ARRAY, [1, -2, 3]))
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(metric))) == {"list": "[1,-2,3]"}


def test_a_data_set_is_json() -> None:
    table = DataSet(["n", "s"], [DataType.INT8, DataType.STRING], [(-1, "a"), (2, "b")])
    host, node = Listening(), Speaking()
    said = values_of(host.hear(*node.nbirth(Metric("table", datatype=DataType.DATASET, value=table))))
    assert json.loads(str(said["table"])) == [{"n": -1, "s": "a"}, {"n": 2, "s": "b"}]


def test_bytes_are_base64() -> None:
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(Metric("b", datatype=DataType.BYTES, value=b"\x00\xff")))) == {"b": "AP8="}


def test_bytes_that_are_too_many_are_told_by_size_and_digest() -> None:
    host, node = Listening(), Speaking()
    said = values_of(host.hear(*node.nbirth(Metric("b", datatype=DataType.FILE, value=b"x" * 60_000))))
    assert json.loads(str(said["b"])).keys() == {"size", "sha256"}


def test_bytes_may_always_be_told_by_size_and_digest() -> None:
    host, node = Listening(binary="digest"), Speaking()
    said = values_of(host.hear(*node.nbirth(Metric("b", datatype=DataType.BYTES, value=b"abc"))))
    assert json.loads(str(said["b"]))["size"] == 3


def test_bytes_may_be_ignored() -> None:
    host, node = Listening(binary="ignore"), Speaking()
    metric = Metric("b", 1, datatype=DataType.BYTES, value=b"abc")
    assert values_of(host.hear_all(node.nbirth(metric), node.data(Metric("", 1, value=b"d")))) == {}


def test_a_value_of_another_type_costs_only_itself() -> None:
    host, node = started(Metric("n", 1, datatype=DataType.INT8, value=1), number("x", 0.0, 2))
    said = host.hear(*node.data(Metric("", 1, value=70_000, field="int_value"), by_alias(2, 5.0)))
    assert values_of(said) == {"x": 5.0}
    assert [reject.name for reject in rejects_of(said)] == ["n"]


def test_a_type_that_is_none_costs_only_its_metric() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(Metric("n", datatype=99, value=1, field="int_value"), number("x", 1.0)))
    assert values_of(said) == {"x": 1.0}
    assert [reject.name for reject in rejects_of(said)] == ["n"]


def test_null_is_no_value_and_bad() -> None:
    host, node = started()
    said = host.hear(*node.data(by_alias(1, None)))
    assert (values_of(said), qualities_of(said, "x")) == ({"x": None}, [0])


def test_null_wins_over_a_value() -> None:
    host, node = started()
    said = host.hear(*node.data(by_alias(1, 5.0)._replace(is_null=True)))
    assert values_of(said) == {"x": None}


def test_a_metric_without_a_value_is_null() -> None:
    host, node = started()
    said = host.hear(*node.data(Metric("", 1)))
    assert (values_of(said), qualities_of(said, "x")) == ({"x": None}, [0])


@pytest.mark.parametrize("key", ["Quality", "quality"])
@pytest.mark.parametrize(("code", "level"), [(0, 0), (192, 192), (500, 500), (64, 64)])
def test_the_quality_of_a_value_is_what_its_property_says(key: str, code: int, level: int) -> None:
    host, node = started()
    metric = by_alias(1, 5.0)._replace(properties={key: Property(DataType.INT32, code)})
    assert qualities_of(host.hear(*node.data(metric)), "x") == [level]


def test_a_value_without_that_property_is_good() -> None:
    host, node = started()
    assert qualities_of(host.hear(*node.data(by_alias(1, 5.0))), "x") == [192]


def test_a_null_may_say_itself_how_good_it_is() -> None:
    host, node = started()
    metric = by_alias(1, None)._replace(properties={"Quality": Property(DataType.INT32, 500)})
    assert qualities_of(host.hear(*node.data(metric)), "x") == [500]


def test_each_value_has_a_quality_of_its_own() -> None:
    host, node = started(number("x", 0.0, 1), number("y", 0.0, 2))
    bad = by_alias(1, 5.0)._replace(properties={"Quality": Property(DataType.INT32, 0)})
    said = host.hear(*node.data(bad, by_alias(2, 6.0)))
    assert (qualities_of(said, "x"), qualities_of(said, "y")) == ([0], [192])


def test_each_value_has_the_time_of_its_metric() -> None:
    host, node = started(number("x", 0.0, 1), number("y", 0.0, 2))
    said = host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS + 50), by_alias(2, 6.0, time_ms=START_MS + 60)))
    assert (times_of(said, "x"), times_of(said, "y")) == ([START_MS + 50], [START_MS + 60])


@pytest.mark.parametrize("time_ms", [None, 0])
def test_a_value_without_a_time_has_that_of_the_message(time_ms: int | None) -> None:
    host, node = started()
    for seq in (1, 2):
        payload = write(Payload(START_MS + 70, seq, [Metric("", 1, time_ms, value=5.0)]))
        assert times_of(host.hear(node.topic("NDATA"), payload), "x") == [START_MS + 70]


@pytest.mark.parametrize("time_ms", [None, 0])
def test_a_message_without_any_time_leaves_it_to_the_gateway(time_ms: int | None) -> None:
    host, node = started()
    for seq in (1, 2):
        payload = write(Payload(time_ms, seq, [Metric("", 1, time_ms, value=5.0)]))
        (time,) = times_of(host.hear(node.topic("NDATA"), payload), "x")
        assert not time


def test_several_values_of_a_metric_in_one_message_are_all_told() -> None:
    host, node = started()
    values = [by_alias(1, float(value), time_ms=START_MS + 10 * value) for value in range(1, 4)]
    said = host.hear(*node.data(*values))
    assert series_of(said, "x") == [1.0, 2.0, 3.0]
    assert times_of(said, "x") == [START_MS + 10, START_MS + 20, START_MS + 30]


def test_the_last_of_several_values_is_what_a_birth_is_compared_with() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 1.0, time_ms=START_MS + 10), by_alias(1, 2.0, time_ms=START_MS + 20)))
    assert values_of(host.hear(*node.nbirth(number("x", 2.0, 1)))) == {}


def test_history_is_told_as_such() -> None:
    host, node = started()
    (one,) = observations_of(host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS - 1000, historical=True))))
    assert (dict(one.values), one.time, one.origin) == ({"x": 5.0}, START_MS - 1000, Origin.HISTORICAL)


def test_history_does_not_become_the_last_value() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 5.0, historical=True)))
    assert values_of(host.hear(*node.nbirth(number("x", 0.0, 1)))) == {}


def test_history_and_live_values_of_one_message_are_told_apart() -> None:
    host, node = started()
    said = host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS - 9, historical=True), by_alias(1, 6.0)))
    assert [(dict(one.values), one.origin) for one in observations_of(said)] == [
        ({"x": 5.0}, Origin.HISTORICAL),
        ({"x": 6.0}, Origin.LIVE),
    ]


def test_what_is_older_than_the_last_value_is_history_though_it_does_not_say_so() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 5.0, time_ms=START_MS + 100)))
    (one,) = observations_of(host.hear(*node.data(by_alias(1, 4.0, time_ms=START_MS + 50))))
    assert one.origin is Origin.HISTORICAL


def test_what_is_transient_is_told_as_such() -> None:
    host, node = started()
    (one,) = observations_of(host.hear(*node.data(by_alias(1, 5.0, transient=True))))
    assert one.origin is Origin.TRANSIENT


def test_what_is_transient_becomes_the_last_value() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 5.0, transient=True)))
    assert values_of(host.hear(*node.nbirth(number("x", 5.0, 1)))) == {}


def test_a_name_and_an_alias_together_are_read_by_name() -> None:
    host, node = started(number("x", 0.0, 1), number("y", 0.0, 2))
    assert values_of(host.hear(*node.data(number("x", 5.0, 2)))) == {"x": 5.0}


def motor(rpm: float | None, load: float | None = None, *, size: int | None = None) -> Metric:
    """Return an instance of a template, with the members that have a value."""
    told: dict[str, float | None] = {"rpm": rpm, "load": load}
    members: list[Metric] = [
        Metric(name, datatype=DataType.DOUBLE, value=value) for name, value in told.items() if value is not None
    ]
    parameters = [] if size is None else [Parameter("size", DataType.INT32, size)]
    return Metric("M1", 1, datatype=DataType.TEMPLATE, value=Template(members, parameters, "Motor"))


def test_a_template_is_told_by_its_members() -> None:
    host, node = Listening(), Speaking()
    said = values_of(host.hear(*node.nbirth(motor(1.0, 2.0, size=3))))
    assert said == {"M1/rpm": 1.0, "M1/load": 2.0, "M1/parameters/size": 3}


def test_a_template_in_data_may_have_only_what_changed() -> None:
    host, node = started(motor(1.0, 2.0))
    assert values_of(host.hear(*node.data(motor(5.0)._replace(name="")))) == {"M1/rpm": 5.0}


def test_members_keep_the_types_of_the_birth() -> None:
    inner = Metric("n", datatype=DataType.INT8, value=-1)
    host, node = started(Metric("T", 1, datatype=DataType.TEMPLATE, value=Template([inner], (), "Kind")))
    bare = Template([Metric("n", value=0xFE, field="int_value")], (), "Kind")
    assert values_of(host.hear(*node.data(Metric("", 1, value=bare)))) == {"T/n": -2}


def test_members_of_members_are_told_by_their_path() -> None:
    inner = Metric("B", datatype=DataType.TEMPLATE, value=Template([number("t", 1.0)], (), "Bearing"))
    outer = Metric("M", datatype=DataType.TEMPLATE, value=Template([inner], (), "Motor"))
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(outer))) == {"M/B/t": 1.0}


def test_members_have_times_of_their_own() -> None:
    inner = number("t", 1.0, time_ms=START_MS + 40)
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(Metric("M", datatype=DataType.TEMPLATE, value=Template([inner], (), "Motor"))))
    assert times_of(said, "M/t") == [START_MS + 40]


def test_a_member_that_is_wrong_costs_only_itself() -> None:
    wrong = Metric("n", datatype=DataType.INT8, value=70_000, field="int_value")
    metric = Metric("M", datatype=DataType.TEMPLATE, value=Template([wrong, number("t", 1.0)], (), "Motor"))
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(metric))
    assert values_of(said) == {"M/t": 1.0}
    assert "n: " in rejects_of(said)[0].reason


def test_members_become_stale_as_metrics_do() -> None:
    host, node = started(motor(1.0, 2.0))
    assert stale_of(host.hear(*node.ndeath())) == {"M1/rpm", "M1/load"}


def test_an_instance_that_is_null_is_bad() -> None:
    host, node = started(motor(1.0))
    said = host.hear(*node.data(Metric("", 1, datatype=DataType.TEMPLATE, is_null=True)))
    assert (values_of(said), qualities_of(said, "M1")) == ({"M1": None}, [0])


@pytest.mark.parametrize("key", ["engUnit", "EngUnit", "unit"])
def test_a_unit_is_told_with_the_value_and_as_its_meaning(key: str) -> None:
    host, node = Listening(), Speaking()
    metric = number("p", 1.0)._replace(properties={key: Property(DataType.STRING, "bar")})
    (one,) = observations_of(host.hear(*node.nbirth(metric)))
    assert one.units == {"p": "bar"}
    assert [thing.unit for thing in host.look() if isinstance(thing, Definition)] == ["bar"]


def test_meanings_are_told_in_portions() -> None:
    host, node = Listening(), Speaking()
    unit: Mapping[str, Property] = {"engUnit": Property(DataType.STRING, "bar")}
    host.hear(*node.nbirth(*(number(f"m{index}", 1.0)._replace(properties=unit) for index in range(2000))))
    portions = [sum(isinstance(thing, Definition) for thing in host.look()) for _ in range(5)]
    assert sum(portions) == 2000
    assert max(portions) <= 500


def test_values_of_a_device_are_those_of_its_topic() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    topic, payload = node.dbirth("D", number("x", 1.0))
    (one,) = observations_of(host.hear(topic, payload))
    assert one.place is None
    assert host.host.place(topic)["machine"] == "D"


def test_a_compressed_payload_is_read_as_what_is_in_it() -> None:
    from adapters.sparkplug.codec import compress  # noqa: PLC0415

    host, node = started()
    topic, payload = node.data(by_alias(1, 5.0))
    assert values_of(host.hear(topic, compress(payload))) == {"x": 5.0}


def test_a_message_that_says_nothing_is_nothing() -> None:
    host, node = started()
    assert host.hear(*node.data()) == []
    assert host.quarantined == []


def test_nothing_is_told_but_observations_of_one_instance_each() -> None:
    host, node = started()
    (one,) = host.hear(*node.data(by_alias(1, 5.0)))
    assert isinstance(one, Observation)
    assert (one.asset, one.measurement) == ("", "")


def test_values_whose_metrics_tell_the_same_time_again_and_again_have_the_times_of_their_messages() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)._replace(timestamp=START_MS - 9000)))
    said = [
        thing
        for one in (1.0, 2.0, 3.0)
        for thing in host.hear(*node.data(by_alias(1, one)._replace(timestamp=START_MS - 9000)))
    ]
    assert len(set(times_of(said, "x"))) == 3


def test_a_time_of_the_far_future_makes_no_history_of_what_follows() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    host.hear(*node.data(by_alias(1, 1.0)._replace(timestamp=START_MS + 10 * 86_400_000)))
    (said,) = observations_of(host.hear(*node.data(by_alias(1, 2.0))))
    assert said.origin is Origin.LIVE
