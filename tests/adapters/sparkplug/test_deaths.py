"""Deaths: which of them count, what they end, and since when."""

from __future__ import annotations

from datetime import datetime

import pytest

from adapters.sparkplug.codec import Payload, write
from gateway.models import Decoded
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    qualities_of,
    series_of,
    stale_of,
    times_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import START_MS, Speaking, by_alias, number


def ms(time: object) -> int:
    """Return a time that the host wrote as text in milliseconds since 1970."""
    assert isinstance(time, str)
    return round(datetime.fromisoformat(time[:26] + "Z").timestamp() * 1000)


def born(host: Listening, node: Speaking, *, bdseq: int | None = 5) -> None:
    """Let an edge node with two devices be born, and a while pass."""
    host.hear_all(
        node.nbirth(number("x", 1.0, 1), bdseq=bdseq),
        node.dbirth("D1", number("a", 1.0, 2)),
        node.dbirth("D2", number("b", 1.0, 3)),
    )
    host.pass_time(60, step=30)


def end_of(said: list[Decoded], measurement: str) -> list[int]:
    """Return when it was told to be offline."""
    return [ms(one.time) for one in observations_of(said, measurement) if one.values["online"] is False]


def test_a_death_tells_that_the_edge_node_is_offline_since_it_was_received() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ndeath(5))
    assert end_of(said, "sparkplug_node") == [START_MS + 60_000]


def test_a_death_makes_the_metrics_of_the_edge_node_stale_since_it_was_received() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ndeath(5))
    assert qualities_of(said, "x") == [500]
    assert [ms(time) for time in times_of(said, "x")] == [START_MS + 60_000]


def test_a_death_tells_that_all_devices_are_offline_since_it_was_received() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ndeath(5))
    assert presence_of(said) == [("N", False), ("D1", False), ("D2", False)]
    assert end_of(said, "sparkplug_device") == [START_MS + 60_000] * 2


def test_a_death_makes_the_metrics_of_all_devices_stale_since_it_was_received() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ndeath(5))
    assert stale_of(said) >= {"a", "b"}
    assert [ms(time) for time in times_of(said, "a")] == [START_MS + 60_000]


def test_what_is_stale_has_no_value() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    assert values_of(host.hear(*node.ndeath(5))) == {"x": None, "a": None, "b": None}


def test_what_is_stale_is_so_after_the_last_value_though_its_clock_is_ahead() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    ahead = START_MS + 70_000
    host.hear(*node.data(by_alias(1, 2.0, time_ms=ahead)))
    (time,) = times_of(host.hear(*node.ndeath(5)), "x")
    assert ms(time) == ahead + 1


def test_a_death_of_a_device_ends_only_that_device() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ddeath("D1"))
    assert (presence_of(said), stale_of(said)) == ([("D1", False)], {"a"})


def test_a_device_is_offline_since_the_time_that_its_death_tells() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ddeath("D1", START_MS + 59_000))
    assert end_of(said, "sparkplug_device") == [START_MS + 59_000]


def test_metrics_of_a_device_are_stale_since_the_time_that_its_death_tells() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    said = host.hear(*node.ddeath("D1", START_MS + 59_000))
    assert [ms(time) for time in times_of(said, "a")] == [START_MS + 59_000]


@pytest.mark.parametrize("time_ms", [0, 1_790_000_000, START_MS + 7_200_000])
def test_a_device_s_death_with_an_unbelievable_time_counts_when_it_was_received(time_ms: int) -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    assert end_of(host.hear(*node.ddeath("D1", time_ms)), "sparkplug_device") == [START_MS + 60_000]


def test_a_second_death_of_one_session_says_nothing() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear(*node.ndeath(5))
    assert host.hear(*node.ndeath(5)) == []


def test_a_death_of_an_earlier_session_is_ignored() -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=5)
    assert host.hear(*node.ndeath(4)) == []
    assert host.node()["online"] is True


def test_a_death_of_an_earlier_session_is_a_reason_to_ask() -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=5)
    host.hear(*node.ndeath(4))
    assert host.reasons() == ["the death of another session"]


def test_an_edge_node_that_stays_silent_after_a_doubtful_death_is_dead() -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=5)
    host.hear(*node.ndeath(4))
    assert ("N", False) in presence_of(host.pass_time(11))


def test_an_edge_node_that_speaks_after_a_doubtful_death_lives() -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=5)
    host.hear(*node.ndeath(4))
    host.pass_time(9)
    host.hear(*node.data(by_alias(1, 2.0)))
    assert presence_of(host.pass_time(30)) == []


@pytest.mark.parametrize(("birth", "death"), [(5, 6), (5, 100), (255, 0), (250, 3), (2**64 - 1, 255), (255, 2**64 - 1)])
def test_a_death_that_is_ahead_of_its_birth_counts(birth: int, death: int) -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=birth if birth < 2**63 else -1)
    said = host.hear(*node.ndeath(death if death < 2**63 else -1))
    assert ("N", False) in presence_of(said)


@pytest.mark.parametrize(("birth", "death"), [(5, 4), (5, 133), (0, 255), (3, 250)])
def test_a_death_that_is_behind_its_birth_does_not_count(birth: int, death: int) -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=birth)
    assert host.hear(*node.ndeath(death)) == []


