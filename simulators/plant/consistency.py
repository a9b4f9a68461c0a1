"""Whether the parts of a scenario go together: what each says by itself is right already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from simulators.machines import MACHINES
from simulators.machines.unit import Unit
from simulators.plant.feeding import METER, levels

if TYPE_CHECKING:
    from simulators.plant.scenario import Line, Machine, Scenario

MAX_MACHINES = 20_000


def check(scenario: Scenario) -> None:
    """See that names are unique and known, that machines can make what is planned, and who feeds whom.

    Raises:
        ValueError: They do not go together; with the place, and what to do.
    """
    names = [name for machine in scenario.machines for name in machine.names()]
    if len(names) > MAX_MACHINES:
        raise ValueError(f"{len(names)} machines are more than {MAX_MACHINES}")
    _unique("machines", names)
    _unique("lines", [line.name for line in scenario.lines])
    _known(scenario, {*names, *(line.name for line in scenario.lines)})
    in_lines: dict[str, list[Machine]] = {line.name: [] for line in scenario.lines}
    for machine in scenario.machines:
        in_lines[machine.line].append(machine)
    for line in scenario.lines:
        machines = in_lines[line.name]
        _fast_enough(scenario, line, machines)
        _room_enough(line, machines)
    _no_circle(scenario)


def _unique(what: str, names: Iterable[str]) -> None:
    if doubles := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"two {what} are called {', '.join(doubles)}: give each a name of its own")


def _known(scenario: Scenario, names: set[str]) -> None:
    lines = {line.name for line in scenario.lines}
    for line in scenario.lines:
        for order in line.plan:
            if order.product not in scenario.products:
                raise ValueError(f"lines.{line.name}: there is no product {order.product!r} in [products]")
    for machine in scenario.machines:
        if machine.line not in lines:
            raise ValueError(f"machines.{machine.name}: there is no line {machine.line!r}")
        if unknown := sorted(set(machine.feeds) - names):
            raise ValueError(f"machines.{machine.name}.feeds: there is no line or machine {', '.join(unknown)}")


def _units(machines: Sequence[Machine]) -> Iterator[tuple[Machine, type[Unit]]]:
    """Yield those that make parts, with their kinds."""
    for machine in machines:
        kind = MACHINES[machine.kind]
        if issubclass(kind, Unit):
            yield machine, kind


def _fast_enough(scenario: Scenario, line: Line, machines: Sequence[Machine]) -> None:
    """See that nothing is planned that a machine cannot make so fast."""
    for machine, kind in _units(machines):
        for name in dict.fromkeys(order.product for order in line.plan):
            cycle = scenario.products[name].cycle(machine.kind)
            if cycle < kind.least_cycle:
                raise ValueError(
                    f"machines.{machine.name}: {name} takes {cycle:g} s there, and a {machine.kind} needs "
                    f"{kind.least_cycle:g} s at least: say a longer ideal_cycle in products.{name}, or "
                    f"ideal_cycles = {{ {machine.kind} = {kind.least_cycle:g} }}"
                )


def _room_enough(line: Line, machines: Sequence[Machine]) -> None:
    """See that two machines that follow each other cannot both wait for ever.

    The first waits while its batch finds no room, the second while there is no whole batch: with one place less than
    both batches together there is always room for the one or enough for the other, whatever was rejected between.
    """
    if line.buffer is None:
        return
    units = [(name, kind.batch) for machine, kind in _units(machines) for name in machine.names()]
    for (before, gives), (behind, takes) in pairwise(units):
        if line.buffer < (least := gives + takes - 1):
            raise ValueError(
                f"lines.{line.name}.buffer: {before} gives {gives} and {behind} takes {takes} parts at a time: "
                f"say {least} places at least"
            )


def _no_circle(scenario: Scenario) -> None:
    feeding = [machine for machine in scenario.machines if machine.feeds]
    in_lines: dict[str, list[str]] = {}
    for machine in feeding:
        if machine.kind != METER:  # a line's meters are not counted with it
            in_lines.setdefault(machine.line, []).extend(machine.names())
    feeds: dict[str, list[str]] = {}
    for machine in feeding:
        fed = [name for each in machine.feeds for name in (each, *in_lines.get(each, ()))]
        feeds.update(dict.fromkeys(machine.names(), fed))
    try:
        levels(feeds)
    except ValueError as error:
        raise ValueError(
            f"machines: {error}, by feeds: name the other machines of the line, or take one out of it"
        ) from error
