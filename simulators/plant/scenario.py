"""What a scenario says: a plant with its lines, machines, products and shifts, and how its machines speak."""

from __future__ import annotations

import inspect
import math
from typing import Annotated, Any, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from simulators.machines import MACHINES
from simulators.machines.device import Device
from simulators.machines.states import Reliability
from simulators.machines.unit import LEAST_CYCLE, Unit
from simulators.plant import consistency
from simulators.plant.amounts import Seconds
from simulators.plant.calendar import Clock, Shift
from simulators.plant.consistency import MAX_MACHINES
from simulators.plant.feeding import FEEDING

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
"""A level of a topic: no slash, no wildcard, no space."""


def _whole(period: float) -> float:
    if period != int(period):
        raise ValueError("machines live in steps of a second: say whole seconds")
    return period


def _finite(value: object) -> object:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("say a number, a text, true or false")  # noqa: TRY004  # pydantic reports these only
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is endless, or no number")
    return value


Cycle: TypeAlias = Annotated[Seconds, Field(ge=LEAST_CYCLE)]
Option: TypeAlias = Annotated[bool | int | float | str, BeforeValidator(_finite)]
Period: TypeAlias = Annotated[Seconds, Field(ge=1), AfterValidator(_whole)]

_TIMES = ("mtbf", "mttr", "stops", "stop")
_MOST_LOSS = 10
_MOST = 1e9
"""The greatest number of an option."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


class Product(_Table):
    """Something that is made."""

    ideal_cycle: Cycle = Field(description="Seconds for one part at the machine's best.")
    ideal_cycles: dict[str, Cycle] = Field(default={}, description="The same for kinds of machines that differ.")

    @field_validator("ideal_cycles")
    @classmethod
    def _known_kinds(cls, cycles: dict[str, float]) -> dict[str, float]:
        for kind in cycles:
            _known_kind(kind)
        return cycles

    def cycle(self, kind: str) -> float:
        """Return the ideal cycle time on a kind of machine, in seconds."""
        return self.ideal_cycles.get(kind, self.ideal_cycle)


def _known_kind(kind: str) -> str:
    if kind not in MACHINES:
        raise ValueError(f"there is no machine {kind!r}: there are {', '.join(MACHINES)}")
    return kind


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
    kind: Annotated[str, AfterValidator(_known_kind)]
    line: str
    face: str = "json"
    count: int = Field(default=1, ge=1, le=MAX_MACHINES)
    period: Period | None = Field(default=None, description="From one sample to the next, in whole seconds.")
    reliability: dict[str, Seconds] = Field(
        default={}, description="How well it runs, where not as usual for its kind."
    )
    options: dict[str, Option] = Field(default={}, description="What the kind has of its own.")
    feeds: tuple[str, ...] = Field(
        default=(), description="Lines and machines that a meter measures, or a compressor supplies."
    )
    troubles: tuple[Happening, ...] = Field(default=(), description="What goes wrong in its process.")
    faults: tuple[Happening, ...] = Field(default=(), description="What goes wrong in its messages.")

    @field_validator("reliability")
    @classmethod
    def _known_reliability(cls, changes: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(changes) - set(Reliability._fields)):
            raise ValueError(f"unknown: {', '.join(unknown)}; there are {', '.join(Reliability._fields)}")
        if nothing := [name for name in _TIMES if changes.get(name) == 0]:
            raise ValueError(f"{', '.join(nothing)}: 0 s is no time: say more")
        if changes.get("scrap", 0) > 1:
            raise ValueError("scrap is a share of the parts: say 0 to 1")
        if changes.get("loss", 0) > _MOST_LOSS:
            raise ValueError(f"loss is a share of the ideal cycle: say 0 to {_MOST_LOSS}")
        return changes

    @model_validator(mode="after")
    def _as_its_kind(self) -> Self:
        kind = MACHINES[self.kind]
        for trouble in self.troubles:
            if trouble.name not in kind.troubles:
                there = f"there are {', '.join(kind.troubles)}" if kind.troubles else "it has none"
                raise ValueError(f"troubles: a {self.kind} has no trouble {trouble.name!r}: {there}")
        if self.feeds and self.kind not in FEEDING:
            raise ValueError(f"feeds: a {self.kind} feeds nobody: only {' and '.join(FEEDING)} do")
        if self.reliability and not issubclass(kind, Unit):
            raise ValueError(f"reliability: a {self.kind} makes no parts, and nothing stops it")
        self._check_options(kind)
        return self

    def _check_options(self, kind: type[Device]) -> None:
        parameters = inspect.signature(kind.__init__, eval_str=True).parameters
        known = sorted(set(parameters) - {"self", "name", "seed", "reliability"})
        if unknown := sorted(set(self.options) - set(known)):
            there = f"there are {', '.join(known)}" if known else "it has none"
            raise ValueError(f"options: a {self.kind} has no {', '.join(unknown)}; {there}")
        for name, value in self.options.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if parameters[name].annotation is float and not (is_number and abs(float(value)) <= _MOST):
                raise ValueError(f"options.{name}: {value!r} is no number up to {_MOST:g}")
        try:
            self.make(self.name, 1)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise ValueError(f"options: {error}") from error

    def make(self, name: str, seed: int) -> Device:
        """Return one of its machines, at its first moment."""
        kind = MACHINES[self.kind]
        options: dict[str, Any] = dict(self.options)  # of its constructor: `_check_options` has looked
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
    period: Period = Field(default=5.0, description="From one sample of a machine to the next, in whole seconds.")
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
        consistency.check(self)
        return self

    def line(self, name: str) -> Line:
        """Return the line of a name."""
        return next(line for line in self.lines if line.name == name)
