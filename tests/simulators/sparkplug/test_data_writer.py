"""The quick way to write data messages, compared with the codec."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sparkplug.codec import DataType
from simulators.sparkplug.channels import Channel
from simulators.sparkplug.data_writer import DataWriter
from simulators.sparkplug.messages import Kind, Message, encode
from simulators.sparkplug.plan import Content, NodePlan, Part
from simulators.sparkplug.speech import Speech

CHANNELS = (
    Channel("speed", "speed", DataType.DOUBLE, 1),
    Channel("load", "load", DataType.FLOAT, 130),
    Channel("count", "count", DataType.INT64, 2),
    Channel("on", "on", DataType.BOOLEAN, 70_000),
    Channel("state", "state", DataType.STRING, 3),
)


def by_the_codec(values: dict[str, Content], time_ms: int, seq: int) -> bytes:
    """Return the message as `Speech` and the codec make it."""
    plan = NodePlan("plant1", "line1", (Part("", lambda _: {}, (), 1), Part("mill", lambda _: {}, CHANNELS, 1)))
    message: Message = Speech(plan).data(1, [(time_ms, values)], time_ms)
    assert message.kind is Kind.DDATA
    return encode(message._replace(payload=message.payload._replace(seq=seq)), "plant1", "line1").payload


NULL = st.none()
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "speed": st.floats(allow_nan=False) | st.integers(-1000, 1000) | NULL,
        "load": st.floats(width=32, allow_nan=False) | NULL,
        "count": st.integers(-(1 << 63), (1 << 63) - 1) | NULL,
        "on": st.booleans() | NULL,
        "state": st.text() | NULL,
    },
)


@given(
    st.lists(VALUES, min_size=1, max_size=4), st.sampled_from([0, 1, 1 << 34, 1_790_000_000_123]), st.integers(0, 255)
)
def test_it_writes_what_the_codec_writes(messages: list[dict[str, Content]], time_ms: int, seq: int) -> None:
    writer = DataWriter(CHANNELS)
    for number, values in enumerate(messages):
        assert writer.write(values, time_ms + number, seq) == by_the_codec(values, time_ms + number, seq)


@pytest.mark.parametrize(
    "values", [{"count": 1.0}, {"count": 1 << 63}, {"on": 1}, {"state": 5}, {"speed": "fast"}, {"speed": True}]
)
def test_a_value_of_another_type_is_refused_as_the_codec_does(values: dict[str, Content]) -> None:
    writer = DataWriter(CHANNELS)
    writer.write({"count": 1, "on": True, "state": "5", "speed": 1.0}, 1, 0)
    with pytest.raises(ValueError, match="is no"):
        writer.write(values, 1, 0)
    with pytest.raises(ValueError, match="is no"):
        by_the_codec(values, 1, 0)


def test_nan_is_written() -> None:
    nan = float("nan")
    assert DataWriter(CHANNELS).write({"speed": nan}, 1, 0).endswith(struct.pack("<d", nan) + b"\x18\x00")


@pytest.mark.parametrize(
    "channel", [Channel("a", "a", DataType.DOUBLE), Channel("a", "a", DataType.INT8, 1)], ids=["no alias", "Int8"]
)
def test_other_channels_are_refused(channel: Channel) -> None:
    with pytest.raises(ValueError, match="a is no single value with an alias"):
        DataWriter([channel])
