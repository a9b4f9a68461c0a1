"""Templates and their members."""

from __future__ import annotations

import pytest

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.codec import (
    DataType,
    Limits,
    Metric,
    Parameter,
    Payload,
    Template,
    Value,
    members,
    read,
    value_of,
    write,
)

BEARING = Template([Metric("Temperature", datatype=DataType.DOUBLE, value=33.5)], template_ref="Bearing")
MOTOR = Template(
    [
        Metric("Speed", datatype=DataType.INT16, value=-300),
        Metric("Bearing", datatype=DataType.TEMPLATE, value=BEARING),
        Metric("Note", datatype=DataType.STRING, is_null=True),
    ],
    [Parameter("Size", DataType.INT32, -7), Parameter("Maker", DataType.STRING, "acme"), Parameter("Free", None, None)],
    "Motor",
    "1.0",
)


def _sent(template: Template, limits: Limits | None = None) -> Metric:
    payload = write(Payload(metrics=[Metric("M1", datatype=DataType.TEMPLATE, value=template)]))
    (metric,) = read(payload, limits or Limits()).metrics
    return metric


def _received(template: Template) -> Template:
    received = _sent(template).value
    assert isinstance(received, Template)
    return received


def _values(template: Template) -> dict[str, Value | None]:
    return {path: value_of(metric) for path, metric in members(template)}


def _nested(depth: int) -> Template:
    template = Template([Metric("x", datatype=DataType.INT32, value=1)])
    for _ in range(depth - 1):
        template = Template([Metric("in", value=template), Metric("y", datatype=DataType.INT32, value=2)])
    return template


def test_members_have_the_path_of_what_they_stand_in() -> None:
    assert _values(_received(MOTOR)) == {
        "Speed": -300,
        "Bearing/Temperature": 33.5,
        "Note": None,
        "parameters/Size": -7,
        "parameters/Maker": "acme",
        "parameters/Free": None,
    }


def test_what_a_template_says_of_itself_survives_the_wire() -> None:
    received = _received(MOTOR)
    assert (received.template_ref, received.version, received.is_definition) == ("Motor", "1.0", False)
    assert _received(MOTOR._replace(is_definition=True)).is_definition


def test_members_are_the_same_before_and_after_the_wire() -> None:
    assert _values(MOTOR) == _values(_received(MOTOR))


def test_a_member_that_only_its_alias_names_has_an_empty_name() -> None:
    partial = Template([Metric(alias=4, datatype=DataType.INT8, value=1)])
    assert [(path, metric.alias) for path, metric in members(_received(Template([Metric("In", value=partial)])))] == [
        ("In/", 4)
    ]


def test_templates_of_eight_levels_are_read() -> None:
    assert len(_values(_received(_nested(8)))) == 8


def test_what_is_nested_deeper_costs_that_member_only() -> None:
    faults = {path: metric.fault for path, metric in members(_received(_nested(9)))}
    assert sorted(filter(None, faults.values())) == ["its template_value: templates nested too deep"]
    assert list(faults.values()).count("") == 8


def test_templates_made_here_are_not_followed_deeper_either() -> None:
    assert next(metric.fault for _, metric in members(_nested(4), 2)) == "templates nested too deep"


def test_members_count_as_metrics() -> None:
    many = Template([Metric("x", value=1) for _ in range(10)])
    assert "more than 5 metrics" in _sent(many, Limits(metrics=5)).fault


def test_a_malformed_member_costs_itself_only() -> None:
    good = payload_pb2.Metric(name=b"good", int_value=5).SerializeToString()
    template = payload_pb2.Template(metrics=[b"\x0a\x7f", good])
    message = payload_pb2.Payload(metrics=[payload_pb2.Metric(name=b"t", template_value=template.SerializeToString())])
    (metric,) = read(message.SerializeToString()).metrics
    assert isinstance(metric.value, Template)
    assert [each.fault != "" for each in metric.value.metrics] == [True, False]


@pytest.mark.parametrize(
    "parameter",
    [
        payload_pb2.Parameter(name=b"\xff", type=3, int_value=1),
        payload_pb2.Parameter(name=b"p", type=3, string_value=b"x"),
        payload_pb2.Parameter(name=b"p", type=99, int_value=1),
    ],
)
def test_a_malformed_parameter_is_a_fault_of_its_metric(parameter: payload_pb2.Parameter) -> None:
    template = payload_pb2.Template(parameters=[parameter]).SerializeToString()
    message = payload_pb2.Payload(
        metrics=[payload_pb2.Metric(template_value=template), payload_pb2.Metric(int_value=5)]
    )
    broken, whole = read(message.SerializeToString()).metrics
    assert (broken.fault != "", whole.fault) == (True, "")
