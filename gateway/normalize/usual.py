"""Messages about which nothing is new: collected by their plan, and checked together.

A machine repeats itself, and a fleet of machines of one type repeats one another. Checking the values of a thousand
such messages takes one call, a sixth of what a call for each costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydantic_core import ValidationError

from gateway.models import Message, Observation, Telemetry, Value
from gateway.normalize.assorted import Assorted
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

    @property
    def is_narrow(self) -> bool:
        """Whether each value becomes a record of its own."""
        return bool(self.taken) and self.taken[0].state.is_narrow

    def telemetry(self) -> Iterator[Telemetry]:
        """Yield the telemetry of each."""
        narrow = self.is_narrow
        names = self.plan.names if narrow else self.plan.fields
        for one, row in zip(self.taken, self.rows, strict=True):
            yield Telemetry(
                series=one.state.series,
                values=dict(zip(names, row, strict=True)),
                timestamp_ns=one.time_ns,
                origin=one.observation.origin,
                narrow=narrow,
            )


class Checked(NamedTuple):
    """What was taken, checked.

    Attributes:
        alike: What is as usual, by plan.
        assorted: What was taken value by value, in order.
        unusual: What the long way must look at, in order, once all the others are written.
    """

    alike: list[Alike]
    assorted: list[Assorted]
    unusual: list[Taken | Assorted]

    def telemetry(self) -> Iterator[Telemetry]:
        """Yield the telemetry of all that need not go the long way."""
        for alike in self.alike:
            yield from alike.telemetry()
        for one in self.assorted:
            yield from one.telemetry()


class UsualMessages:
    """What was taken the quick way since the last `check`.

    Attributes:
        number: How many messages.
        by_plan: Those that have a plan.
        assorted: The others.
    """

    __slots__ = ("assorted", "by_plan", "number")

    def __init__(self) -> None:
        self.number = 0
        self.assorted: list[Assorted] = []
        self.by_plan: dict[Plan, list[Taken]] = {}

    def check(self) -> Checked:
        """Return what is as usual, and what is not; and begin anew.

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
        checked = Checked(alike, self.assorted, [])
        self.number = 0
        self.by_plan, self.assorted = {}, []
        return checked if not unusual else _with_followers(checked, unusual)


def _values(one: Taken) -> Values:
    return one.values or ()


def _with_followers(checked: Checked, unusual: Sequence[Taken]) -> Checked:
    first: dict[int, int] = {}
    for one in unusual:
        first[id(one.state)] = min(one.position, first.get(id(one.state), one.position))

    def stays(one: Taken | Assorted) -> bool:
        return one.position < first.get(id(one.state), one.position + 1)

    left: list[Alike] = []
    late: list[Taken | Assorted] = [*unusual, *(one for one in checked.assorted if not stays(one))]
    for plan, taken, rows in checked.alike:
        late += [one for one in taken if not stays(one)]
        pairs = [(one, row) for one, row in zip(taken, rows, strict=True) if stays(one)]
        left.append(Alike(plan, [one for one, _ in pairs], [row for _, row in pairs]))
    return Checked(left, [one for one in checked.assorted if stays(one)], sorted(late, key=lambda one: one.position))
