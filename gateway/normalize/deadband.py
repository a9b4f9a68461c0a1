"""Deadband: changes too small to matter are not stored, and nothing else gets lost with them.

A heartbeat stores an unchanged value now and then, so that "nothing changed" can be told from "nothing came". The
last swallowed value is stored before a step, so that the step keeps its shape. A change of quality is never held up.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.normalize.series import SeriesState, Stored
from gateway.settings.models import Metric


class Verdict(NamedTuple):
    """What to do with a value: whether to store it, and a swallowed value and its time to store before it."""

    store: bool
    before: tuple[float, int] | None = None


def suppress(state: SeriesState, name: str, value: float, time_ns: int, rule: Metric, *, always: bool) -> Verdict:
    """Judge a value of a field with a deadband, and remember it.

    Args:
        state: The series.
        name: The stored name of the value.
        value: The value, in the unit of the store.
        time_ns: When it was true.
        rule: Its `deadband` and `heartbeat`.
        always: Store it in any case, because its quality changed.
    """
    last = state.bands.get(name)
    if last is None or time_ns <= last.time_ns:  # the first, or late: not for us to judge
        if last is None:
            state.bands[name] = Stored(value, time_ns, None)
        return Verdict(store=True)
    small = abs(value - last.value) < (rule.deadband or 0.0)
    if small and time_ns - last.time_ns < rule.heartbeat and not always:
        state.bands[name] = last._replace(swallowed=(value, time_ns))
        return Verdict(store=False)
    state.bands[name] = Stored(value, time_ns, None)
    return Verdict(store=True, before=None if small else last.swallowed)
