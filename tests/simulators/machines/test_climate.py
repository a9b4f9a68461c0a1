"""The sensor of temperature and humidity: it follows the air, and its values agree with each other."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.machines.climate import ClimateSensor, dew_point, saturation
from simulators.machines.device import Surroundings
from simulators.machines.physics import Wander
from tests.simulators.machines.living import floats, live, mean

MILD = Surroundings(0, ambient=21.0, humidity=45.0)


@pytest.mark.parametrize(("celsius", "hectopascals"), [(0, 6.112), (10, 12.27), (20, 23.37), (30, 42.43)])
def test_saturation_is_that_of_the_tables(celsius: float, hectopascals: float) -> None:
    assert saturation(celsius) == pytest.approx(hectopascals, rel=0.003)


@pytest.mark.parametrize(("celsius", "humidity", "dew"), [(20, 50, 9.3), (25, 60, 16.7), (30, 80, 26.2), (15, 100, 15)])
def test_the_dew_point_is_that_of_the_tables(celsius: float, humidity: float, dew: float) -> None:
    assert dew_point(celsius, humidity) == pytest.approx(dew, abs=0.1)


def test_it_tells_the_climate_of_the_hall_within_a_kelvin_or_so() -> None:
    lived = live(ClimateSensor("c", 1), 7200, MILD)
    assert mean(floats(lived, "temperature")) == pytest.approx(21, abs=1.3)
    assert mean(floats(lived, "humidity")) == pytest.approx(45, abs=4)


def test_it_lags_behind_a_gate_that_is_opened() -> None:
    sensor = ClimateSensor("c", 1)
    before = mean(floats(live(sensor, 1800, MILD), "temperature"))
    opened = floats(live(sensor, 3600, MILD._replace(ambient=11.0)), "temperature")
    assert opened[60] > before - 3
    assert opened[300] == pytest.approx(before - 6.3, abs=0.8)
    assert opened[-1] == pytest.approx(before - 10, abs=0.8)


def test_the_dew_point_is_below_the_temperature_and_fits_both_values() -> None:
    for values in live(ClimateSensor("c", 1), 3600, MILD._replace(humidity=70.0)):
        temperature, dew = float(values["temperature"]), float(values["dew_point"])
        assert dew < temperature
        assert 100 * saturation(dew) / saturation(temperature) == pytest.approx(float(values["humidity"]))


def test_where_it_is_warmer_it_is_drier_and_the_dew_point_is_the_same() -> None:
    lived = []
    for number in range(6):
        sensor = ClimateSensor(f"c{number}", 1)
        sensor._damp = Wander(sensor.random, 0.0, 1.0)
        lived.append(live(sensor, 1800, MILD)[-1])
    lived.sort(key=lambda values: float(values["temperature"]))
    assert float(lived[-1]["temperature"]) > float(lived[0]["temperature"]) + 0.6
    assert float(lived[-1]["humidity"]) < float(lived[0]["humidity"]) - 1.5
    assert floats(lived, "dew_point") == pytest.approx([8.6] * 6, abs=0.15)


def test_its_battery_only_goes_down_and_lasts_for_years() -> None:
    levels = floats(live(ClimateSensor("c", 1), 7200, MILD), "battery_level")
    assert all(after < before for before, after in pairwise(levels))
    assert 3 < (100 / (levels[0] - levels[-1])) * 7200 / (365 * 86_400) < 8


def test_the_battery_keeps_its_voltage_until_it_is_nearly_empty() -> None:
    sensor = ClimateSensor("c", 1)
    fresh = float(live(sensor, 60, MILD)[-1]["battery_voltage"])
    sensor._battery = 1.0
    assert fresh == pytest.approx(3.6, abs=0.05)
    assert float(live(sensor, 1, MILD)[-1]["battery_voltage"]) < 3.0


def test_it_draws_nothing_from_the_grid() -> None:
    sensor = ClimateSensor("c", 1)
    live(sensor, 600, MILD)
    assert sensor.power == sensor.energy == 0
