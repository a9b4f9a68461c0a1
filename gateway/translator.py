"""Turns the messages of one source into what a commit makes safe: records, and all that could not become records.

Nothing here waits or touches a disk. Whatever an adapter does, the message ends up in the group: as records, held,
quarantined with its bytes, or counted as something there is nothing to store of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

import structlog

from gateway.catalogue import Catalogue
from gateway.interfaces import Recalling, Unreadable
from gateway.lanes import Lane, Path
from gateway.line_protocol import Encoder
from gateway.models import Decoded, Message, Observation
from gateway.normalize import Place, UsualMessages
from gateway.quarantine import Quarantine
from gateway.routing import Router
from gateway.spool import Group, Redelivery, reason_of
from gateway.status import Status
from gateway.taking import Taking
from gateway.usual_records import UsualRecords
from gateway.waiting import Waiting

MAX_TOPICS = 200_000
"""Topics whose route is remembered."""
TURN_MESSAGES, TURN_BYTES = 100, 200_000
"""Of what was released so many messages are translated at once: others may have waited a day for a birth."""

_payload = itemgetter(Message._fields.index("payload"))  # the same place in `Unreadable`

_NOTHING: tuple[Decoded, ...] = ()

log = structlog.get_logger()


class Translator:
    """Translates the messages of one source.

    Args:
        source: Its name.
        router: Finds the route of a topic.
        paths: What each route does.
        encoder: Makes records of telemetry.
        redelivery: What the broker may send again.
        waiting: Messages that wait for a key, from before.
        catalogue: What the sinks were told of the meaning of values.
        status: Where everything is counted.
    """

    def __init__(
        self,
        source: str,
        router: Router,
        paths: Mapping[int, Path],
        encoder: Encoder,
        redelivery: Redelivery,
        waiting: Waiting,
        catalogue: Catalogue,
        status: Status,
    ) -> None:
        self._source = source
        self._router = router
        self._paths = paths
        self._usual, self._records = UsualMessages(), UsualRecords(encoder)
        self._redelivery = redelivery
        self._quarantine = Quarantine(source, redelivery, status)
        self._taking = Taking(encoder, redelivery, self._quarantine, waiting, catalogue, status)
        self._status = status
        self._counts = status.messages
        self._lanes: dict[str, Lane] = {}
        self._behind: deque[Message | Unreadable] = deque()

    # The lines that run for every message: 5 us for one of 6 values, with all that they call.
    def translate(self, messages: Sequence[Message | Unreadable], group: Group) -> None:
        """Put into the group what the messages say, in their order.

        If they release many that waited, some may be left to `go_on`; see `behind`.
        """
        self._counts.received += len(messages)
        group.received += len(messages)
        group.size += sum(map(len, map(_payload, messages)))
        group.redelivery += self._redelivery.passed(len(messages))
        lanes, usual = self._lanes, self._usual
        coming = iter(messages)
        for message in coming:
            lane = lanes.get(message.topic)
            if lane is None or type(message) is not Message or message.duplicate:
                self._flush(group)
                self._go_on(self._first_look(message, group), group, coming)
                continue
            said, taken, timeless = _NOTHING, False, False
            try:
                heard = lane.decode(message)
                said = heard if type(heard) is tuple else tuple(heard)
                if len(said) == 1 and type(observation := said[0]) is Observation:
                    timeless = observation.time is None
                    taken = lane.quick(lane.place, message, observation, usual)
            except Exception as error:  # noqa: BLE001  # see `_failed`
                self._failed(lane, message, error, group)
                continue
            if not taken:
                self._flush(group)
                self._go_on(self._try_to_take(lane, message, said, group), group, coming)
            elif timeless and message.packet_id:
                group.redelivery += self._redelivery.note(message)
        self._flush(group)

    def _flush(self, group: Group) -> None:
        """Put into the group what was taken the quick way, so that what follows stands behind it."""
        if not self._usual.number:
            return
        checked = self._usual.check()

        def refuse(message: Message, error: ValueError) -> None:
            self._quarantine.take(message, group, *reason_of(error))

        self._status.points += self._records.add(checked, group, refuse)
        for one in checked.unusual:
            lane = self._lanes.get(one.message.topic) or self._find(one.message.topic)
            if lane is None:
                self._no_route(one.message)
            else:
                self._try_to_take(lane, one.message, (one.observation,), group)

    def _first_look(self, message: Message | Unreadable, group: Group) -> Sequence[Message]:
        """Translate any message; return those that it released."""
        if isinstance(message, Unreadable):
            self._quarantine.take(message, group, *reason_of(ValueError(message.reason)))
            return ()
        if message.duplicate and self._redelivery.known(message):
            self._taking.ignore("sent again by the broker, and committed before")
            if (source := self._status.sources.get(self._source)) is not None:
                source.redelivered += 1
            return ()
        lane = self._lanes.get(message.topic) or self._find(message.topic)
        if lane is None:  # for one that was held, the routes have changed since
            self._no_route(message)
            return ()
        return self._decode(lane, message, group)

    def session_lost(self) -> None:
        """Take note that the broker has forgotten the session, and with it what its packet identifiers meant."""
        self._redelivery.session_lost()

    def decode_again(self, message: Message, group: Group) -> None:
        """Put into the group what a message says that was set aside before; what no route takes is quarantined."""
        # A place of its own: what was looked up for other messages of its topic is nothing to it.
        lane = self._lane(message.topic)
        if lane is None:
            self._quarantine.take(message, group, "no route takes its topic", "")
        else:
            self._go_on(self._decode(lane, message, group), group)
            while self.behind:
                self.go_on(group)

    def recall(self, messages: Iterable[Message]) -> None:
        """Let the adapters see what they asked to remember, before the first new message; drop what they say."""
        group = Group(self._source)
        for message in messages:
            lane = self._find(message.topic)
            if lane is not None:
                adapter = lane.path.adapter
                try:
                    if isinstance(adapter, Recalling):
                        adapter.recall(message)
                    else:
                        tuple(lane.decode(message))
                except Exception as error:  # noqa: BLE001  # see `_failed`
                    self._failed(lane, message, error, group)

    def advance(self, now_ns: int, group: Group) -> None:
        """Let the adapters act on time having passed; put into the group what they say.

        Into the group that their messages go into, or a later one: what one releases may have been held in it.
        """
        for path in self._paths.values():
            lane, moment = Lane.along(path, Place({})), Message("", b"", now_ns)
            try:
                said = tuple(path.adapter.advance(now_ns))
            except Exception:  # see `_failed`; there is no message to quarantine
                log.exception("An adapter failed as time passed", route=path.route)
            else:
                if said:
                    self._go_on(self._try_to_take(lane, moment, said, group), group)

    @property
    def behind(self) -> bool:
        """Whether messages are left to be translated, into the same group and before anything else."""
        return bool(self._behind)

    def go_on(self, group: Group) -> None:
        """Put into the group what some of the messages say that were left, in their order.

        A group in which some are left must not be committed: it says that all are released.
        """
        left, size = TURN_MESSAGES, TURN_BYTES
        while self._behind and left and size > 0:
            message = self._behind.popleft()
            left, size = left - 1, size - len(message.payload)
            self._behind.extendleft(reversed(self._first_look(message, group)))

    def _go_on(self, released: Sequence[Message], group: Group, coming: Iterable[Message | Unreadable] = ()) -> None:
        """Translate messages that were released, and those that they release in their turn, before what comes next."""
        if released:
            idle = not self._behind
            self._behind.extend(released)
            if idle:
                self.go_on(group)
        if self._behind:
            self._behind.extend(coming)

    def _decode(self, lane: Lane, message: Message, group: Group) -> Sequence[Message]:
        """Take what a message says; return the messages that it released."""
        try:
            said = tuple(lane.decode(message))
        except Exception as error:  # noqa: BLE001  # see `_failed`
            self._failed(lane, message, error, group)
            return ()
        return self._try_to_take(lane, message, said, group)

    def _try_to_take(self, lane: Lane, message: Message, said: Sequence[Decoded], group: Group) -> Sequence[Message]:
        try:
            return self._taking.take(lane, message, said, group)
        except Exception as error:  # noqa: BLE001  # see `_failed`
            self._failed(lane, message, error, group)
            return ()

    def _failed(self, lane: Lane, message: Message, error: Exception, group: Group) -> None:
        """Quarantine a message that cannot be understood, or that brings a defect of ours or an adapter's to light.

        Whatever goes wrong with one message must not stop the others, nor come back with it at every restart.
        """
        if isinstance(error, ValueError):
            self._quarantine.take(message, group, *reason_of(error))
            return
        log.error("A message brought a defect to light and is quarantined", route=lane.path.route, exc_info=error)
        self._quarantine.take(message, group, "defect of the gateway or the adapter", repr(error)[:1000])

    def _no_route(self, message: Message) -> None:
        self._status.unmatched.count(message.topic)
        self._taking.ignore("no route takes its topic")

    def _find(self, topic: str) -> Lane | None:
        lane = self._lane(topic)
        if lane is not None:
            if len(self._lanes) >= MAX_TOPICS:
                self._lanes.clear()
            self._lanes[topic] = lane
        return lane

    def _lane(self, topic: str) -> Lane | None:
        match = self._router.match(topic)
        if match is None:
            return None
        path, words = self._paths[match.route], match.levels
        try:
            words = path.words(topic, words)
        except Exception:  # see `_failed`; what the route itself knows has to do
            log.exception("An adapter failed to say whose a topic is", route=path.route)
        return Lane.along(path, Place(words))
