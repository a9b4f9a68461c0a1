"""The face of United Manufacturing Hub Core: a topic for each tag, with a value and a time in the payload."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.faces.face import Action, Face, Table
from simulators.faces.flat_json import MILLISECOND_NS
from simulators.faces.json_text import spell
from simulators.messages import Publication
from simulators.plant.station import Place, Reading, Station


class UmhCore(Face):
    """Topic `umh/v1/{site}/{area}/{line}/{machine}/_historian/{tag}`, payload `{"timestamp_ms": ..., "value": ...}`.

    Exactly these two keys; the format knows no quality, and what is not there or not to be trusted is not said.
    There is no Will: it would need a time, and is written long before it is true.
    """

    name = "umh"
    title = "a topic for each value with its time in ms, as UMH Core has it"

    def topic(self, station: Station) -> str:
        """Return a filter for the topics of a machine."""
        return f"{self._prefix(station)}/+"

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return a message for each value of a sample."""
        prefix = self._prefix(reading.station)
        time_ms = reading.time_ns // MILLISECOND_NS
        return [
            Publication(f"{prefix}/{name}", spell({"timestamp_ms": time_ms, "value": value}))
            for name, value in reading.values.items()
            if value is not None and name not in reading.bad
        ]

    @staticmethod
    def _prefix(station: Station) -> str:
        return f"umh/v1/{'/'.join(station.place)}/{station.device.name}/_historian"

    def messages(self, station: Station, samples: int) -> int:
        """Return one for each value of each sample."""
        return samples * len(station.device.signals)

    @classmethod
    def collected(cls, place: Place, kind: str) -> Table:
        """Return the route of a place."""
        return {
            "topic": f"umh/v1/{place.site}/{place.area}/{place.line}/{{machine}}/_historian/{{metric}}",
            "measurement": kind,
            "timestamp": {"key": "timestamp_ms", "unit": "ms"},
        }
