"""A sensor of temperature and humidity on the wall of a hall, with a battery.

Laws and figures:

- Housing: it follows the air with a time constant of 5 minutes, and hangs where it is up to a kelvin warmer or colder
  than in the middle of the hall; the vapour pressure is the same everywhere.
- Saturation and dew point: Magnus formula with the coefficients of the WMO (Guide to Instruments, WMO-No. 8):
  e = 6.112 hPa exp(17.62 t / (243.12 + t)).
- Accuracy: 0.1 K and 1 % relative humidity, as usual for digital sensors, which stray by some tenths in a day.
- Battery: a cell of lithium thionyl chloride, 3.6 V until it is nearly empty; about five years for one.
"""

from __future__ import annotations

import math

from simulators.machines.device import Device, Surroundings
from simulators.machines.physics import Lag, Wander
from simulators.machines.signal import Signal, Value

_LIFE = 5 * 365 * 86_400.0
"""Seconds that a battery lasts."""
_NEARLY_EMPTY = 8.0


def saturation(celsius: float) -> float:
    """Return the vapour pressure of saturation over water in hPa, by the Magnus formula."""
    return 6.112 * math.exp(17.62 * celsius / (243.12 + celsius))


def dew_point(celsius: float, humidity: float) -> float:
    """Return the temperature in degC at which air of this relative humidity (in percent) is saturated."""
    known = math.log(humidity / 100) + 17.62 * celsius / (243.12 + celsius)
    return 243.12 * known / (17.62 - known)


class ClimateSensor(Device):
    """A sensor of the hall's climate; it draws no power from the grid."""

    kind = "climate_sensor"
    title = "Temperature and humidity sensor"
    signals = (
        Signal("temperature", "float", "degC", "Of the air", 2, noise=0.02, drift=0.05),
        Signal("humidity", "float", "percent", "Relative humidity", 1, noise=0.12, drift=0.3, low=0.0, high=100.0),
        Signal("dew_point", "float", "degC", "At which the air would be saturated", 2, noise=0.04),
        Signal("battery_level", "float", "percent", "Charge that is left", 1, low=0.0, high=100.0),
        Signal("battery_voltage", "float", "V", "Of the battery", noise=0.001),
    )

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, seed)
        draw = self.random
        self._beside = draw.uniform(-1.0, 1.0)
        self._breeze = Wander(draw, 0.15, 400.0)
        self._damp = Wander(draw, 0.02, 700.0)
        self._temperature = Lag(21.0 + self._beside, 300.0)
        self._humidity = Lag(45.0, 120.0)
        self._battery = draw.uniform(30.0, 100.0)
        self._lived = False

    def run(self, surroundings: Surroundings) -> float:
        """Live through a second; it draws nothing from the grid."""
        here = surroundings.ambient + self._beside + self._breeze.follow()
        vapour = saturation(surroundings.ambient) * surroundings.humidity / 100 * (1 + self._damp.follow())
        if not self._lived:  # it has hung here for long
            self._temperature.value, self._lived = here, True
            self._humidity.value = 100 * vapour / saturation(here)
        temperature = self._temperature.follow(here)
        self._humidity.follow(min(99.0, max(3.0, 100 * vapour / saturation(temperature))))
        self._battery = max(0.0, self._battery - 100 / _LIFE)
        return 0.0

    def values(self) -> dict[str, Value]:
        """Return the truth."""
        temperature, humidity = self._temperature.value, self._humidity.value
        empty = max(0.0, 1 - self._battery / _NEARLY_EMPTY)
        return {
            "temperature": temperature,
            "humidity": humidity,
            "dew_point": dew_point(temperature, humidity),
            "battery_level": self._battery,
            "battery_voltage": 3.62 + 0.0008 * (temperature - 20) - 0.9 * empty**2,
        }
