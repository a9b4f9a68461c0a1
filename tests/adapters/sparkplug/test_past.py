"""Who was online when the gateway ended is known when it starts again, and stale if nobody hears of it."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, Template, compress
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    series_of,
    stale_of,
    times_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number
from tests.adapters.sparkplug.test_deaths import ms


def known(**options: object) -> tuple[Listening, Speaking]:
    """Return a host that knows an edge node and its device, which name all that they say."""
    host, node = Listening(**options), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0)), node.dbirth("D", number("y", 1.0)))
    return host, node


def test_who_is_not_heard_of_within_a_minute_is_stale_and_so_are_its_values() -> None:
    host, _ = known()
    host.restart()
    said = host.pass_time(61)
    assert presence_of(said) == [("N", None), ("D", None)]
    assert stale_of(said) == {"x", "y"}
    assert (host.node()["state"], host.node()["online"]) == ("stale", True)


def test_nothing_is_said_before_that() -> None:
    host, _ = known()
    host.restart()
    assert host.pass_time(59) == []


def test_it_is_said_once() -> None:
    host, _ = known()
    host.restart()
    host.pass_time(61)
    assert host.pass_time(600) == []


def test_the_time_is_that_at_which_it_is_said() -> None:
    host, _ = known()
    host.restart()
    connected_ms = host.now_ns // 1_000_000
    said = host.pass_time(61)
    assert [ms(time) - connected_ms for time in times_of(said, "x")] == [60_000]
    assert [ms(one.time) - connected_ms for one in observations_of(said, "sparkplug_node")] == [60_000]


def test_the_minute_begins_with_the_connection() -> None:
    host, _ = known()
    host.restart()
    host.pass_time(50)
    host.connect()
    assert host.pass_time(59) == []
    assert stale_of(host.pass_time(2)) == {"x", "y"}


def test_a_connection_that_is_lost_before_makes_all_stale_at_once() -> None:
    host, _ = known()
    host.restart()
    host.lose_connection()
    said = host.pass_time(5)
    assert (presence_of(said), stale_of(said)) == ([("N", None), ("D", None)], {"x", "y"})
    assert host.pass_time(100) == []


def test_where_silence_says_how_long_it_may_be_quiet_that_is_waited() -> None:
    host, _ = known(silence="10m")
    host.restart()
    assert host.pass_time(590, step=5) == []
    assert stale_of(host.pass_time(11)) == {"x", "y"}


def test_one_that_is_silent_for_so_long_is_asked_and_then_taken_for_dead() -> None:
    host, _ = known(silence="10m")
    host.restart()
    said = host.pass_time(640, step=1)
    assert len(host.requests) >= 1
    assert presence_of(said) == [("N", None), ("D", None), ("N", False), ("D", False)]


@pytest.mark.parametrize("kind", ["birth", "data", "death"])
def test_who_is_heard_of_is_not_told_to_be_stale_for_that(kind: str) -> None:
    host, node = known()
    host.restart()
    if kind == "birth":
        host.hear_all(node.nbirth(number("x", 1.0), bdseq=1), node.dbirth("D", number("y", 1.0)))
    else:
        host.hear(*(node.data(by_alias(1, 2.0)) if kind == "data" else node.ndeath()))
    said = host.pass_time(300, step=1)
    assert presence_of(said) == []


def test_a_birth_after_a_restart_tells_all_its_values() -> None:
    host, node = known()
    host.restart()
    assert values_of(host.hear(*node.nbirth(number("x", 1.0)))) == {"x": 1.0}


def test_a_device_that_an_edge_node_is_born_again_without_is_offline() -> None:
    host, node = known()
    host.restart()
    host.hear(*node.nbirth(number("x", 1.0)))
    said = host.pass_time(5)
    assert (presence_of(said), stale_of(said)) == ([("D", False)], {"y"})


def test_a_device_that_was_there_when_the_connection_was_lost_and_is_not_born_again_is_offline() -> None:
    host, node = known()
    host.lose_connection()
    host.connect()
    host.hear(*node.data(number("x", 2.0)))
    host.hear(*node.nbirth(number("x", 1.0)))
    assert presence_of(host.pass_time(5))[-1] == ("D", False)


def test_a_death_after_a_restart_makes_the_values_stale() -> None:
    host, node = known()
    host.restart()
    said = host.hear(*node.ndeath())
    assert (presence_of(said), stale_of(said)) == ([("N", False), ("D", False)], {"x", "y"})


def test_a_device_that_dies_after_a_restart_is_stale_alone() -> None:
    host, node = known()
    host.restart()
    said = host.hear(*node.ddeath("D"))
    assert (presence_of(said), stale_of(said)) == ([("D", False)], {"y"})


def test_who_was_dead_is_not_told_again() -> None:
    host, node = known()
    host.hear(*node.ndeath())
    host.restart()
    assert host.pass_time(61) == []
    assert host.host.describe(host.now_ns)["nodes"] == []


def test_a_device_that_was_dead_is_not_told_again() -> None:
    host, node = known()
    host.hear(*node.ddeath("D"))
    host.restart()
    assert presence_of(host.pass_time(61)) == [("N", None)]


def test_one_that_was_taken_for_dead_because_it_was_silent_is_not_told_again() -> None:
    host, _ = known(silence="10s")
    host.pass_time(60)
    host.restart()
    assert host.pass_time(61) == []


def test_a_device_that_did_not_come_back_with_its_edge_node_is_not_told_again() -> None:
    host, node = known()
    host.hear(*node.nbirth(number("x", 1.0)))
    host.pass_time(5)
    host.restart()
    assert presence_of(host.pass_time(61)) == [("N", None)]


def test_who_was_dead_and_came_back_is_known() -> None:
    host, node = known()
    host.hear_all(node.ndeath(), node.nbirth(number("x", 1.0), bdseq=1))
    host.restart()
    assert presence_of(host.pass_time(61)) == [("N", None)]


def test_it_is_known_after_every_restart() -> None:
    host, _ = known()
    for _ in range(2):
        host.restart()
        assert stale_of(host.pass_time(61)) == {"x", "y"}


def test_a_birth_with_other_names_is_remembered_instead() -> None:
    host, node = known()
    host.hear(*node.nbirth(number("z", 1.0)))
    host.restart()
    assert "z" in stale_of(host.pass_time(61))


def test_a_birth_with_the_same_names_leaves_the_one_that_is_remembered() -> None:
    host, node = known()
    first = host.remembered["G/N"]
    host.restart()
    host.hear(*node.nbirth(number("x", 7.0)))
    assert host.remembered["G/N"] is first


def test_what_is_not_stored_does_not_become_stale() -> None:
    host, node = Listening(ignore=["x"]), Speaking()
    host.hear(*node.nbirth(number("x", 1.0), number("z", 1.0)))
    host.restart()
    assert "x" not in stale_of(host.pass_time(61))


def test_names_that_say_whose_they_are_make_stale_what_is_theirs() -> None:
    host, node = Listening(name_patterns=["{line}/{machine}/{metric...}"]), Speaking()
    host.hear(*node.nbirth(number("L1/Press/x", 1.0), number("L1/Saw/x", 1.0)))
    host.restart()
    places = [dict(one.place or {}) for one in observations_of(host.pass_time(61)) if "x" in one.values]
    assert [(place["line"], place["machine"]) for place in places] == [("L1", "Press"), ("L1", "Saw")]


def test_members_of_a_template_become_stale() -> None:
    host, node = Listening(), Speaking()
    motor = Template(is_definition=False, metrics=(number("a", 1.0), number("b", 1.0)))
    host.hear(*node.nbirth(Metric("M", datatype=DataType.TEMPLATE, value=motor)))
    host.restart()
    assert stale_of(host.pass_time(61)) == {"M/a", "M/b"}


def test_many_are_told_to_be_stale_though_not_at_once() -> None:
    host = Listening()
    for index in range(30):
        host.hear(*Speaking(node=f"N{index}").nbirth(*(number(f"m{one}", 1.0) for one in range(1000))))
    host.restart()
    host.pass_time(59.75)
    first = sum(len(one.values) for one in observations_of(host.pass_time(0.25)))
    rest = sum(len(one.values) for one in observations_of(host.pass_time(2)))
    assert first + rest == 30_000
    assert first <= 21_000


def test_more_than_there_is_room_for_are_passed_over() -> None:
    host = Listening(max_nodes=2)
    host.hear_all(*(Speaking(node=f"N{index}").nbirth(number("x", 1.0)) for index in range(2)))
    host.remembered["G/M"] = host.remembered["G/N0"]._replace(topic="spBv1.0/G/NBIRTH/M")
    host.restart()
    assert len(presence_of(host.pass_time(61))) == 2


@pytest.mark.parametrize("properties", [(), (("born_ns", ""),), (("born_ns", "9" * 5000),), (("born_ns", "-1"),)])
def test_a_note_that_says_nothing_is_passed_over(properties: tuple[tuple[str, str], ...]) -> None:
    host, node = known()
    host.hear(*node.ndeath())
    host.remembered["G/N#"] = host.remembered["G/N#"]._replace(user_properties=properties)
    host.restart()
    assert presence_of(host.pass_time(61)) == [("N", None)]


def test_a_clock_that_is_set_does_not_shorten_the_wait() -> None:
    host, _ = known()
    host.restart()
    host.pass_time(10)
    host.now_ns -= 3600 * 10**9
    assert host.pass_time(45) == []
    assert stale_of(host.pass_time(10)) == {"x", "y"}


def test_a_birth_that_is_not_remembered_makes_nobody_known() -> None:
    host, node = Listening(), Speaking()
    topic, payload = node.nbirth(number("x", 1.0))
    host.hear(topic, compress(payload))
    host.restart()
    assert host.pass_time(61) == []


def test_what_a_passive_host_holds_is_understood_by_the_next_birth_all_the_same() -> None:
    host, node = known(role="passive")
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0)))
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]
