"""Who speaks over which connection: the machines of a plant by their faces, and those with faults apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simulators.faces import FACES
from simulators.faces.face import Face, Voice
from simulators.faces.sparkplug_b import SparkplugB
from simulators.faults import FAULTS
from simulators.faults.faulty import Faulty, Struck, strikes
from simulators.plant.library import ScenarioError
from simulators.plant.scenario import Machine
from simulators.plant.station import Station


def check(machines: Iterable[Machine]) -> None:
    """See that there are the faces and faults that machines of a scenario have, and that they go together.

    Raises:
        ScenarioError: They do not; each mistake with its place.
    """
    mistakes = [f"machines.{machine.name}.{mistake}" for machine in machines for mistake in _mistakes(machine)]
    if mistakes:
        raise ScenarioError("\n".join(mistakes))


def _mistakes(machine: Machine) -> Iterator[str]:
    if machine.face not in FACES:
        yield f"face: there is no face {machine.face!r}: there are {', '.join(FACES)}"
    for name in dict.fromkeys(fault.name for fault in machine.faults):
        if name not in FAULTS:
            yield f"faults: there is no fault {name!r}: there are {', '.join(FAULTS)}"
        elif (faces := FAULTS[name].faces) and machine.face not in faces:
            able = ", ".join(face for face in FACES if face in faces)
            yield f"faults: who speaks {machine.face} cannot have {name!r}: only {able} can"


def connections(stations: Iterable[Station]) -> dict[tuple[str, str], list[Station]]:
    """Return who shares a connection: by the name of their face and that of the connection; empty: of the plant."""
    groups: dict[tuple[str, str], list[Station]] = {}
    for station in stations:
        kind = FACES[station.described.face]
        if any(FAULTS[fault.name].own_connection for fault in station.described.faults) and not kind.per_line:
            share = station.device.name
        else:
            share = station.place.line if kind.per_line else ""
        groups.setdefault((kind.name, share), []).append(station)
    return groups


def voices(stations: Sequence[Station], seed: int) -> Iterator[tuple[str, Voice]]:
    """Yield a name and a voice for each connection of a plant; together they speak for all of its machines.

    Machines with the same face share a connection, of the plant or of their line, as the face will have it; a machine
    whose faults concern its connection has one of its own.

    Raises:
        ScenarioError: There is no such face or fault, or they do not go together.
    """
    check({id(station.described): station.described for station in stations}.values())
    for (face_name, share), members in connections(stations).items():
        struck = strikes(members, FAULTS, seed)
        face = _face(face_name, members, struck)
        faulty = any(station.described.faults for station in members)
        yield share or f"machines that speak {face_name}", Faulty(face, struck) if faulty else face


def _face(name: str, members: Sequence[Station], struck: Struck) -> Face:
    of_node = [fault for several in struck.values() for strike in several for fault in strike.fault.of_node()]
    return SparkplugB(members, of_node) if of_node else FACES[name](members)
