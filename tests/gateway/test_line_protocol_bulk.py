"""A batch is encoded as its telemetries are one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.line_protocol import BulkEncoder, Encoder
from gateway.models import Series, Telemetry, Value

SERIES = [
    Series(asset="m 1", measurement="cnc", tags={"site": "s=1"}),
    Series(asset="m2", measurement="press,old", tags={"line": "l1"}),
]
_values: list[st.SearchStrategy[Value]] = [
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(['"', "\\", "a,b", "],[", "[", "%s", "null", "\n", "\x7f"]),
]
_NAMES = ["x", "a b", "p%", "c,d", "q=r", "ü"]


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Telemetry], list[object]]:
    """Draw kinds of telemetry, and a batch of them."""
    kinds = draw(
        st.lists(
            st.tuples(
                st.sampled_from(SERIES),
                st.lists(
                    st.tuples(st.sampled_from(_NAMES), st.sampled_from(_values)),
                    min_size=1,
                    max_size=6,
                    unique_by=lambda pair: pair[0],
                ),
            ),
            min_size=1,
            max_size=3,
        )
    )
    batch: list[Telemetry] = []
    tokens: list[object] = []
    for number in draw(st.lists(st.integers(0, len(kinds) - 1), min_size=1, max_size=12)):
        series, columns = kinds[number]
        values = {name: draw(strategy) for name, strategy in columns}
        batch.append(Telemetry(series=series, values=values, timestamp_ns=draw(st.integers(0, 2**62))))
        tokens.append((number, "token"))
    return batch, tokens


@given(batches())
def test_a_batch_is_encoded_as_one_by_one(drawn: tuple[list[Telemetry], list[object]]) -> None:
    batch, tokens = drawn
    bulk, single = BulkEncoder(Encoder()), Encoder()
    expected = [record for telemetry in batch for record in single.encode(telemetry)]
    assert bulk.encode(batch, tokens) == expected
    assert bulk.encode(batch, tokens) == expected, "and again, with what was remembered"


def test_a_long_text_is_cut_in_a_batch_too() -> None:
    long = Telemetry(series=SERIES[0], values={"s": "€" * 65_536}, timestamp_ns=1)
    short = Telemetry(series=SERIES[0], values={"s": "on"}, timestamp_ns=1)
    batch = [short] * 50 + [long] + [short] * 50
    expected = [record for one in batch for record in Encoder().encode(one)]
    assert BulkEncoder(Encoder()).encode(batch, ["kind"] * len(batch)) == expected


def test_kinds_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.line_protocol.bulk.MAX_KINDS", 10)
    bulk = BulkEncoder(Encoder())
    for number in range(50):
        bulk.encode([Telemetry(series=SERIES[0], values={f"x{number}": 1.0}, timestamp_ns=1)], [number])
    assert len(bulk._templates) <= 10
