"""Writing metrics: what goes out, and what is refused."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, Payload, read
from gateway.models import Command
from tests.adapters.sparkplug.listening import Listening
from tests.adapters.sparkplug.speaking import Speaking, number


def born(*metrics: Metric, **options: object) -> tuple[Listening, Speaking]:
    """Return a host that knows a node with these metrics, and a device with the same."""
    host, node = Listening(**({"may_write": ["*"]} | options)), Speaking()
    host.hear(*node.nbirth(*metrics))
    host.hear(
        *node.dbirth("D", *(one._replace(alias=None if one.alias is None else one.alias + 100) for one in metrics))
    )
    return host, node


def sent(host: Listening, whose: str, metric: str, value: str) -> tuple[Command, Payload]:
    """Write a metric; return the command and what it says."""
    host.host.ask_write(whose, metric, value, host.now_ns)
    host.pass_time(1)
    command = host.published[-1]
    return command, read(command.payload)


def written(metric: Metric, value: str, whose: str = "G/N") -> Metric:
    """Return the metric with which this value is written."""
    host, _ = born(metric)
    return sent(host, whose, metric.name, value)[1].metrics[0]


def test_a_metric_of_an_edge_node_is_written_by_an_ncmd() -> None:
    host, _ = born(number("x", 1.0, 1))
    command, _ = sent(host, "G/N", "x", "2.5")
    assert (command.topic, command.qos, command.retain) == ("spBv1.0/G/NCMD/N", 0, False)


def test_a_metric_of_a_device_is_written_by_a_dcmd() -> None:
    host, _ = born(number("x", 1.0, 1))
    command, _ = sent(host, "G/N/D", "x", "2.5")
    assert (command.topic, command.qos, command.retain) == ("spBv1.0/G/DCMD/N/D", 0, False)


def test_a_command_has_a_time_and_no_number() -> None:
    host, _ = born(number("x", 1.0, 1))
    now_ms = host.now_ns // 1_000_000
    _, payload = sent(host, "G/N/D", "x", "2.5")
    assert payload.seq is None
    assert payload.timestamp is not None
    assert now_ms <= payload.timestamp <= now_ms + 1000
    assert payload.metrics[0].timestamp == payload.timestamp


def test_a_metric_with_an_alias_is_written_by_it_alone() -> None:
    metric = written(number("x", 1.0, 7), "2.5", "G/N/D")
    assert (metric.name, metric.alias, metric.value) == ("", 107, 2.5)


def test_a_metric_without_an_alias_is_written_by_its_name() -> None:
    metric = written(number("x", 1.0), "2.5")
    assert (metric.name, metric.alias, metric.value) == ("x", None, 2.5)


@pytest.mark.parametrize(
    ("datatype", "before", "text", "value"),
    [
        (DataType.INT32, 1, "-7", 0xFFFFFFF9),
        (DataType.INT8, 1, "-3", 253),
        (DataType.UINT64, 1, "18446744073709551615", 2**64 - 1),
        (DataType.FLOAT, 1.0, "1.5", 1.5),
        (DataType.DOUBLE, 1.0, "-0.1", -0.1),
        (DataType.BOOLEAN, False, "true", True),
        (DataType.BOOLEAN, True, "off", False),
        (DataType.STRING, "a", "b c", "b c"),
        (DataType.TEXT, "a", "b", "b"),
        (DataType.DATETIME, 0, "1790000000000", 1_790_000_000_000),
        (DataType.DATETIME, 0, "2026-09-21T14:13:20Z", 1_790_000_000_000),
    ],
)
def test_a_value_is_written_in_the_type_of_the_birth(
    datatype: DataType, before: float | str, text: str, value: object
) -> None:
    metric = written(Metric("x", 1, datatype=datatype, value=before), text)
    assert (metric.datatype, metric.value) == (datatype, value)


@pytest.mark.parametrize("field", ["int_value", "long_value"])
def test_a_uint32_stands_where_the_edge_node_puts_it(field: str) -> None:
    birth = Metric("x", 1, datatype=DataType.UINT32, value=5, field=field)  # type: ignore[arg-type]  # one of both
    assert written(birth, "4000000000").field == field


@pytest.mark.parametrize(
    ("datatype", "before", "text"),
    [
        (DataType.INT8, 1, "128"),
        (DataType.UINT16, 1, "-1"),
        (DataType.INT32, 1, "1.5"),
        (DataType.DOUBLE, 1.0, "warm"),
        (DataType.BOOLEAN, True, "maybe"),
        (DataType.DATETIME, 0, "tomorrow"),
        (DataType.BYTES, b"a", "b"),
    ],
)
def test_what_is_no_value_of_the_type_is_refused(datatype: DataType, before: float | bytes, text: str) -> None:
    host, _ = born(Metric("x", 1, datatype=datatype, value=before))
    with pytest.raises(ValueError, match=r"is no|cannot"):
        host.host.ask_write("G/N", "x", text, host.now_ns)
    host.pass_time(1)
    assert not host.requests


def test_by_default_nothing_may_be_written() -> None:
    host, _ = born(number("x", 1.0, 1), may_write=[])
    with pytest.raises(ValueError, match="may not be written"):
        host.host.ask_write("G/N", "x", "2.5", host.now_ns)


def test_only_what_is_named_may_be_written() -> None:
    host, _ = born(number("Setpoint/Speed", 1.0, 1), number("x", 1.0, 2), may_write=["Setpoint/*"])
    sent(host, "G/N", "Setpoint/Speed", "2")
    with pytest.raises(ValueError, match="may not be written"):
        host.host.ask_write("G/N", "x", "2.5", host.now_ns)


@pytest.mark.parametrize("whose", ["G/other", "G/N/other", "G", ""])
def test_who_is_not_known_is_named(whose: str) -> None:
    host, _ = born(number("x", 1.0, 1))
    with pytest.raises(ValueError, match="no birth of"):
        host.host.ask_write(whose, "x", "2.5", host.now_ns)


def test_a_metric_that_no_birth_tells_is_not_written() -> None:
    host, _ = born(number("x", 1.0, 1))
    with pytest.raises(ValueError, match="tells no metric"):
        host.host.ask_write("G/N", "y", "2.5", host.now_ns)


def test_a_passive_host_cannot_be_allowed_to_write() -> None:
    with pytest.raises(ValueError, match="passive host publishes nothing"):
        Listening(role="passive", may_write=["*"])
