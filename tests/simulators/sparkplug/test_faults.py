"""All faults: what is said of them is true, and nothing else changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.sparkplug.codec import Metric, read
from simulators.sparkplug.faults import FAULTS, make_faults
from simulators.sparkplug.messages import Action
from tests.simulators.sparkplug.scenes import a_node, published, session

ONLY: dict[str, set[str]] = {
    "alias_reused_across_devices": {"alias"},
    "alias_zero": {"alias"},
    "alias_of_all": {"alias"},
    "no_aliases": {"alias", "name"},
    "name_and_alias": {"name"},
    "births_without_names": {"name"},
    "data_names_differ_from_birth": {"alias", "name", "datatype"},
    "seq_skip_duplicate": {"seq"},
    "nbirth_seq_not_zero": {"seq"},
    "seq_absent_when_zero": {"seq"},
    "wrong_bdseq_death": {"bdSeq"},
    "will_bdseq_zero": {"bdSeq"},
    "bdseq_constant": {"bdSeq", "datatype"},
    "bdseq_jumps": {"bdSeq"},
    "bdseq_every_message": {"bdSeq"},
    "no_bdseq": {"bdSeq"},
    "ddeath_bdseq_no_seq": {"bdSeq", "seq"},
    "retained_birth": {"retain"},
    "qos1_births": {"qos"},
    "rebirth_ignored": set(),
    "first_rebirth_ignored": set(),
    "rebirth_as_reconnect": set(),
    "rebirth_as_death_and_birth": set(),
    "rebirth_of_devices_only": set(),
    "legacy_state": set(),
    "same_descriptor_twice": set(),
    "timestamps_missing": {"timestamp"},
    "timestamps_nowhere": {"timestamp"},
    "timestamps_in_seconds": {"timestamp"},
    "timestamps_in_microseconds": {"timestamp"},
    "timestamps_in_nanoseconds": {"timestamp"},
    "timestamps_zero": {"timestamp"},
    "timestamps_future": {"timestamp"},
    "timestamps_of_start": {"timestamp"},
    "history_flush_unmarked": {"historical"},
    "datatypes_in_data": {"datatype"},
    "quality_property_bad": {"properties"},
    "properties_without_type": {"properties"},
    "compressed_deflate": set(),
    "compressed_gzip": set(),
}
"""Faults that add and take away no message and no value, and the aspects that they change."""

VISIBLE = {name: aspects for name, aspects in ONLY.items() if aspects}


def facts(actions: list[Action], leaving_out: set[str]) -> list[object]:
    """Return everything that was said, but for some aspects."""

    def unless(aspect: str, value: object) -> object:
        return None if aspect in leaving_out else value

    def of(metric: Metric) -> object:
        return (
            unless("name", metric.name),
            unless("alias", metric.alias),
            unless("timestamp", metric.timestamp),
            unless("datatype", metric.datatype),
            unless("historical", metric.is_historical),
            unless("properties", dict(metric.properties)),
            (metric.value, metric.field, metric.is_null, metric.is_transient, metric.fault),
        )

    said: list[object] = []
    for publication in published(actions):
        payload = read(publication.payload)
        metrics = [of(each) for each in payload.metrics if each.name != "bdSeq" or "bdSeq" not in leaving_out]
        envelope = unless("qos", publication.qos), unless("retain", publication.retain)
        times = unless("timestamp", payload.timestamp), unless("seq", payload.seq)
        said.append((publication.topic, *envelope, *times, metrics))
    return said


@pytest.mark.parametrize(("name", "aspects"), ONLY.items())
def test_a_fault_changes_nothing_else(name: str, aspects: set[str]) -> None:
    assert facts(session(a_node(name)), aspects) == facts(session(a_node()), aspects)


@pytest.mark.parametrize("name", VISIBLE)
def test_a_fault_changes_something(name: str) -> None:
    assert facts(session(a_node(name)), set()) != facts(session(a_node()), set())


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_node_says_the_same_bytes_for_the_same_times(name: str) -> None:
    assert session(a_node(name)) == session(a_node(name))


@pytest.mark.parametrize("name", sorted({*FAULTS} - {"malformed_payload", "truncated_payload", "state_in_group"}))
def test_what_a_faulty_node_says_can_still_be_read(name: str) -> None:
    metrics = [metric for each in published(session(a_node(name), 4)) for metric in read(each.payload).metrics]
    assert [metric.fault for metric in metrics if metric.fault] == []


def test_all_faults_together_still_speak() -> None:
    assert len(session(a_node(*FAULTS), 4)) > 20


def test_every_fault_is_told_in_one_line() -> None:
    descriptions = [kind.description for kind in FAULTS.values()]
    assert all(re.fullmatch(r"[A-Z].{10,150}\.", description) for description in descriptions)
    assert len(set(descriptions)) == len(descriptions)


def test_the_documentation_tells_every_fault() -> None:
    page = (Path(__file__).parents[3] / "docs/edge-nodes.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|$", page, re.MULTILINE))
    assert told == {name: kind.description for name, kind in FAULTS.items()}


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no fault 'nonsense'"):
        make_faults(["nonsense"])
