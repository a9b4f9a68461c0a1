"""What a heater warms and a controller holds: a zone of a barrel or of an oven.

Laws: the zone is one mass with losses in proportion to its excess over the hall (Newton's law of cooling); the heater
itself is warmed first, and so heat arrives with a first-order lag, the cause of overshoot. The controller is the usual
one of such zones: PI with a proportional band, held from winding up while the heater is fully on or off.
"""

from __future__ import annotations

import math

from simulators.machines.physics import Lag

OFF = -273.0
"""A setpoint at which nothing is heated."""


class HeatedZone:
    """A mass with a heater and a controller.

    Attributes:
        temperature: In degC.
        duty: Share of the heater's rating that is drawn, from 0 to 1.

    Args:
        temperature: At the beginning.
        rated: kW of the heater.
        capacity: kJ/K of what is warmed.
        loss: kW/K to the hall.
        band: Proportional band of the controller, in K.
        reset: Integral time of the controller, in seconds.
        lag: Time constant of the heater itself, in seconds.
    """

    def __init__(
        self, temperature: float, *, rated: float, capacity: float, loss: float, band: float, reset: float, lag: float
    ) -> None:
        self.temperature = temperature
        self.duty = 0.0
        self._rated = rated
        self._capacity = capacity
        self._loss = loss
        self._band = band
        self._reset = reset
        self._integral = 0.0
        self._heat = Lag(0.0, lag)

    def follow(self, setpoint: float, ambient: float, drawn: float = 0.0) -> float:
        """Let a second pass, and return what the heater draws in kW.

        Args:
            setpoint: In degC; `OFF` for none.
            ambient: Temperature of the hall in degC.
            drawn: kW that what is processed takes from the zone; negative if it warms it.
        """
        share = (setpoint - self.temperature) / self._band
        if share >= 1:  # the integral begins where the losses will be met
            self._integral = self._loss * (setpoint - ambient) / self._rated
            self.duty = 1.0
        elif share <= -1:
            self.duty = 0.0
        else:
            duty = share + self._integral
            if 0 <= duty <= 1:
                self._integral += share / self._reset
            self.duty = min(1.0, max(0.0, duty))
        power = self.duty * self._rated
        heat = self._heat.follow(power) - self._loss * (self.temperature - ambient) - drawn
        self.temperature += heat / self._capacity
        return power

    def seconds_to(self, setpoint: float, ambient: float) -> float:
        """Return how long the heater must be fully on to reach a temperature; infinite if it never does."""
        if setpoint <= self.temperature:
            return 0.0
        utmost = ambient + self._rated / self._loss
        if setpoint >= utmost:
            return math.inf
        return self._capacity / self._loss * math.log((utmost - self.temperature) / (utmost - setpoint))
