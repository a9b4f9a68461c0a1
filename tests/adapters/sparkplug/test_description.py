"""What the host tells people of itself and of its edge nodes."""

from __future__ import annotations

import json
from typing import cast

from pydantic import JsonValue

from gateway.interfaces import HostApplication, Places, SessionAdapter
from tests.adapters.sparkplug.listening import Listening
from tests.adapters.sparkplug.speaking import SECOND_NS, Speaking, by_alias, number

NODE = {
    *("group", "node", "online", "state", "since_ns", "bdseq", "seq", "births", "deaths", "rebirths_asked"),
    *("last_rebirth_reason", "rebirths_answered", "gaps", "last_seen_ns", "latency_ms", "latency_max_ms", "metrics"),
    *("held", "duplicate_sessions", "case_twins", "devices"),
}
DEVICE = {"device", "online", "since_ns", "births", "deaths", "metrics", "last_seen_ns"}


def started() -> tuple[Listening, Speaking]:
    """Return a host, and an edge node with a device that it knows."""
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 0.0, 1)), node.dbirth("D", number("y", 0.0, 2), number("z", 0.0, 3)))
    return host, node


def test_the_host_is_what_the_gateway_asks_for() -> None:
    host = Listening().host
    assert isinstance(host, SessionAdapter)
    assert isinstance(host, Places)
    assert isinstance(host, HostApplication)


def test_everything_told_is_json() -> None:
    host, _ = started()
    host.hear_all(Speaking(node="M").data(by_alias(1, 1.0)), Speaking(node="K").ndeath())
    described = host.host.describe(host.now_ns)
    assert json.loads(json.dumps(described)) == described


def test_the_host_tells_its_role_and_name() -> None:
    described = Listening(role="primary", host_id="scada").host.describe(0)
    assert (described["role"], described["host_id"], described["online"]) == ("primary", "scada", True)


def test_an_edge_node_has_all_that_is_promised() -> None:
    host, _ = started()
    assert host.node().keys() >= NODE


def test_a_device_has_all_that_is_promised() -> None:
    host, _ = started()
    assert host.device("D").keys() >= DEVICE


def test_an_edge_node_is_told_with_its_numbers() -> None:
    host, node = started()
    host.hear(*node.data(by_alias(1, 5.0)))
    told = host.node()
    assert [told[key] for key in ("online", "state", "bdseq", "seq", "births", "metrics")] == [
        True,
        "online",
        0,
        2,
        1,
        5,
    ]


def test_since_when_it_is_online_is_told() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    since_ns = host.now_ns
    host.pass_time(10)
    host.hear(*node.nbirth())
    assert host.node()["since_ns"] == since_ns


def test_when_it_was_heard_last_is_told() -> None:
    host, node = started()
    host.pass_time(10)
    host.hear_all(node.data(by_alias(1, 5.0)), node.data(by_alias(1, 5.0)))
    assert host.node()["last_seen_ns"] == host.now_ns
    assert int(str(host.device("D")["last_seen_ns"])) <= host.now_ns - 10 * SECOND_NS


def test_an_edge_node_that_is_only_heard_is_unknown() -> None:
    host = Listening()
    host.hear(*Speaking().data(by_alias(1, 1.0)))
    assert [host.node()[key] for key in ("online", "state", "seq", "bdseq")] == [False, "unknown", None, None]


def test_an_edge_node_that_died_is_offline() -> None:
    host, node = started()
    host.hear(*node.ndeath())
    assert [host.node()[key] for key in ("online", "state", "seq")] == [False, "offline", None]
    assert host.device("D")["online"] is False


def test_gaps_are_counted() -> None:
    host, node = started()
    for _ in range(3):
        node.skip()
        host.hear(*node.data(by_alias(1, 5.0)))
        host.pass_time(3)
    assert host.node()["gaps"] == 3


def test_how_long_messages_are_on_their_way_is_told() -> None:
    host, node = started()
    for _ in range(200):
        host.now_ns += SECOND_NS
        node.time_ms = host.now_ns // 1_000_000 - 40
        host.hear(*node.data(by_alias(1, 5.0)))
    latency = float(str(host.node()["latency_ms"]))
    assert 38 < latency < 42


def test_all_edge_nodes_are_told() -> None:
    host = Listening()
    for index in range(5):
        host.hear(*Speaking(node=f"N{index}").nbirth())
    nodes = cast("list[dict[str, JsonValue]]", host.host.describe(host.now_ns)["nodes"])
    assert [one["node"] for one in nodes] == [f"N{index}" for index in range(5)]


def test_counters_only_grow() -> None:
    host, node = started()
    before = host.node()
    host.hear_all(node.ndeath(), node.nbirth(bdseq=1))
    host.lose_connection()
    host.connect()
    host.hear(*node.nbirth(bdseq=1))
    after = host.node()
    for key in ("births", "deaths", "rebirths_asked", "rebirths_answered", "gaps"):
        assert int(str(after[key])) >= int(str(before[key]))


def test_names_that_differ_only_by_case_are_counted() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0), number("X", 1.0)))
    host.hear(*node.dbirth("D", number("y/Z", 1.0), number("Y/z", 1.0), number("z", 1.0)))
    assert host.node()["case_twins"] == 2


def test_a_summary_is_the_sum_of_what_is_told_of_each() -> None:
    host, node = started()
    host.hear_all(Speaking(node="M").data(by_alias(1, 1.0)), Speaking(node="K").ndeath(), node.data(by_alias(9, 1.0)))
    host.pass_time(10)
    described, summary = host.host.describe(host.now_ns), host.host.summary()
    nodes = cast("list[dict[str, int]]", described["nodes"])
    for key in ("role", "host_id", "online", "nodes_forgotten", "devices_forgotten"):
        assert summary[key] == described[key]
    for key in ("held", "rebirths_asked"):
        assert summary[key] == sum(node[key] for node in nodes) > 0
    assert summary["nodes"] == {"online": 1, "offline": 1, "stale": 0, "unknown": 1}


def test_who_was_heard_of_is_known() -> None:
    host, _ = started()
    assert (host.host.knows("G/N"), host.host.knows("G/M")) == (True, False)
