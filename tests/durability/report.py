"""What the matrix came to: totals, one JSON object, and the same as Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence

from gateway import __version__
from gateway.status import JSON
from tests.durability.examine import Row
from tests.servers import require

_COUNTS = ("sent", "acknowledged", "lost", "duplicated", "out_of_order", "wrong", "forgotten_by_broker", "kills")

_COLUMNS = (
    *("part", "fault", "acknowledge"),
    *("sent", "acknowledged by mosquitto", "lost", "doubled", "out of order", "forgotten by mosquitto", "kills"),
)
_TEXTS = 3
"""Columns that are no numbers."""


def totals(rows: Sequence[Row], *, seed: int, seconds: float, quick: bool) -> dict[str, JSON]:
    """Return everything as one JSON object."""
    plain = [row.plain() for row in rows]
    sums: dict[str, JSON] = {name: sum(int(str(row[name])) for row in plain) for name in _COUNTS}
    rest: dict[str, JSON] = {
        "troubles": sum(bool(row.trouble) for row in rows),
        "passed": all(row.passed for row in rows),
        "quick": quick,
        "seed": seed,
        "seconds": round(seconds, 1),
        "rows": list[JSON](plain),
    }
    return sums | rest


def markdown(rows: Sequence[Row], summary: Mapping[str, JSON], command: str) -> str:
    """Return it as a part of a page, without a title."""
    passed = "Nothing was lost, nothing doubled, nothing out of order." if summary["passed"] else "**It failed.**"
    facts = [f"- {name}: {value}" for name, value in versions().items()]
    lines = [
        f"{_number(summary['sent'])} messages, {summary['kills']} kills, {summary['seconds']} s. {passed}",
        "",
        "Repeat it with the same order of faults:",
        "",
        f"    {command}",
        "",
        *facts,
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * _TEXTS}{'--:|' * (len(_COLUMNS) - _TEXTS)}",
        *map(_line, rows),
        "",
        "Doubled includes points that nobody published so. What mosquitto forgot it took with it when it was killed:",
        "the gateway had not acknowledged it, and reported each time that the session was gone.",
        "Out of order are messages that were received, or first brought to influxd, after a later one of their topic;",
        "the latter is not asked for where the newest go first (newest-first), nor where the records of a batch are",
        "tried apart because the database has something against them (records).",
        "",
    ]
    return "\n".join(lines)


def versions() -> dict[str, str]:
    """Return what took part, by name."""
    return {
        "gateway": __version__,
        "mosquitto": _first_line(require("mosquitto", "mosquitto"), "-h").removeprefix("mosquitto version "),
        "influxd": _first_line(require("influxd", "influxdb"), "version"),
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}, {len(os.sched_getaffinity(0))} processors",
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def _first_line(*command: str) -> str:
    # mosquitto says its version with its help, and ends with an exit code of 3.
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return (said.stdout or said.stderr).partition("\n")[0].strip()


def _line(row: Row) -> str:
    """Return the line of a row; what is not as it should be stands out."""
    if row.trouble:
        return f"| {row.part} | {row.fault} | {row.mode} | **{' '.join(row.trouble.split())[:300]}** ||||||||"
    bad = [row.lost, row.duplicated + row.wrong, row.out_of_order]
    shown = [_number(row.sent), _number(row.acknowledged), *(f"**{_number(n)}**" if n else "0" for n in bad)]
    cells = [row.part, row.fault, row.mode, *shown, _number(row.forgotten_by_broker), _number(row.kills)]
    return f"| {' | '.join(cells)} |"


def _number(number: JSON) -> str:
    return f"{int(str(number)):,}"
