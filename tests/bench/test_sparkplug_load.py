"""The load of the Sparkplug benchmarks: it is what their docstrings say, and what it is weighed with counts rightly."""

from __future__ import annotations

import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

import mqtt5
import pytest

from adapters.sparkplug.adapter import Sparkplug
from adapters.sparkplug.payload_pb2 import Payload
from bench.configuration import SOURCE, sparkplug_configuration
from bench.sparkplug_fleet import most_within_a_second
from bench.sparkplug_node import EdgeNode, value_field
from bench.sparkplug_watch import watch
from gateway.app.assembly import assemble
from gateway.models import Message, Observation
from gateway.settings import load

NOW_MS = 1_700_000_000_000
_SIGN = 0x8000_0000


def _read(packet: bytes) -> mqtt5.PublishPacket:
    found, length = mqtt5.read(memoryview(packet))
    assert isinstance(found, mqtt5.PublishPacket)
    assert length == len(packet)
    return found


def _payload(packet: bytes) -> Payload:
    return Payload.FromString(_read(packet).payload or b"")


def _decode(host: Sparkplug, packet: bytes) -> list[Observation]:
    message = _read(packet)
    decoded = host.decode(Message(message.topic, message.payload or b"", NOW_MS * 1_000_000))
    return [one for one in decoded if isinstance(one, Observation)]


@pytest.mark.parametrize("layout", ["wide", "narrow"])
def test_the_configuration_of_a_host_that_is_measured_is_valid(tmp_path: Path, layout: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(sparkplug_configuration(1883, "http://127.0.0.1:8086", layout=layout))
    assembly = assemble(load(file), str(file))
    assert [route.layout for route in assembly.settings.routes] == [layout]
    assert SOURCE in assembly.sessions


def test_fifty_metrics_are_of_the_types_that_are_told() -> None:
    metrics = _payload(EdgeNode("n", 50).data(NOW_MS, 1, 50)).metrics
    assert Counter(value_field(metric.alias) for metric in metrics) == {
        "double_value": 30,
        "float_value": 10,
        "int_value": 6,
        "boolean_value": 2,
        "string_value": 2,
    }
    assert all(metric.WhichOneof("value") == value_field(metric.alias) for metric in metrics)


def test_half_of_the_whole_numbers_are_negative() -> None:
    metrics = _payload(EdgeNode("n", 50).data(NOW_MS, 1, 50)).metrics
    whole = [metric.int_value for metric in metrics if metric.HasField("int_value")]
    assert sum(value >= _SIGN for value in whole) == len(whole) / 2


def test_data_names_its_metrics_by_their_aliases_alone() -> None:
    metrics = _payload(EdgeNode("n", 50).data(NOW_MS, 1, 50)).metrics
    assert all(metric.HasField("alias") and not metric.HasField("name") for metric in metrics)


def test_every_value_is_another_in_the_next_message() -> None:
    node = EdgeNode("n", 50)
    one, next_one = (_payload(node.data(NOW_MS, number, 50)).metrics for number in (1, 2))
    for metric, other in zip(one, next_one, strict=True):
        field = value_field(metric.alias)
        assert getattr(metric, field) != getattr(other, field)


def test_a_message_tells_as_many_different_metrics_as_are_chosen() -> None:
    metrics = _payload(EdgeNode("n", 500).data(NOW_MS, 1, 50)).metrics
    assert len({metric.alias for metric in metrics}) == 50


def test_a_host_understands_the_birth_and_what_follows() -> None:
    host, node = Sparkplug(role="active"), EdgeNode("n", 50)
    _decode(host, node.birth(NOW_MS))
    (observation,) = _decode(host, node.data(NOW_MS + 1, 1, 50))
    assert len(observation.values) == 50


def test_the_most_requests_within_a_second_are_counted_wherever_it_begins() -> None:
    assert most_within_a_second([0.0, 0.6, 0.9, 1.5, 1.55, 3.0]) == 4


def test_no_requests_are_none_within_a_second() -> None:
    assert most_within_a_second([]) == 0


def test_the_age_of_what_arrives_is_that_of_the_oldest_record() -> None:
    now_ns = time.time_ns()
    lines = [f"sparkplug,asset=a,node=small{age} x=1 {now_ns - age * 10**9}" for age in (5, 9, 7)]
    lines += [f"sparkplug,asset=a,node=large x=1 {now_ns - 99 * 10**9}"]
    with watch() as database:
        connection = HTTPConnection("127.0.0.1", int(database.url.rpartition(":")[2]))
        connection.request("POST", "/write?db=plant", "\n".join(lines) + "\n")
        assert connection.getresponse().read() == b""
        connection.request("GET", "/ping")  # the same connection: what came before it is counted
        assert connection.getresponse().read() == b""
        connection.close()
        (arrival,) = database.arrivals
    assert (arrival.small, arrival.large) == (3, 1)
    assert 9 <= arrival.oldest < 60
