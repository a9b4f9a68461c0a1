"""The table of a verification: one row for each fault, with what became of the messages it struck among."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.verification.ledger import Ledger
from gateway.verification.verdict import Finding, Verdict


@dataclass(frozen=True)
class Row:
    """What became of the messages that were published while faults of one name struck.

    Attributes:
        fault: Name of the fault.
        mode: When the gateway acknowledged: `after_commit` or `after_sink`.
        sent: Messages published.
        acknowledged: Those of them that the broker acknowledged: they are owed.
        stored: Those of the owed that are in the database.
        lost: Those that are not.
        forgotten: Those that are not because the broker died; see `Verdict`.
        duplicated: Copies too many.
        redelivered_without_dup: Copies within the bound for a broker that does not mark them.
        out_of_order: Messages that came later than a later one of their topic.
        wrong: Points that nobody sent so.
        kills: Processes killed or told to end.
        seconds: How long it took.
    """

    fault: str
    mode: str
    sent: int
    acknowledged: int
    stored: int
    lost: int
    forgotten: int
    duplicated: int
    redelivered_without_dup: int
    out_of_order: int
    wrong: int
    kills: int
    seconds: float


def rows_of(ledger: Ledger, verdict: Verdict, mode: str, kills: Sequence[int], seconds: Sequence[float]) -> list[Row]:
    """Return the rows of a run, in order of the first strike of each fault.

    A message counts for the fault that struck while it was published, or that was the next to strike.

    Args:
        ledger: What was sent, by phase.
        verdict: What became of it.
        mode: Of the run.
        kills: Processes killed in each phase.
        seconds: Length of each phase.
    """
    lost, forgotten = _by_phase(verdict.lost), _by_phase(verdict.forgotten)
    duplicated, redelivered = _by_phase(verdict.duplicated), _by_phase(verdict.redelivered)
    out_of_order, wrong = _by_phase(verdict.out_of_order), _by_phase(verdict.wrong)
    rows = []
    for fault in dict.fromkeys(ledger.phases):
        phases = [index for index, name in enumerate(ledger.phases) if name == fault]
        counts = [ledger.counts(phase) for phase in phases]
        sent, acknowledged = sum(one for one, _ in counts), sum(other for _, other in counts)
        missing = sum(lost[phase] + forgotten[phase] for phase in phases)
        rows.append(
            Row(
                fault=fault,
                mode=mode,
                sent=sent,
                acknowledged=acknowledged,
                stored=acknowledged - missing,
                lost=sum(lost[phase] for phase in phases),
                forgotten=sum(forgotten[phase] for phase in phases),
                duplicated=sum(duplicated[phase] for phase in phases),
                redelivered_without_dup=sum(redelivered[phase] for phase in phases),
                out_of_order=sum(out_of_order[phase] for phase in phases),
                wrong=sum(wrong[phase] for phase in phases),
                kills=sum(kills[phase] for phase in phases),
                seconds=round(sum(seconds[phase] for phase in phases), 2),
            )
        )
    return rows


def _by_phase(findings: Sequence[Finding]) -> Counter[int]:
    return Counter(finding.phase for finding in findings)
