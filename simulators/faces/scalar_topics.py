"""One topic for each value with nothing but the value in the payload: how many small devices speak."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.faces.face import Action, Face, Table
from simulators.faces.flat_json import MILLISECOND_NS, ONLINE
from simulators.machines.signal import Value
from simulators.messages import Publication
from simulators.plant.station import Place, Reading, Station


def scalar(value: Value) -> bytes:
    """Return a bare value: `true`, `42`, `21.5`, or text as it is, without quotes."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode()


class ScalarTopics(Face):
    """Topic `scalar/{site}/{area}/{line}/{machine}/{value's name}`, payload the bare value.

    The time stands in the MQTT 5 user property `timestamp`, in milliseconds since 1970; a unit in `unit`, a quality
    that is bad in `quality`. Over MQTT 3.1.1 there are none of these, and the time is that of receipt.

    A machine alone on its connection tells `online`, without a time: true when it is connected, false by its Will.
    """

    name = "scalar"
    title = "a topic for each value, the bare value as payload, the time in a user property"

    def topic(self, station: Station) -> str:
        """Return a filter for the topics of a machine."""
        return f"{self._prefix(station)}/+"

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return a message for each value of a sample."""
        prefix = self._prefix(reading.station)
        time = ("timestamp", str(reading.time_ns // MILLISECOND_NS))
        units = {signal.name: signal.unit for signal in reading.station.device.signals if signal.unit}
        publications = []
        for name, value in reading.values.items():
            if value is None:
                continue
            properties = [time]
            if name in units:
                properties.append(("unit", units[name]))
            if name in reading.bad:
                properties.append(("quality", "bad"))
            publications.append(Publication(f"{prefix}/{name}", scalar(value), properties=tuple(properties)))
        return publications

    def will(self, time_ns: int) -> Publication | None:  # noqa: ARG002  # nobody knows when it will be true
        """Return that the machine is offline; None where several share the connection."""
        return self._presence(online=False) if len(self.stations) == 1 else None

    def connected(self, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # comparable with the Will
        """Return that the machine is online; nothing where several share the connection."""
        return (self._presence(online=True),) if len(self.stations) == 1 else ()

    def _presence(self, *, online: bool) -> Publication:
        return Publication(f"{self._prefix(self.stations[0])}/{ONLINE}", scalar(online))

    @staticmethod
    def _prefix(station: Station) -> str:
        return f"scalar/{'/'.join(station.place)}/{station.device.name}"

    @property
    def overhead(self) -> int:
        """Return one where a machine alone tells that it is online."""
        return len(self.connected(0))

    def messages(self, station: Station, samples: int) -> int:
        """Return one for each value of each sample."""
        return samples * len(station.device.signals)

    @classmethod
    def collected(cls, place: Place, kind: str) -> Table:
        """Return the route of a place."""
        return {
            "topic": f"scalar/{place.site}/{place.area}/{place.line}/{{machine}}/{{metric}}",
            "measurement": kind,
            "timestamp": {"unit": "ms"},
        }
