"""Decodes dead letters again, with the configuration as it is now.

Apart from everything that the running gateway knows: with adapters, series and counts of its own. An old birth must not
tell the meaning of new data, and an old value must not be what a deadband compares new ones with. What a letter says is
taken as if the machine were new: all of it is written, under the times that it would have had, so that whatever is in
the sinks already overwrites itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from gateway.models import Definition, Message
from gateway.normalize import SeriesStates
from gateway.spool import (
    Action,
    DeadLetter,
    Group,
    Kept,
    Kind,
    Portion,
    Request,
    Results,
    Settlement,
    Spool,
    message_of,
)
from gateway.translator import Translator
from gateway.waiting import Waiting


class Outcome(StrEnum):
    """What became of a letter; see `Results`."""

    STORED = "stored"
    SENT = "sent"
    IGNORED = "ignored"
    FAILED = "failed"


class Fate(NamedTuple):
    """What became of a letter.

    Attributes:
        letter: The letter as it was.
        outcome: What became of it.
        records: How many records it became, even if it failed in part.
        failure: What it is now, if it failed.
    """

    letter: Kept
    outcome: Outcome
    records: int = 0
    failure: DeadLetter | None = None


class Past(NamedTuple):
    """What the spool remembers that helps to understand a message.

    Attributes:
        remembered: By source: the messages that are decoded first.
        catalogue: The definitions that were told.
    """

    remembered: Mapping[str, Sequence[Message]]
    catalogue: dict[tuple[str, str, str], Definition]

    @classmethod
    def of(cls, spool: Spool, sources: Sequence[str]) -> Past:
        """Read it from a spool."""
        return cls({source: spool.remembered(source) for source in sources}, spool.catalogue())


class Retrying:
    """Decodes letters again.

    Args:
        translators: By source.
        waiting: By source: what its translator holds back.
        states: The series of all of them.
    """

    def __init__(
        self, translators: Mapping[str, Translator], waiting: Mapping[str, Waiting], states: SeriesStates
    ) -> None:
        self._translators = translators
        self._waiting = waiting
        self._states = states

    def retry(self, letter: Kept, group: Group) -> Fate:
        """Put what a letter comes to into the group; return what became of it."""
        if letter.kind is Kind.UNREADABLE:
            return _failed(letter, letter.reason, letter.detail)
        if letter.kind is Kind.REJECTED:
            return _send_again(letter, group)
        translator = self._translators.get(letter.source)
        if translator is None:
            return _failed(letter, "its source is not in the configuration", letter.source)
        return self._decode_again(letter, translator, group)

    def _decode_again(self, letter: Kept, translator: Translator, group: Group) -> Fate:
        self._states.forget()
        said = Group(letter.source)
        message = message_of(letter.topic, letter.payload, letter.received_ns, letter.properties)
        translator.decode_again(message, said)
        if said.held:
            for key, _ in said.held:
                self._waiting[letter.source].take(key)
            detail = f"it waits for {said.held[0][0]}: nothing that is remembered proves what it means"
            return _failed(letter, "it cannot be understood yet", detail)
        group.definitions += said.definitions
        group.further += said.further
        if said.lines:
            group.add(letter.topic, said.lines)
        if said.dead_letters:
            again = said.dead_letters[0]
            # Of a message of which a part is stored, a part stays stored.
            kind = Kind.VALUE if Kind.VALUE in (letter.kind, again.kind) else again.kind
            return Fate(letter, Outcome.FAILED, len(said.lines), again._replace(kind=kind))
        return Fate(letter, Outcome.STORED if said.lines else Outcome.IGNORED, len(said.lines))


def _send_again(letter: Kept, group: Group) -> Fate:
    try:
        record = letter.payload.decode()
    except UnicodeDecodeError as error:  # not written by this program
        return _failed(letter, "it is no record", str(error))
    group.add(letter.topic, [record])
    return Fate(letter, Outcome.SENT, 1)


def _failed(letter: Kept, reason: str, detail: str) -> Fate:
    failure = DeadLetter(
        letter.kind,
        letter.source,
        letter.topic,
        letter.payload,
        reason,
        detail,
        letter.received_ns,
        letter.sink,
        letter.properties,
        subject=letter.subject,
    )
    return Fate(letter, Outcome.FAILED, 0, failure)


def settle(request: Request, portion: Portion, retrying: Retrying) -> tuple[Group, Settlement, list[Fate]]:
    """Return what is to be committed for a portion, and what became of each letter; purged ones have no fate."""
    group = Group(portion.letters[0].source if portion.letters else "")
    if request.action is Action.PURGE:
        numbers = [letter.id for letter in portion.letters]
        group.settlement = Settlement(request, portion, Results(purged=len(numbers)), numbers)
        return group, group.settlement, []
    fates = [retrying.retry(letter, group) for letter in portion.letters]
    failures = [(fate.letter.id, fate.failure) for fate in fates if fate.failure is not None]
    numbers = [fate.letter.id for fate in fates if fate.failure is None]
    outcomes = Counter(fate.outcome for fate in fates)
    results = Results(
        stored=outcomes[Outcome.STORED],
        sent=outcomes[Outcome.SENT],
        ignored=outcomes[Outcome.IGNORED],
        failed=outcomes[Outcome.FAILED],
        reasons=Counter(failure.reason for _, failure in failures),
    )
    group.settlement = Settlement(request, portion, results, numbers, failures)
    return group, group.settlement, fates
