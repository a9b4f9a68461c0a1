"""The compressor: pressure, loading, what it draws, and what it counts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.compressor import LOAD, UNLOAD, Compressor
from simulators.machines.device import Surroundings
from tests.simulators.machines.living import floats, live, mean

DAY = Surroundings(0, air_demand=4.0)
NIGHT = Surroundings(0, planned=False)


def test_the_network_stays_between_its_two_pressures() -> None:
    pressures = floats(live(Compressor("c", 1), 7200, DAY)[120:], "pressure")
    assert LOAD - 0.2 < min(pressures) < LOAD
    assert UNLOAD < max(pressures) < UNLOAD + 0.1


def test_it_is_loaded_below_the_lower_and_unloaded_above_the_upper_pressure() -> None:
    lived = live(Compressor("c", 1), 7200, DAY)[120:]
    changes = [(b, a) for b, a in pairwise(lived) if b["loaded"] != a["loaded"]]
    assert len(changes) > 50
    for before, after in changes:
        assert (float(before["pressure"]) < LOAD) if after["loaded"] else (float(before["pressure"]) > UNLOAD)


def test_pressure_rises_and_falls_as_the_gas_law_says() -> None:
    compressor = Compressor("c", 1, receiver=3.0)
    lived = live(compressor, 3600, DAY)[120:]
    rises, falls = [], []
    for before, after in pairwise(lived):
        step = (float(after["pressure"]) - float(before["pressure"])) * 60
        if float(after["delivery"]) > 6.3:
            rises.append(step)
        elif float(after["delivery"]) < 0.01:
            falls.append(step)
    assert mean(rises) == pytest.approx((6.4 - 4.0 - 0.3) * 1.013 / 3, rel=0.03)
    assert mean(falls) == pytest.approx(-(4.0 + 0.3) * 1.013 / 3, rel=0.03)


def test_its_specific_power_at_full_load_is_that_of_its_class() -> None:
    lived = [
        values
        for values in live(Compressor("c", 1), 3600, DAY._replace(air_demand=5.0))
        if values["loaded"] and 6.9 < float(values["pressure"]) < 7.1
    ]
    assert 6.0 < mean(floats(lived, "power")) / mean(floats(lived, "delivery")) < 7.0


def test_unloaded_it_still_draws_over_a_quarter_of_its_full_power_after_it_has_been_vented() -> None:
    lived = live(Compressor("c", 1), 7200, NIGHT)
    full = max(values for values, state in zip(floats(lived, "power"), lived, strict=True) if state["loaded"])
    unloaded = [float(v["power"]) for b, v in pairwise(lived) if b["state"] == v["state"] == "UNLOADED"]
    assert 0.24 < sorted(unloaded)[len(unloaded) // 2] / full < 0.30
    assert max(unloaded) > 0.7 * full


def test_with_hardly_any_demand_it_stops_after_five_minutes_unloaded() -> None:
    lived = live(Compressor("c", 1), 7200, NIGHT)
    lengths = []
    length = 0
    for values in lived:
        if values["state"] == "UNLOADED":
            length += 1
        elif values["state"] == "STOPPED":
            lengths += [length] if length else []
            length = 0
    assert len(lengths) > 5
    assert set(lengths) == {300}


def test_leaks_alone_load_it_several_times_in_a_night_hour() -> None:
    compressor = Compressor("c", 1)
    live(compressor, 600, NIGHT)
    lived = live(compressor, 3600, NIGHT)
    assert 4 <= int(lived[-1]["load_count"]) - int(lived[0]["load_count"]) <= 10
    leaky = live(compressor, 3600, NIGHT._replace(troubles=frozenset({"leak"})))
    assert int(leaky[-1]["load_count"]) - int(leaky[0]["load_count"]) > 20


def test_its_start_is_a_surge_of_current_that_star_delta_bounds() -> None:
    lived = live(Compressor("c", 1), 1800, NIGHT)
    currents = floats(lived, "motor_current")
    full = max(current for current, values in zip(currents, lived, strict=True) if values["loaded"])
    assert 60 < full < 75
    assert 1.8 < max(currents) / full < 2.8
    assert lived[currents.index(max(currents))]["state"] == "STARTING"


def test_a_demand_above_its_delivery_lets_the_pressure_fall_and_keeps_it_loaded() -> None:
    lived = live(Compressor("c", 1), 1200, DAY._replace(air_demand=8.0))
    assert float(lived[-1]["pressure"]) < LOAD - 1
    assert lived[-1]["loaded"] is True


def test_tripped_it_stands_and_the_network_runs_empty() -> None:
    compressor = Compressor("c", 1)
    live(compressor, 300, DAY)
    lived = live(compressor, 1200, DAY._replace(troubles=frozenset({"breakdown"})))
    assert lived[-1]["state"] == "FAULT"
    assert float(lived[-1]["power"]) < 0.1
    assert 0 <= float(lived[-1]["pressure"]) < 1.5
    assert float(live(compressor, 600, DAY)[-1]["pressure"]) > 6


def test_the_oil_is_hot_under_load_and_cools_slowly() -> None:
    compressor = Compressor("c", 1)
    hot = float(live(compressor, 5400, DAY._replace(air_demand=6.0))[-1]["oil_temperature"])
    tripped = NIGHT._replace(troubles=frozenset({"breakdown"}))
    cooled = float(live(compressor, 2700, tripped)[-1]["oil_temperature"])
    assert 75 < hot < 90
    assert 21 + 0.3 * (hot - 21) < cooled < 21 + 0.45 * (hot - 21)


def test_its_hours_count_the_seconds_it_turned_and_was_loaded() -> None:
    lived = live(Compressor("c", 1), 7200, DAY._replace(air_demand=1.0))
    for register, signal in (("running_hours", "running"), ("loaded_hours", "loaded")):
        seconds = sum(bool(values[signal]) for values in lived[1:])
        assert (float(lived[-1][register]) - float(lived[0][register])) * 3600 == pytest.approx(seconds, abs=0.01)


def test_energy_is_the_sum_of_power() -> None:
    lived = live(Compressor("c", 1), 3600, DAY)
    assert float(lived[-1]["energy"]) == pytest.approx(sum(floats(lived, "power")) / 3600)
