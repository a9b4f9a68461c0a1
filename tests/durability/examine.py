"""Asks the database, the tap and the dead letters what became of a run, beyond what its verdict says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from gateway.dead_letters import letters
from gateway.status import JSON
from gateway.verification.ledger import Ledger
from gateway.verification.messages import FIELD, Kind, Messages, Stream
from gateway.verification.run import Outcome
from gateway.verification.verdict import Stored
from tests.durability.parts import Mode, Part
from tests.durability.stage import Stage

_BAD_NUMBER = re.compile(rb"verification_bad,[^ ]* n=([0-9.]+)")
"""A record that influxd refuses, as the gateway writes it: its number."""


@dataclass(frozen=True)
class Row:
    """What became of the messages that were published while one fault struck.

    Attributes:
        part: Name of the part.
        fault: Name of the fault.
        mode: When the gateway acknowledged.
        sent: Messages published.
        acknowledged: Those that mosquitto acknowledged.
        lost: Those of them that are not in influxd, and all that the gateway acknowledged and that are not.
        duplicated: Copies too many.
        out_of_order: Messages that were received, or first brought to influxd, after a later one of their topic.
        wrong: Points that nobody published so.
        forgotten_by_broker: Messages that mosquitto acknowledged, and took with it when it was killed.
        kills: Processes that were killed, or told to end.
        seconds: How long it took.
        trouble: What else was not as it should be; empty if nothing.
    """

    part: str
    fault: str
    mode: str
    sent: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    wrong: int = 0
    forgotten_by_broker: int = 0
    kills: int = 0
    seconds: float = 0.0
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether all is as it should be."""
        return not (self.lost or self.duplicated or self.out_of_order or self.wrong or self.trouble)

    def complaint(self) -> str:
        """Say what is not as it should be; empty if nothing."""
        counts = {"lost": self.lost, "doubled": self.duplicated, "out of order": self.out_of_order, "wrong": self.wrong}
        said = [f"{number} {what}" for what, number in counts.items() if number]
        return ", ".join([*said, *([self.trouble] if self.trouble else [])])

    def plain(self) -> dict[str, JSON]:
        """Return it as JSON types."""
        plain: dict[str, JSON] = asdict(self)
        return plain


def examine(name: str, part: Part, mode: Mode, stage: Stage, outcome: Outcome) -> list[Row]:
    """Return the rows of a part that has run."""
    ledger, late, missing = outcome.ledger, Counter[str](), Counter[str]()
    if part.ordered:
        for stream, number in stage.arrivals.late:
            late[_fault(ledger, stream, number)] += 1
    known = Counter((finding.stream, finding.number) for finding in outcome.verdict.lost)
    for stream, number in unkept(outcome.messages, ledger, stage.line.acknowledged, stage.reader.stored):
        if known[stream, number]:
            known[stream, number] -= 1
        else:
            missing[_fault(ledger, stream, number)] += 1
    rows = [
        Row(
            part=name,
            fault=row.fault,
            mode=mode,
            sent=row.sent,
            acknowledged=row.acknowledged,
            lost=row.lost + missing[row.fault],
            duplicated=row.duplicated,
            out_of_order=row.out_of_order + late[row.fault],
            wrong=row.wrong,
            forgotten_by_broker=row.forgotten - min(row.forgotten, missing[row.fault]),
            kills=row.kills,
            seconds=row.seconds,
        )
        for row in outcome.rows
    ]
    troubles = [*outcome.troubles, *_dead_letters(stage)]
    rows += [Row(name, "(the part as a whole)", mode, trouble=trouble) for trouble in troubles]
    return rows


def unkept(
    messages: Messages, ledger: Ledger, acknowledged: Mapping[str, Mapping[bytes, int]], stored: Stored
) -> list[tuple[Stream, int]]:
    """Return what the gateway acknowledged and the database does not have; -1 for those that are only counted."""
    unkept = []
    for stream in ledger.streams:
        payloads = acknowledged.get(messages.topic(stream), {})
        points = stored.get(stream, ())
        if stream.kind is Kind.CONSTANT:
            unkept += [(stream, -1)] * (sum(payloads.values()) - len(points))
        else:
            numbers = {point.number for point in points}
            unkept += [(stream, n) for n in (json.loads(one)[FIELD] for one in payloads) if n not in numbers]
    return unkept


def _fault(ledger: Ledger, stream: Stream, number: int) -> str:
    return ledger.phases[ledger.phase_of(stream, max(number, 0))]


def _dead_letters(stage: Stage) -> Sequence[str]:
    """Say whether the dead letters are those that must be there."""
    kept = letters(stage.folder / "spool.db")
    wanted = Counter(float(json.loads(payload)[FIELD]) for payload in stage.refused)
    found, others = Counter[float](), []
    for letter in kept:
        number = _BAD_NUMBER.match(letter.payload)
        if number is None:
            others.append(letter)
        else:
            found[float(number[1])] += 1
    troubles = [f"{len(others)} good records are dead letters: {others[0].detail[:200]}"] if others else []
    if found != wanted:
        said = f"missing {sorted((wanted - found).elements())}, too many {sorted((found - wanted).elements())}"
        troubles.append(f"of {wanted.total()} refused records {found.total()} are dead letters: {said}")
    return troubles
