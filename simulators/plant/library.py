"""Where scenarios come from, and what is told of the mistakes in them."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from simulators.plant.scenario import Scenario


class ScenarioError(ValueError):
    """A scenario is not there, or says something wrong: with its place and what to do."""


_SCENARIOS = files("simulators") / "scenarios"


def names() -> list[str]:
    """Return the names of the scenarios that come with the simulators."""
    return sorted(file.name.removesuffix(".toml") for file in _SCENARIOS.iterdir() if file.name.endswith(".toml"))


def load(name: str) -> Scenario:
    """Return a scenario: one that comes with the simulators by its name, or the one in a file by its path.

    Raises:
        ScenarioError: It is not there, or says something wrong.
    """
    if name.endswith(".toml"):
        try:
            content = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise ScenarioError(f"{name}: {error}") from error
        return parse(content, name, _name(Path(name).stem))
    if name not in names():
        raise ScenarioError(
            f"there is no scenario {name!r}; there are {', '.join(names())}, or say the path of a .toml file"
        )
    return parse((_SCENARIOS / f"{name}.toml").read_text(encoding="utf-8"), name, name)


def _name(stem: str) -> str:
    """Return the name of a scenario in a file of one's own: what a name may not have becomes a hyphen."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain)[:64].strip("._-") or "scenario"


def parse(content: str, place: str, name: str) -> Scenario:
    """Return the scenario that a TOML text says.

    Raises:
        ScenarioError: It says something wrong; each mistake with its place.
    """
    try:
        tables = tomllib.loads(content)
    except (ValueError, RecursionError) as error:  # ill spelled, a number of thousands of digits, or nested too deep
        raise ScenarioError(f"{place}: {error}") from error
    try:
        return Scenario.model_validate({"name": name, **tables})
    except ValidationError as error:
        raise ScenarioError("\n".join(_mistakes(place, error, tables))) from error


def _mistakes(place: str, error: ValidationError, tables: Mapping[str, object]) -> Iterator[str]:
    mistakes = error.errors(include_url=False, include_input=False)
    for mistake in mistakes:
        if mistake["type"] == "too_short" and any(_inside(each["loc"], mistake["loc"]) for each in mistakes):
            continue  # there are some, but they are wrong
        where = ".".join(_named(mistake["loc"], tables))
        yield f"{place}: {where + ': ' if where else ''}{mistake['msg'].removeprefix('Value error, ')}"


def _inside(location: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(location) > len(other) and location[: len(other)] == other


def _named(location: tuple[int | str, ...], tables: object) -> Iterator[str]:
    """Yield the steps of a place, elements of arrays by their names where they have one."""
    for step in location:
        match tables, step:
            case list(), int() if step < len(tables):
                tables = tables[step]
                yield str(tables["name"]) if isinstance(tables, Mapping) and "name" in tables else str(step)
            case Mapping(), str():
                tables = tables.get(step)
                yield step
            case _:
                yield str(step)
