"""Everything that an edge node can make the host remember is bounded."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, Property, Template
from adapters.sparkplug.nodes import Nodes
from tests.adapters.sparkplug.listening import Listening, rejects_of, values_of
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number


def test_no_more_edge_nodes_are_known_than_allowed() -> None:
    host = Listening(max_nodes=3)
    for index in range(5):
        host.hear(*Speaking(node=f"N{index}").nbirth())
    assert len(host.quarantined) == 2
    assert "max_nodes" in host.quarantined[0][1]


def test_those_that_are_known_are_still_understood() -> None:
    host, node = Listening(max_nodes=1), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1)), Speaking(node="M").nbirth())
    assert values_of(host.hear(*node.data(by_alias(1, 5.0)))) == {"x": 5.0}


def test_no_more_devices_are_known_than_allowed() -> None:
    host, node = Listening(max_devices=3), Speaking()
    host.hear(*node.nbirth())
    for index in range(5):
        host.hear(*node.dbirth(f"D{index}", number("x", 0.0)))
    assert len(host.quarantined) == 2
    assert "max_devices" in host.quarantined[0][1]


def test_a_refused_device_is_no_gap() -> None:
    host, node = Listening(max_devices=1), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("D1", number("x", 0.0, 1)), node.dbirth("D2"))
    assert values_of(host.hear(*node.data(by_alias(1, 5.0), device="D1"))) == {"x": 5.0}


def test_no_more_metrics_are_known_than_allowed() -> None:
    host, node = Listening(max_metrics=10), Speaking()
    host.hear(*node.nbirth(*(number(f"m{index}", 0.0) for index in range(20))))
    assert "max_metrics" in host.quarantined[0][1]


def test_metrics_of_a_birth_that_another_replaces_count_no_more() -> None:
    host, node = Listening(max_metrics=10), Speaking()
    for turn in range(5):
        host.hear(*node.nbirth(*(number(f"m{turn}{index}", 0.0) for index in range(8))))
    assert host.quarantined == []
    assert host.node()["metrics"] == 10


def test_after_a_birth_that_is_too_large_no_alias_holds() -> None:
    host, node = Listening(max_metrics=10), Speaking()
    host.hear(*node.nbirth(number("x", 0.0, 1)))
    seq = node.seq
    host.hear(*node.nbirth(*(number(f"m{index}", 0.0, index) for index in range(20))))
    assert host.hear(*node.data(by_alias(1, 5.0), seq=seq + 1)) == []
    host.pass_time(5)
    assert len(host.requests) == 1


def test_names_that_no_birth_tells_are_bounded() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    for turn in range(6):
        host.hear(*node.data(*(number(f"m{turn}/{index}", 1.0) for index in range(2_000))))
    assert int(str(host.node()["metrics"])) <= 10_000


def test_places_that_names_tell_are_bounded() -> None:
    host, node = Listening(name_patterns=("{machine}/{metric}",), max_metrics=50), Speaking()
    for turn in range(20):
        host.hear(*node.nbirth(*(number(f"M{turn}-{index}/x", 1.0) for index in range(40))))
    assert len(host.host._host._interpreter._places) <= 100


def test_meanings_that_wait_to_be_told_are_bounded() -> None:
    host, node = Listening(max_metrics=50), Speaking()
    for turn in range(20):
        told = {"description": Property(DataType.STRING, str(turn))}
        host.hear(*node.nbirth(*(number(f"m{index}", 1.0)._replace(properties=told) for index in range(40))))
    assert len(host.host._host._interpreter.definitions) <= 50


def nested(depth: int) -> Metric:
    """Return templates in templates, and a value in the innermost."""
    metric = number("x", 1.0)
    for _ in range(depth):
        metric = Metric("T", datatype=DataType.TEMPLATE, value=Template([metric], (), "Kind"))
    return metric


def test_templates_may_be_nested() -> None:
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(nested(8)))) == {"T/" * 8 + "x": 1.0}


@pytest.mark.parametrize("depth", [9, 100])
def test_templates_that_are_nested_too_deep_cost_only_themselves(depth: int) -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(nested(depth), number("y", 2.0)))
    assert values_of(said) == {"y": 2.0}
    assert "too deep" in rejects_of(said)[0].reason


def test_topics_are_remembered_within_a_bound() -> None:
    nodes = Nodes(10, 10)
    for index in range(200_010):
        nodes.line(f"spBv1.0/G/NDATA/N{index}")
    assert len(nodes._lines) <= 200_000


def test_sessions_of_an_edge_node_are_remembered_within_a_bound() -> None:
    host, node = Listening(), Speaking()
    for bdseq in range(50):
        host.hear(*node.nbirth(bdseq=bdseq))
    found = host.host._nodes.get("G/N")
    assert found is not None
    assert len(found.bdseqs) <= 4
