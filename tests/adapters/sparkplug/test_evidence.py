"""Aliases of what waited while nobody heard the edge node: understood where births from before prove them, or not."""

from __future__ import annotations

import pytest

from adapters.sparkplug.codec import DataType, Metric, compress
from gateway.models import Origin
from tests.adapters.sparkplug.listening import (
    Listening,
    observations_of,
    presence_of,
    rejects_of,
    series_of,
    values_of,
)
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number

GIVEN_ANEW = "may have been given anew since"


def held_over_a_restart(*born: Metric, **options: object) -> tuple[Listening, Speaking]:
    """Return a host that knew this birth, was restarted, held 5.0 by alias 1, and was restarted again."""
    host, node = Listening(**options), Speaking()
    host.hear(*node.nbirth(*born))
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.restart()
    return host, node


def reasons(host: Listening) -> list[str]:
    """Return why messages were set aside."""
    return [reason for _, reason in host.quarantined]


def test_what_waited_over_a_restart_is_told_if_births_before_and_after_agree() -> None:
    host, node = held_over_a_restart(number("x", 1.0, 1))
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]


def test_it_is_set_aside_if_its_alias_has_another_name_now() -> None:
    host, node = held_over_a_restart(number("x", 1.0, 1))
    said = host.hear(*node.nbirth(number("y", 1.0, 1), number("x", 2.0, 2), bdseq=1))
    assert (values_of(said), len(host.quarantined)) == ({"y": 1.0, "x": 2.0}, 1)
    assert GIVEN_ANEW in reasons(host)[0]


def test_it_is_set_aside_if_its_alias_has_another_type_now() -> None:
    host, node = held_over_a_restart(number("x", 1.0, 1))
    host.hear(*node.nbirth(Metric("x", 1, datatype=DataType.INT32, value=1)))
    assert GIVEN_ANEW in reasons(host)[0]


def test_it_is_set_aside_if_no_birth_was_known_before() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.restart()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert GIVEN_ANEW in reasons(host)[0]


def test_one_alias_in_doubt_is_enough_to_set_a_message_aside() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 1.0, 2)))
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0), by_alias(2, 5.0)))
    host.restart()
    said = host.hear(*node.nbirth(number("x", 1.0, 1), number("z", 1.0, 2)))
    assert (5.0 in values_of(said).values(), len(host.quarantined)) == (False, 1)


def test_an_alias_that_only_others_gave_away_harms_nothing() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 1.0, 2)))
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.restart()
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1), number("z", 1.0, 2))), "x") == [1.0, 5.0]


def test_a_passive_host_takes_the_next_birth() -> None:
    host, node = held_over_a_restart(role="passive")
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]
    assert host.quarantined == []


def test_what_names_itself_needs_no_proof() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(number("x", 5.0)))
    host.restart()
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [1.0, 5.0]


def test_what_came_over_the_present_connection_needs_no_proof() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0)))
    assert series_of(host.hear(*node.nbirth(number("y", 1.0, 1), bdseq=1)), "y") == [1.0, 5.0]


def test_what_waited_over_a_lost_connection_is_told_if_births_before_and_after_agree() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    for _ in range(2):
        host.lose_connection()
        host.connect()
        node.skip()
        host.hear(*node.data(by_alias(1, 5.0)))
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x") == [5.0, 5.0]


def test_what_waited_over_a_lost_connection_is_set_aside_if_they_do_not() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.lose_connection()
    host.connect()
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.lose_connection()
    host.connect()
    assert 5.0 not in values_of(host.hear(*node.nbirth(number("y", 1.0, 1), bdseq=1))).values()
    assert GIVEN_ANEW in reasons(host)[0]


def test_data_of_a_session_that_ended_is_told_if_the_births_before_and_after_it_agree() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.restart()
    host.hear_all(node.data(by_alias(1, 5.0)), node.ndeath())
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1), bdseq=1)), "x") == [1.0, 5.0]


def test_a_birth_behind_a_message_proves_nothing_of_it() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.data(by_alias(1, 5.0), device="D"))
    host.restart()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.nbirth(number("x", 1.0, 1)))
    host.hear(*node.dbirth("D", number("y", 1.0, 2)))
    assert GIVEN_ANEW in reasons(host)[0]


def test_aliases_of_a_device_are_proved_by_births_of_the_device() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.dbirth("D", number("y", 1.0, 1)))
    host.restart()
    host.hear(*node.data(by_alias(1, 5.0), device="D"))
    host.restart()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    assert series_of(host.hear(*node.dbirth("D", number("y", 1.0, 1))), "y") == [1.0, 5.0]


def test_data_of_a_device_that_died_before_its_birth_is_set_aside() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(), node.data(by_alias(1, 5.0), device="D"), node.ddeath("D"))
    host.hear(*node.dbirth("D", number("y", 1.0, 1)))
    assert GIVEN_ANEW in reasons(host)[0]


def test_a_birth_of_a_device_that_waited_over_a_restart_tells_its_values_and_no_aliases() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.dbirth("D", number("y", 5.0, 1)), node.data(by_alias(1, 6.0), device="D"))
    host.restart()
    host.hear(*node.data(by_alias(1, 7.0), device="D"))
    said = host.hear_all(node.nbirth(bdseq=1), node.dbirth("D", number("z", 1.0, 1), number("y", 1.0, 2)))
    assert (series_of(said, "y"), series_of(said, "z")) == ([1.0, 5.0], [1.0, 7.0])
    assert GIVEN_ANEW in reasons(host)[0]


