"""Makes records of the messages that were taken the quick way: all messages of a plan at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gateway.line_protocol import BulkEncoder, Columns, Encoder
from gateway.models import Message
from gateway.normalize import Alike, SeriesState, Taken

Refuse: TypeAlias = Callable[[Message, ValueError], None]
"""What is done with a message that cannot be encoded."""


class UsualRecords:
    """Encodes what `UsualMessages` has checked.

    Args:
        encoder: Encodes what is unusual, and knows the series.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._bulk = BulkEncoder(encoder)

    def encode(self, every: Sequence[Alike], refuse: Refuse) -> tuple[Sequence[Message], Sequence[str]]:
        """Return the messages in the order in which they were taken, and the record of each."""
        if len(every) == 1:
            taken, records = self._encode(every[0], refuse)
            return [one.message for one in taken], records
        pairs = [pair for alike in every for pair in zip(*self._encode(alike, refuse), strict=True)]
        pairs.sort(key=_position)
        return [taken.message for taken, _ in pairs], [record for _, record in pairs]

    def _encode(self, alike: Alike, refuse: Refuse) -> tuple[Sequence[Taken], Sequence[str]]:
        plan, taken, rows = alike
        if not taken:
            return (), ()
        _, _, _, states, times, _ = zip(*taken, strict=True)
        try:
            prefixes = [state.prefix or self._spell_prefix(state) for state in states]
            return taken, self._bulk.encode(Columns(plan, plan.fields, plan.stored), states, prefixes, times, rows)
        except ValueError:  # a name that cannot be stored; below it costs only the messages that have it
            encoded: list[tuple[Taken, str]] = []
        for one, telemetry in zip(taken, alike.telemetry(), strict=True):
            try:
                encoded += [(one, record) for record in self._encoder.encode(telemetry)]
            except ValueError as error:
                refuse(one.message, error)
        return [one for one, _ in encoded], [record for _, record in encoded]

    def _spell_prefix(self, state: SeriesState) -> str:
        state.prefix = self._encoder.prefix(state.series)
        return state.prefix


def _position(pair: tuple[Taken, str]) -> int:
    return pair[0].position
