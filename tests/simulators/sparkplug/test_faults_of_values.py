"""Faults of aliases, names, times and values: each does what it says."""

from __future__ import annotations

import math

import pytest

from adapters.sparkplug.codec import (
    DataSet,
    DataType,
    Metric,
    Template,
    Value,
    quality_code,
    value_of,
)
from simulators.sparkplug.faults.names import ODD_NAMES
from tests.simulators.sparkplug.scenes import START_MS, a_node, connect, data, heard, measure, session


def birth_of_mill(*faults: str) -> dict[str, Metric]:
    """Return the metrics of the DBIRTH of the mill by name."""
    return {metric.name: metric for metric in heard(connect(a_node(*faults)))[2].payload.metrics}


def changes(fault: str, name: str, seconds: int = 5) -> list[Metric]:
    """Return what data messages of the mill say of a metric that the fault adds."""
    node = a_node(fault, every_value=True)
    alias = next(each.alias for each in heard(connect(node))[2].payload.metrics if each.name == name)
    messages = data(measure(node, *range(1, seconds), parts=[1]))
    return [metric for message in messages for metric in message.payload.metrics if metric.alias == alias]


def values(fault: str, name: str, datatype: DataType, seconds: int = 5) -> list[Value | None]:
    return [value_of(metric, datatype) for metric in changes(fault, name, seconds)]


def test_alias_zero_is_an_alias() -> None:
    aliases = [metric.alias for metric in heard(connect(a_node("alias_zero")))[1].payload.metrics]
    assert aliases == [None, None, 0, 1, 2, 3]


def test_alias_reused_across_devices_counts_from_1_in_each() -> None:
    births = heard(connect(a_node("alias_reused_across_devices")))[2:]
    assert [birth.payload.metrics[0].alias for birth in births] == [1, 1]


def test_alias_of_all_is_1() -> None:
    assert {metric.alias for metric in birth_of_mill("alias_of_all").values()} == {1}


def test_no_aliases_has_names_in_data() -> None:
    node = a_node("no_aliases")
    connect(node)
    metrics = [metric for message in data(measure(node, 1)) for metric in message.payload.metrics]
    assert all(metric.name and metric.alias is None for metric in metrics)


def test_name_and_alias_has_both_in_data() -> None:
    node = a_node("name_and_alias")
    names = {metric.alias: metric.name for message in heard(connect(node)) for metric in message.payload.metrics}
    metrics = [metric for message in data(measure(node, 1)) for metric in message.payload.metrics]
    assert all(metric.name == names[metric.alias] for metric in metrics)


def test_unknown_alias_is_one_metric_more_in_every_tenth_data_message() -> None:
    node = a_node("unknown_alias")
    connect(node)
    messages = data(measure(node, *range(1, 5)))
    strangers = [[m.alias for m in each.payload.metrics if (m.alias or 0) > 1_000] for each in messages]
    assert strangers == [[]] * 9 + [[999_999]] + [[]] * 2


def test_births_without_names_keep_bdseq_and_rebirth_control() -> None:
    births = heard(connect(a_node("births_without_names")))[1:]
    names = [metric.name for birth in births for metric in birth.payload.metrics if metric.name]
    assert names == ["bdSeq", "Node Control/Rebirth"]


def test_data_names_differ_from_birth_by_a_prefix() -> None:
    node = a_node("data_names_differ_from_birth")
    born = [metric.name for metric in heard(connect(node))[2].payload.metrics]
    (message,) = data(measure(node, 1, parts=[1]))
    assert all(f"DATA/{metric.name}" in born and metric.datatype for metric in message.payload.metrics)
    assert "DATA/temperature" in born


def test_odd_names_are_all_there() -> None:
    assert set(ODD_NAMES) < set(birth_of_mill("odd_names"))


