"""The quick way for data says what the long way says, or leaves everything as it was."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sparkplug.codec import DataType, Field, Metric, Payload, Property, write
from adapters.sparkplug.edge_node import EdgeNode
from adapters.sparkplug.quick import read_quickly
from gateway.models import Decoded, Message, Observation
from tests.adapters.sparkplug.listening import Listening, values_of
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number

KNOWN: Sequence[tuple[str, DataType, Field]] = (
    ("d", DataType.DOUBLE, "double_value"),
    ("f", DataType.FLOAT, "float_value"),
    ("i8", DataType.INT8, "int_value"),
    ("i32", DataType.INT32, "int_value"),
    ("u32", DataType.UINT32, "int_value"),
    ("i64", DataType.INT64, "long_value"),
    ("b", DataType.BOOLEAN, "boolean_value"),
    ("s", DataType.STRING, "string_value"),
    ("t", DataType.DATETIME, "long_value"),
    ("raw", DataType.BYTES, "bytes_value"),
    ("list", DataType.INT16_ARRAY, "bytes_value"),
    ("Node Control/x", DataType.DOUBLE, "double_value"),
    ("unit", DataType.DOUBLE, "double_value"),
)
RAW: dict[str, st.SearchStrategy[bool | int | float | str | bytes]] = {
    "int_value": st.integers(0, 2**32 - 1) | st.just(0),
    "long_value": st.integers(0, 2**64 - 1) | st.just(0),
    "float_value": st.floats(width=32),
    "double_value": st.floats(),
    "boolean_value": st.booleans(),
    "string_value": st.text(max_size=5),
    "bytes_value": st.binary(max_size=8),
}
TIMES = st.none() | st.integers(START_MS - 2, START_MS + 5) | st.just(0)


CHOICES = [(index, *one) for index, one in enumerate((*KNOWN, ("unknown", DataType.DOUBLE, "double_value")))]


@st.composite
def plain(draw: st.DrawFn) -> list[Metric]:
    """Metrics of data as they should be: by alias or by name, each once, a value of its type."""
    chosen = draw(st.lists(st.sampled_from(CHOICES[:9]), max_size=5, unique_by=lambda one: one[0]))
    named, times = draw(st.booleans()), draw(st.sampled_from([st.none(), st.integers(START_MS, START_MS + 5), TIMES]))
    return [
        Metric(
            name if named else "",
            None if named else alias,
            draw(times),
            value=draw(st.integers(0, 255) if datatype is DataType.INT8 else RAW[field]),
            field=field,
        )
        for alias, name, datatype, field in chosen
    ]


@st.composite
def odd(draw: st.DrawFn) -> Metric:
    """A metric of data that may be anything."""
    alias, name, datatype, field = draw(st.sampled_from(CHOICES))
    if draw(st.booleans()):
        field = draw(st.sampled_from(sorted(RAW)))
    named = draw(st.sampled_from(["name", "alias", "both"]))
    return Metric(
        name if named != "alias" else "",
        alias if named != "name" else None,
        draw(TIMES),
        draw(st.sampled_from([None, datatype])),
        draw(st.none() | RAW[field]),
        field,
        is_historical=draw(st.booleans()),
        is_transient=draw(st.booleans()),
        is_null=draw(st.booleans()),
        properties={"Quality": Property(DataType.INT32, 192)} if draw(st.booleans()) else {},
    )


payloads = st.builds(
    lambda timestamp, seq, metrics, further: write(Payload(timestamp, seq, [*metrics, *further])),
    st.just(START_MS) | TIMES,
    st.sampled_from([1, 1, 1, 1, 2, None]),
    plain(),
    st.just([]) | st.just([]) | st.lists(odd(), max_size=2),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A payload of which some bytes are others, or that is cut off."""
    content = bytearray(draw(payloads))
    for _ in range(draw(st.integers(0, 3))):
        if content:
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))])


def known() -> tuple[Listening, EdgeNode]:
    """Return a host, and an edge node that it knows."""
    host, node = Listening(), Speaking()
    birth = [Metric(name, alias, datatype=datatype, is_null=True) for alias, (name, datatype, _) in enumerate(KNOWN)]
    birth[-1] = birth[-1]._replace(properties={"engUnit": Property(DataType.STRING, "bar")})
    node.time_ms = START_MS - 2
    host.hear(*node.nbirth(*birth))
    found = host.host._nodes.get("G/N")
    assert found is not None
    return host, found


