"""One connection's life: a voice is connected again and again, hears what its machines measure, and says it."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable

from simulators.broker import Broker
from simulators.delivery.connection import Connection, ConnectionLostError
from simulators.faces.face import Action, Voice
from simulators.messages import Away, Disconnect, Publication
from simulators.plant.station import Reading

_RECONNECT_SECONDS = (0.5, 10.0)
KEPT = 100_000
"""Messages at QoS 1 that are kept while there is no connection; the oldest go first."""


class Speaker:
    """A voice with its connection.

    What it says at QoS 1 while there is no connection, and what was not acknowledged, is sent when there is one again.

    Attributes:
        voice: What speaks.
        connections: How often a connection was made.
        published: Messages handed to a connection.
        forgotten: Messages that nobody was there for and that could not be kept.

    Args:
        voice: What speaks.
        broker: To whom.
        name: By which it is spoken of in what is told.
        clock: Returns the virtual time in nanoseconds since 1970.
        tell: Called with its name and a reason when a connection is lost or cannot be made.
        gate: Bounds how many log in at a time.
        progress: Set whenever less waits to be acknowledged than before, or the connection is another.
    """

    def __init__(
        self,
        voice: Voice,
        broker: Broker,
        name: str,
        *,
        clock: Callable[[], int],
        tell: Callable[[str, str], None],
        gate: asyncio.Semaphore,
        progress: asyncio.Event,
    ) -> None:
        self.voice = voice
        self.connections = 0
        self.published = 0
        self.forgotten = 0
        self.name = name
        self._acknowledged = 0
        self._broker = broker
        self._clock = clock
        self._tell = tell
        self._gate = gate
        self._progress = progress
        self._connection: Connection | None = None
        self._kept: deque[tuple[Publication, bool]] = deque()
        self._there = asyncio.Event()
        self._stopping = asyncio.Event()
        self._may_connect = asyncio.Event()
        self._may_connect.set()
        self._away: Away | None = None
        self._ended_on_purpose = False

    @property
    def acknowledged(self) -> int:
        """Messages at QoS 1 that the broker has acknowledged."""
        return self._acknowledged + (0 if self._connection is None else self._connection.window.acknowledged)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now, which is not just ending."""
        return self._connection is not None and not self._connection.is_ending

    @property
    def is_away(self) -> bool:
        """Whether a fault keeps it away."""
        return self._away is not None

    @property
    def waiting(self) -> int:
        """Messages that have not been acknowledged, or not been sent."""
        return len(self._kept) + (0 if self._connection is None else self._connection.window.waiting)

    @property
    def is_behind(self) -> bool:
        """Whether what was said before has not left."""
        return self._connection is not None and not self._connection.is_writable

    async def live(self) -> None:
        """Be connected as much of the time as the broker allows, until `leave`.

        Raises:
            BrokerRefusedError: The broker does not let this client in.
        """
        attempt = 0
        while await self._is_wanted():
            before = self.connections
            reason = await self._session()
            if self._stopping.is_set():
                break
            attempt = 1 if self.connections > before else attempt + 1
            least, most = _RECONNECT_SECONDS
            delay = random.uniform(0, min(most, least * 2**attempt))
            if not self._ended_on_purpose:
                self._tell(self.name, reason)
            await self._rest(delay)

    async def _is_wanted(self) -> bool:
        """Wait while a fault keeps it away; return whether it is to connect then."""
        await self._may_connect.wait()
        return not self._stopping.is_set()

    async def connected(self) -> None:
        """Wait until there is a connection, or it is to leave."""
        await self._there.wait()

    def hear(self, reading: Reading) -> None:
        """Hand on what was measured, and say what is said to that."""
        self.do(self.voice.tell(reading))

    def leave(self) -> None:
        """Say what is to be said at the end, and end the connection and `live`."""
        self._stopping.set()
        self._may_connect.set()
        self._there.set()
        if self._connection is not None:
            self.do(self.voice.leaving(self._clock()))

    def tick(self, time_ns: int) -> bool:
        """Take note of the virtual time; who was away until then comes back, and it is returned that he does."""
        if self._away is None or time_ns < self._away.until_ns:
            return False
        self._away = None
        self._may_connect.set()
        if self._connection is not None:  # a dead one
            self._connection.abort()
        return True

    def _go_away(self, away: Away) -> None:
        self._away = away
        self._may_connect.clear()
        self._ended_on_purpose = True
        if self._connection is not None:
            _break_off(self._connection, away)

    def do(self, actions: Iterable[Action]) -> None:
        """Do what the voice wants done."""
        for action in actions:
            match action:
                case Publication():
                    self._publish(action)
                case Disconnect(with_packet) if self._connection is not None:
                    self._ended_on_purpose = True
                    self._connection.close(with_packet=with_packet)
                case Away():
                    self._go_away(action)

    def _publish(self, publication: Publication, *, duplicate: bool = False) -> None:
        if self._connection is not None and self._connection.window.waiting < KEPT:
            self._connection.publish(publication, duplicate=duplicate)
            self.published += not duplicate
        elif self._connection is not None:  # dead, for long
            self.forgotten += 1
        elif publication.qos:
            self._kept.append((publication, duplicate))
            if len(self._kept) > KEPT:
                self._kept.popleft()
                self.forgotten += 1
        else:
            self.forgotten += 1

    async def _session(self) -> str:
        """Live through one connection; return why it ended."""
        self._ended_on_purpose = False
        try:
            async with self._gate:
                if self.is_away:
                    return "a fault keeps it away"
                will = self.voice.will(self._clock())
                connection = await Connection.open(self._broker, will, self.voice.subscriptions(), self._progress)
        except ConnectionLostError as error:
            return str(error)
        self.connections += 1
        self._connection = connection
        try:
            if self._away is not None:  # it began while the broker had not answered
                _break_off(connection, self._away)
            else:
                self._begin(connection)
            if self._stopping.is_set():
                self.leave()
            return await connection.ended()
        finally:
            connection.abort()
            self._there.clear()
            self._acknowledged += connection.window.acknowledged
            left = [each for each in connection.window.left() if each[0].qos]
            self.published -= sum(not was_sent for _, was_sent in left)  # they are handed to the next one
            self._kept.extend(left)
            self._connection = None
            self.voice.lost()
            self._progress.set()

    def _begin(self, connection: Connection) -> None:
        """Say what is said first, and then what was kept."""
        self.do(self.voice.connected(self._clock()))
        kept, self._kept = self._kept, deque()
        for publication, duplicate in kept:
            self._publish(publication, duplicate=duplicate)
        connection.listen(self._received)
        self._there.set()
        self._progress.set()

    def _received(self, topic: str, payload: bytes) -> None:
        self.do(self.voice.received(topic, payload, self._clock()))

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until it is time to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass  # nobody asked to stop


def _break_off(connection: Connection, away: Away) -> None:
    """End a connection, or let it go dead, as a fault will have it."""
    match away.how:
        case "goodbye":
            connection.close()
        case "cut":
            connection.abort()
        case "dead":
            connection.go_dead()
