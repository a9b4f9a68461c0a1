"""What libraries of others wrote is read as they meant it."""

from __future__ import annotations

import json

import pytest

from adapters.sparkplug.codec import Metric, Template, members, quality_code, read, value_of
from tests.adapters.sparkplug.payloads import DEFLATED, GZIPPED, PYSPARKPLUG, SPARKPLUG_CLIENT, WRAPPER

TIME = 1_700_000_000_000


def metric_of(payload: bytes, name: str) -> Metric:
    return next(metric for metric in read(payload).metrics if metric.name == name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INT8", -3),
        ("INT16", -300),
        ("INT32", -70_000),
        ("INT64", -5_000_000_000),
        ("UINT8", 253),
        ("UINT16", 65_535),
        ("UINT32", 4_294_967_295),
        ("UINT64", 2**64 - 1),
        ("FLOAT", 1.23),
        ("DOUBLE", 1.1),
        ("BOOLEAN", True),
        ("STRING", "é"),
        ("DATETIME", TIME),
        ("TEXT", "x\ny"),
        ("UUID", "123e4567-e89b-12d3-a456-426614174000"),
        ("BYTES", "AP8="),
        ("FILE", "YWJj"),
        ("NULL", None),
    ],
)
def test_scalars_of_pysparkplug(name: str, value: object) -> None:
    assert value_of(metric_of(PYSPARKPLUG, name)) == value


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("INT8_ARRAY", [-23, 123]),
        ("INT16_ARRAY", [-30_000, 30_000]),
        ("INT32_ARRAY", [-1, 315_338_746]),
        ("INT64_ARRAY", [-4270929666821191986, -3601064768563266876]),
        ("UINT8_ARRAY", [23, 250]),
        ("UINT16_ARRAY", [30, 52_360]),
        ("UINT32_ARRAY", [52, 3_293_969_225]),
        ("UINT64_ARRAY", [52, 16_444_743_074_749_521_625]),
        ("FLOAT_ARRAY", [1.23, 89.341]),
        ("DOUBLE_ARRAY", [12.354213, 1022.9123213]),
        (
            "BOOLEAN_ARRAY",
            [False, False, True, True, False, True, False, False, True, True, False, True],
        ),
        ("STRING_ARRAY", ["ABC", "hello"]),
        ("DATETIME_ARRAY", [TIME]),
    ],
)
def test_arrays_of_pysparkplug(name: str, elements: list[object]) -> None:
    text = value_of(metric_of(PYSPARKPLUG, name))
    assert isinstance(text, str)
    assert json.loads(text) == elements


def test_head_and_times_of_pysparkplug() -> None:
    payload = read(PYSPARKPLUG)
    assert (payload.timestamp, payload.seq) == (TIME, 0)
    assert {metric.timestamp for metric in payload.metrics} == {TIME}


@pytest.mark.parametrize(
    ("name", "value"),
    [("Int8", -3), ("Int16", -300), ("Int32", -70_000), ("Int64", -5), ("UInt8", 200), ("UInt32", 4_294_967_295)],
)
def test_integers_of_mqtt_spb_wrapper(name: str, value: int) -> None:
    assert value_of(metric_of(WRAPPER, name)) == value


def test_alias_0_of_mqtt_spb_wrapper_is_an_alias() -> None:
    assert [metric.alias for metric in read(WRAPPER).metrics] == list(range(14))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INT8", -3),
        ("INT16", -300),
        ("INT64", -5_000_000_000),
        ("UINT32", 4_294_967_295),
        ("FLOAT", 1.23),
        ("NULL", None),
    ],
)
def test_scalars_of_sparkplug_client(name: str, value: object) -> None:
    assert value_of(metric_of(SPARKPLUG_CLIENT, name)) == value


def test_a_uint32_of_sparkplug_client_stands_in_the_long_field() -> None:
    assert metric_of(SPARKPLUG_CLIENT, "UINT32").field == "long_value"


def test_marks_of_sparkplug_client() -> None:
    metric = metric_of(SPARKPLUG_CLIENT, "PROPS")
    assert (metric.alias, metric.is_historical, metric.is_transient, metric.is_null) == (0, True, True, False)


def test_properties_of_sparkplug_client() -> None:
    properties = metric_of(SPARKPLUG_CLIENT, "PROPS").properties
    assert {key: each.value for key, each in properties.items() if key not in ("nested", "list")} == {
        "engUnit": "mm",
        "Quality": 192,
        "engLow": -1.5,
        "low": -3,
    }
    assert quality_code(properties) == 192


def test_the_data_set_of_sparkplug_client() -> None:
    assert value_of(metric_of(SPARKPLUG_CLIENT, "DATASET")) == '[{"a":-3,"b":"x","c":1.23},{"a":4,"b":"y","c":2.5}]'


def test_the_template_of_sparkplug_client() -> None:
    template = metric_of(SPARKPLUG_CLIENT, "TEMPLATE").value
    assert isinstance(template, Template)
    assert (template.template_ref, template.version, template.is_definition) == ("Motor", "1", False)
    assert [(path, value_of(metric)) for path, metric in members(template)] == [
        ("Speed", -300),
        ("Inner/Temp", 33.5),
        ("parameters/Size", -7),
    ]


@pytest.mark.parametrize("payload", [DEFLATED, GZIPPED])
def test_a_compressed_payload_of_sparkplug_client_has_time_and_number_inside(payload: bytes) -> None:
    inside = read(payload)
    assert (inside.timestamp, inside.seq, inside.uuid) == (TIME, 7, "")
    assert [(metric.name, value_of(metric)) for metric in inside.metrics] == [("x", 5)]
