"""The plant of a load: as many machines as wanted, of several kinds, each line by itself.

A line is a `Course` of its own, so that a load is spread over time: its machines live through a second when their turn
comes, and not all of the plant at once.
"""

from __future__ import annotations

import math

from simulators.faces import FACES
from simulators.plant.consistency import MAX_MACHINES
from simulators.plant.course import Course
from simulators.plant.scenario import Line, Machine, Order, Product, Scenario

SITE = "load"
"""First level of topics; group of the edge nodes."""
PER_LINE = 20
"""Machines on a line, and devices of an edge node."""
_LINES_PER_AREA = 10
_KINDS = {
    "cnc_mill": "mill",
    "conveyor": "conveyor",
    "hydraulic_press": "press",
    "plc": "pump-station",
    "climate_sensor": "climate",
}
"""Kinds of machines, a line of each in turns, and what they are called."""
_PRODUCTS = {"bracket": Product(ideal_cycle=45), "plate": Product(ideal_cycle=30)}
_PLAN = (Order(product="bracket", time=7200.0), Order(product="plate", time=7200.0))


def period(machines: int, rate: float | None) -> int:
    """Return the seconds of a machine's life between two of its messages: one, unless the rate is lower."""
    return 1 if rate is None else max(1, round(machines / rate))


def scenario(machines: int, rate: float | None, face: str) -> Scenario:
    """Return the plant of a load.

    Args:
        machines: How many.
        rate: Readings a second, of all together; None: as many as possible.
        face: How they speak.

    Raises:
        ValueError: There is no such face, or there are too many machines.
    """
    if face not in FACES:
        raise ValueError(f"there is no face {face!r}: there are {', '.join(FACES)}")
    if not 1 <= machines <= MAX_MACHINES:
        raise ValueError(f"{machines} machines: say 1 to {MAX_MACHINES}")
    kinds = list(_KINDS)
    lines, described = [], []
    for number in range(math.ceil(machines / PER_LINE)):
        name, kind = f"line{number}", kinds[number % len(kinds)]
        count = min(PER_LINE, machines - number * PER_LINE)
        lines.append(Line(name=name, area=f"area{number // _LINES_PER_AREA}", plan=_PLAN))
        described.append(Machine(name=f"{_KINDS[kind]}-{number}", kind=kind, line=name, face=face, count=count))
    return Scenario(
        name="load",
        description=f"{machines} machines of {min(len(kinds), len(lines))} kinds",
        site=SITE,
        period=float(period(machines, rate)),
        products=_PRODUCTS,
        lines=tuple(lines),
        machines=tuple(described),
    )


def courses(plant: Scenario, seed: int) -> list[Course]:
    """Return a course for each line of a plant."""
    return [
        Course(plant.model_copy(update={"lines": (line,), "machines": (machine,)}), seed)
        for line, machine in zip(plant.lines, plant.machines, strict=True)
    ]
