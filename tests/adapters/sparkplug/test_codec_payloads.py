"""Whole payloads: their head, compression, bounds, and what is malformed in them."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug import payload_pb2
from adapters.sparkplug.codec import (
    COMPRESSED,
    Algorithm,
    DataType,
    Limits,
    Metric,
    Payload,
    compress,
    read,
    value_of,
    write,
)
from tests.adapters.sparkplug.payloads import REAL

MESSAGE = Payload(1_700_000_000_000, 3, [Metric("x", 0, 1_700_000_000_001, DataType.INT32, -12)])


@pytest.mark.parametrize("seq", [None, 0, 255])
def test_no_number_is_not_number_0(seq: int | None) -> None:
    assert read(write(Payload(1, seq))).seq == seq


@pytest.mark.parametrize("alias", [None, 0, 2**63])
def test_no_alias_is_not_alias_0(alias: int | None) -> None:
    (metric,) = read(write(Payload(1, metrics=[Metric("x", alias)]))).metrics
    assert metric.alias == alias


@pytest.mark.parametrize("timestamp", [None, 0, 1])
def test_no_time_is_not_time_0(timestamp: int | None) -> None:
    payload = read(write(Payload(timestamp, 1, [Metric("x", timestamp=timestamp)])))
    assert (payload.timestamp, payload.metrics[0].timestamp) == (timestamp, timestamp)


def test_uuid_and_body_are_passed_on() -> None:
    assert read(write(Payload(1, uuid="mine", body=b"\0\1"))) == Payload(1, None, [], "mine", b"\0\1")


def test_what_was_read_can_be_written_again() -> None:
    for payload in REAL[:3]:
        first = read(payload)
        assert read(write(first)) == first


@pytest.mark.parametrize("algorithm", [None, "DEFLATE", "GZIP"])
@pytest.mark.parametrize("outside", [False, True])
def test_a_compressed_payload_is_read_like_the_one_in_it(algorithm: Algorithm | None, outside: bool) -> None:  # noqa: FBT001
    inner = write(MESSAGE)
    assert read(compress(inner, algorithm, outside=outside)) == read(inner)


def test_time_and_number_may_stand_outside_of_a_compressed_payload() -> None:
    outer = Payload(5, 9, uuid=COMPRESSED, body=zlib.compress(write(Payload(metrics=MESSAGE.metrics))))
    payload = read(write(outer))
    assert (payload.timestamp, payload.seq) == (5, 9)


def test_what_stands_inside_of_a_compressed_payload_wins() -> None:
    payload = read(write(Payload(5, 9, uuid=COMPRESSED, body=zlib.compress(write(MESSAGE)))))
    assert (payload.timestamp, payload.seq) == (MESSAGE.timestamp, MESSAGE.seq)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "cut off"),
        (b"no stream", "cannot be inflated"),
        (zlib.compress(write(MESSAGE))[:-3], "cut off"),
        (zlib.compress(b"no payload"), "no Sparkplug B payload"),
        (zlib.compress(compress(write(MESSAGE))), "within a compressed payload"),
    ],
)
def test_a_body_that_is_no_compressed_payload_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(write(Payload(uuid=COMPRESSED, body=body)))


def test_a_bomb_is_inflated_to_the_limit_and_no_further() -> None:
    bomb = write(Payload(uuid=COMPRESSED, body=zlib.compress(bytes(100_000_000), 9)))
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1000000 bytes"):
        read(bomb, Limits(inflated=1_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("payload", [b"ONLINE", b'{"online": true}', b"\x12\xff", b"\x0a\x03abc", b"\0"])
def test_what_is_no_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="this is no Sparkplug B payload"):
        read(payload)


def test_nothing_is_a_payload_that_says_nothing() -> None:
    assert read(b"") == Payload(metrics=[])


def test_what_later_versions_add_is_passed_over() -> None:
    assert read(write(MESSAGE) + b"\x32\x03new") == read(write(MESSAGE))


def _frames(*metrics: bytes) -> bytes:
    return payload_pb2.Frames(timestamp=1, metrics=metrics, seq=2).SerializeToString()


WHOLE = payload_pb2.Metric(name=b"whole", int_value=5).SerializeToString()


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (b"\x0a\x7fcut off", ""),
        (b"\xff\xff\xff", ""),
        (payload_pb2.Metric(name=b"a\xff", int_value=1).SerializeToString(), "a\ufffd"),
        (payload_pb2.Metric(name=b"text", string_value=b"\xff").SerializeToString(), "text"),
        (payload_pb2.Metric(name=b"table", dataset_value=b"\x0a\x7f").SerializeToString(), "table"),
        (payload_pb2.Metric(name=b"template", template_value=b"\x12\x7f").SerializeToString(), "template"),
    ],
)
def test_a_malformed_metric_costs_itself_only(metric: bytes, name: str) -> None:
    payload = read(_frames(WHOLE, metric, WHOLE))
    first, broken, last = payload.metrics
    assert (payload.timestamp, payload.seq, value_of(first), value_of(last)) == (1, 2, 5, 5)
    assert (broken.name, broken.value, broken.fault != "") == (name, None, True)


def test_a_null_needs_no_value_that_can_be_read() -> None:
    (metric,) = read(_frames(payload_pb2.Metric(is_null=True, string_value=b"\xff").SerializeToString())).metrics
    assert (metric.fault, value_of(metric)) == ("", None)


def test_a_metric_with_a_fault_has_no_value() -> None:
    with pytest.raises(ValueError, match="its name is no UTF-8"):
        value_of(Metric(fault="its name is no UTF-8"))


def test_a_payload_of_more_metrics_than_allowed_is_refused() -> None:
    assert len(read(_frames(*[WHOLE] * 5), Limits(metrics=5)).metrics) == 5
    with pytest.raises(ValueError, match="more than 5 metrics"):
        read(_frames(*[WHOLE] * 6), Limits(metrics=5))


def test_millions_of_empty_metrics_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(ValueError, match="more than 100000 metrics"):
        read(b"\x12\0" * 2_000_000)


def test_a_large_payload_is_read_like_a_small_one() -> None:
    metrics = [Metric(f"m{index}", index, 1, DataType.BYTES, bytes(1000)) for index in range(1200)]
    payload = read(write(Payload(1, 2, metrics)))
    assert payload.seq == 2
    assert [(metric.name, metric.alias, metric.value) for metric in payload.metrics] == [
        (metric.name, metric.alias, metric.value) for metric in metrics
    ]


def test_a_value_in_a_field_of_choice_is_written_there() -> None:
    (metric,) = read(
        write(Payload(metrics=[Metric("x", datatype=DataType.INT32, value=-3, field="long_value")]))
    ).metrics
    assert (metric.field, metric.value) == ("long_value", 2**64 - 3)


@pytest.mark.parametrize(("datatype", "value"), [(1, 200), (1, "x"), (5, -1), (11, 1), (12, 5), (9, "x"), (10, True)])
def test_a_value_of_another_type_is_not_written(datatype: int, value: bool | int | str) -> None:  # noqa: FBT001
    with pytest.raises(ValueError, match="is no"):
        write(Payload(metrics=[Metric("x", datatype=datatype, value=value)]))


def _is_plain(payload: bytes) -> bool:
    readings = payload_pb2.Readings.FromString(payload)
    readings.DiscardUnknownFields()
    return readings.ByteSize() == len(payload)


def test_a_payload_of_plain_values_has_its_size_as_readings() -> None:
    metrics = [
        Metric("a", 0, 1, DataType.INT64, -1),
        Metric(alias=1, value=1.5),
        Metric("b", value="text"),
        Metric("c", value=True),
    ]
    assert _is_plain(write(Payload(1, 0, metrics)))


@pytest.mark.parametrize(
    "metric",
    [
        Metric("x", is_historical=True),
        Metric("x", is_null=True),
        Metric("x", value=b""),
        Metric("x", datatype=DataType.INT32, value=1, is_transient=True),
    ],
)
def test_a_payload_with_anything_rare_has_another_size_as_readings(metric: Metric) -> None:
    assert not _is_plain(write(Payload(1, 0, [Metric("y", value=1), metric])))


@given(st.binary(max_size=300))
def test_random_bytes_are_a_payload_or_refused(payload: bytes) -> None:
    _survives(payload)


@given(st.data(), st.sampled_from(REAL))
def test_damaged_payloads_are_a_payload_or_refused(data: st.DataObject, payload: bytes) -> None:
    damaged = bytearray(payload)
    for position in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=8)):
        damaged[position] = data.draw(st.integers(0, 255))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(payload)), st.integers(0, len(payload)))))
    _survives(bytes(damaged))
    _survives(bytes(damaged[start:end]))
    _survives(bytes(damaged[:start] + damaged[end:]))


def _survives(payload: bytes) -> None:
    """Read all there is in a payload; ValueError is the only way to refuse a part."""
    try:
        metrics = read(payload).metrics
    except ValueError:
        return
    for metric in metrics:
        dict(metric.properties)
        for datatype in (None, *DataType):
            try:
                value_of(metric, datatype)
            except ValueError as error:
                assert str(error)  # noqa: PT017
