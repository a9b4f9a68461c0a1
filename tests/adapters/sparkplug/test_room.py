"""At the bounds, who is gone makes room for who comes; who is there does not."""

from __future__ import annotations

from tests.adapters.sparkplug.listening import Listening, presence_of, rejects_of, series_of, values_of
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number


def known(host: Listening) -> list[str]:
    """Return the names of the edge nodes that are known."""
    return [node.name for node in host.host._nodes]


def born(host: Listening, *names: str) -> list[Speaking]:
    """Let edge nodes of these names be born, each with a metric."""
    nodes = [Speaking(node=name) for name in names]
    for node in nodes:
        host.hear(*node.nbirth(number("x", 0.0, 1)))
    return nodes


def devices_of(host: Listening) -> set[object]:
    """Return the names of the devices of the edge node N."""
    return {one["device"] for one in host.node()["devices"]}  # type: ignore[union-attr, index, call-overload]


def test_a_dead_edge_node_makes_room_for_a_new_one() -> None:
    host = Listening(max_nodes=2)
    first, _ = born(host, "A", "B")
    host.hear(*first.ndeath())
    (new,) = born(host, "C")
    assert (known(host), host.quarantined) == (["B", "C"], [])
    assert values_of(host.hear(*new.data(by_alias(1, 5.0)))) == {"x": 5.0}


def test_of_two_that_are_dead_the_one_that_is_so_longer_makes_room() -> None:
    host = Listening(max_nodes=3)
    first, second, _ = born(host, "A", "B", "C")
    host.hear_all(second.ndeath(), first.ndeath())
    born(host, "D")
    assert known(host) == ["A", "C", "D"]


def test_while_all_are_alive_a_new_one_is_refused() -> None:
    host = Listening(max_nodes=2)
    born(host, "A", "B")
    host.pass_time(600, step=60)
    born(host, "C")
    assert known(host) == ["A", "B"]
    assert "max_nodes" in host.quarantined[0][1]


def test_an_edge_node_that_is_stale_for_long_makes_room() -> None:
    host = Listening(max_nodes=2)
    born(host, "A", "B")
    host.lose_connection()
    host.connect()
    host.pass_time(61, step=1)
    born(host, "B", "C")
    assert known(host) == ["B", "C"]


def test_an_edge_node_that_is_stale_for_a_moment_is_waited_for() -> None:
    host = Listening(max_nodes=2)
    born(host, "A", "B")
    host.lose_connection()
    host.connect()
    host.pass_time(10)
    born(host, "C")
    assert known(host) == ["A", "B"]


def test_one_that_waits_for_a_birth_makes_room_once_it_is_quiet() -> None:
    host = Listening(max_nodes=1)
    host.hear(*Speaking(node="A").data(by_alias(1, 1.0)))
    born(host, "B")
    assert known(host) == ["A"]
    host.pass_time(61, step=1)
    born(host, "B")
    assert known(host) == ["B"]


def test_nobody_is_asked_for_a_rebirth_who_made_room() -> None:
    host = Listening(max_nodes=1)
    host.hear(*Speaking(node="A").data(by_alias(1, 1.0)))
    host.pass_time(61, step=1)
    born(host, "B")
    assert host.host._rebirths._wanted == {}


def test_who_made_room_is_known_again_by_its_birth() -> None:
    host = Listening(max_nodes=1)
    (first,) = born(host, "A")
    host.hear(*first.ndeath())
    (other,) = born(host, "B")
    host.hear(*other.ndeath())
    host.hear(*first.nbirth(number("x", 1.0, 1), bdseq=1))
    assert presence_of(host.said)[-1] == ("A", True)
    assert values_of(host.hear(*first.data(by_alias(1, 5.0)))) == {"x": 5.0}


def test_data_of_one_that_made_room_waits_for_its_birth() -> None:
    host = Listening(max_nodes=1)
    (first,) = born(host, "A")
    host.hear(*first.data(by_alias(1, 1.0)))
    host.hear(*first.ndeath())
    (other,) = born(host, "B")
    host.hear(*other.ndeath())
    assert host.hear(*first.data(by_alias(1, 5.0))) == []
    assert host.waiting == 1


def test_what_waited_of_one_that_made_room_is_not_read_by_a_guess() -> None:
    host = Listening(max_nodes=1)
    first = Speaking(node="A")
    host.hear(*first.data(by_alias(1, 5.0)))
    host.pass_time(61, step=1)
    (other,) = born(host, "B")
    host.hear(*other.ndeath())
    said = host.hear(*first.nbirth(number("y", 1.0, 1)))
    assert series_of(said, "y") == [1.0]
    assert "may have been given anew since" in host.quarantined[-1][1]


def test_who_made_room_is_counted() -> None:
    host = Listening(max_nodes=1)
    for name in ("A", "B", "C"):
        (node,) = born(host, name)
        host.hear(*node.ndeath())
    assert host.host.describe(0)["nodes_forgotten"] == 2


def test_a_fleet_of_any_size_may_come_and_go() -> None:
    host = Listening(max_nodes=150)
    for index in range(1000):
        (node,) = born(host, f"N{index}")
        host.hear(*node.ndeath())
        host.now_ns += 1_000_000_000
    assert (len(known(host)), host.quarantined) == (150, [])


def test_a_dead_device_makes_room_for_a_new_one() -> None:
    host, node = Listening(max_devices=2), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("A", number("x", 0.0, 1)), node.dbirth("B", number("x", 0.0, 2)))
    host.hear_all(node.ddeath("A"), node.dbirth("C", number("x", 0.0, 3)))
    assert (devices_of(host), host.quarantined) == ({"B", "C"}, [])
    assert host.host.describe(0)["devices_forgotten"] == 1


