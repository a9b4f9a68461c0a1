"""Writes the tables of docs/simulators.md from the simulators: machines, scenarios, faces, troubles and faults.

    python -m tools.simulators_reference [--check] docs/simulators.md

Each table stands between two comments, `<!-- NAME: begin -->` and `<!-- NAME: end -->`; all else is written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.settings.reference import publish
from simulators.faces import FACES
from simulators.faults import FAULTS
from simulators.machines import MACHINES
from simulators.machines.device import Device
from simulators.machines.signal import Signal
from simulators.plant.amounts import spoken
from simulators.plant.library import load, names

_NOTE = "<!-- Generated: change it in simulators/, and run `make docs`. -->"


def page(written: str) -> str:
    """Return the page with its tables as the code has them.

    Raises:
        ValueError: The page has no place for one of them.
    """
    tables = {
        "machines": _machines(),
        "signals": _signals(),
        "scenarios": _scenarios(),
        "faces": _table(("face", "how it speaks"), ((f"`{name}`", face.title) for name, face in FACES.items())),
        "faults": _faults(),
    }
    for name, table in tables.items():
        place = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        if not place.search(written):
            raise ValueError(f"the page has no place for the table {name}")
        content = f"{_NOTE}\n\n{table}\n\n"
        written = place.sub(lambda match, content=content: match[1] + content + match[2], written)  # type: ignore[misc]  # mypy sees no type of the default
    return written


def _machines() -> str:
    rows = ((f"`{kind}`", machine.title, _first_line(machine), _picture(kind)) for kind, machine in MACHINES.items())
    return _table(("kind", "machine", "what it is", "a day of it"), rows)


def _picture(kind: str) -> str:
    return f"[picture](pictures/{kind}.png)"


def _first_line(machine: type[Device]) -> str:
    module = sys.modules[machine.__module__].__doc__ or ""
    return module.partition("\n")[0].rstrip(".").replace("|", "\\|")


def _signals() -> str:
    parts = []
    for kind, machine in MACHINES.items():
        rows = (
            (f"`{signal.name}`", signal.type, signal.unit, signal.description, _sensor(signal))
            for signal in machine.signals
        )
        table = _table(("signal", "type", "unit", "what it is", "sensor"), rows)
        parts.append(f"<details><summary><code>{kind}</code>: {machine.title}</summary>\n\n{table}\n\n</details>")
    return "\n\n".join(parts)


def _sensor(signal: Signal) -> str:
    if signal.type != "float":
        return ""
    told = [f"to {10**-signal.decimals:g}"]
    if signal.noise:
        told.append(f"noise {signal.noise:g}")
    if signal.drift:
        told.append(f"drift {signal.drift:g} a day")
    return ", ".join(told)


def _scenarios() -> str:
    scenarios = [load(name) for name in names()]
    rows = (
        (
            f"`{scenario.name}`",
            f"{sum(machine.count for machine in scenario.machines):,}",
            ", ".join(sorted({machine.face for machine in scenario.machines})),
            spoken(scenario.duration),
            scenario.description,
        )
        for scenario in scenarios
    )
    return _table(("scenario", "machines", "faces", "lasts", "what it shows"), rows)


def _faults() -> str:
    rows = (
        (f"`{name}`", fault.title, ", ".join(sorted(fault.faces)) or "all", fault.reaction)
        for name, fault in FAULTS.items()
    )
    return _table(("fault", "what happens", "faces", "what the gateway does"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    _file = Path(sys.argv[-1])
    raise SystemExit(publish(page(_file.read_text(encoding="utf-8"))))
