"""A birth is understood the same whether its metrics are taken by columns or one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sparkplug import decoding
from adapters.sparkplug.codec import DataType, Limits, read
from adapters.sparkplug.columns import Columns
from adapters.sparkplug.edge_node import Station
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.known import Known
from adapters.sparkplug.names import Names
from adapters.sparkplug.payload_pb2 import DataSet, PropertySet, PropertyValue, Template
from adapters.sparkplug.payload_pb2 import Metric as Message
from adapters.sparkplug.payload_pb2 import Payload as Birth
from adapters.sparkplug.told import Told
from gateway.models import Reject
from tests.adapters.sparkplug.speaking import MILLISECOND_NS, START_MS

_TYPES = [*range(15), DataType.DATASET, DataType.BYTES, DataType.TEMPLATE, DataType.INT16_ARRAY, 99, 2**31]
_STRING, _INT32 = DataType.STRING, DataType.INT32


def properties(**values: str | int) -> bytes:
    """Return a property set."""
    told = [
        PropertyValue(type=_STRING, string_value=one.encode())
        if isinstance(one, str)
        else PropertyValue(type=_INT32, int_value=one)
        for one in values.values()
    ]
    return PropertySet(keys=[key.encode() for key in values], values=told).SerializeToString()


_PROPERTIES = [
    properties(engUnit="degC"),
    properties(engUnit="bar", engHigh=10),
    properties(Quality=0),
    properties(Quality=192, engUnit="bar"),
    properties(description="what it is"),
    b"",
    b"\xff",
]
_NAMES = [
    b"x",
    b"y",
    b"y/z",
    b"L1/M1/x",
    b"L1/M2/x",
    b"L2/x",
    b"bdSeq",
    b"Node Control/Rebirth",
    "Öl".encode(),
    b"\xff",
]
_VALUES = {
    "int_value": st.sampled_from([0, 1, 5, 200, 40_000, 2**32 - 3]),
    "long_value": st.sampled_from([0, 7, 2**63, 2**64 - 3]),
    "float_value": st.sampled_from([0.0, -0.0, 1.1, 4321.7, 1e30, float("inf"), float("nan")]),
    "double_value": st.sampled_from([0.0, 0.1, -5.5, float("nan")]),
    "boolean_value": st.booleans(),
    "string_value": st.sampled_from([b"", b"on", "ä".encode(), b"\xff"]),
    "bytes_value": st.sampled_from([b"", b"\x01\x02"]),
    "dataset_value": st.sampled_from([b"", b"\xff", DataSet(columns=[b"a"], types=[3]).SerializeToString()]),
    "template_value": st.sampled_from(
        [
            Template(metrics=[Message(name=b"m", datatype=9, float_value=1.5).SerializeToString()]).SerializeToString(),
            Template(is_definition=True).SerializeToString(),
        ]
    ),
}


@st.composite
def plain(draw: st.DrawFn) -> Message:
    """Draw a metric about which nothing is special but perhaps its name."""
    name = draw(st.one_of(st.sampled_from(_NAMES[:8]), st.integers(0, 40).map(lambda number: b"v%d" % number)))
    message = Message(name=name, alias=draw(st.integers(0, 40)), timestamp=START_MS, datatype=DataType.DOUBLE)
    message.double_value = draw(st.sampled_from([0.0, 1.5, 2.5]))
    return message


@st.composite
def anything(draw: st.DrawFn) -> Message:
    """Draw a metric as it may stand in a birth."""
    message = Message(name=draw(st.sampled_from([*_NAMES, b""])))
    if draw(st.booleans()):
        message.alias = draw(st.sampled_from([0, 1, 2, 3]))
    if draw(st.booleans()):
        message.timestamp = draw(st.sampled_from([0, START_MS - 5, START_MS, START_MS + 10**9]))
    if draw(st.booleans()):
        message.datatype = draw(st.sampled_from(_TYPES))
    if draw(st.integers(0, 9)):
        field = draw(st.sampled_from(sorted(_VALUES)))
        setattr(message, field, draw(_VALUES[field]))
    for flag in ("is_null", "is_historical", "is_transient"):
        if not draw(st.integers(0, 9)):
            setattr(message, flag, draw(st.booleans()))
    if not draw(st.integers(0, 3)):
        message.properties = draw(st.sampled_from(_PROPERTIES))
    return message


def births() -> st.SearchStrategy[list[bytes]]:
    """Draw the births of one edge node, one after the other."""
    metrics = st.lists(st.one_of(plain(), plain(), plain(), anything()), max_size=30)
    time = st.sampled_from([None, START_MS])
    made = st.builds(lambda said, at: Birth(metrics=said, timestamp=at, seq=0).SerializeToString(), metrics, time)
    return st.lists(made, min_size=1, max_size=3)


def seen(known: Known | None) -> object:
    """Return what is known of a metric."""
    if known is None:
        return None
    parts = (known.name, known.key, known.place, known.datatype, known.field, known.members, known.meaning)
    return parts, known.get, known.convert, known.is_special, known.is_complex


class Host:
    """Understands the births of one edge node."""

    def __init__(self, *, by_columns: bool, told: str, patterns: Sequence[str], ignore: Sequence[str]) -> None:
        self._by_columns = by_columns
        self._interpreter = Interpreter(Names(patterns, ignore), told, "base64", 1000)  # type: ignore[arg-type]  # drawn
        self.station = Station({"group": "G", "node": "N"})

    def hear(self, birth: bytes, *, more: bool) -> str:
        """Return all that follows from a birth."""
        self.station.last_seen_ns = START_MS * MILLISECOND_NS
        payload = read(birth, by_columns=self._by_columns)
        told = Told()
        rejects = self._interpreter.birth(self.station, payload, told, more=more)
        station = self.station
        aliases = {alias: seen(known) for alias, known in station.by_alias.items()}
        return repr(
            (
                list(told.observations()),
                rejects,
                list(self._interpreter.definitions),
                self._interpreter.metrics,
                [(name, seen(known)) for name, known in station.by_name.items()],
                sorted(aliases.items()),
                sorted(station.last.values.items()),
                sorted(station.last.times.items()),
                (station.units, station.is_simple, station.latest_ms),
            )
        )


@pytest.mark.parametrize("told", ["changed", "all", "none"])
@pytest.mark.parametrize("patterns", [(), ("{line}/{machine}/{metric}", "{line}/{metric}"), ("y/{metric}",)])
@settings(deadline=None, max_examples=60)
@given(
    payloads=births(),
    stale=st.booleans(),
    ignore=st.sampled_from([(), ("bdSeq", "Node Control/*")]),
    more=st.booleans(),
)
def test_both_ways_understand_the_same(
    *, told: str, patterns: Sequence[str], payloads: list[bytes], stale: bool, ignore: Sequence[str], more: bool
) -> None:
    one_by_one = Host(by_columns=False, told=told, patterns=patterns, ignore=ignore)
    by_columns = Host(by_columns=True, told=told, patterns=patterns, ignore=ignore)
    for number, payload in enumerate(payloads):
        one_by_one.station.stale = by_columns.station.stale = stale
        expected = one_by_one.hear(payload, more=more and number > 0)
        assert by_columns.hear(payload, more=more and number > 0) == expected


@settings(deadline=None)
@given(births())
def test_metrics_read_by_columns_are_the_metrics(payloads: list[bytes]) -> None:
    for payload in payloads:
        assert repr([*read(payload, by_columns=True).metrics]) == repr([*read(payload).metrics])


def _columns(*metrics: Message) -> Columns:
    found = read(Birth(metrics=metrics, seq=0).SerializeToString(), by_columns=True).metrics
    assert isinstance(found, Columns)
    return found


def test_a_value_that_means_nothing_leaves_out_only_its_own_metric() -> None:
    found = _columns(
        Message(name=b"x", datatype=DataType.INT8, int_value=5),
        Message(name=b"y", datatype=DataType.INT8, int_value=300),
        Message(name=b"z", datatype=DataType.INT8, int_value=0xFD),
    )
    assert [one is not None for one in found.readings] == [True, False, True]
    assert (found.values[0], found.values[2]) == (5, -3)


def test_metrics_of_a_slice_and_from_the_end_are_those_at_these_places() -> None:
    found = _columns(*(Message(name=b"v%d" % number, datatype=10, double_value=1.0) for number in range(3)))
    assert [one.name for one in found[1:]] == ["v1", "v2"]
    assert found[-1].name == "v2"


def test_a_table_counts_once_towards_the_cells_of_a_birth_however_often_it_is_looked_at() -> None:
    table = DataSet(columns=[b"a"], types=[DataType.INT32], num_of_columns=1)
    table.rows.add().elements.add().int_value = 1
    metric = Message(name=b"x", datatype=DataType.DATASET, dataset_value=table.SerializeToString())
    payload = Birth(metrics=[metric], seq=0).SerializeToString()
    found = read(payload, Limits(cells=1), by_columns=True).metrics
    assert [one.fault for _ in range(3) for one in found] == ["", "", ""]


def test_a_birth_with_a_malformed_metric_loses_only_that_one() -> None:
    good = Message(name=b"x", datatype=10, double_value=1.5).SerializeToString()
    payload = b"".join(b"\x12%c%b" % (len(one), one) for one in (good, b"\xff\xff", good.replace(b"x", b"y")))
    assert [metric.name for metric in read(payload, by_columns=True).metrics] == ["x", "", "y"]


def test_a_large_payload_of_too_many_metrics_is_refused_before_they_are_read() -> None:
    payload = b"\x12\x00" * (decoding.MAX_AT_ONCE // 2 + 1)
    with pytest.raises(ValueError, match="more than 100000 metrics"):
        read(payload, by_columns=True)


def test_a_large_birth_is_read_by_columns_too() -> None:
    metrics = [Message(name=b"v%d" % number + b"-" * 2000, datatype=10, double_value=1.0) for number in range(600)]
    assert len(_columns(*metrics)) == 600


def test_a_birth_by_columns_tells_why_a_metric_cannot_be_taken() -> None:
    host = Host(by_columns=True, told="all", patterns=(), ignore=())
    metrics = [Message(name=b"v%d" % number, datatype=DataType.INT8, int_value=number * 60) for number in range(6)]
    said = host.hear(Birth(metrics=metrics, timestamp=START_MS, seq=0).SerializeToString(), more=False)
    assert repr(Reject("v5", "300 is no Int8")) in said
    assert "'v1': 60" in said
