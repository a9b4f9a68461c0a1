"""What came together before is read by its shape: as it is read without one, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sparkplug.codec import DataType, Metric, Payload, write
from adapters.sparkplug.edge_node import EdgeNode
from adapters.sparkplug.quick import _read_shape
from tests.adapters.sparkplug.listening import Listening, values_of
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number
from tests.adapters.sparkplug.test_quick import CHOICES, RAW, plain, same_or_nothing

LESSONS = 4


@st.composite
def after_lessons(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Messages with the same metrics, and another with these: mostly like them, or with other fields or times."""
    metrics = draw(plain())
    if draw(st.booleans()):
        metrics = [one._replace(datatype=_datatype_of(one)) for one in metrics]
    taught = [one._replace(timestamp=None if one.timestamp is None else START_MS) for one in metrics]
    lessons = [write(Payload(START_MS, seq, taught)) for seq in range(1, LESSONS + 1)]
    said: list[Metric] = [one._replace(value=draw(RAW[one.field])) for one in taught]
    order: Sequence[int] = range(len(said))
    if draw(st.booleans()):
        order = draw(st.permutations(order))
    later = draw(st.sampled_from([st.just(0), st.integers(0, 2)]))
    said = [
        one._replace(
            value=said[other].value,
            field=said[other].field,
            timestamp=None if one.timestamp is None else START_MS + draw(later),
            is_null=draw(st.integers(0, 30)) == 1,
        )
        for one, other in zip(said, order, strict=True)
    ]
    return lessons, write(Payload(START_MS, LESSONS + 1, said))


def _datatype_of(metric: Metric) -> int:
    return next(int(type_) for alias, name, type_, _ in CHOICES if metric.name == name or metric.alias == alias)


@settings(max_examples=300)
@given(after_lessons())
def test_what_has_a_shape_is_read_as_if_it_had_none(said: tuple[list[bytes], bytes]) -> None:
    lessons, payload = said
    same_or_nothing(payload, lessons)


def born(*metrics: Metric) -> tuple[Listening, Speaking, EdgeNode]:
    """Return a host that has heard the birth of these metrics, who sent it, and what the host knows of that."""
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(*metrics))
    found = host.host._nodes.get("G/N")
    assert found is not None
    return host, node, found


@pytest.mark.parametrize(
    "metric",
    [
        by_alias(1, 5.0),
        by_alias(1, 5.0)._replace(datatype=DataType.DOUBLE),
        by_alias(1, 5.0)._replace(timestamp=None),
        number("x", 5.0, None)._replace(datatype=None, field="double_value"),
        number("x", 5.0, 1)._replace(datatype=None, field="double_value"),
        number("x", 5.0, 1),
    ],
    ids=["alias", "alias and type", "no time", "name", "name and alias", "all"],
)
def test_what_came_a_few_times_has_a_shape_whatever_names_it(metric: Metric) -> None:
    host, node, found = born(number("x", 0.0, metric.alias))
    for _ in range(6):
        host.hear(*node.data(metric))
    _, payload = node.data(metric)
    by_name = bool(metric.name)
    assert _read_shape(found.own, payload, found.sequence.expected, by_name=by_name) is not None


def test_values_that_stand_in_the_fields_of_one_another_keep_their_names() -> None:
    one = Metric("one", 1, START_MS, DataType.UINT32, 1, "int_value")
    other = Metric("other", 2, START_MS, DataType.UINT32, 2, "long_value")
    host, node, _ = born(one, other)
    plain_one, plain_other = (each._replace(name="", datatype=None, timestamp=None) for each in (one, other))
    for _ in range(5):
        assert values_of(host.hear(*node.data(plain_one, plain_other))) == {"one": 1, "other": 2}
    swapped = (plain_one._replace(value=3, field="long_value"), plain_other._replace(value=4, field="int_value"))
    assert values_of(host.hear(*node.data(*swapped))) == {"one": 3, "other": 4}


def test_a_station_that_sends_another_choice_each_time_is_not_asked_for_shapes() -> None:
    host, node, found = born(*(number(f"x{alias}", 0.0, alias) for alias in range(1, 9)))
    for _ in range(4):
        host.hear(*node.data(by_alias(1, 1.0)))
    assert found.own.shapes.are_likely
    for alias in range(2, 9):
        host.hear(*node.data(by_alias(alias, 1.0), by_alias(1, 2.0)))
    assert not found.own.shapes.are_likely
    host.hear(*node.data(by_alias(1, 1.0)))
    assert found.own.shapes.are_likely
