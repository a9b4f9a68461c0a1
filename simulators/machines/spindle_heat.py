"""The temperature of a spindle bearing: it follows the load with a time constant, in closed form.

One thermal mass that loses heat to its surroundings (Newton's law of cooling): dT/dt = (target - T) / time constant.
While the load does not change, T = target + (T0 - target) * exp(-t / time constant); over a chain of such stretches
the last temperature is a linear function of the first, and that is what is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from simulators.machines.milling_jobs import Segment
from simulators.machines.milling_programs import Operation

TIME_CONSTANT = 240.0
"""Seconds after which 63 % of a step has been followed."""

_PER_PERCENT = 0.45
"""Kelvin above the surroundings for each percent of spindle load, in the long run."""

_PER_REVOLUTION = 0.0006
"""Kelvin for each revolution per minute: bearings warm up without load too."""

EARLIER_JOBS = 2
"""How many jobs before the present one are still felt: of what came earlier, exp(-15) is left."""


class Linear(NamedTuple):
    """The temperature at the end of a stretch as a function of that at its start: `factor` * start + `summand`."""

    factor: float
    summand: float

    def of(self, start: float) -> float:
        """Return the temperature at the end."""
        return self.factor * start + self.summand

    def then(self, later: Linear) -> Linear:
        """Return both stretches, one after the other, as one."""
        return Linear(later.factor * self.factor, later.of(self.summand))


def stretch(operation: Operation, seconds: float) -> Linear:
    """Return what an operation does to the temperature above the surroundings, in kelvin."""
    target = _PER_PERCENT * operation.spindle_load + _PER_REVOLUTION * operation.spindle_speed
    left = math.exp(-seconds / TIME_CONSTANT)
    return Linear(left, target * (1 - left))


def whole(segments: Sequence[Segment]) -> Linear:
    """Return what a chain of segments does to the temperature."""
    heat = Linear(1, 0)
    for segment in segments:
        heat = heat.then(stretch(segment.operation, segment.seconds))
    return heat
