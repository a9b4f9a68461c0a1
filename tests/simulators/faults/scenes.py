"""What the tests of faults do: a plant of one machine lives for two minutes, with a fault or without, and is heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulators.delivery.voices import voices
from simulators.faces.face import Action, Voice
from simulators.faults import FAULTS
from simulators.messages import Away, Publication
from simulators.plant.course import Course
from simulators.plant.scenario import Scenario
from simulators.plant.station import Reading

SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS
SECONDS, AT, FOR = 120, 30, 40
"""How long the plant lives, when the fault strikes, and for how long, in seconds."""
WARM_UP = 600
"""Seconds that the machine has lived before: it makes parts then."""


class Told(NamedTuple):
    """What a machine measured, and what was done for it.

    Attributes:
        readings: Every second.
        actions: For each of them.
        last: When it left.
    """

    readings: Sequence[Reading]
    actions: Sequence[Sequence[Action]]
    last: Sequence[Action]

    @property
    def publications(self) -> list[Publication]:
        """All that was published, in order."""
        return publications(action for some in (*self.actions, self.last) for action in some)

    def struck(self) -> list[tuple[Reading, Sequence[Action]]]:
        """Return what was measured while the fault struck, each with what was done for it."""
        return list(zip(self.readings, self.actions, strict=True))[AT : AT + FOR]

    def besides(self) -> list[tuple[Reading, Sequence[Action]]]:
        """Return the same of all other times."""
        both = list(zip(self.readings, self.actions, strict=True))
        return both[:AT] + both[AT + FOR :]


def publications(actions: Iterable[Action]) -> list[Publication]:
    """Return what is published."""
    return [action for action in actions if isinstance(action, Publication)]


def face_of(fault: str) -> str:
    """Return a face that can have a fault."""
    return "json" if "json" in FAULTS[fault].faces or not FAULTS[fault].faces else "sparkplug"


def plant(fault: str | None, face: str) -> Scenario:
    """Return a plant of one machine, and its fault."""
    faults = [] if fault is None else [{"name": fault, "at": AT, "for": FOR}]
    return Scenario.model_validate(
        {
            "name": "one",
            "description": "One machine",
            "period": 1,
            "products": {"part": {"ideal_cycle": 10}},
            "lines": [{"name": "line1", "area": "hall", "plan": [{"product": "part", "for": "1h"}]}],
            "machines": [
                {
                    "name": "mill",
                    "kind": "cnc_mill",
                    "line": "line1",
                    "face": face,
                    "reliability": {"mtbf": "1000d", "stops": "1000d"},
                    "faults": faults,
                }
            ],
        }
    )


def readings(scenario: Scenario, seed: int) -> list[Reading]:
    """Return what its machine measures each second, when it has lived for a while."""
    course = Course(scenario, seed)
    course.begin(START_NS - WARM_UP * SECOND_NS)
    for _ in range(WARM_UP - 1):
        course.step()
    return [reading for _ in range(SECONDS) for reading in course.step()]


def voice_of(scenario: Scenario, measured: Sequence[Reading], seed: int) -> Voice:
    """Return who speaks for its machine."""
    ((_, voice),) = voices([measured[0].station], seed)
    assert voice.stations[0].described == scenario.machines[0]
    return voice


def tell(fault: str | None, face: str = "json", seed: int = 1) -> Told:
    """Return what is told with a fault, or without one; an edge node is connected, again whenever it was away."""
    scenario = plant(fault, face)
    measured = readings(scenario, seed)
    voice = voice_of(scenario, measured, seed)
    actions: list[list[Action]] = []
    back_ns = 0
    for reading in measured:
        said: list[Action] = []
        if reading.time_ns >= back_ns:
            will = voice.will(reading.time_ns)
            said += [] if will is None else [will]
            said += voice.connected(reading.time_ns)
            back_ns = 2**63
        said += voice.tell(reading)
        for action in said:
            if isinstance(action, Away):
                back_ns = action.until_ns
        actions.append(said)
    return Told(measured, actions, voice.leaving(measured[-1].time_ns))


def tell_once(fault: str | None, face: str = "json", seed: int = 1) -> Told:
    """Return what is told with a fault, or without one, of readings alone: nobody connects, and nobody is cut off."""
    scenario = plant(fault, face)
    measured = readings(scenario, seed)
    voice = voice_of(scenario, measured, seed)
    return Told(measured, [list(voice.tell(reading)) for reading in measured], voice.leaving(measured[-1].time_ns))


def counted(messages: Iterable[Publication]) -> Counter[Publication]:
    """Return how often there is each message."""
    return Counter(messages)
