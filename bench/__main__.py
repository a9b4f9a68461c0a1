"""Measures, prints a table, and writes build/bench.json.

    python -m bench [NAMES...] [--quick]

What was measured at another time stays in the file. Exits with 1 if a benchmark failed, or lost a message; nothing is
written then.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import pytest
import typer
from rich.console import Console
from rich.table import Table

from bench import (
    disk_writes,
    drain,
    end_to_end,
    growth,
    ingest_json,
    memory,
    simulators_load,
    slow_disk,
    sparkplug_birth,
    sparkplug_narrow,
    sparkplug_storm,
    sparkplug_subsets,
    sparkplug_wide,
    startup,
    whole_path,
    wide_message,
)
from bench.measured import Measured, MeasurementError, Setting
from gateway import __version__
from gateway.status import JSON

BENCHMARKS: Mapping[str, Callable[[Setting], Measured]] = {
    "ingest_json": ingest_json.measure,
    "whole_path": whole_path.measure,
    "wide_message": wide_message.measure,
    "growth": growth.measure,
    "end_to_end": end_to_end.measure,
    "drain": drain.measure,
    "slow_disk": slow_disk.measure,
    "startup": startup.measure,
    "disk_writes": disk_writes.measure,
    "memory": memory.measure,
    "simulators_load": simulators_load.measure,
    "sparkplug_wide": sparkplug_wide.measure,
    "sparkplug_narrow": sparkplug_narrow.measure,
    "sparkplug_subsets": sparkplug_subsets.measure,
    "sparkplug_birth": sparkplug_birth.measure,
    "sparkplug_storm": sparkplug_storm.measure,
}
ON_REQUEST = {
    "growth": "two minutes",
    "disk_writes": "three minutes",
    "memory": "ten minutes",
    "sparkplug_storm": "five minutes",
}
"""What runs only when it is named, and how long that takes."""
BUILD = Path(__file__).parents[1] / "build"
QUICK = 0.1

_notes = Console(stderr=True, highlight=False)


def main(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"What to measure: {', '.join(BENCHMARKS)}. By default all but "
            + ", ".join(f"{name} ({long})" for name, long in ON_REQUEST.items())
            + "."
        ),
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the counts: to try it, not to quote it.")] = False,
) -> None:
    """Measure, print a table, and write build/bench.json."""
    if unknown := set(names or ()) - set(BENCHMARKS):
        raise typer.BadParameter(f"there is no {min(unknown)}; there are {', '.join(BENCHMARKS)}", param_hint="NAMES")
    results: dict[str, Measured] = {}
    for name in names or [name for name in BENCHMARKS if name not in ON_REQUEST]:
        _notes.print(f"[bold]{name}")
        try:
            results[name] = _measure(name, QUICK if quick else 1)
        except (MeasurementError, pytest.fail.Exception, pytest.skip.Exception) as error:
            _notes.print(f"[red]{name} failed:[/] {error}")
            raise typer.Exit(1) from error
    _show(results)
    _write(results, quick=quick)


def _measure(name: str, scale: float) -> Measured:
    # Not in /tmp, which may be no disk at all.
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        return BENCHMARKS[name](Setting(Path(folder), scale, lambda line: _notes.print(f"  {line}", soft_wrap=True)))


def _show(results: Mapping[str, Measured]) -> None:
    table = Table("benchmark", "figure", "gateway", "beside it")
    for name, measured in results.items():
        for number, row in enumerate(measured.rows):
            table.add_row("" if number else name, row.figure, row.value, row.beside)
        table.add_section()
    Console().print(table)


def _write(results: Mapping[str, Measured], *, quick: bool) -> None:
    facts: dict[str, JSON] = {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "version": __version__,
        "quick": quick,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processors": len(os.sched_getaffinity(0)),
    }
    file = BUILD / "bench.json"
    document: dict[str, JSON] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    document |= {name: {**measured.figures, "machine": facts} for name, measured in results.items()}
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    _notes.print(f"Written: {file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file}")


if __name__ == "__main__":
    typer.run(main)
