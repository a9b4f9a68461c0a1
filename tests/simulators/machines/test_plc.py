"""The controller: its pumping station, and registers that roll over."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.device import Surroundings
from simulators.machines.plc import FULL_SCALE, HELP, START, STOP, Plc
from simulators.machines.signal import Value
from tests.simulators.machines.living import floats, live, mean

DAY = Surroundings(0)
NIGHT = Surroundings(0, planned=False)


def level(values: dict[str, Value]) -> float:
    """Return the level in percent."""
    return float(values["level_raw"]) / FULL_SCALE * 100


def pumps(values: dict[str, Value]) -> int:
    """Return the bits of the two pumps."""
    return int(values["outputs"]) & 3


@pytest.fixture(scope="module")
def shift() -> list[dict[str, Value]]:
    """Eight hours of planned time."""
    return live(Plc("p", 1), 8 * 3600, DAY)


def test_a_pump_starts_at_the_upper_and_stops_at_the_lower_level(shift: list[dict[str, Value]]) -> None:
    changes = [(pumps(before), pumps(after), level(after)) for before, after in pairwise(shift)]
    starts = [at for before, after, at in changes if after and not before]
    stops = [at for before, after, at in changes if before and not after]
    assert len(starts) > 8
    assert starts == pytest.approx([START] * len(starts), abs=0.5)
    assert stops == pytest.approx([STOP] * len(stops), abs=0.5)


def test_the_pumps_take_turns(shift: list[dict[str, Value]]) -> None:
    started = [pumps(after) for before, after in pairwise(shift) if pumps(after) and not pumps(before)]
    assert {1, 2} == set(started)
    both = any(pumps(values) == 3 for values in shift)
    assert both or all(before != after for before, after in pairwise(started))
    runs = [int(shift[-1][f"pump_{n}_starts"]) - int(shift[0][f"pump_{n}_starts"]) for n in (1, 2)]
    assert abs(runs[0] - runs[1]) <= 1


def test_the_other_pump_helps_only_at_a_high_level() -> None:
    lived = live(Plc("p", 4), 6 * 3600, DAY)
    helps = [level(after) for before, after in pairwise(lived) if pumps(after) == 3 != pumps(before)]
    assert helps
    assert helps == pytest.approx([HELP] * len(helps), abs=0.5)


def test_what_is_pumped_and_what_stays_is_what_came(shift: list[dict[str, Value]]) -> None:
    pumped = int(shift[-1]["volume"]) - int(shift[0]["volume"])
    stayed = (level(shift[-1]) - level(shift[0])) / 100 * 12_000
    assert 5.0 < (pumped + stayed) / len(shift) < 11.0
    flowed = sum(floats(shift, "flow_raw")) / FULL_SCALE * 25
    assert pumped == pytest.approx(flowed, rel=0.01)


def test_at_night_it_pumps_seldom() -> None:
    lived = live(Plc("p", 1), 8 * 3600, NIGHT)
    assert 4 <= sum(bool(pumps(a)) and not pumps(b) for b, a in pairwise(lived)) <= 12


def test_a_start_is_a_peak_of_power_and_standing_pumps_draw_almost_nothing(shift: list[dict[str, Value]]) -> None:
    powers = floats(shift, "power")
    running = [power for power, values in zip(powers, shift, strict=True) if pumps(values) in (1, 2)]
    assert 4 < mean(running) < 7
    assert max(powers) > 2 * mean(running)
    assert min(powers) < 0.2


def test_pressure_rises_with_the_flow(shift: list[dict[str, Value]]) -> None:
    standing = mean([float(values["pressure_raw"]) for values in shift if not values["flow_raw"]])
    pumping = mean([float(values["pressure_raw"]) for values in shift if float(values["flow_raw"]) > 12_000])
    assert standing * 6 / FULL_SCALE == pytest.approx(1.1, abs=0.02)
    assert 1.4 < pumping * 6 / FULL_SCALE < 2.5


def test_every_register_stays_within_its_width(shift: list[dict[str, Value]]) -> None:
    for values in shift:
        assert all(0 <= int(values[name]) < 1 << 16 for name in ("inputs", "outputs", "watchdog", "pump_1_starts"))
        assert all(0 <= int(values[name]) < 1 << 32 for name in ("volume", "uptime", "pump_1_seconds"))
        assert all(0 <= int(values[name]) <= 32_511 for name in ("level_raw", "flow_raw", "pressure_raw"))
        assert -(1 << 15) <= int(values["pulses"]) < 1 << 15


def test_the_watchdog_rolls_over_at_16_bits() -> None:
    plc = Plc("p", 1)
    plc._watchdog = 65_530
    assert floats(live(plc, 10, DAY), "watchdog") == [65_531, 65_532, 65_533, 65_534, 65_535, 0, 1, 2, 3, 4]


def test_the_millisecond_clock_rolls_over_at_32_bits() -> None:
    plc = Plc("p", 1)
    plc._uptime = (1 << 32) - 1500
    assert floats(live(plc, 3, DAY), "uptime") == [(1 << 32) - 500, 500, 1500]


def test_pulses_roll_over_from_the_greatest_to_the_least_int16() -> None:
    plc = Plc("p", 1)
    plc._level = 90.0
    plc._litres = 10.0 * ((1 << 15) - 3) + (1 << 16) * 10.0 * 7
    pulses = floats(live(plc, 60, DAY), "pulses")
    steps = {after - before for before, after in pairwise(pulses)}
    assert {step % 65_536 for step in steps} <= {0, 1, 2, 3}


def test_a_starting_counter_rolls_over_at_16_bits() -> None:
    plc = Plc("p", 1)
    for pump in plc._pumps:
        pump.starts = 65_535
    plc._level = 90.0
    lived = live(plc, 10, DAY)
    assert lived[-1]["pump_1_starts"] == lived[-1]["pump_2_starts"] == 0


def test_bits_of_the_inputs_say_that_the_contactors_have_switched(shift: list[dict[str, Value]]) -> None:
    assert all(int(values["inputs"]) & 3 == pumps(values) for values in shift)
    assert all(int(values["inputs"]) & 0b111_0000 == 0b111_0000 for values in shift)


def test_with_a_pump_that_failed_the_other_does_all_the_work() -> None:
    lived = live(Plc("p", 1), 4 * 3600, DAY._replace(troubles=frozenset({"pump_fault"})))
    assert {pumps(values) for values in lived} == {0, 2}
    assert {int(values["inputs"]) >> 4 & 1 for values in lived} == {0}
    assert {int(values["outputs"]) >> 2 & 1 for values in lived} == {1}


def test_a_controller_that_stopped_drops_its_outputs_and_its_watchdog_stands_still() -> None:
    plc = Plc("p", 1)
    live(plc, 600, DAY)
    lived = live(plc, 3 * 3600, DAY._replace(troubles=frozenset({"breakdown"})))
    assert {int(values["outputs"]) for values in lived} == {0}
    assert len({values["watchdog"] for values in lived}) == 1
    assert level(lived[-1]) > 92
    assert float(lived[-1]["power"]) < 0.2
    assert pumps(live(plc, 5, DAY)[-1]) == 3


def test_a_scan_takes_some_milliseconds(shift: list[dict[str, Value]]) -> None:
    assert 8 < mean(floats(shift, "scan_time")) < 10
    assert max(floats(shift, "scan_time")) < 25
