"""What a scenario says: a plant with its lines, machines, products and shifts, and how its machines speak."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Annotated, Any, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from simulators.machines import MACHINES
from simulators.machines.device import Device
from simulators.machines.states import Reliability
from simulators.machines.unit import TROUBLES, Unit
from simulators.plant.amounts import Seconds
from simulators.plant.calendar import Clock, Shift

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
"""A level of a topic: no slash, no wildcard, no space."""

MAX_MACHINES = 20_000


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Product(_Table):
    """Something that is made."""

    ideal_cycle: Seconds = Field(gt=0, description="Seconds for one part at the machine's best.")
    ideal_cycles: dict[str, Seconds] = Field(default={}, description="The same for kinds of machines that differ.")

    def cycle(self, kind: str) -> float:
        """Return the ideal cycle time on a kind of machine, in seconds."""
        return self.ideal_cycles.get(kind, self.ideal_cycle)


class Order(_Table):
    """How long a product is made before the next of the plan is."""

    product: str
    time: Seconds = Field(alias="for", gt=0, description="Planned time of production.")


class Line(_Table):
    """Machines that stand together and follow one plan."""

    name: Name
    area: Name
    plan: tuple[Order, ...] = Field(default=(), description="What is made, in turns; by default nothing.")
    buffer: int | None = Field(
        default=None,
        ge=1,
        description="Places for parts between machines that follow each other. By default each works by itself.",
    )
    shifts: tuple[Shift, ...] | None = Field(default=None, description="Of this line; by default those of the plant.")


class Happening(_Table):
    """Something that is wrong for a while."""

    name: str
    at: Seconds = Field(default=0.0, description="When it begins, from the start of the run.")
    time: Seconds = Field(alias="for", default=float(100 * 365 * 86_400), description="How long it lasts.")


class Machine(_Table):
    """A machine, or several of the same kind."""

    name: Name = Field(description="With `count`, a number is put behind it: `mill` becomes `mill-1`, `mill-2`, ...")
    kind: str
    line: str
    face: str = "json"
    count: int = Field(default=1, ge=1, le=MAX_MACHINES)
    period: Seconds | None = Field(default=None, ge=1, description="From one sample to the next, in whole seconds.")
    reliability: dict[str, Seconds] = Field(
        default={}, description="How well it runs, where not as usual for its kind."
    )
    options: dict[str, bool | int | float | str] = Field(default={}, description="What the kind has of its own.")
    feeds: tuple[str, ...] = Field(
        default=(), description="Lines and machines that a meter measures, or a compressor supplies."
    )
    troubles: tuple[Happening, ...] = Field(default=(), description="What goes wrong in its process.")
    faults: tuple[Happening, ...] = Field(default=(), description="What goes wrong in its messages.")

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in MACHINES:
            raise ValueError(f"there is no machine {kind!r}: there are {', '.join(MACHINES)}")
        return kind

    @field_validator("troubles")
    @classmethod
    def _known_troubles(cls, troubles: tuple[Happening, ...]) -> tuple[Happening, ...]:
        for trouble in troubles:
            if trouble.name not in TROUBLES:
                raise ValueError(f"there is no trouble {trouble.name!r}: there are {', '.join(TROUBLES)}")
        return troubles

    @field_validator("reliability")
    @classmethod
    def _known_reliability(cls, changes: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(changes) - set(Reliability._fields)):
            raise ValueError(f"unknown: {', '.join(unknown)}; there are {', '.join(Reliability._fields)}")
        return changes

    @field_validator("period")
    @classmethod
    def _whole_seconds(cls, period: float | None) -> float | None:
        if period is not None and period != int(period):
            raise ValueError("machines live in steps of a second: say whole seconds")
        return period

    @model_validator(mode="after")
    def _known_options(self) -> Self:
        known = set(inspect.signature(MACHINES[self.kind].__init__).parameters) - {
            "self",
            "name",
            "seed",
            "reliability",
        }
        if unknown := sorted(set(self.options) - known):
            there = f"there are {', '.join(sorted(known))}" if known else "it has none"
            raise ValueError(f"options: a {self.kind} has no {', '.join(unknown)}; {there}")
        if self.reliability and not issubclass(MACHINES[self.kind], Unit):
            raise ValueError(f"reliability: a {self.kind} makes no parts, and nothing stops it")
        return self

    def make(self, name: str, seed: int) -> Device:
        """Return one of its machines, at its first moment."""
        kind = MACHINES[self.kind]
        options: dict[str, Any] = dict(self.options)  # of its constructor: `_known_options` has looked
        if self.reliability and issubclass(kind, Unit):
            options["reliability"] = kind.reliability._replace(**self.reliability)
        return kind(name, seed, **options)

    def names(self) -> list[str]:
        """Return the names of its machines."""
        return [self.name] if self.count == 1 else [f"{self.name}-{number}" for number in range(1, self.count + 1)]


class Scenario(_Table):
    """A plant, and how its machines speak."""

    name: Name
    description: str
    site: Name = "plant1"
    time_zone: str = Field(default="UTC", description="Of the shifts, by its IANA name.")
    speed: float = Field(default=1.0, ge=0.1, le=1000, description="Virtual seconds in a second.")
    duration: Seconds = Field(
        default=8 * 3600.0, gt=0, description="Virtual time after which the expected answers are computed."
    )
    seed: int = 1
    period: Seconds = Field(
        default=5.0, ge=1, description="From one sample of a machine to the next, in whole seconds."
    )
    begin: Clock | None = Field(
        default=None, description="Time of the day, in `time_zone`, at which a run that is not at speed 1 begins."
    )
    lived: Seconds = Field(
        default=0.0, le=604_800, description="Virtual time that the plant has lived before the start, unheard."
    )
    shifts: tuple[Shift, ...] = Field(default=(), description="By default production is planned always.")
    products: dict[str, Product] = {}
    lines: tuple[Line, ...]
    machines: tuple[Machine, ...] = Field(min_length=1)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {zone!r}: say an IANA name, such as Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        lines = {line.name for line in self.lines}
        names = [name for machine in self.machines for name in machine.names()]
        if len(names) > MAX_MACHINES:
            raise ValueError(f"{len(names)} machines are more than {MAX_MACHINES}")
        if doubles := [name for name, times in Counter(names).items() if times > 1]:
            raise ValueError(f"two machines are called {', '.join(doubles)}")
        for line in self.lines:
            for order in line.plan:
                if order.product not in self.products:
                    raise ValueError(f"lines.{line.name}: there is no product {order.product!r} in [products]")
        for machine in self.machines:
            if machine.line not in lines:
                raise ValueError(f"machines.{machine.name}: there is no line {machine.line!r}")
            if unknown := sorted(set(machine.feeds) - lines - set(names)):
                raise ValueError(f"machines.{machine.name}.feeds: there is no line or machine {', '.join(unknown)}")
        return self

    def line(self, name: str) -> Line:
        """Return the line of a name."""
        return next(line for line in self.lines if line.name == name)
