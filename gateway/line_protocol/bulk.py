"""Encodes many messages at once, where all that varies is their values.

JSON spells floats, booleans and simple texts as line protocol wants them. One call of orjson spells the values of a
whole batch, which is then cut at the commas and put into the template of its fields: half the time of one by one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from itertools import repeat
from typing import NamedTuple, Protocol

from orjson import dumps

from gateway.line_protocol.encoder import Encoder
from gateway.models import MAX_TEXT_BYTES, Series, Telemetry, Value

_LONG = MAX_TEXT_BYTES // 4
"""Characters that are surely fewer bytes than a text may have."""
MAX_TEMPLATES = 16 * 2**20
"""Characters of all templates that are remembered."""


class Columns(NamedTuple):
    """The fields of a batch.

    Attributes:
        kind: Stands for the names and types, and for the names of the tags beside them.
        names: At most 250.
        types: float, int, str or bool; an int in a float's place counts as a float.
    """

    kind: Hashable
    names: Sequence[str]
    types: Sequence[type]


class HasSeries(Protocol):
    """What belongs to a series."""

    @property
    def series(self) -> Series:
        """Whose it is."""


class BulkEncoder:
    """Encodes batches, with the same result as an `Encoder`.

    Args:
        encoder: Encodes what is unusual, and knows the series.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._templates: dict[Hashable, str] = {}
        self._size = 0

    def encode(
        self,
        columns: Columns,
        states: Sequence[HasSeries],
        prefixes: Sequence[str],
        times: Sequence[int],
        rows: Sequence[tuple[Value, ...]],
    ) -> list[str]:
        """Return one record for each row.

        Args:
            columns: The fields of all rows.
            states: For each row, what knows whose it is. All series have the same names of tags.
            prefixes: Of these series, as `Encoder.prefix` spells them.
            times: For each row, in nanoseconds.
            rows: The values of the fields, of the types that the columns say.

        Raises:
            ValueError: See `Encoder.encode`.
        """
        template = self._templates.get(columns.kind) or self._learn(columns, states[0].series)
        try:
            json = dumps(rows)
        except TypeError:  # a text holds half a surrogate pair
            json = b""
        spelled = json[2:-2].decode().split("],[")
        if len(spelled) != len(rows):  # that, or a text holds what was split at
            several = map(self._encode, repeat(columns), states, times, rows)
            return [record for records in several for record in records]
        # A text that needs an escape, or is long, is rare; one that holds a comma shows as a value too many.
        if b"\\" not in json and b"\x7f" not in json and max(map(len, spelled)) <= _LONG:
            with suppress(TypeError):
                return [
                    f"{prefix} {template % tuple(row.split(','))} {time_ns}"
                    for prefix, row, time_ns in zip(prefixes, spelled, times, strict=True)
                ]
        records = []
        places = len(columns.names)
        for number, (prefix, text, time_ns) in enumerate(zip(prefixes, spelled, times, strict=True)):
            cells = tuple(text.split(","))
            if len(cells) == places and "\\" not in text and "\x7f" not in text and len(text) <= _LONG:
                records.append(f"{prefix} {template % cells} {time_ns}")
            else:
                records += self._encode(columns, states[number], time_ns, rows[number])
        return records

    def _encode(self, columns: Columns, state: HasSeries, time_ns: int, row: tuple[Value, ...]) -> list[str]:
        values = dict(zip(columns.names, row, strict=True))
        return self._encoder.encode(Telemetry(series=state.series, values=values, timestamp_ns=time_ns))

    def _learn(self, columns: Columns, series: Series) -> str:
        """Work out the template of the fields, from the first series that has them."""
        template = self._encoder.template(series, columns.names, columns.types)
        self._size += len(template)
        if self._size > MAX_TEMPLATES:
            self._templates.clear()
            self._size = len(template)
        self._templates[columns.kind] = template
        return template
