"""STATE certificates: what a primary host tells of itself, when, and with which time."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from pydantic import ValidationError

from adapters.sparkplug.adapter import Sparkplug
from adapters.sparkplug.state import LegacyState
from gateway.models import Command, Message
from tests.adapters.sparkplug.speaking import MILLISECOND_NS, START_MS

TOPIC = "spBv1.0/STATE/scada"
NOW_NS = START_MS * MILLISECOND_NS
LATER_NS = NOW_NS + 5_000 * MILLISECOND_NS


def primary(**options: object) -> Sparkplug:
    return Sparkplug(**({"role": "primary", "host_id": "scada"} | options))


def connected(at_ns: int = NOW_NS) -> Sparkplug:
    """Return a primary host that is connected."""
    host = primary()
    host.will(at_ns)
    list(host.connected(at_ns))
    return host


def said(commands: Iterable[Command]) -> list[tuple[bool, int]]:
    """Return what certificates say: online, and the time."""
    told = [json.loads(command.payload) for command in commands]
    assert all(set(one) == {"online", "timestamp"} for one in told)
    return [(one["online"], one["timestamp"]) for one in told]


def hear(host: Sparkplug, payload: bytes, *, retained: bool = False) -> list[Command]:
    """Give the host a message on its own topic; return what it publishes."""
    things = list(host.decode(Message(TOPIC, payload, LATER_NS, retained=retained)))
    assert all(isinstance(thing, Command) for thing in things)
    return [thing for thing in things if isinstance(thing, Command)]


def test_the_will_is_a_death_with_the_time_of_the_connection() -> None:
    will = primary().will(NOW_NS)
    assert will is not None
    assert said([will]) == [(False, START_MS)]


def test_the_will_goes_to_the_own_topic_at_qos_1_and_is_retained() -> None:
    will = primary().will(NOW_NS)
    assert will is not None
    assert (will.topic, will.qos, will.retain) == (TOPIC, 1, True)


def test_each_connection_has_a_will_with_a_time_of_its_own() -> None:
    host = primary()
    wills = [host.will(NOW_NS), host.will(LATER_NS)]
    assert said(will for will in wills if will) == [(False, START_MS), (False, START_MS + 5_000)]


def test_the_birth_has_the_time_of_the_will() -> None:
    host = primary()
    host.will(NOW_NS)
    assert said(host.connected(LATER_NS)) == [(True, START_MS)]


def test_the_birth_goes_to_the_own_topic_at_qos_1_and_is_retained() -> None:
    (birth,) = primary().connected(NOW_NS)
    assert (birth.topic, birth.qos, birth.retain) == (TOPIC, 1, True)


def test_the_birth_is_all_that_is_published_first() -> None:
    assert len(list(primary().connected(NOW_NS))) == 1


def test_a_time_is_cut_to_milliseconds_and_not_rounded() -> None:
    will = primary().will(NOW_NS + MILLISECOND_NS - 1)
    assert will is not None
    assert said([will]) == [(False, START_MS)]


def test_the_own_state_is_subscribed_to_before_the_edge_nodes() -> None:
    assert primary().subscriptions() == [(TOPIC, 1), ("spBv1.0/#", 1)]


def test_only_the_wanted_groups_are_subscribed_to() -> None:
    assert [one for one, _ in primary(groups=("A", "B")).subscriptions()] == [TOPIC, "spBv1.0/A/#", "spBv1.0/B/#"]


def test_a_death_with_the_time_of_now_is_published_before_it_leaves() -> None:
    assert said(connected().disconnecting(LATER_NS)) == [(False, START_MS + 5_000)]


def test_that_death_goes_to_the_own_topic_at_qos_1_and_is_retained() -> None:
    (death,) = connected().disconnecting(LATER_NS)
    assert (death.topic, death.qos, death.retain) == (TOPIC, 1, True)


def test_a_death_is_never_older_than_the_birth_it_ends() -> None:
    assert said(connected(LATER_NS).disconnecting(NOW_NS)) == [(False, START_MS + 5_000)]


def test_an_offline_state_of_its_own_is_contradicted_with_the_time_of_the_connection() -> None:
    assert said(hear(connected(), b'{"online":false,"timestamp":1}')) == [(True, START_MS)]


def test_a_late_death_of_its_own_is_contradicted_whatever_its_time() -> None:
    payload = json.dumps({"online": False, "timestamp": START_MS + 10_000}).encode()
    assert said(hear(connected(), payload)) == [(True, START_MS)]


def test_each_offline_state_is_contradicted_once() -> None:
    host = connected()
    assert [len(hear(host, b'{"online":false,"timestamp":1}')) for _ in range(3)] == [1, 1, 1]


def test_its_own_birth_needs_no_answer() -> None:
    assert hear(connected(), json.dumps({"online": True, "timestamp": START_MS}).encode()) == []


def test_a_retained_death_of_an_earlier_life_is_contradicted() -> None:
    assert said(hear(connected(), b'{"online":false,"timestamp":1}', retained=True)) == [(True, START_MS)]


def test_nothing_is_contradicted_before_the_birth() -> None:
    host = primary()
    host.will(NOW_NS)
    assert hear(host, b'{"online":false,"timestamp":1}') == []


def test_nothing_is_contradicted_after_its_own_death() -> None:
    host = connected()
    list(host.disconnecting(LATER_NS))
    assert hear(host, b'{"online":false,"timestamp":1}') == []


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"true", b"\xff\xfe", b'{"online":null}', b'{"x":1}'])
def test_what_is_no_certificate_is_no_reason_to_say_anything(payload: bytes) -> None:
    assert hear(connected(), payload) == []


def test_a_certificate_of_any_size_or_depth_costs_nothing() -> None:
    assert hear(connected(), b"[" * 100_000) == []
    assert hear(connected(), b"[" * 4_000) == []


def test_offline_in_the_words_of_2_2_is_contradicted_too() -> None:
    assert said(hear(connected(), b"OFFLINE")) == [(True, START_MS)]


def test_while_the_spool_takes_nothing_it_says_offline_with_the_time_of_the_connection() -> None:
    host = connected()
    assert said(host.accepting(False, LATER_NS)) == [(False, START_MS)]  # noqa: FBT003  # as the seam has it


def test_when_the_spool_takes_more_again_it_says_online_with_the_time_of_the_connection() -> None:
    host = connected()
    list(host.accepting(False, LATER_NS))  # noqa: FBT003
    assert said(host.accepting(True, LATER_NS)) == [(True, START_MS)]  # noqa: FBT003


def test_it_says_so_once() -> None:
    host = connected()
    list(host.accepting(False, LATER_NS))  # noqa: FBT003
    assert list(host.accepting(False, LATER_NS)) == []  # noqa: FBT003


def test_while_the_spool_takes_nothing_its_own_offline_stands() -> None:
    host = connected()
    list(host.accepting(False, LATER_NS))  # noqa: FBT003
    assert hear(host, b'{"online":false,"timestamp":1}') == []


def test_it_connects_as_offline_while_the_spool_takes_nothing() -> None:
    host = primary()
    assert list(host.accepting(False, NOW_NS)) == []  # noqa: FBT003
    host.will(NOW_NS)
    assert said(host.connected(NOW_NS)) == [(False, START_MS)]


def test_nothing_is_said_without_a_connection() -> None:
    host = connected()
    host.disconnected(LATER_NS)
    assert list(host.accepting(False, LATER_NS)) == []  # noqa: FBT003


def test_after_another_connection_it_contradicts_with_the_time_of_that() -> None:
    host = connected()
    host.disconnected(LATER_NS)
    host.will(LATER_NS)
    list(host.connected(LATER_NS))
    assert said(hear(host, b'{"online":false,"timestamp":1}')) == [(True, START_MS + 5_000)]


def test_hosts_of_two_brokers_have_times_of_their_own() -> None:
    first, second = connected(NOW_NS), connected(LATER_NS)
    answers = hear(first, b'{"online":false}') + hear(second, b'{"online":false}')
    assert said(answers) == [(True, START_MS), (True, START_MS + 5_000)]


@pytest.mark.parametrize("role", ["passive", "active"])
def test_a_host_that_is_not_primary_tells_no_state(role: str) -> None:
    host = Sparkplug(role=role, host_id="scada")
    assert host.will(NOW_NS) is None
    assert list(host.connected(NOW_NS)) == list(host.disconnecting(NOW_NS)) == []
    assert list(host.accepting(False, NOW_NS)) == []  # noqa: FBT003


@pytest.mark.parametrize("role", ["passive", "active"])
def test_a_host_that_is_not_primary_subscribes_to_no_state_of_its_own(role: str) -> None:
    assert Sparkplug(role=role).subscriptions() == [("spBv1.0/#", 1)]


def test_a_passive_host_may_publish_nothing() -> None:
    assert Sparkplug().may_publish == ()


def test_an_active_host_may_publish_commands_to_edge_nodes_and_nothing_else() -> None:
    assert Sparkplug(role="active").may_publish == ("spBv1.0/+/NCMD/+",)


def test_a_primary_host_may_publish_its_state_as_well() -> None:
    assert primary().may_publish == ("spBv1.0/+/NCMD/+", TOPIC)


def test_a_primary_host_needs_a_name() -> None:
    with pytest.raises(ValidationError, match="host_id"):
        Sparkplug(role="primary")


@pytest.mark.parametrize("name", ["a/b", "+", "#", "a\0"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="host_id"):
        primary(host_id=name)


@pytest.mark.parametrize("group", ["", "a/b", "+", "#"])
def test_a_group_that_cannot_stand_in_a_topic_is_refused(group: str) -> None:
    with pytest.raises(ValidationError, match="no group"):
        primary(groups=(group,))


def legacy() -> LegacyState:
    companion = primary(legacy_state=True).companion()
    assert companion is not None
    return companion


def test_the_legacy_state_is_told_over_a_second_connection_only_where_it_is_wanted() -> None:
    assert primary().companion() is None


def test_the_legacy_state_needs_a_primary_host() -> None:
    with pytest.raises(ValidationError, match="legacy_state needs"):
        Sparkplug(role="active", legacy_state=True)


def test_the_legacy_will_is_offline_retained_at_qos_1() -> None:
    assert legacy().will(NOW_NS) == Command("STATE/scada", b"OFFLINE", 1, retain=True)


def test_the_legacy_birth_is_online() -> None:
    assert list(legacy().connected(NOW_NS)) == [Command("STATE/scada", b"ONLINE", 1, retain=True)]


def test_the_legacy_death_is_offline() -> None:
    session = legacy()
    list(session.connected(NOW_NS))
    assert list(session.disconnecting(NOW_NS)) == [Command("STATE/scada", b"OFFLINE", 1, retain=True)]


def test_the_legacy_state_is_offline_while_the_spool_takes_nothing() -> None:
    session = legacy()
    list(session.connected(NOW_NS))
    said = [*session.accepting(False, NOW_NS), *session.accepting(True, NOW_NS)]  # noqa: FBT003
    assert [command.payload for command in said] == [b"OFFLINE", b"ONLINE"]


def test_the_legacy_connection_only_speaks() -> None:
    session = legacy()
    assert session.subscriptions() == ()
    assert session.may_publish == ("STATE/scada",)


def test_a_host_tells_whether_it_is_online() -> None:
    host = primary()
    online = [host.describe(NOW_NS)["online"]]
    list(host.connected(NOW_NS))
    online.append(host.describe(NOW_NS)["online"])
    list(host.accepting(False, NOW_NS))  # noqa: FBT003
    online.append(host.describe(NOW_NS)["online"])
    list(host.accepting(True, NOW_NS))  # noqa: FBT003
    host.disconnected(NOW_NS)
    online.append(host.describe(NOW_NS)["online"])
    assert online == [False, True, False, False]
