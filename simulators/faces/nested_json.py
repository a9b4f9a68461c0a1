"""A nested JSON object for each sample in a unified namespace, with unit and quality beside each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from simulators.faces.face import Action, Face, Table
from simulators.faces.flat_json import ONLINE
from simulators.faces.json_text import spell
from simulators.machines.signal import Value
from simulators.messages import Publication
from simulators.plant.station import Place, Reading, Station

SECOND_NS = 1_000_000_000


class NestedJson(Face):
    """Topic `uns/{site}/{area}/{line}/{machine}`, payload `{"timestamp": "...", "metrics": {NAME: {"value": ...}}}`.

    Each value has its `unit`, where it has one, and its `quality` (`good` or `bad`). The time is ISO 8601 in UTC.

    A machine alone on its connection tells `online`, without a time: true when it is connected, false by its Will.
    """

    name = "uns_json"
    title = "one nested JSON object a sample in a unified namespace, with units and qualities"

    def topic(self, station: Station) -> str:
        """Return the topic of a machine."""
        return f"uns/{'/'.join(station.place)}/{station.device.name}"

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return the one message of a sample."""
        units = {signal.name: signal.unit for signal in reading.station.device.signals}
        metrics = {
            name: _metric(value, units.get(name, ""), is_good=name not in reading.bad)
            for name, value in reading.values.items()
        }
        time = datetime.fromtimestamp(reading.time_ns // SECOND_NS, UTC)
        milliseconds = reading.time_ns % SECOND_NS // 1_000_000
        document = {"timestamp": f"{time:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z", "metrics": metrics}
        return (Publication(self.topic(reading.station), spell(document)),)

    @property
    def overhead(self) -> int:
        """Return one where a machine alone tells that it is online."""
        return len(self.connected(0))

    def messages(self, station: Station, samples: int) -> int:  # noqa: ARG002  # the same for all
        """Return one for each sample."""
        return samples

    def will(self, time_ns: int) -> Publication | None:  # noqa: ARG002  # nobody knows when it will be true
        """Return that the machine is offline; None where several share the connection."""
        return self._presence(online=False) if len(self.stations) == 1 else None

    def connected(self, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # comparable with the Will
        """Return that the machine is online; nothing where several share the connection."""
        return (self._presence(online=True),) if len(self.stations) == 1 else ()

    def _presence(self, *, online: bool) -> Publication:
        metrics = {ONLINE: _metric(online, "", is_good=True)}
        return Publication(self.topic(self.stations[0]), spell({"metrics": metrics}))

    @classmethod
    def collected(cls, place: Place, kind: str) -> Table:
        """Return the route of a place."""
        return {"topic": f"uns/{place.site}/{place.area}/{place.line}/{{machine}}", "measurement": kind}


def _metric(value: Value | None, unit: str, *, is_good: bool) -> Mapping[str, Value | None]:
    told: dict[str, Value | None] = {"value": value, "quality": "good" if is_good else "bad"}
    return {**told, "unit": unit} if unit else told
