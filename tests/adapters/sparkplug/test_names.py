"""Names of metrics: which are not stored, and which say whose they are."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.sparkplug.adapter import Sparkplug
from adapters.sparkplug.names import Named, NamePattern, Names
from tests.adapters.sparkplug.listening import Listening, observations_of, stale_of, values_of
from tests.adapters.sparkplug.speaking import Speaking, number

PATTERNS = ("{line}/{machine}/{metric...}",)


def test_a_name_that_fits_says_whose_it_is() -> None:
    assert NamePattern.parse(PATTERNS[0]).match("L1/Press/Motor/Speed") == Named(
        "Motor/Speed", {"line": "L1", "machine": "Press"}
    )


def test_a_word_takes_one_level() -> None:
    assert NamePattern.parse("{machine}/{metric}").match("L1/Press/Speed") is None


def test_a_level_may_be_fixed() -> None:
    pattern = NamePattern.parse("Machines/{machine}/{metric}")
    assert pattern.match("Machines/M1/Speed") == Named("Speed", {"machine": "M1"})
    assert pattern.match("Others/M1/Speed") is None


def test_signs_of_fixed_levels_mean_themselves() -> None:
    assert NamePattern.parse("a.b/{metric}").match("aXb/x") is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{machine}", "lacks"),
        ("{metric...}/{machine}", "at the end"),
        ("{machine...}/{metric}", "at the end"),
        ("{a}/{a}/{metric}", "twice"),
        ("{Machine}/{metric}", "not understood"),
        ("x{a}/{metric}", "not understood"),
        ("", "lacks"),
    ],
)
def test_a_wrong_pattern_is_told(pattern: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Sparkplug(name_patterns=(pattern,))


def test_the_first_pattern_that_fits_is_taken() -> None:
    names = Names(("A/{machine}/{metric}", "{line}/{machine}/{metric}"), ())
    assert names.read("A/M/x") == Named("x", {"machine": "M"})
    assert names.read("B/M/x") == Named("x", {"line": "B", "machine": "M"})


def test_a_name_that_fits_no_pattern_is_itself() -> None:
    assert Names(PATTERNS, ()).read("Speed") == Named("Speed", {})


def test_values_of_several_machines_in_one_message_are_told_apart() -> None:
    host, node = Listening(name_patterns=PATTERNS), Speaking()
    host.hear(*node.nbirth(number("L1/M1/x", 0.0, 1), number("L1/M2/x", 0.0, 2)))
    said = observations_of(host.hear(*node.data(number("", 1.0, 1), number("", 2.0, 2))))
    assert [((one.place or {})["machine"], dict(one.values)) for one in said] == [
        ("M1", {"x": 1.0}),
        ("M2", {"x": 2.0}),
    ]


def test_words_of_a_name_stand_beside_those_of_the_topic() -> None:
    host, node = Listening(name_patterns=PATTERNS), Speaking()
    (one,) = observations_of(host.hear(*node.nbirth(number("L1/M1/x", 0.0))))
    assert one.place == {"group": "G", "node": "N", "machine": "M1", "line": "L1"}


def test_further_words_of_patterns_are_words_for_templates() -> None:
    assert Sparkplug(name_patterns=PATTERNS).place_names == ("group", "node", "machine", "line")


def test_equal_names_of_two_machines_keep_their_own_last_values() -> None:
    host, node = Listening(name_patterns=PATTERNS), Speaking()
    host.hear(*node.nbirth(number("L1/M1/x", 1.0), number("L1/M2/x", 2.0)))
    said = host.hear(*node.nbirth(number("L1/M1/x", 1.0), number("L1/M2/x", 3.0)))
    assert [dict(one.values) for one in observations_of(said)] == [{"x": 3.0}]


def test_what_is_stale_is_told_of_each_machine() -> None:
    host, node = Listening(name_patterns=PATTERNS), Speaking()
    host.hear(*node.nbirth(number("L1/M1/x", 1.0), number("L1/M2/x", 2.0)))
    said = [one for one in observations_of(host.hear(*node.ndeath())) if stale_of([one])]
    assert sorted((one.place or {})["machine"] for one in said) == ["M1", "M2"]


@pytest.mark.parametrize("name", ["bdSeq", "Node Control/Reboot", "Device Control/Rebirth", "Node Control/"])
def test_what_serves_the_protocol_is_not_stored(name: str) -> None:
    host, node = Listening(), Speaking()
    assert values_of(host.hear(*node.nbirth(number(name, 1.0), number("x", 2.0)))) == {"x": 2.0}


def test_what_is_to_be_ignored_can_be_named() -> None:
    host, node = Listening(ignore=("Debug/*", "secret")), Speaking()
    said = host.hear(*node.nbirth(number("Debug/a/b", 1.0), number("secret", 2.0), number("secrets", 3.0), bdseq=None))
    assert values_of(said) == {"Node Control/Rebirth": False, "secrets": 3.0}


def test_data_of_an_ignored_metric_is_understood_and_not_told() -> None:
    host, node = Listening(ignore=("secret",)), Speaking()
    host.hear(*node.nbirth(number("secret", 1.0, 7), number("x", 1.0, 8)))
    assert values_of(host.hear(*node.data(number("", 2.0, 7), number("", 2.0, 8)))) == {"x": 2.0}
    assert host.reasons() == []


@pytest.mark.parametrize("name", ["time", "a,b", "a=b", 'a"b', "a\\b", "/lead", "trail/", "a//b", "ü", " ", "A/B/C"])
def test_a_name_may_be_any_text(name: str) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number(name, 1.0)))
    assert values_of(host.hear(*node.data(number(name, 2.0)))) == {name: 2.0}


def test_names_that_differ_only_by_case_are_told_apart() -> None:
    host, node = Listening(), Speaking()
    said = host.hear(*node.nbirth(number("x", 1.0), number("X", 2.0)))
    assert values_of(said) == {"x": 1.0, "X": 2.0}


def test_a_folder_may_be_a_metric_as_well() -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("Motor", 1.0), number("Motor/Speed", 2.0)))
    assert values_of(host.hear(*node.data(number("Motor", 3.0), number("Motor/Speed", 4.0)))) == {
        "Motor": 3.0,
        "Motor/Speed": 4.0,
    }


def test_a_device_that_names_tell_is_the_machine_and_a_tag() -> None:
    host, node = Listening(name_patterns=("{device}/{metric}",)), Speaking()
    said = observations_of(host.hear(*node.nbirth(number("A/x", 1.0), number("B/x", 2.0))))
    assert [((one.place or {})["machine"], (one.place or {})["device"]) for one in said] == [("A", "A"), ("B", "B")]
    assert ("device" in host.host.place_names, "device" in host.host.further_words) == (True, False)


def test_a_device_beside_a_machine_is_a_tag() -> None:
    host, node = Listening(name_patterns=("{machine}/{device}/{metric}",)), Speaking()
    (one,) = observations_of(host.hear(*node.nbirth(number("M/A/x", 1.0))))
    assert one.place == {"group": "G", "node": "N", "machine": "M", "device": "A"}
    assert "device" in host.host.place_names


def test_a_device_that_only_topics_tell_is_no_tag_but_the_machine() -> None:
    host = Listening().host
    assert ("device" in host.place_names, "device" in host.further_words) == (False, True)
