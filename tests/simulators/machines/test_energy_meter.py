"""The energy meter: three phases that add up, and a register that is the integral of the power."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines.energy_meter import COMMISSIONED_NS, EnergyMeter
from simulators.machines.machine import DAY_NS, SECOND_NS

START_NS = 1_760_000_000 * SECOND_NS
TIMES = st.integers(COMMISSIONED_NS, COMMISSIONED_NS + 3_650 * DAY_NS)


@settings(max_examples=15, deadline=None)
@given(start_ns=TIMES, seed=st.integers(0, 5))
def test_the_register_is_the_integral_of_the_power(start_ns: int, seed: int) -> None:
    meter = EnergyMeter("meter", seed)
    step_ns = SECOND_NS // 10
    steps = 15 * 60 * 10
    summed = sum(meter.power(start_ns + step_ns // 2 + n * step_ns) for n in range(steps)) * step_ns / 3.6e12
    counted = meter.energy(start_ns + steps * step_ns) - meter.energy(start_ns)
    assert counted == pytest.approx(summed, rel=1e-3)  # the sum misses parts of a step where something switches


@given(start_ns=TIMES, more_ns=st.integers(0, DAY_NS))
def test_the_register_never_runs_backwards(start_ns: int, more_ns: int) -> None:
    meter = EnergyMeter("meter", 1)
    assert meter.energy(start_ns + more_ns) >= meter.energy(start_ns)


def test_the_register_stood_at_zero_when_it_was_commissioned() -> None:
    assert EnergyMeter("meter", 1).telemetry(COMMISSIONED_NS)["energy"] == 0


@given(time_ns=TIMES)
def test_the_phases_add_up(time_ns: int) -> None:
    meter = EnergyMeter("meter", 1)
    values = {name: float(value) for name, value in meter.telemetry(time_ns).items()}
    total = sum(values[f"active_power_l{phase}"] for phase in (1, 2, 3))
    assert total == pytest.approx(values["active_power"], abs=0.002)
    for phase in (1, 2, 3):
        product = values[f"voltage_l{phase}"] * values[f"current_l{phase}"] * values[f"power_factor_l{phase}"] / 1_000
        assert product == pytest.approx(values[f"active_power_l{phase}"], rel=2e-3)


@given(time_ns=TIMES)
def test_values_stay_within_what_a_grid_delivers(time_ns: int) -> None:
    """EN 50160: 230 V and 10 percent, 50 Hz and 1 percent."""
    values = {name: float(value) for name, value in EnergyMeter("meter", 1).telemetry(time_ns).items()}
    for phase in (1, 2, 3):
        assert 207 <= values[f"voltage_l{phase}"] <= 253
        assert values[f"current_l{phase}"] > 0
        assert 0.7 < values[f"power_factor_l{phase}"] < 1
    assert 0.7 < values["power_factor"] < 1
    assert 49.5 < values["frequency"] < 50.5


def test_a_workday_takes_more_than_a_sunday() -> None:
    meter = EnergyMeter("meter", 1)
    days = [
        meter.energy(COMMISSIONED_NS + (n + 1) * DAY_NS) - meter.energy(COMMISSIONED_NS + n * DAY_NS) for n in range(7)
    ]
    assert min(days[:5]) > 2 * days[6]
    assert days[5] < min(days[:5])


def test_all_meters_of_a_site_see_the_same_frequency() -> None:
    one, other = EnergyMeter("meter-1", 1), EnergyMeter("meter-2", 1)
    assert one.telemetry(START_NS)["frequency"] == other.telemetry(START_NS)["frequency"]
