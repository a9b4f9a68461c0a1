"""Reads influxd back: only what stands there counts."""

from __future__ import annotations

from collections.abc import Sequence
from http.client import HTTPException

from gateway.errors import GatewayError
from gateway.verification.messages import FIELD, Kind, Stream
from gateway.verification.verdict import Point, Stored
from tests.servers.databases import Influxd

DATABASE = "plant"


class InfluxdReader:
    """Reads the points of a run. Implements `gateway.verification.settling.Reader`.

    Attributes:
        stored: What was read last.
    """

    def __init__(self, influxd: Influxd) -> None:
        self.stored: Stored = {}
        self._influxd = influxd

    def read(self, run: str, streams: Sequence[Stream]) -> Stored:
        """Return all points of these streams of a run.

        Raises:
            GatewayError: The database cannot be asked now.
        """
        found: dict[Stream, list[Point]] = {stream: [] for stream in streams}
        for kind in Kind:
            query = f"SELECT {FIELD} FROM {kind.measurement} WHERE run = '{run}' GROUP BY asset"
            try:
                rows = self._influxd.query(query, DATABASE)
            except (OSError, HTTPException, AssertionError) as error:
                raise GatewayError(f"influxd does not answer: {error}") from error
            for row in rows:
                value = float(str(row[FIELD]))
                number = int(value) if value.is_integer() else -1  # which nobody ever sent
                found.setdefault(Stream(kind, str(row["asset"])), []).append(Point(int(str(row["time"])), number))
        self.stored = found
        return found
