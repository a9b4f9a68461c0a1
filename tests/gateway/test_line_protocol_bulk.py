"""A batch is encoded as its telemetries are one by one."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.line_protocol import BulkEncoder, Columns, Encoder
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


class Batch(NamedTuple):
    """What is encoded at once, and as telemetry the same."""

    columns: Columns
    telemetry: list[Telemetry]

    def encode(self, bulk: BulkEncoder) -> list[str]:
        return bulk.encode(
            self.columns,
            self.telemetry,
            [Encoder().prefix(one.series) for one in self.telemetry],
            [one.timestamp_ns for one in self.telemetry],
            [tuple(one.values.values()) for one in self.telemetry],
        )


@st.composite
def batches(draw: st.DrawFn) -> list[Batch]:
    """Draw batches, some of them of the same kind."""
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
    drawn: list[Batch] = []
    for number in draw(st.lists(st.integers(0, len(kinds) - 1), min_size=1, max_size=4)):
        series, fields = kinds[number]
        names = [name for name, _ in fields]
        telemetry = [
            Telemetry(
                series=series,
                values={name: draw(strategy) for name, strategy in fields},
                timestamp_ns=draw(st.integers(0, 2**62)),
            )
            for _ in range(draw(st.integers(1, 12)))
        ]
        types = [type(value) for value in telemetry[0].values.values()]
        drawn.append(Batch(Columns((number, "token"), names, types), telemetry))
    return drawn


@given(batches())
def test_a_batch_is_encoded_as_one_by_one(drawn: list[Batch]) -> None:
    bulk, single = BulkEncoder(Encoder()), Encoder()
    for batch in drawn * 2:
        expected = [record for telemetry in batch.telemetry for record in single.encode(telemetry)]
        assert batch.encode(bulk) == expected


def _of(telemetry: list[Telemetry], kind: object = "kind") -> Batch:
    values = telemetry[0].values
    return Batch(Columns(kind, list(values), [type(value) for value in values.values()]), telemetry)


@pytest.mark.parametrize("text", ["€" * 65_536, "a,b", '"', "\\", "],[", "\x7f"], ids=repr)
def test_one_text_that_is_special_is_encoded_as_ever_and_its_neighbours_too(text: str) -> None:
    special = Telemetry(series=SERIES[0], values={"s": text}, timestamp_ns=1)
    plain = Telemetry(series=SERIES[0], values={"s": "on"}, timestamp_ns=1)
    batch = [plain] * 50 + [special] + [plain] * 50
    assert _of(batch).encode(BulkEncoder(Encoder())) == [record for one in batch for record in Encoder().encode(one)]


def test_templates_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.line_protocol.bulk.MAX_TEMPLATES", 60)
    bulk = BulkEncoder(Encoder())
    for number in range(50):
        _of([Telemetry(series=SERIES[0], values={f"x{number}": 1.0}, timestamp_ns=1)], number).encode(bulk)
    assert len(bulk._templates) <= 10
