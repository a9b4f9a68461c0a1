"""Writes into a file what a broker would have got: a run of a plant, at once and without any connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from simulators.delivery.file import Recorded, line
from simulators.delivery.speaker import KEPT
from simulators.delivery.voices import voices
from simulators.faces.face import Action, Voice
from simulators.messages import Away, Disconnect, Publication
from simulators.plant.course import Course
from simulators.plant.station import Reading


def write_run(
    course: Course, path: Path, seed: int, start_ns: int, seconds: int, advance: Callable[[float], None]
) -> int:
    """Write all that the machines of a plant say in a run, as fast as possible; return how many messages it is.

    Args:
        course: The plant, before its beginning.
        path: A new file.
        seed: Of what is wrong with the messages.
        start_ns: Virtual time of the start, in nanoseconds since 1970.
        seconds: Virtual seconds until the end.
        advance: Called now and then with the seconds that are done.

    Raises:
        FileExistsError: There is a file of this name.
        OSError: The file cannot be written.
    """
    count = 0

    def publish(publication: Publication) -> None:
        nonlocal count
        file.write(line(Recorded(course.time_ns, publication)))
        count += 1

    sessions = [Session(voice, publish) for _, voice in voices(course.stations, seed)]
    by_name = {station.device.name: session for session in sessions for station in session.voice.stations}

    def tell(readings: Iterable[Reading]) -> None:
        for reading in readings:
            by_name[reading.station.device.name].hear(reading)

    with path.open("xb") as file:
        tell(course.begin(start_ns))
        for session in sessions:
            session.tick(course.time_ns)
        while course.seconds < seconds:
            tell(course.step())
            for session in sessions:
                session.tick(course.time_ns)
            if course.seconds % 60 == 0:
                advance(course.seconds)
        tell(course.end())
        for session in sessions:
            session.leave(course.time_ns)
    return count


class Session:
    """A voice on a broker that always answers at once: hands on what that broker would publish, its Wills too.

    It keeps and says again what `simulators.delivery.speaker` does. The Will of a connection that was dead comes when
    the machine is back, or leaves: there is no keep alive.

    Attributes:
        voice: What speaks.

    Args:
        voice: What speaks.
        publish: Called with each message.
    """

    def __init__(self, voice: Voice, publish: Callable[[Publication], None]) -> None:
        self.voice = voice
        self._broker = publish
        self._will: Publication | None = None
        self._is_connected = False
        self._is_heard = False
        self._kept: deque[Publication] = deque(maxlen=KEPT)
        self._away_until_ns = 0

    def hear(self, reading: Reading) -> None:
        """Hand on what was measured."""
        self._do(self.voice.tell(reading))

    def tick(self, time_ns: int) -> None:
        """Take note of the virtual time: who has no connection makes one, unless a fault keeps it away."""
        if self._is_heard or time_ns < self._away_until_ns:
            return
        self._end(with_will=True)  # a dead one
        self._will = self.voice.will(time_ns)
        self._is_connected = self._is_heard = True
        self._do(self.voice.connected(time_ns))
        kept, self._kept = self._kept, deque(maxlen=KEPT)
        for publication in kept:
            self._publish(publication)

    def leave(self, time_ns: int) -> None:
        """Say what is said at the end, if there is a connection."""
        if self._is_connected:
            self._do(self.voice.leaving(time_ns))

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publication():
                    self._publish(action)
                case Disconnect(with_packet):
                    self._end(with_will=not (with_packet and self._is_heard))
                case Away("dead", until_ns):
                    self._away_until_ns = until_ns
                    self._is_heard = False
                case Away(how, until_ns):
                    self._away_until_ns = until_ns
                    self._end(with_will=how == "cut")

    def _publish(self, publication: Publication) -> None:
        if self._is_heard:
            self._broker(publication)
        elif publication.qos:
            self._kept.append(publication)

    def _end(self, *, with_will: bool) -> None:
        """End the connection, if there is one; the broker publishes the Will, or forgets it."""
        if not self._is_connected:
            return
        if with_will and self._will is not None:
            self._broker(self._will)
        self._is_connected = self._is_heard = False
        self.voice.lost()
