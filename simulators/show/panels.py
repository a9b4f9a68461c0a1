"""Which signals of a machine are shown together: those of one unit whose values go about equally far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulators.machines.packml import AFTER_ACTING, State
from simulators.machines.signal import Signal, Value
from simulators.show.day import Day, amounts

_NUMBERED = re.compile(r"^(.+?)_?(?:l?\d)$|^(pump)_\d_(.+)$")
_FURTHER = 4.0
"""How many times as far the values of a panel may go as those of each signal alone: else it would be a flat line."""
_TOGETHER = 4
"""Signals in a panel, unless they are numbered."""


class Panel(NamedTuple):
    """What is shown together.

    Attributes:
        signals: A text or a boolean stands alone; numbers share a unit.
    """

    signals: tuple[Signal, ...]

    @property
    def is_strip(self) -> bool:
        """Whether it is a strip of colours: a text, or a boolean."""
        return self.signals[0].type in ("text", "bool")

    @property
    def unit(self) -> str:
        """Unit of its signals."""
        return self.signals[0].unit


def panels(day: Day) -> list[Panel]:
    """Return the panels of a day in the order of the signals, strips first."""
    strips = [Panel((signal,)) for signal in day.kind.signals if signal.type in ("text", "bool")]
    groups: list[list[Signal]] = []
    for signal in day.kind.signals:
        if signal.type in ("text", "bool"):
            continue
        group = next((group for group in groups if _goes_with(signal, group, day.columns)), None)
        if group is None:
            groups.append([signal])
        else:
            group.append(signal)
    return strips + [Panel(tuple(group)) for group in groups]


def _goes_with(signal: Signal, group: Sequence[Signal], columns: Mapping[str, Sequence[Value]]) -> bool:
    first = group[0]
    if signal.unit != first.unit:
        return False
    if (series := _series(signal)) or _series(first):
        return series == _series(first)
    if not signal.unit or len(group) >= _TOGETHER:
        return False
    (low, high), (lower, higher) = _reach(columns[signal.name]), _reach(columns[first.name])
    return max(high, higher) - min(low, lower) <= _FURTHER * min(high - low, higher - lower)


def _series(signal: Signal) -> str:
    """Return what the numbered names of a series have in common: `joint` of `joint_3`; else nothing."""
    match = _NUMBERED.match(signal.name)
    return (match[1] or f"{match[2]} {match[3]}") if match else ""


def _reach(column: Sequence[Value]) -> tuple[float, float]:
    values = amounts(column)
    return min(values), max(values)


QUIET, BUSY, WAITING, STOPPED, BROKEN, MOVING, DONE = (
    "#d9d9d9",
    "#009e73",
    "#e69f00",
    "#f0e442",
    "#d55e00",
    "#56b4e9",
    "#cc79a7",
)
"""Colours that people with any colour vision tell apart (Okabe and Ito 2008), by what a machine does."""

_OF_STATES = {
    State.STOPPED: QUIET,
    State.IDLE: "#a6a6a6",
    State.EXECUTE: BUSY,
    State.SUSPENDED: WAITING,
    State.HELD: STOPPED,
    State.ABORTED: BROKEN,
    State.COMPLETE: DONE,
}
_OTHERS = {"LOADED": BUSY, "UNLOADED": WAITING, "FAULT": BROKEN, "True": "#0072b2", "False": "#e8e8e8"}
_ANY = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f", "#332288", "#882255")
ALL_COLOURS = tuple(dict.fromkeys((*_OF_STATES.values(), MOVING, *_OTHERS.values(), *_ANY)))
"""All colours that strips have."""
_NOTHING = frozenset({"none", "idle", "wait", ""})


def legend(palette: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return colours and what they mean, those that mean several acting states once."""
    entries = [(colour, text) for text, colour in palette.items() if colour != MOVING or text not in State.__members__]
    acting = [text for text, colour in palette.items() if colour == MOVING and text in State.__members__]
    return [*entries, (MOVING, acting[0] if len(acting) == 1 else "in transition")] if acting else entries


def colours(values: Sequence[Value]) -> dict[str, str]:
    """Return a colour for each value that a strip takes, by the value's text, in the order in which they occur."""
    others = iter(_ANY * (1 + len(values) // len(_ANY)))
    found: dict[str, str] = {}
    for value in map(str, dict.fromkeys(values)):
        if value in State.__members__:
            state = State[value]
            found[value] = _OF_STATES.get(state, MOVING) if state not in AFTER_ACTING else MOVING
        elif value in _OTHERS:
            found[value] = _OTHERS[value]
        else:
            found[value] = QUIET if value in _NOTHING else next(others)
    return found
