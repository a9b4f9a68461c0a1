"""The life of a plant, second by second: lines hand parts on, the compressor feeds, meters sum up, machines are read.

    course = Course(load("workshop"), seed=1)
    for reading in course.begin(start_ns):      # all machines as they are at the start
        ...
    for _ in range(3600):
        for reading in course.step():           # those whose sample is due, or whose state has changed
            ...

The same scenario, seed and start give the same readings. Conserved along a line at every step: what its first machine
took in = good parts of the last + rejected parts + parts in work + parts between the machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from simulators.machines.device import STEP_NS, Device, Surroundings
from simulators.plant.calendar import Calendar
from simulators.plant.feeding import METER, SUPPLY, levels
from simulators.plant.hall import Hall
from simulators.plant.line import Line
from simulators.plant.scenario import Happening, Scenario
from simulators.plant.station import Place, Reading, Station

_RANK = {SUPPLY: 1, METER: 2}
"""Machines that draw first, then what feeds them, then what measures them all, a meter after those it measures."""
_PRESSURE = 7.0
"""bar, where no compressor of the plant supplies a machine."""


class Course:
    """A plant that lives.

    Attributes:
        scenario: What it is.
        stations: Its machines, in the order of the scenario.
        lines: Its lines, by their names.
        time_ns: Up to when it has lived.
        seconds: For how long.

    Args:
        scenario: What it is.
        seed: Another seed makes another course.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.time_ns = 0
        self.seconds = 0
        self.stations = list(_stations(scenario, seed))
        zone = ZoneInfo(scenario.time_zone)
        self._hall = Hall(seed, zone)
        usual = Calendar(scenario.shifts, zone)
        self.lines = {
            line.name: Line(
                line,
                scenario.products,
                usual if line.shifts is None else Calendar(line.shifts, zone),
                [station.device for station in self.stations if station.place.line == line.name],
            )
            for line in scenario.lines
        }
        self._fed = {station.device.name: self._devices(station.described.feeds) for station in self.stations}
        below = levels({name: [device.name for device in fed] for name, fed in self._fed.items() if fed})
        self._in_order = sorted(
            self.stations,
            key=lambda station: (_RANK.get(station.device.kind, 0), below.get(station.device.name, 0)),
        )
        self._supplies = [station.device for station in self.stations if station.device.kind == SUPPLY]
        self._supplier = {device.name: by.name for by in self._supplies for device in self._fed[by.name]}
        self._pressure: dict[str, float] = {}

    def _devices(self, feeds: Sequence[str]) -> list[Device]:
        """Return the machines of these names, and those of lines of these names, meters left out."""
        return [
            station.device
            for station in self.stations
            if station.device.name in feeds or (station.place.line in feeds and station.device.kind != METER)
        ]

    def fed(self, station: Station) -> Sequence[Device]:
        """Return the machines that a meter measures, or a compressor supplies."""
        return self._fed[station.device.name]

    def begin(self, start_ns: int) -> list[Reading]:
        """Begin at a time, cut off to whole seconds; return all machines as they are before the first step.

        What the plant has lived before, as its scenario says, is behind it then.
        """
        lived = int(self.scenario.lived)
        self.time_ns = start_ns - start_ns % STEP_NS - lived * STEP_NS
        self.seconds = -lived
        while self.seconds < 0:
            self._live()
        for station in self.stations:
            station.begin(self.time_ns)
        return [station.read(self.time_ns) for station in self.stations]

    def step(self) -> list[Reading]:
        """Live through a second; return the machines whose sample is due and those whose state has changed."""
        self._live()
        return [station.read(self.time_ns) for station in self.stations if station.is_due(self.seconds)]

    def _live(self) -> None:
        self.time_ns += STEP_NS
        self.seconds += 1
        ambient, humidity = self._hall.at(self.time_ns)
        for line in self.lines.values():
            line.begin_step(self.time_ns)
        for station in self._in_order:
            self._step(station, ambient, humidity)
        for line in self.lines.values():
            line.end_step()
        for supply in self._supplies:
            self._pressure[supply.name] = float(supply.values()["pressure"])

    def end(self) -> list[Reading]:
        """Return the machines that were not read in the last step: with these every register is told as it ends."""
        return [station.read(self.time_ns) for station in self.stations if station.read_ns != self.time_ns]

    def _step(self, station: Station, ambient: float, humidity: float) -> None:
        device = station.device
        line = self.lines[station.place.line]
        supply, room = line.around(device)
        fed = self._fed[device.name]
        device.step(
            Surroundings(
                self.time_ns,
                line.planned,
                line.work(device.kind),
                supply,
                room,
                ambient,
                humidity,
                _at(station.described.troubles, self.seconds),
                sum([each.power for each in fed]) if fed else 0.0,
                sum([each.air for each in fed]) if fed else 0.0,
                self._pressure.get(self._supplier.get(device.name, ""), _PRESSURE),
            )
        )


def _stations(scenario: Scenario, seed: int) -> Iterator[Station]:
    for described in scenario.machines:
        line = scenario.line(described.line)
        place = Place(scenario.site, line.area, line.name)
        for name in described.names():
            yield Station(described.make(name, seed), place, described, int(described.period or scenario.period))


_NOTHING: frozenset[str] = frozenset()


def _at(happenings: Sequence[Happening], second: int) -> frozenset[str]:
    """Return the names of those that happen in the second that ends now."""
    if not happenings:
        return _NOTHING
    return frozenset(each.name for each in happenings if each.at < second <= each.at + each.time)
