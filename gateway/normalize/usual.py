"""Messages about which nothing is new: collected by their plan, and checked together.

A machine repeats itself, and a fleet of machines of one type repeats one another. Checking the values of a thousand
such messages takes one call, a sixth of what a call for each costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic_core import ValidationError

from gateway.models import Message, Observation, Telemetry, Value
from gateway.normalize.plan import Plan
from gateway.normalize.reader import Values, unusual_rows
from gateway.normalize.series import SeriesState


class Taken(NamedTuple):
    """A message that was taken and is not checked yet.

    Attributes:
        position: Its place among all that were taken.
        message: The message.
        observation: What its adapter says.
        state: Its series.
        time_ns: When its values were true.
        values: As they are to be stored, where they had to be converted; else None.
    """

    position: int
    message: Message
    observation: Observation
    state: SeriesState
    time_ns: int
    values: Values | None


class Alike(NamedTuple):
    """Messages of one plan, checked.

    Attributes:
        plan: Their plan.
        taken: The messages.
        rows: For each, the values of its fields.
    """

    plan: Plan
    taken: Sequence[Taken]
    rows: Sequence[tuple[Value, ...]]

    def telemetry(self) -> Iterator[Telemetry]:
        """Yield the telemetry of each."""
        for one, row in zip(self.taken, self.rows, strict=True):
            fields = dict(zip(self.plan.fields, row, strict=True))
            yield Telemetry(series=one.state.series, values=fields, timestamp_ns=one.time_ns)


class UsualMessages:
    """What was taken the quick way since the last `check`.

    Attributes:
        number: How many messages.
        by_plan: They.
    """

    __slots__ = ("by_plan", "number")

    def __init__(self) -> None:
        self.number = 0
        self.by_plan: dict[Plan, list[Taken]] = {}

    def check(self) -> tuple[list[Alike], list[Taken]]:
        """Return what is as usual, and what is not, in order; and begin anew.

        Once a message of a series is unusual, the later ones of that series count as unusual, too: what the first one
        changes (a quality, say) has to be told of the next.
        """
        alike: list[Alike] = []
        unusual: list[Taken] = []
        for plan, taken in self.by_plan.items():
            rows = [_values(one) for one in taken] if plan.conversions else [(*one[2][0].values(),) for one in taken]
            try:
                alike.append(Alike(plan, taken, plan.read(rows)))
            except ValidationError as error:
                wrong = unusual_rows(error)
                unusual += [taken[number] for number in wrong]
                left = [number for number in range(len(taken)) if number not in wrong]
                good = [rows[number] for number in left]
                alike.append(Alike(plan, [taken[number] for number in left], plan.read(good)))
        self.number = 0
        self.by_plan = {}
        return (alike, []) if not unusual else _with_followers(alike, unusual)


def _values(one: Taken) -> Values:
    return one.values or ()


def _with_followers(alike: list[Alike], unusual: list[Taken]) -> tuple[list[Alike], list[Taken]]:
    first: dict[int, int] = {}
    for one in unusual:
        first[id(one.state)] = min(one.position, first.get(id(one.state), one.position))
    left: list[Alike] = []
    for plan, taken, rows in alike:
        stays = [one.position < first.get(id(one.state), one.position + 1) for one in taken]
        unusual += [one for one, stay in zip(taken, stays, strict=True) if not stay]
        left.append(
            Alike(
                plan,
                [one for one, stay in zip(taken, stays, strict=True) if stay],
                [row for row, stay in zip(rows, stays, strict=True) if stay],
            )
        )
    return left, sorted(unusual, key=lambda one: one.position)
