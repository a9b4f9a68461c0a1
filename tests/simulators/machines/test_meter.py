"""The energy meter: it measures what it feeds, its phases agree, and its register is the integral."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from simulators.machines.device import Surroundings
from simulators.machines.meter import EnergyMeter
from tests.simulators.machines.living import floats, live

LOADED = Surroundings(0, load=60.0)


def test_without_a_base_load_it_measures_exactly_what_it_feeds() -> None:
    meter = EnergyMeter("m", 1)
    for second in range(600):
        meter.step(Surroundings(second, load=second / 7))
        assert meter.power == meter.values()["active_power"] == second / 7


def test_the_base_load_is_on_top_and_mostly_off_at_night() -> None:
    meter = EnergyMeter("m", 1, base=10.0)
    day = floats(live(meter, 1800, LOADED), "active_power")
    night = floats(live(meter, 1800, LOADED._replace(planned=False)), "active_power")
    assert fmean(day) == pytest.approx(70, abs=0.5)
    assert fmean(night) == pytest.approx(62.5, abs=0.2)


def test_the_register_is_the_integral_of_the_power() -> None:
    meter = EnergyMeter("m", 1, base=5.0)
    lived = live(meter, 3600, LOADED)
    assert lived[-1]["energy"] == meter.energy == pytest.approx(sum(floats(lived, "active_power")) / 3600)


def test_in_each_phase_power_is_voltage_by_current_by_power_factor_and_the_phases_add_up() -> None:
    for values in live(EnergyMeter("m", 1, base=5.0), 600, LOADED):
        phases = []
        for n in (1, 2, 3):
            volts, amperes = float(values[f"voltage_l{n}"]), float(values[f"current_l{n}"])
            phases.append(float(values[f"active_power_l{n}"]))
            assert phases[-1] == pytest.approx(volts * amperes * float(values[f"power_factor_l{n}"]) / 1000)
        assert sum(phases) == pytest.approx(float(values["active_power"]))


def test_what_it_tells_agrees_with_itself_as_exactly_as_it_is_rounded() -> None:
    meter = EnergyMeter("m", 1, base=5.0)
    live(meter, 60, LOADED)
    told = meter.read()
    assert sum(float(told[f"active_power_l{n}"]) for n in (1, 2, 3)) == pytest.approx(
        float(told["active_power"]), abs=0.002
    )


def test_the_phases_are_loaded_unevenly_by_some_percent() -> None:
    values = live(EnergyMeter("m", 3), 60, LOADED)[-1]
    powers = [float(values[f"active_power_l{n}"]) for n in (1, 2, 3)]
    assert 0.2 < max(powers) - min(powers) < 0.2 * 60


def test_power_factor_is_worse_at_little_load() -> None:
    meter = EnergyMeter("m", 1)
    full = floats(live(meter, 600, LOADED._replace(load=95.0)), "power_factor")
    idle = floats(live(meter, 600, LOADED._replace(load=2.0)), "power_factor")
    assert 0.88 < fmean(full) < 0.95
    assert 0.65 < fmean(idle) < 0.8


def test_the_supply_sags_under_load_and_stays_within_ten_percent() -> None:
    idle, full = EnergyMeter("m", 1), EnergyMeter("m", 1)
    without = floats(live(idle, 3600, LOADED._replace(load=0.0)), "voltage_l1")
    under = floats(live(full, 3600, LOADED._replace(load=95.0)), "voltage_l1")
    assert fmean(without) - fmean(under) == pytest.approx(3.3, abs=0.2)
    assert 207 < min(under) < max(without) < 253


def test_without_any_load_no_current_flows() -> None:
    values = live(EnergyMeter("m", 1), 60, LOADED._replace(load=0.0))[-1]
    assert [values[f"current_l{n}"] for n in (1, 2, 3)] == [0, 0, 0]
    assert 0 < float(values["power_factor"]) < 1


def test_all_meters_of_a_seed_hang_on_one_grid() -> None:
    ours = floats(live(EnergyMeter("one", 1), 3600, LOADED), "frequency")
    theirs = floats(live(EnergyMeter("other", 1, base=8.0), 3600, LOADED._replace(load=3.0)), "frequency")
    assert ours == theirs
    assert fmean(ours) == pytest.approx(50, abs=0.02)
    assert 0.01 < stdev(ours) < 0.03