def test_a_device_of_a_dead_edge_node_makes_room() -> None:
    host, other, node = Listening(max_devices=1), Speaking(node="M"), Speaking()
    host.hear_all(other.nbirth(), other.dbirth("A", number("x", 0.0, 1)), other.ndeath())
    host.hear_all(node.nbirth(), node.dbirth("B", number("x", 0.0, 1)))
    assert (devices_of(host), host.node("G/M")["devices"]) == ({"B"}, [])


def test_a_device_that_waits_for_its_birth_behind_that_of_its_edge_node_is_alive() -> None:
    host, node = Listening(max_devices=1), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("A", number("x", 0.0, 1)))
    host.pass_time(120, step=10)
    host.hear_all(node.nbirth(), node.dbirth("B"), node.dbirth("A", number("x", 0.0, 1)))
    assert devices_of(host) == {"A"}


def test_a_device_that_made_room_is_known_again_by_its_birth() -> None:
    host, node = Listening(max_devices=1), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("A", number("x", 0.0, 1)), node.ddeath("A"))
    host.hear_all(node.dbirth("B"), node.ddeath("B"), node.dbirth("A", number("y", 1.0, 1)))
    assert values_of(host.hear(*node.data(by_alias(1, 5.0), device="A"))) == {"y": 5.0}
    assert devices_of(host) == {"A"}


def test_devices_of_an_edge_node_that_made_room_count_no_more() -> None:
    host, other, node = Listening(max_nodes=1, max_devices=1), Speaking(node="M"), Speaking()
    host.hear_all(other.nbirth(), other.dbirth("A"), other.ndeath())
    host.hear_all(node.nbirth(), node.dbirth("B"))
    assert (devices_of(host), host.quarantined) == ({"B"}, [])


def test_metrics_of_who_is_dead_make_room_for_those_of_a_birth() -> None:
    host, node = Listening(max_metrics=20), Speaking(node="B")
    first = Speaking(node="A")
    host.hear(*first.nbirth(*(number(f"m{index}", 0.0) for index in range(15))))
    host.hear(*first.ndeath())
    host.hear(*node.nbirth(*(number(f"m{index}", 0.0) for index in range(15))))
    assert (known(host), host.quarantined) == (["B"], [])
    assert host.host._host._interpreter.metrics == 17


def test_metrics_of_a_dead_device_make_room_and_its_edge_node_stays() -> None:
    host, node = Listening(max_metrics=20), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("A", *(number(f"m{index}", 0.0) for index in range(15))))
    host.hear_all(node.ddeath("A"), node.dbirth("B", *(number(f"m{index}", 0.0) for index in range(15))))
    assert (devices_of(host), host.quarantined) == ({"B"}, [])


def test_the_birth_of_a_dead_device_that_is_too_large_does_not_forget_itself() -> None:
    host, node = Listening(max_metrics=20), Speaking()
    host.hear_all(node.nbirth(), node.dbirth("A", number("x", 0.0, 1)), node.ddeath("A"))
    host.hear(*node.dbirth("A", *(number(f"m{index}", 0.0) for index in range(30))))
    assert devices_of(host) == {"A"}
    assert "max_metrics" in host.quarantined[0][1]


def test_names_that_no_birth_tells_keep_to_the_bound_of_all_metrics() -> None:
    host, node = Listening(max_metrics=10, role="passive"), Speaking()
    host.hear(*node.nbirth())
    said = host.hear(*node.data(*(number(f"m{index}", 1.0) for index in range(20))))
    assert (len(values_of(said)), len(rejects_of(said)), host.node()["metrics"]) == (8, 12, 10)


def test_births_that_are_recalled_keep_to_the_bound_of_all_metrics() -> None:
    host = Listening(max_metrics=100)
    for name in ("A", "B", "C"):
        host.hear(*Speaking(node=name).nbirth(*(number(f"m{index}", 0.0, index + 1) for index in range(30))))
    host._options["max_metrics"] = 70
    host.restart()
    assert len(host.host._lifecycle.evidence._recalled) == 2


def test_what_births_from_before_prove_keeps_to_the_bound_of_all_metrics() -> None:
    host = Listening(max_metrics=100)
    for turn in range(2):
        for name in ("A", "B", "C"):
            node = Speaking(node=name)
            host.hear(*node.nbirth(*(number(f"m{turn}-{index}", 0.0, index + 1) for index in range(25 - 24 * turn))))
            host.hear(*node.nbirth(*(number(f"n{turn}-{index}", 0.0, index + 1) for index in range(25 - 24 * turn))))
    kept = sum(len(node.own.before) for node in host.host._nodes)
    assert kept <= host.host._lifecycle.evidence._metrics <= 100


def test_an_edge_node_that_made_room_leaves_no_proofs_behind() -> None:
    host = Listening(max_nodes=1)
    for index in range(5):
        node = Speaking(node=f"N{index}")
        host.hear_all(node.nbirth(number("x", 0.0, 1)), node.nbirth(number("y", 0.0, 1)), node.ndeath())
    assert host.host._lifecycle.evidence._metrics <= 2


def test_places_of_who_made_room_are_not_those_of_others() -> None:
    host = Listening(max_nodes=1, name_patterns=("{line}/{metric}",))
    for index in range(20):
        node = Speaking(node=f"N{index}")
        host.hear_all(node.nbirth(number("L1/x", 1.0, 1)), node.ndeath())
    places = [one.place or {} for one in host.said if getattr(one, "values", {}).keys() == {"x"}]  # type: ignore[union-attr]
    assert {place["node"] for place in places} == {f"N{index}" for index in range(20)}
