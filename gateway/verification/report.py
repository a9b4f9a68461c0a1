"""What a verification found, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.table import Table

from gateway.status import JSON
from gateway.verification.messages import Messages, Stream
from gateway.verification.rows import Row
from gateway.verification.run import Outcome
from gateway.verification.verdict import Finding

FEW = 10
"""Findings that are shown of each kind; all are counted."""


@dataclass(frozen=True)
class Report:
    """One or several runs, added up.

    Attributes:
        outcomes: Of the runs.
        seed: That their faults were drawn with.
        seconds: How long they took together.
    """

    outcomes: Sequence[Outcome]
    seed: int
    seconds: float

    @property
    def rows(self) -> list[Row]:
        """The rows of all runs."""
        return [row for outcome in self.outcomes for row in outcome.rows]

    @property
    def troubles(self) -> list[str]:
        """What was not as it should be, beside messages that are missing."""
        return [trouble for outcome in self.outcomes for trouble in outcome.troubles]

    @property
    def failed(self) -> bool:
        """Whether a message was lost, or is in the database as nobody sent it."""
        return any(row.lost or row.wrong for row in self.rows)

    def total(self, column: str) -> int:
        """Return the sum of a column of the rows."""
        return sum(int(getattr(row, column)) for row in self.rows)

    def as_json(self) -> dict[str, JSON]:
        """Return all of it as one object."""
        totals: dict[str, JSON] = {column: self.total(column) for column in _TOTALS}
        verdicts = [outcome.verdict for outcome in self.outcomes]
        return {
            **totals,
            "uncertain": sum(verdict.uncertain for verdict in verdicts),
            "gaps": sum(outcome.gaps for outcome in self.outcomes),
            "seed": self.seed,
            "seconds": round(self.seconds, 2),
            "lost_messages": [*self.shown("lost")],
            "troubles": [*self.troubles],
            "rows": [asdict(row) for row in self.rows],
        }

    def shown(self, kind: str) -> list[str]:
        """Return the first few findings of a kind (an attribute of `Verdict`), one line for each topic."""
        lines = []
        for outcome in self.outcomes:
            findings: list[Finding] = getattr(outcome.verdict, kind)
            for stream, some in groupby(sorted(findings), key=lambda finding: finding.stream):
                lines.append(_show(outcome.messages, stream, [finding.number for finding in some]))
        return lines[:FEW]


_TOTALS = (
    "sent",
    "acknowledged",
    "stored",
    "lost",
    "forgotten",
    "duplicated",
    "redelivered_without_dup",
    "out_of_order",
    "wrong",
    "kills",
)


def _show(messages: Messages, stream: Stream, numbers: list[int]) -> str:
    if numbers[0] < 0:  # constant messages: one is like another
        return f"{messages.topic(stream)}: {len(numbers)}"
    more = f" and {len(numbers) - FEW} more" if len(numbers) > FEW else ""
    return f"{messages.topic(stream)}: number {', '.join(map(str, numbers[:FEW]))}{more}"


def tables(rows: Sequence[Row]) -> list[Table]:
    """Draw the rows, one table for each mode, with sums below; 80 columns wide at most.

    Columns in which there is nothing are left out, unless they are what all this is about.
    """
    return [_table(mode, list(some)) for mode, some in groupby(rows, key=lambda row: row.mode)]


def _table(mode: str, rows: Sequence[Row]) -> Table:
    shown = [column for column in _COLUMNS if column in _ALWAYS or any(getattr(row, column) for row in rows)]
    title = f"acknowledged {mode.replace('_', ' ')}"
    drawn = Table(title=title, title_justify="left", show_footer=True, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    drawn.add_column("fault", footer="all", no_wrap=True)
    for column in shown:
        total = sum(int(getattr(row, column)) for row in rows)
        drawn.add_column(_COLUMNS[column], justify="right", no_wrap=True, footer=_number(column, total))
    for row in rows:
        drawn.add_row(row.fault, *(_number(column, int(getattr(row, column))) for column in shown))
    return drawn


_COLUMNS = {
    "kills": "kills",
    "sent": "sent",
    "acknowledged": "acked",
    "stored": "stored",
    "lost": "lost",
    "forgotten": "for-\ngotten",
    "duplicated": "dupli-\ncated",
    "out_of_order": "out of\norder",
    "wrong": "wrong",
}
_ALWAYS = ("kills", "sent", "acknowledged", "stored", "lost", "duplicated", "out_of_order")
_BAD = ("lost", "duplicated", "out_of_order", "wrong")


def _number(column: str, number: int) -> str:
    text = f"{number:,}"
    return f"[red]{text}[/]" if number and column in _BAD else text
