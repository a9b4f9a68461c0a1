"""How products are injection moulded: phases, temperatures, pressures and strokes, for `MouldingMachine`."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import NamedTuple

from simulators.machines.phased import Phase, Phases

_CLAMP, _INJECT, _HOLD, _DOSE, _COOL, _EJECT = 7.0, 22.0, 6.5, 11.5, 0.4, 6.0
"""kW of the pump in each phase, beyond the pump at no flow."""


class Recipe(NamedTuple):
    """How a product is moulded.

    Attributes:
        phases: Of a cycle.
        melt: Setpoint of the barrel's last zone in degC.
        water: Of the mould's temperature control, in degC.
        peak: Pressure of the melt at the end of filling, in bar.
        hold: Pressure in holding, as a share of it.
        clamp: Force in kN.
        dose: Where the screw stands before it injects, in mm.
        cushion: Where it ends, in mm.
        shot: Heat that a shot brings into the mould, in kJ.
    """

    phases: Phases
    melt: float
    water: float
    peak: float
    hold: float
    clamp: float
    dose: float
    cushion: float
    shot: float


@lru_cache(maxsize=1024)
def recipe(product: str, seconds: float = 30.0) -> Recipe:
    """Return how a product is moulded in cycles of so many seconds; all but its phases is the same with any."""
    draw = random.Random(f"mould {product}")
    clamp = min(2.0, 0.08 * seconds)
    inject = min(draw.uniform(1.0, 2.4), 0.1 * seconds)
    hold = min(draw.uniform(4.0, 8.0), 0.22 * seconds)
    eject = min(draw.uniform(2.6, 4.0), 0.12 * seconds)
    cooling = seconds - clamp - inject - hold - eject
    dose = min(draw.uniform(6.0, 10.0), 0.6 * cooling)
    phases = Phases(
        (
            Phase("clamp", clamp, _CLAMP),
            Phase("inject", inject, _INJECT),
            Phase("hold", hold, _HOLD),
            Phase("cool", dose, _DOSE),  # and dose
            Phase("cool", cooling - dose, _COOL),
            Phase("eject", eject, _EJECT),
        )
    )
    return Recipe(
        phases,
        melt=round(draw.uniform(205, 255)),
        water=round(draw.uniform(28, 55)),
        peak=draw.uniform(700, 1250),
        hold=draw.uniform(0.45, 0.6),
        clamp=round(draw.uniform(850, 1400), -1),
        dose=draw.uniform(60, 105),
        cushion=draw.uniform(4.5, 7.5),
        shot=draw.uniform(30, 55),
    )
