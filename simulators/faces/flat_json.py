"""One flat JSON object for each sample: the plainest face that keeps values and their time together."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.faces.face import Action, Face, Table
from simulators.faces.json_text import spell
from simulators.messages import Publication
from simulators.plant.station import Place, Reading, Station

MILLISECOND_NS = 1_000_000
ONLINE = "online"
"""The value by which machines tell whether they are connected."""


class FlatJson(Face):
    """Topic `{site}/{area}/{line}/{machine}/telemetry`, payload `{"ts": 1790000000000, "state": "EXECUTE", ...}`.

    `ts` is in milliseconds since 1970. A value that is not there, or not to be trusted, is null.

    A machine alone on its connection says `{"online": true}` when it is connected, and has a Will with false. Both are
    without a time: a Will is written when the connection begins, and what it tells is true when it is received.
    """

    name = "json"
    title = "one flat JSON object a sample, with its time in ms"

    def topic(self, station: Station) -> str:
        """Return the topic of a machine."""
        return f"{'/'.join(station.place)}/{station.device.name}/telemetry"

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return the one message of a sample."""
        values = dict.fromkeys(reading.bad, None)
        payload = spell({"ts": reading.time_ns // MILLISECOND_NS, **reading.values, **values})
        return (Publication(self.topic(reading.station), payload),)

    @property
    def overhead(self) -> int:
        """Return one where a machine alone tells that it is online."""
        return len(self.connected(0))

    def messages(self, station: Station, samples: int) -> int:  # noqa: ARG002  # the same for all
        """Return one for each sample."""
        return samples

    def will(self, time_ns: int) -> Publication | None:  # noqa: ARG002  # see the class
        """Return that the machine is offline; None where several share the connection."""
        return self._presence(online=False) if len(self.stations) == 1 else None

    def connected(self, time_ns: int) -> Sequence[Action]:  # noqa: ARG002  # see the class
        """Return that the machine is online; nothing where several share the connection."""
        return (self._presence(online=True),) if len(self.stations) == 1 else ()

    def _presence(self, *, online: bool) -> Publication:
        return Publication(self.topic(self.stations[0]), spell({ONLINE: online}))

    @classmethod
    def collected(cls, place: Place, kind: str) -> Table:
        """Return the route of a place."""
        return {
            "topic": f"{place.site}/{place.area}/{place.line}/{{machine}}/telemetry",
            "measurement": kind,
            "timestamp": {"key": "ts", "unit": "ms"},
        }