def state(node: EdgeNode) -> str:
    """Return all that a host remembers of an edge node (as text, in which NaN equals NaN)."""
    own = node.own
    last = sorted(own.last.values.items()), sorted(own.last.times.items())
    remembered = (last, own.latest_ms, own.refreshed, own.last_seen_ns, len(own.by_name))
    return repr((node.sequence.expected, node.last_seen_ns, node.latency_ms, node.latency_max_ms, remembered))


def told(said: Sequence[Decoded]) -> list[tuple[object, ...]]:
    """Return what was said of each value, in the order of their names."""
    each = [
        (name, repr(value), (one.times or {}).get(name, one.time), one.units, one.quality, one.origin, one.place)
        for one in said
        if isinstance(one, Observation)
        for name, value in one.values.items()
    ]
    return sorted(each, key=repr)


def same_or_nothing(payload: bytes, lessons: Sequence[bytes] = ()) -> None:
    """Read a payload both ways, after others."""
    (quick, node), (slow, twin) = known(), known()
    for lesson in lessons:
        for host in (quick, slow):
            host.hear("spBv1.0/G/NDATA/N", lesson)
    message = Message("spBv1.0/G/NDATA/N", payload, quick.now_ns + 1000)
    before = state(node)
    observation = read_quickly(node, node.own, message)
    if observation is None:
        assert state(node) == before
        return
    said = list(slow.host._host._decode(slow.host._nodes.line(message.topic), message))
    assert told([observation]) == told(said)
    assert len(told(said)) == sum(len(one.values) for one in said if isinstance(one, Observation))
    assert all(isinstance(one, Observation) for one in said)
    assert state(node) == state(twin)


@settings(max_examples=300)
@given(payloads)
def test_what_is_read_quickly_is_what_is_read_slowly(payload: bytes) -> None:
    same_or_nothing(payload)


@settings(max_examples=300)
@given(damaged())
def test_what_is_damaged_is_read_alike_or_not_at_all(payload: bytes) -> None:
    same_or_nothing(payload)


@given(st.binary(max_size=60))
def test_what_is_nothing_is_read_alike_or_not_at_all(payload: bytes) -> None:
    same_or_nothing(payload)


def test_plain_values_are_read_quickly() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    found = host.host._nodes.get("G/N")
    assert found is not None
    topic, payload = node.data(by_alias(1, 5.0))
    assert read_quickly(found, found.own, Message(topic, payload, host.now_ns + 1)) is not None


def test_values_of_a_device_are_read_quickly() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D", number("x", 0.0, 1)))
    found = host.host._nodes.get("G/N")
    assert found is not None
    topic, payload = node.data(by_alias(1, 5.0), device="D")
    assert read_quickly(found, found.devices["D"], Message(topic, payload, host.now_ns + 1)) is not None


def test_a_value_that_is_older_than_another_of_its_message_is_the_latest_of_its_own() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1), number("y", 0.0, 2)), node.data(by_alias(1, 0.0)))
    host.hear(*node.data(by_alias(1, 1.0, time_ms=START_MS + 10), by_alias(2, 1.0, time_ms=START_MS + 20)))
    said = host.hear(*node.data(by_alias(1, 2.0, time_ms=START_MS + 15)))
    assert values_of(said) == {"x": 2.0}
    assert [str(one.origin) for one in said if isinstance(one, Observation)] == ["live"]


def test_an_edge_node_that_sends_names_and_aliases_is_read_quickly_and_so_is_one_that_stops_to() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    found = host.host._nodes.get("G/N")
    assert found is not None
    both = number("x", 1.0, 1)._replace(datatype=None, field="double_value")
    ways = []
    for metric in (both, both, by_alias(1, 2.0), by_alias(1, 3.0)):
        topic, payload = node.data(metric)
        host.now_ns += 1_000_000
        quickly = read_quickly(found, found.own, Message(topic, payload, host.now_ns))
        ways.append(quickly is not None)
        if quickly is None:
            host.hear(topic, payload)
    assert ways == [False, True, False, True]
