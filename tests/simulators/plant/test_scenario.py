"""Scenarios as people write them, and what they are told of their mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.delivery.voices import check
from simulators.plant.amounts import seconds, spoken
from simulators.plant.library import ScenarioError, load, names, parse

GOOD = """
description = "A test"
[products.lid]
ideal_cycle = "7.5s"
[[lines]]
name = "line1"
area = "hall"
plan = [{ product = "lid", for = "1h" }]
[[machines]]
name = "mill"
kind = "cnc_mill"
line = "line1"
count = 2
"""


def test_all_that_come_with_the_simulators_can_be_read() -> None:
    assert {"workshop", "packaging", "moulding", "mixed", "load"} <= set(names())
    assert sum(machine.count for machine in load("mixed").machines) == 50
    assert sum(machine.count for machine in load("load").machines) == 1000


def test_a_path_names_a_scenario_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD)
    scenario = load(str(file))
    assert (scenario.name, scenario.machines[0].names()) == ("mine", ["mill-1", "mill-2"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("cnc_mill", "cnc"), r"machines\.mill\.kind: there is no machine 'cnc': there are cnc_mill"),
        (('line = "line1"', 'line = "x"'), r"machines\.mill: there is no line 'x'"),
        (('product = "lid"', 'product = "cap"'), r"lines\.line1: there is no product 'cap'"),
        (('"7.5s"', '"7.5 parsecs"'), r"products\.lid\.ideal_cycle: '7\.5 parsecs' is no duration"),
        (("count = 2", "count = 2\nspeed = 3"), r"machines\.mill\.speed: Extra inputs"),
        (("count = 2", 'troubles = [{ name = "rust" }]'), r"machines\.mill\.troubles: there is no trouble 'rust'"),
        (("count = 2", "options = { wings = 2 }"), r"machines\.mill: options: a cnc_mill has no wings"),
        (("count = 2", "reliability = { luck = 2 }"), r"machines\.mill\.reliability: unknown: luck"),
        (("count = 2", "period = 1.5"), r"machines\.mill\.period: machines live in steps of a second"),
        (("count = 2", 'feeds = ["moon"]'), r"machines\.mill\.feeds: there is no line or machine moon"),
        (('"A test"', '"A test"\ntime_zone = "Mars/Base"'), r"time_zone: there is no time zone 'Mars/Base'"),
        (("[[machines]]", "[[machines]"), "line"),
    ],
)
def test_a_mistake_is_told_with_its_place(change: tuple[str, str], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        parse(GOOD.replace(*change), "mine.toml", "mine")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('face = "morse"', r"machines\.mill\.face: there is no face 'morse'"),
        ('faults = [{ name = "rust" }]', r"machines\.mill\.faults: there is no fault 'rust'"),
        ('faults = [{ name = "seq_gap" }]', r"machines\.mill\.faults: who speaks json cannot have 'seq_gap'"),
    ],
)
def test_faces_and_faults_that_are_none_are_told_with_their_place(change: str, told: str) -> None:
    scenario = parse(GOOD.replace("count = 2", change), "mine.toml", "mine")
    with pytest.raises(ScenarioError, match=told):
        check(scenario.machines)


def test_two_machines_of_one_name_are_refused() -> None:
    with pytest.raises(ScenarioError, match="two machines are called mill-1"):
        parse(GOOD + '[[machines]]\nname = "mill-1"\nkind = "plc"\nline = "line1"\n', "mine.toml", "mine")


def test_a_scenario_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ScenarioError, match="there is no scenario 'moon'; there are load, mixed"):
        load("moon")
    with pytest.raises(ScenarioError, match="No such file"):
        load("/nowhere/moon.toml")


@pytest.mark.parametrize(("text", "meant"), [("90s", 90), ("1.5h", 5400), ("250ms", 0.25), ("2 d", 172_800), (7, 7)])
def test_durations_are_understood(text: object, meant: float) -> None:
    assert seconds(text) == meant


@pytest.mark.parametrize("text", ["", "h", "1 fortnight", "-3s", True, None])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)


@pytest.mark.parametrize(("duration", "said"), [(0, "0s"), (30_600, "8h 30min"), (90, "1min 30s"), (0.5, "0.5s")])
def test_durations_are_spoken_as_people_do(duration: float, said: str) -> None:
    assert spoken(duration) == said
