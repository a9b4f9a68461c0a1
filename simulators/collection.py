"""The configuration of a gateway that collects a scenario: sources, routes, and what each value is.

What a scenario says is all that is needed: where the machines speak and how (their faces), and what they measure (their
signals).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from simulators.faces import FACES
from simulators.faces.face import Face
from simulators.machines import MACHINES
from simulators.plant.scenario import Scenario
from simulators.plant.station import Place

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STALE_SAMPLES = 4
"""Samples that may be missing before a machine is stale."""


def configuration(scenario: Scenario, url: str, *, command: str | None = None) -> str:
    """Return the text of a gateway.toml that stores what the machines of a scenario tell in the embedded historian.

    Args:
        scenario: The scenario.
        url: Of the broker.
        command: What lets the machines speak; by default `simulators run` with the name of the scenario.
    """
    speaking = {machine.face for machine in scenario.machines}
    lines = [
        _comment(f"Collects what `{command or f'simulators run {scenario.name}'}` tells, into the embedded historian."),
        _comment(scenario.description),
        "",
        f"id = {_value(scenario.name)}",
    ]
    sources = [face for name, face in FACES.items() if name in speaking]
    plain = [face for face in sources if not face.session()]
    if plain:
        lines += _table("[sources]", {"name": "plant", "url": url})
    for face in sources:
        if session := face.session():
            options = {key: value for key, value in session.items() if not isinstance(value, Mapping)}
            lines += _table("[sources]", {"name": face.name, "url": url, **options})
            for key, value in session.items():
                if isinstance(value, Mapping):
                    lines += _table(f"sources.{key}", value)
    for route in _routes(scenario):
        lines += _table("[routes]", route)
    for kind in dict.fromkeys(machine.kind for machine in scenario.machines):
        metrics = {
            signal.name: {
                **({"type": signal.type} if signal.type != "float" else {}),
                **({"unit": signal.unit} if signal.unit else {}),
                "description": signal.description,
            }
            for signal in MACHINES[kind].signals
        }
        lines += _table(f"measurements.{kind}.metrics", metrics)
    lines += _table("spool", {"path": "spool.db"})
    lines += _table("[sinks]", {"name": "historian", "type": "historian", "path": "historian.db"})
    return "\n".join(lines) + "\n"


def _routes(scenario: Scenario) -> Iterator[Mapping[str, object]]:
    """Yield the routes: one for all machines of a kind and face on a line, or one for each where a line has several."""
    kinds: dict[tuple[str, Place], dict[str, dict[str, float]]] = {}
    for machine in scenario.machines:
        line = scenario.line(machine.line)
        key = (machine.face, Place(scenario.site, line.area, line.name))
        periods = dict.fromkeys(machine.names(), machine.period or scenario.period)
        kinds.setdefault(key, {}).setdefault(machine.kind, {}).update(periods)
    seen: list[Mapping[str, object]] = []
    for (name, place), machines in kinds.items():
        for kind, periods in machines.items():
            for route in _of_kind(FACES[name], place, kind, periods, alone=len(machines) == 1):
                if route not in seen:
                    seen.append(route)
                    yield route


def _of_kind(
    face: type[Face], place: Place, kind: str, periods: Mapping[str, float], *, alone: bool
) -> list[Mapping[str, object]]:
    """Return the routes of machines of a kind, by their names with the seconds between two samples of each."""
    told = dict(face.collected(place, kind))
    topic = str(told.pop("topic"))
    if face.session():
        return [{"source": face.name, "topic": topic, **told}]
    rest = {"adapter": "json", **told, "tags": place._asdict()}
    if alone:
        return [{"source": "plant", "topic": topic, **rest, "stale_after": _silence(max(periods.values()))}]
    return [
        {
            "source": "plant",
            "topic": topic.replace("{machine}", name),
            "asset": name,
            **rest,
            "stale_after": _silence(period),
        }
        for name, period in periods.items()
    ]


def _silence(period: float) -> str:
    """Return how long a machine may say nothing."""
    return f"{int(_STALE_SAMPLES * period)}s"


def _comment(text: str) -> str:
    """Return a text as a comment: of one line, and without characters that a TOML file may not have."""
    return "# " + " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    return ["", f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in values.items())]


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    """Return a value as TOML spells it; texts, numbers and booleans are spelled as in JSON."""
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
        case str() | bool() | int() | float():
            return json.dumps(value, ensure_ascii=False)
        case Sequence():
            return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"{value!r} has no place in a configuration")
