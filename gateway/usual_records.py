"""Makes records of the messages that were taken a quick way: all messages of a plan at once, the others by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from gateway.line_protocol import BulkEncoder, ByNameEncoder, Columns, Encoder
from gateway.models import Message
from gateway.normalize import Alike, Assorted, Checked, Part, SeriesState, Taken
from gateway.spool import Group

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
        self._by_name = ByNameEncoder(encoder)

    def add(self, checked: Checked, group: Group, refuse: Refuse) -> int:
        """Put the records into the group, in the order in which their messages were taken; return how many."""
        narrow = [alike for alike in checked.alike if alike.is_narrow]
        if not checked.assorted and not narrow and len(checked.alike) == 1:
            taken, records = self._encode(checked.alike[0], refuse)
            group.add_each([one.message for one in taken], records)
            return len(records)
        pairs = [
            (one.position, one.message, record)
            for alike in checked.alike
            if not alike.is_narrow
            for one, record in zip(*self._encode(alike, refuse), strict=True)
        ]
        if not checked.assorted and not narrow:
            pairs.sort(key=_position)
            group.add_each([message for _, message, _ in pairs], [record for _, _, record in pairs])
            return len(pairs)
        return self._add_in_order(pairs, [*checked.assorted, *_one_by_one(narrow)], group, refuse)

    def _add_in_order(
        self, pairs: list[tuple[int, Message, str]], assorted: Sequence[Assorted], group: Group, refuse: Refuse
    ) -> int:
        several = [(position, message, f"{record}\n", 1) for position, message, record in pairs]
        for one in assorted:
            try:
                several.append((one.position, one.message, *self._encode_parts(one)))
            except ValueError as error:
                refuse(one.message, error)
        several.sort(key=_position)
        for _, message, text, records in several:
            group.add_text(message.topic, text, records)
        return sum(records for _, _, _, records in several)

    def _encode_parts(self, one: Assorted) -> tuple[str, int]:
        """Return the records of a message, with a newline behind each, and how many these are."""
        series = one.state.series
        if one.state.is_narrow:
            encode = self._by_name.narrow
            texts = [encode(series, fields, values, types, time_ns) for time_ns, fields, values, types in one.parts]
            return "".join(texts), sum(len(part.values) for part in one.parts)
        wide = self._by_name.wide
        records = [
            record
            for time_ns, fields, values, types in one.parts
            for record in wide(series, fields, values, types, time_ns)
        ]
        return "\n".join([*records, ""]), len(records)

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


def _one_by_one(narrow: Sequence[Alike]) -> Iterator[Assorted]:
    """Yield messages of plans in the narrow layout, where nothing is gained by spelling them together."""
    for plan, taken, rows in narrow:
        types = None if {*plan.stored} == {float} else plan.stored
        for (position, message, observation, state, time_ns, _), row in zip(taken, rows, strict=True):
            yield Assorted(position, message, observation, state, (Part(time_ns, plan.names, row, types),))


def _position(one: tuple[int, Message, object] | tuple[int, Message, str, int]) -> int:
    return one[0]