def test_a_death_without_a_number_counts() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    assert ("N", False) in presence_of(host.hear(*node.ndeath(None)))


def test_any_death_counts_after_a_birth_without_a_number() -> None:
    host, node = Listening(), Speaking()
    born(host, node, bdseq=None)
    assert ("N", False) in presence_of(host.hear(*node.ndeath(9)))


@pytest.mark.parametrize("death", [None, 6, 4])
def test_where_it_is_wanted_only_the_number_of_the_birth_counts(death: int | None) -> None:
    host, node = Listening(strict_bdseq=True), Speaking()
    born(host, node, bdseq=5)
    assert host.hear(*node.ndeath(death)) == []


def test_where_it_is_wanted_the_number_of_the_birth_counts() -> None:
    host, node = Listening(strict_bdseq=True), Speaking()
    born(host, node, bdseq=5)
    assert ("N", False) in presence_of(host.hear(*node.ndeath(5)))


def test_an_empty_death_counts() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    assert ("N", False) in presence_of(host.hear(node.topic("NDEATH"), write(Payload(START_MS))))
    assert host.quarantined == []


def test_a_death_without_a_single_byte_counts() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    assert ("N", False) in presence_of(host.hear(node.topic("NDEATH"), b""))


def test_what_waits_for_a_missing_message_is_told_before_the_death() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    node.skip()
    said = host.hear_all(node.data(by_alias(1, 3.0)), node.ndeath(5))
    assert series_of(said, "x") == [3.0, None]
    assert presence_of(said)[0] == ("N", False)
    assert host.waiting == 0


def test_what_waits_for_several_missing_messages_is_told_before_the_death() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    for _ in range(3):
        node.skip()
        host.hear(*node.data(by_alias(1, float(node.seq))))
    assert series_of(host.hear(*node.ndeath(5)), "x") == [3.0, 5.0, 7.0, None]


def test_a_doubtful_death_ends_the_wait_and_nothing_else() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    node.skip()
    said = host.hear_all(node.data(by_alias(1, 3.0)), node.ndeath(4))
    assert (series_of(said, "x"), presence_of(said)) == ([3.0], [])


def test_data_behind_a_death_is_of_another_session() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    node.skip()
    host.hear_all(node.data(by_alias(1, 3.0)), node.ndeath(5))
    assert host.hear(*node.data(by_alias(1, 7.0), seq=3)) == []
    assert series_of(host.hear(*node.nbirth(number("y", 1.0, 1), bdseq=6)), "y") == [1.0, 7.0]


def test_a_birth_of_a_device_of_an_ended_session_makes_nobody_online() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.dbirth("D", number("a", 1.0, 2)), node.ndeath(5))
    said = host.hear(*node.nbirth(bdseq=6))
    assert presence_of(said) == [("N", True)]
    assert "ended before" in host.quarantined[0][1]


def test_after_a_death_data_waits_for_the_next_birth() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear(*node.ndeath(5))
    assert host.hear(*node.data(by_alias(1, 2.0))) == []
    assert host.waiting == 1


def test_a_death_of_an_unknown_edge_node_says_that_it_is_offline() -> None:
    host = Listening()
    assert presence_of(host.hear(*Speaking().ndeath(0))) == [("N", False)]


def test_a_death_of_an_unknown_device_says_that_it_is_offline() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth())
    assert presence_of(host.hear(*node.ddeath("D"))) == [("D", False)]


def test_a_device_may_come_back() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear(*node.ddeath("D1"))
    said = host.hear(*node.dbirth("D1", number("a", 1.0, 2)))
    assert (presence_of(said), values_of(said)) == ([("D1", True)], {"a": 1.0})


def test_an_edge_node_may_come_back() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear(*node.ndeath(5))
    said = host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=6))
    assert (presence_of(said), values_of(said)) == ([("N", True)], {"x": 1.0})


def test_presence_is_told_in_times_that_grow() -> None:
    host, node = Listening(), Speaking()
    said = []
    for bdseq in range(3):
        said += host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=bdseq))
        said += host.hear(*node.ndeath(bdseq))
    times = [str(one.time) for one in observations_of(said, "sparkplug_node")]
    assert times == sorted(set(times))


def test_deaths_are_counted() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear_all(node.ddeath("D1"), node.ndeath(5))
    assert (host.node()["deaths"], host.device("D1")["deaths"]) == (1, 1)


def test_an_edge_node_that_died_is_offline_since_then() -> None:
    host, node = Listening(), Speaking()
    born(host, node)
    host.hear(*node.ndeath(5))
    assert (host.node()["state"], host.node()["since_ns"]) == ("offline", host.now_ns)


def test_silence_is_a_reason_to_ask_where_it_is_wanted() -> None:
    host, node = Listening(silence="1min"), Speaking()
    host.hear(*node.nbirth())
    host.pass_time(61, step=1)
    assert host.reasons() == ["silence"]


def test_an_edge_node_that_stays_silent_when_it_is_asked_is_dead_where_that_is_wanted() -> None:
    host, node = Listening(silence="1min"), Speaking()
    host.hear(*node.nbirth(number("x", 1.0)))
    said = host.pass_time(75, step=1)
    assert (presence_of(said), stale_of(said)) == ([("N", False)], {"x"})


def test_silence_means_nothing_by_default() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0)))
    assert host.pass_time(86_400, step=600) == []
