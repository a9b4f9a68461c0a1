"""Scenarios as people write them, and what they are told of their mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from simulators.delivery.voices import check
from simulators.plant.amounts import seconds, spoken
from simulators.plant.calendar import Shift
from simulators.plant.library import ScenarioError, load, names, parse

GOOD = """
description = "A test"
[products.lid]
ideal_cycle = "75s"
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
        (('"75s"', '"7.5 parsecs"'), r"products\.lid\.ideal_cycle: '7\.5 parsecs' is no duration"),
        (("count = 2", "count = 2\nspeed = 3"), r"machines\.mill\.speed: Extra inputs"),
        (
            ("count = 2", 'troubles = [{ name = "rust" }]'),
            r"machines\.mill: troubles: a cnc_mill has no trouble 'rust'",
        ),
        (("count = 2", "options = { wings = 2 }"), r"machines\.mill: options: a cnc_mill has no wings"),
        (("count = 2", "reliability = { luck = 2 }"), r"machines\.mill\.reliability: unknown: luck"),
        (("count = 2", "period = 1.5"), r"machines\.mill\.period: machines live in steps of a second"),
        (
            ("cnc_mill", 'plc"\ntroubles = [{ name = "leak" }]#'),
            r"a plc has no trouble 'leak': there are breakdown, pump",
        ),
        (("cnc_mill", 'climate_sensor"\ntroubles = [{ name = "leak" }]#'), r"no trouble 'leak': it has none"),
        (
            ('kind = "cnc_mill"', 'kind = "energy_meter"\nfeeds = ["moon"]'),
            r"mill\.feeds: there is no line or machine moon",
        ),
        (("count = 2", 'feeds = ["line1"]'), r"machines\.mill: feeds: a cnc_mill feeds nobody: only compressor and"),
        (('"75s"', '"9s"'), r"machines\.mill: lid takes 9 s there, and a cnc_mill needs 10 s at least: say a longer"),
        (('"75s"', "0.049"), r"products\.lid\.ideal_cycle: Input should be greater than or equal to 0\.05"),
        (('"75s"', "75\nideal_cycles = { plc = 0.01 }"), r"products\.lid\.ideal_cycles\.plc: .* or equal to 0\.05"),
        (('"75s"', "75\nideal_cycles = { drill = 7 }"), r"products\.lid\.ideal_cycles: there is no machine 'drill'"),
        (('"75s"', "inf"), r"products\.lid\.ideal_cycle: it is endless, or no number"),
        (('"75s"', "nan"), r"products\.lid\.ideal_cycle: it is endless, or no number"),
        (('"75s"', "9" * 400), r"products\.lid\.ideal_cycle: it is endless, or no number"),
        (('"75s"', f'"{"9" * 400}s"'), r"products\.lid\.ideal_cycle: it is endless, or no number"),
        (('"75s"', "9" * 5000), r"mine\.toml: .*integer string"),
        (('"A test"', '"A test"\nspeed = inf'), r"speed: Input should be a finite number"),
        (('"A test"', '"A test"\nperiod = 1.5'), r"mine\.toml: period: machines live in steps of a second: say whole"),
        (
            ("count = 2", "reliability = { mtbf = 0, stop = 0 }"),
            r"machines\.mill\.reliability: mtbf, stop: 0 s is no time",
        ),
        (("count = 2", "reliability = { scrap = 1.1 }"), r"machines\.mill\.reliability: scrap is a share of the parts"),
        (
            ("count = 2", "reliability = { loss = 11 }"),
            r"machines\.mill\.reliability: loss is a share of the ideal cycle",
        ),
        (("count = 2", "reliability = { scrap = nan }"), r"machines\.mill\.reliability\.scrap: it is endless"),
        (
            ("cnc_mill", 'energy_meter"\noptions = { rating = 0 }#'),
            r"machines\.mill: options: a rating of 0 kW measures",
        ),
        (
            ("cnc_mill", 'energy_meter"\noptions = { base = -1 }#'),
            r"machines\.mill: options: a base load of -1 kW is none",
        ),
        (("cnc_mill", 'energy_meter"\noptions = { base = "x" }#'), r"options\.base: 'x' is no number up to 1e\+09"),
        (("cnc_mill", 'energy_meter"\noptions = { base = true }#'), r"options\.base: True is no number"),
        (
            ("cnc_mill", 'energy_meter"\noptions = { base = inf }#'),
            r"machines\.mill\.options\.base: inf is endless, or no number",
        ),
        (("cnc_mill", 'energy_meter"\noptions = { base = [1] }#'), r"machines\.mill\.options\.base: say a number"),
        (("cnc_mill", 'compressor"\noptions = { receiver = 0 }#'), r"options: a receiver of 0 m3 holds no air"),
        (('"1h" }]', '"1h" }]\n[[lines]]\nname = "line1"\narea = "x"'), r"two lines are called line1"),
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


def test_what_is_wrong_about_one_machine_is_told_alone() -> None:
    with pytest.raises(ScenarioError) as told:
        parse(GOOD.replace("cnc_mill", "cnc"), "mine.toml", "mine")
    assert len(str(told.value).splitlines()) == 1