def test_the_value_of_such_a_birth_is_told_as_history() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.dbirth("D", number("y", 5.0, 1)))
    host.restart()
    said = host.hear_all(node.nbirth(bdseq=1), node.dbirth("D", number("y", 1.0, 1)))
    assert [one.origin for one in observations_of(said) if "y" in one.values] == [Origin.LIVE, Origin.HISTORICAL]


def test_a_retained_birth_proves_nothing_and_hides_no_proof() -> None:
    host, node = held_over_a_restart(number("x", 1.0, 1))
    host.hear(*node.nbirth(number("x", 1.0, 1)), retained=True)
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 1))), "x")[-1] == 5.0
    assert host.quarantined == []


def test_what_is_missing_while_the_connection_is_lost_does_not_prove_that_nothing_was_missed() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    host.lose_connection()
    assert values_of(host.pass_time(5)) == {"x": 5.0}
    assert presence_of(host.said)[-1] == ("N", None)
    host.connect()
    node.nbirth()
    assert host.hear(*node.data(by_alias(1, 6.0))) == []


def test_a_birth_is_remembered_once() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    first = host.remembered["G/N"]
    host.hear_all(node.nbirth(number("x", 2.0, 1)), node.nbirth(number("x", 3.0, 1), bdseq=1))
    assert host.remembered["G/N"] is first


def test_a_birth_like_the_one_that_was_recalled_is_not_remembered_again() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.dbirth("D", number("y", 1.0, 2)))
    first = dict(host.remembered)
    host.restart()
    host.hear_all(node.nbirth(number("x", 2.0, 1)), node.dbirth("D", number("y", 2.0, 2)))
    assert [host.remembered[key] for key in ("G/N", "G/N/D")] == [first[key] for key in ("G/N", "G/N/D")]


def test_a_birth_with_other_aliases_is_remembered_instead() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.nbirth(number("x", 1.0, 2)))
    host.restart()
    host.hear(*node.data(by_alias(2, 5.0)))
    host.restart()
    assert series_of(host.hear(*node.nbirth(number("x", 1.0, 2))), "x") == [1.0, 5.0]


def test_births_of_devices_are_remembered_beside_that_of_their_edge_node() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.dbirth("D", number("y", 1.0, 2)))
    assert {"G/N", "G/N/D"} <= host.remembered.keys()


def test_when_the_last_one_came_is_remembered_beside_each() -> None:
    host, node = Listening(), Speaking()
    host.hear_all(node.nbirth(number("x", 1.0, 1)), node.nbirth(number("x", 1.0, 1)))
    note = host.remembered["G/N#"]
    assert (note.payload, note.user_properties) == (b"", (("born_ns", str(host.now_ns)),))


def test_a_birth_of_more_than_a_mebibyte_is_not_remembered() -> None:
    host, node = Listening(), Speaking()
    large = Metric("s", datatype=DataType.STRING, value="s" * 2**20)
    host.hear(*node.nbirth(number("x", 1.0, 1), large))
    assert host.remembered == {}


def test_a_compressed_birth_is_not_remembered() -> None:
    host, node = Listening(), Speaking()
    topic, payload = node.nbirth(number("x", 1.0, 1))
    host.hear(topic, compress(payload))
    assert host.remembered == {}


def test_all_births_that_are_remembered_have_a_bound() -> None:
    host = Listening()
    large = Metric("s", datatype=DataType.STRING, value="s" * (2**20 - 200))
    for index in range(70):
        host.hear(*Speaking(node=f"N{index}").nbirth(number("x", 1.0, 1), large))
    assert 60 <= sum(bool(one.payload) for one in host.remembered.values()) <= 64
    assert len(host.remembered) <= 2 * 64


def test_data_by_alias_still_waits_for_a_birth() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.restart()
    assert host.hear(*node.data(by_alias(1, 5.0))) == []
    assert host.waiting == 1


@pytest.mark.parametrize("payload", [b"\xff", b""])
def test_a_remembered_birth_that_cannot_be_read_is_passed_over(payload: bytes) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    host.remembered["G/N"] = host.remembered["G/N"]._replace(payload=payload)
    host.restart()
    assert values_of(host.hear(*node.nbirth(number("x", 1.0, 1)))) == {"x": 1.0}


def test_two_metrics_with_one_alias_prove_nothing() -> None:
    host, node = held_over_a_restart(number("x", 1.0, 1), number("y", 1.0, 1))
    said = host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 1.0, 2)))
    assert (series_of(said, "x"), rejects_of(said)) == ([1.0], [])
    assert len(host.quarantined) == 1


def test_what_waited_for_a_missing_message_is_not_read_by_a_birth_that_gives_its_aliases_anew() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1), number("y", 1.0, 2)))
    node.skip()
    host.hear(*node.data(by_alias(1, 5.0)))
    said = host.hear(*node.nbirth(number("x", 2.0, 2), number("y", 2.0, 1)))
    assert (series_of(said, "x"), series_of(said, "y")) == ([2.0], [2.0])
    assert "to another metric" in host.quarantined[0][1]


def test_after_a_birth_that_cannot_be_read_no_alias_holds() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", 1.0, 1)))
    topic, payload = node.nbirth(number("y", 1.0, 1))
    host.hear(topic, payload[:-3])
    assert host.hear(*node.data(by_alias(1, 5.0))) == []
    assert series_of(host.hear(*node.nbirth(number("y", 2.0, 1))), "x") == []