@pytest.mark.parametrize(
    ("fault", "metrics", "payload"),
    [
        ("timestamps_missing", None, START_MS),
        ("timestamps_nowhere", None, None),
        ("timestamps_in_seconds", START_MS // 1_000, START_MS // 1_000),
        ("timestamps_in_microseconds", START_MS * 1_000, START_MS * 1_000),
        ("timestamps_in_nanoseconds", START_MS * 1_000_000, START_MS * 1_000_000),
        ("timestamps_zero", 0, 0),
        ("timestamps_future", START_MS + 86_400_000, START_MS + 86_400_000),
    ],
)
def test_times_are_wrong_as_told(fault: str, metrics: int | None, payload: int | None) -> None:
    birth = heard(connect(a_node(fault)))[1]
    assert birth.payload.timestamp == payload
    assert {metric.timestamp for metric in birth.payload.metrics} == {metrics}


def test_timestamps_of_start_never_move() -> None:
    node = a_node("timestamps_of_start")
    messages = data([*connect(node), *measure(node, 1, 2)])
    assert {metric.timestamp for message in messages for metric in message.payload.metrics} == {START_MS}
    assert [message.payload.timestamp for message in messages][-1] == START_MS + 2_000


@pytest.mark.parametrize("fault", ["timestamps_missing", "timestamps_zero", "timestamps_in_seconds"])
def test_what_was_said_keeps_the_true_time(fault: str) -> None:
    node, right = a_node(fault), a_node()
    session(node)
    session(right)
    assert node.said == right.said


def test_history_flush_unmarked_has_old_times_and_no_mark() -> None:
    node = a_node("history_flush_unmarked")
    measure(node, 1, 2)
    metrics = [metric for message in data(connect(node, 3)) for metric in message.payload.metrics]
    assert not any(metric.is_historical for metric in metrics)
    assert min(metric.timestamp or 0 for metric in metrics) == START_MS + 1_000


def test_history_interleaved_stands_before_the_live_values_of_one_payload() -> None:
    node = a_node("history_interleaved")
    measure(node, 1, 2)
    assert data(connect(node, 3)) == []
    for message in data(measure(node, 4)):
        marks = [metric.is_historical for metric in message.payload.metrics]
        assert marks == sorted(marks, reverse=True)
        assert len(set(marks)) == 2


def test_history_interleaved_loses_nothing() -> None:
    node, whole = a_node("history_interleaved"), a_node()
    for each in (node, whole):
        measure(each, 1, 2)
        connect(each, 3)
        measure(each, 4)
    assert sorted(map(repr, node.said)) == sorted(map(repr, whole.said))


def test_uint32_long_stands_in_long_value() -> None:
    (metric,) = changes("uint32_long", "pulses_total", 2)
    assert metric.field == "long_value"
    assert value_of(metric, DataType.UINT32) == 3_000_000_000 + (START_MS // 1_000 + 1) % 1_000_000_000


@pytest.mark.parametrize(
    ("name", "datatype"),
    [("offset_int8", DataType.INT8), ("offset_int16", DataType.INT16), ("offset_int32", DataType.INT32)],
)
def test_signed_extended_fills_32_bits(name: str, datatype: DataType) -> None:
    (metric,) = changes("signed_extended", name, 2)
    assert isinstance(metric.value, int)
    assert metric.value >> 31 == 1
    assert value_of(metric, datatype) == -3 - (START_MS // 1_000 + 1) % 100


def test_nulls_are_marked() -> None:
    metrics = changes("nulls", "probe")
    assert [metric.is_null for metric in metrics] == [True, False] * 2
    assert [metric.value is None for metric in metrics] == [True, False] * 2


def test_null_without_flag_has_neither_value_nor_mark() -> None:
    metrics = changes("null_without_flag", "probe")
    assert [(metric.value is None, metric.is_null) for metric in metrics] == [(True, False), (False, False)] * 2


def test_nan_is_nan_infinite_or_a_number() -> None:
    told = values("nan", "acceleration", DataType.DOUBLE)
    assert isinstance(told[3], float)
    assert math.isnan(told[3])
    assert told[:3] == [math.inf, -math.inf, 1.5]


def test_transient_values_say_so() -> None:
    assert all(metric.is_transient for metric in changes("transient_values", "jog_speed"))


def test_datetime_zero_is_zero() -> None:
    assert set(values("datetime_zero", "last_service", DataType.DATETIME)) == {0}


def test_a_dataset_has_rows_that_change() -> None:
    tables = [metric.value for metric in changes("dataset", "tool_table")]
    assert all(isinstance(table, DataSet) and len(table.rows) == 3 for table in tables)
    assert tables[0] != tables[1]


def test_arrays_are_of_every_type() -> None:
    born = birth_of_mill("arrays")
    arrays = {metric.datatype: value_of(metric) for name, metric in born.items() if name.startswith("arrays/")}
    assert set(arrays) == set(range(DataType.INT8_ARRAY, DataType.DATETIME_ARRAY + 1))
    assert arrays[DataType.INT8_ARRAY] == f"[-23,{START_MS // 1_000 % 128},-128]"


def test_templates_are_defined_in_nbirth_and_instances_of_devices() -> None:
    _, nbirth, dbirth, _ = heard(connect(a_node("templates")))
    definition, instance = nbirth.metric("_types_/Motor").value, dbirth.metric("motor").value
    assert isinstance(definition, Template)
    assert isinstance(instance, Template)
    assert (definition.is_definition, instance.is_definition, instance.template_ref) == (True, False, "Motor")


def test_template_definition_in_dbirth_stands_beside_its_instance() -> None:
    definition = birth_of_mill("template_definition_in_dbirth")["_types_/Motor"].value
    assert isinstance(definition, Template)
    assert definition.is_definition


def test_definitions_are_not_in_data() -> None:
    for metric in changes("template_definition_in_dbirth", "motor"):
        assert isinstance(metric.value, Template)
        assert not metric.value.is_definition


def test_quality_property_bad_marks_every_tenth_data_message() -> None:
    node = a_node("quality_property_bad")
    connect(node)
    marks = [
        {quality_code(metric.properties) for metric in message.payload.metrics}
        for message in data(measure(node, *range(1, 5)))
    ]
    assert marks == [{None}] * 9 + [{0}] + [{None}] * 2


def test_properties_without_type_keep_their_values() -> None:
    unit = birth_of_mill("properties_without_type")["temperature"].properties["engUnit"]
    assert (unit.type, unit.value) == (None, "degC")


def test_datatypes_in_data_are_those_of_the_birth() -> None:
    node = a_node("datatypes_in_data")
    types = {metric.alias: metric.datatype for message in heard(connect(node)) for metric in message.payload.metrics}
    metrics = [metric for message in data(measure(node, 1)) for metric in message.payload.metrics]
    assert all(metric.datatype == types[metric.alias] for metric in metrics)