def test_a_plant_without_machines_is_told_so() -> None:
    with pytest.raises(ScenarioError, match=r"machines: .* at least 1 item"):
        parse('description = "Nobody"\nlines = []\nmachines = []\n', "mine.toml", "mine")


@pytest.mark.parametrize(
    ("kind", "trouble"), [("compressor", "leak"), ("plc", "pump_fault"), ("plc", "breakdown"), ("cnc_mill", "slow")]
)
def test_a_kind_of_machine_has_troubles_of_its_own(kind: str, trouble: str) -> None:
    changed = GOOD.replace("cnc_mill", kind) + f'troubles = [{{ name = "{trouble}" }}]\n'
    assert parse(changed, "mine.toml", "mine").machines[0].troubles[0].name == trouble


def fed(*machines: tuple[str, str, Sequence[str]]) -> str:
    """Return a plant with machines on a line `supply`, by name, kind, and whom they feed."""
    described = [
        f'[[machines]]\nname = "{name}"\nkind = "{kind}"\nline = "supply"\nfeeds = {list(feeds)}\n'
        for name, kind, feeds in machines
    ]
    return GOOD + '[[lines]]\nname = "supply"\narea = "hall"\n' + "".join(described)


@pytest.mark.parametrize(
    ("machines", "told"),
    [
        ([("m", "energy_meter", ["m"])], "machines: m feeds itself"),
        ([("m", "energy_meter", ["n"]), ("n", "energy_meter", ["m"])], "feed each other, by feeds: name"),
        ([("c", "compressor", ["supply"])], "machines: c feeds itself"),
        ([("m", "energy_meter", ["supply"]), ("c", "compressor", ["m"])], "feed each other"),
    ],
)
def test_nobody_feeds_itself(machines: list[tuple[str, str, Sequence[str]]], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        parse(fed(*machines), "mine.toml", "mine")


def test_a_meter_of_a_line_does_not_count_itself() -> None:
    parse(fed(("m", "energy_meter", ["supply"]), ("c", "compressor", ["line1"])), "mine.toml", "mine")


LINE = """
description = "A cell"
products = { lid = { ideal_cycle = 7 } }
lines = [{ name = "cell", area = "hall", buffer = %d, plan = [{ product = "lid", for = "1h" }] }]
machines = [
    { name = "mould", kind = "moulding_machine", line = "cell" },
    { name = "packer", kind = "case_packer", line = "cell" },
]
"""


def test_between_machines_that_make_several_at_a_time_there_is_room_for_them() -> None:
    assert parse(LINE % 15, "mine.toml", "mine").lines[0].buffer == 15
    with pytest.raises(ScenarioError, match=r"lines\.cell\.buffer: mould gives 4 and packer takes 12 .* say 15 places"):
        parse(LINE % 14, "mine.toml", "mine")


@pytest.mark.parametrize(
    ("shift", "pause"),
    [
        (("06:00:00", "14:00:00"), ("14:00:00", "14:10:00")),
        (("06:00:00", "14:00:00"), ("05:50:00", "06:10:00")),
        (("06:00:00", "14:00:00"), ("13:50:00", "14:10:00")),
        (("06:00:00", "14:00:00"), ("09:00:00", "09:00:00")),
        (("22:00:00", "06:00:00"), ("12:00:00", "12:30:00")),
    ],
)
def test_a_break_outside_its_shift_is_refused(shift: tuple[str, str], pause: tuple[str, str]) -> None:
    breaks = [{"from": pause[0], "to": pause[1]}]
    with pytest.raises(ValueError, match=rf"breaks: {pause[0]} to {pause[1]} is not within the shift from {shift[0]}"):
        Shift.model_validate({"from": shift[0], "to": shift[1], "breaks": breaks})


@pytest.mark.parametrize(
    ("shift", "pause"),
    [
        (("06:00:00", "14:00:00"), ("13:30:00", "14:00:00")),
        (("22:00:00", "06:00:00"), ("23:50:00", "00:10:00")),
        (("22:00:00", "06:00:00"), ("02:00:00", "02:30:00")),
        (("06:00:00", "06:00:00"), ("05:00:00", "06:00:00")),
    ],
)
def test_a_break_may_be_anywhere_in_its_shift(shift: tuple[str, str], pause: tuple[str, str]) -> None:
    breaks = [{"from": pause[0], "to": pause[1]}]
    assert Shift.model_validate({"from": shift[0], "to": shift[1], "breaks": breaks}).breaks


@pytest.mark.parametrize(
    ("stem", "name"), [("my plant", "my-plant"), ("Werk Süd (2)", "Werk-Sud-2"), ("工厂", "scenario"), ("_x", "x")]
)
def test_a_file_may_be_called_as_one_likes(tmp_path: Path, stem: str, name: str) -> None:
    file = tmp_path / f"{stem}.toml"
    file.write_text(GOOD)
    assert load(str(file)).name == name


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
