"""Sparkplug B: each line is an edge node, each of its machines a device with births, aliases and a death by Will."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from simulators.faces.face import Action, Face, Table
from simulators.machines.signal import Value
from simulators.messages import Publication
from simulators.plant.station import Place, Reading, Station
from simulators.sparkplug.channels import channels
from simulators.sparkplug.data_writer import DataWriter
from simulators.sparkplug.faults.fault import Fault
from simulators.sparkplug.messages import Kind, topic
from simulators.sparkplug.node import EdgeNode
from simulators.sparkplug.plan import Content, NodePlan, Part

_SECOND_NS = 1_000_000_000
_MILLISECOND_NS = 1_000_000


class SparkplugB(Face):
    """Group `{site}`, edge node `{line}`, device `{machine}`; metrics are called `{area}/{kind}/{signal}`.

    Args:
        stations: The machines of one line.
        faults: What is wrong with the edge node.
    """

    name = "sparkplug"
    title = "Sparkplug B 3.0: an edge node a line, a device a machine"
    per_line = True

    def __init__(self, stations: Sequence[Station], faults: Sequence[Fault] = ()) -> None:
        super().__init__(stations)
        self._latest: list[Mapping[str, Content]] = [{}, *({} for _ in stations)]
        self._parts = {station.device.name: number for number, station in enumerate(stations, 1)}
        self._was_connected = False
        self.node = EdgeNode(_plan(stations, self._sampler), faults, by_exception=False)
        plan = self.node.plan
        self._writers = [] if faults else [DataWriter(part.channels) for part in plan.parts]
        self._topics = [topic(plan.group, Kind.DDATA, plan.node, part.device) for part in plan.parts]

    def _sampler(self, part: int) -> Callable[[int], Mapping[str, Content]]:
        return lambda _: self._latest[part]

    def topic(self, station: Station) -> str:
        """Return a filter for the topics of a machine."""
        return f"spBv1.0/{station.place.site}/+/{station.place.line}/{station.device.name}"

    def tell(self, reading: Reading) -> Sequence[Action]:
        """Return what the edge node says of a sample: DDATA, or nothing while it may not speak."""
        part = self._parts[reading.station.device.name]
        untrusted: dict[str, Value | None] = dict.fromkeys(reading.bad, None)
        self._latest[part] = {**reading.values, **untrusted}
        if not self._was_connected:  # the births tell it
            return ()
        if self._writers and self.node.is_born:  # the same bytes in a tenth of the time
            number = self.node.next_data_number()
            payload = self._writers[part].write(self._latest[part], reading.time_ns // _MILLISECOND_NS, number)
            return (Publication(self._topics[part], payload, 0),)
        return self.node.measured(part, reading.time_ns, reading.time_ns)

    @classmethod
    def collected(cls, place: Place, kind: str) -> Table:  # noqa: ARG003  # metrics tell both
        """Return the one route of all edge nodes."""
        return {
            "topic": "spBv1.0/#",
            "adapter": "sparkplug",
            "measurement": "{kind}",
            "asset": "{device}",
            "tags": {"site": "{group}", "area": "{area}", "line": "{node}"},
        }

    @classmethod
    def session(cls) -> Table:
        """Return what makes a source a Sparkplug host."""
        return {
            "session": "sparkplug",
            "sparkplug": {"role": "active", "name_patterns": ["{area}/{kind}/{metric...}"]},
        }

    @property
    def overhead(self) -> int:
        """NBIRTH and NDEATH."""
        return 2

    def messages(self, station: Station, samples: int) -> int:  # noqa: ARG002  # the same for all
        """Return one DBIRTH, which tells the first sample, and one DDATA for each of the others."""
        return samples

    # The session of the edge node.

    def will(self, time_ns: int) -> Publication:
        """Return NDEATH."""
        return self.node.connecting(time_ns)

    def subscriptions(self) -> Sequence[str]:
        """Return the filters of its commands."""
        return self.node.subscriptions()

    def connected(self, time_ns: int) -> Sequence[Action]:
        """Return the births."""
        self._was_connected = True
        return self.node.connected(time_ns)

    def received(self, topic: str, payload: bytes, time_ns: int) -> Sequence[Action]:
        """Return what a command leads to."""
        return self.node.received(topic, payload, time_ns)

    def leaving(self, time_ns: int) -> Sequence[Action]:
        """Return the death, and that the connection ends."""
        return self.node.disconnecting(time_ns)

    def lost(self) -> None:
        """Take note that the connection is no more."""
        self.node.disconnected()


def _plan(stations: Sequence[Station], sampler: Callable[[int], Callable[[int], Mapping[str, Content]]]) -> NodePlan:
    place = stations[0].place
    aliases = count(1)
    node = Part("", sampler(0), (), _SECOND_NS)
    devices = [
        Part(
            station.device.name,
            sampler(part),
            channels(station.device.signals, aliases, f"{station.place.area}/{station.device.kind}/"),
            station.period * _SECOND_NS,
        )
        for part, station in enumerate(stations, 1)
    ]
    return NodePlan(place.site, place.line, (node, *devices))
