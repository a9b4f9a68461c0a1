"""The plant in which a kind of machine is shown: two shifts with breaks, two products, and whom it needs beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulators.plant.scenario import Scenario

SHIFTS = (
    {
        "from": "06:00:00",
        "to": "14:00:00",
        "breaks": [{"from": "09:00:00", "to": "09:15:00"}, {"from": "12:00:00", "to": "12:30:00"}],
    },
    {
        "from": "14:00:00",
        "to": "22:00:00",
        "breaks": [{"from": "17:00:00", "to": "17:15:00"}, {"from": "20:00:00", "to": "20:30:00"}],
    },
)
"""Of every day."""

_BOTTLES = ("filler", "capper", "labeller", "case_packer")
_SELDOM = "1h"
"""How often the machines are read that are not shown."""


class Stage(NamedTuple):
    """What a kind of machine has around it, and where to look closely.

    Attributes:
        cycles: Its two products with their ideal cycles in seconds; none: it makes nothing.
        line: Kinds of the machines of its line, itself among them, in their order; empty: it stands alone.
        buffer: Places for parts between the machines of the line.
        beside: Kinds of machines that stand on another line, which it feeds or measures, with their cycles.
        many: How many there are of each of these.
        feeds: Lines that it feeds or measures.
        options: Of the machine.
        event: Signal that says when to look closely; empty: at the beginning of the first shift.
        becomes: What it changes to then; empty: anything.
        seconds: For how long to look.
    """

    cycles: Mapping[str, float] = {}
    line: Sequence[str] = ()
    buffer: int | None = None
    beside: Mapping[str, float] = {}
    many: int = 1
    feeds: Sequence[str] = ()
    options: Mapping[str, float] = {}
    event: str = "state"
    becomes: str = "STARTING"
    seconds: int = 600


_BOTTLING = Stage({"water": 0.5, "juice": 0.4}, line=_BOTTLES, buffer=120)

_STAGES: Mapping[str, Stage] = {
    "cnc_mill": Stage({"housing": 150.0, "flange": 95.0}),
    "moulding_machine": Stage({"handle": 8.5, "cover": 7.0}, seconds=300),
    "robot": Stage({"bracket": 9.0, "seat": 14.0}, seconds=180),
    "filler": _BOTTLING,
    "capper": _BOTTLING,
    "labeller": _BOTTLING,
    "case_packer": _BOTTLING,
    "hydraulic_press": Stage({"panel": 12.0, "bowl": 15.0}, seconds=240),
    "oven": Stage({"door": 24.0, "frame": 18.0}, seconds=1800),
    "conveyor": Stage({"crate": 7.0, "carton": 5.0}, line=("robot", "conveyor", "robot"), buffer=8),
    "agv": Stage({"casting": 200.0, "carton": 140.0}, seconds=900),
    "compressor": Stage(
        {"water": 0.5, "juice": 0.4}, beside={"case_packer": 0.5}, many=6, feeds=("other",), seconds=900
    ),
    "energy_meter": Stage(
        {"housing": 150.0, "flange": 95.0},
        beside={"cnc_mill": 150.0, "moulding_machine": 8.5, "hydraulic_press": 12.0, "conveyor": 7.0},
        feeds=("other",),
        options={"base": 6.0, "rating": 90.0},
        event="",
        seconds=900,
    ),
    "climate_sensor": Stage(event="", seconds=3600),
    "plc": Stage(event="outputs", becomes="", seconds=1200),
}


def stage(kind: str) -> Stage:
    """Return what a kind of machine has around it; a kind that is not known here makes a part a minute, alone."""
    return _STAGES.get(kind) or Stage({"first": 60.0, "second": 45.0})


def plant(kind: str) -> Scenario:
    """Return a plant with a machine of this kind: it has the name of the kind."""
    its = stage(kind)
    plan = [{"product": product, "for": "8.5h"} for product in its.cycles]
    lines = [{"name": "shown", "area": "hall", "plan": plan, **({"buffer": its.buffer} if its.buffer else {})}]
    if its.beside:
        lines.append({"name": "other", "area": "hall", "plan": plan})
    machines: list[dict[str, object]] = [
        {"name": _name(kind, number, each), "kind": each, "line": "shown", "period": 1 if each == kind else _SELDOM}
        for number, each in enumerate(its.line or (kind,))
    ]
    for machine in machines:
        if machine["kind"] == kind:
            machine |= {"feeds": its.feeds, "options": its.options}
    machines += [
        {"name": f"other-{each}", "kind": each, "line": "other", "period": _SELDOM, "count": its.many}
        for each in its.beside
    ]
    return Scenario.model_validate(
        {
            "name": kind,
            "description": f"A {kind} to be shown",
            "shifts": SHIFTS,
            "products": {
                product: {"ideal_cycle": cycle, "ideal_cycles": its.beside} for product, cycle in its.cycles.items()
            },
            "lines": lines,
            "machines": machines,
        }
    )


def _name(shown: str, number: int, kind: str) -> str:
    return kind if kind == shown else f"{kind}-{number}"
