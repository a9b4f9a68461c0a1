"""Turns the messages of one source into what a commit makes safe: records, and all that could not become records.

Nothing here waits or touches a disk. Whatever an adapter does, the message ends up in the group: as records, held,
quarantined with its bytes, or counted as something there is nothing to store of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

import structlog

from gateway.catalogue import Catalogue
from gateway.interfaces import Unreadable
from gateway.lanes import Lane, Path
from gateway.line_protocol import Encoder
from gateway.models import (
    Command,
    Decoded,
    Definition,
    Hold,
    Message,
    Observation,
    Reject,
    Release,
    Remember,
)
from gateway.normalize import Place, UsualMessages
from gateway.quarantine import Quarantine
from gateway.routing import Router, filter_covers
from gateway.spool import Group, Redelivery, reason_of
from gateway.status import Status
from gateway.usual_records import UsualRecords
from gateway.waiting import Waiting

MAX_TOPICS = 200_000
"""Topics whose route is remembered."""

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
        self._encode = encoder.encode
        self._usual, self._records = UsualMessages(), UsualRecords(encoder)
        self._redelivery = redelivery
        self._quarantine = Quarantine(source, redelivery, status)
        self._waiting = waiting
        self._catalogue = catalogue
        self._status = status
        self._counts = status.messages
        self._lanes: dict[str, Lane] = {}

    # The lines that run for every message: 5 us for one of 6 values, with all that they call.
    def translate(self, messages: Sequence[Message | Unreadable], group: Group) -> None:
        """Put into the group what the messages say, in their order."""
        self._counts.received += len(messages)
        group.received += len(messages)
        group.size += sum(map(len, map(_payload, messages)))
        group.redelivery += self._redelivery.passed(len(messages))
        lanes, usual = self._lanes, self._usual
        for message in messages:
            lane = lanes.get(message.topic)
            if lane is None or type(message) is not Message or message.duplicate:
                self._flush(group)
                self._first_look(message, group)
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
                self._take_all(lane, message, said, group)
            elif timeless and message.packet_id:
                group.redelivery += self._redelivery.note(message)
        self._flush(group)

    def _flush(self, group: Group) -> None:
        """Put into the group what was taken the quick way, so that what follows stands behind it."""
        if not self._usual.number:
            return
        every, unusual = self._usual.check()

        def refuse(message: Message, error: ValueError) -> None:
            self._quarantine.take(message, group, *reason_of(error))

        messages, records = self._records.encode(every, refuse)
        group.add_each(messages, records)
        self._status.points += len(records)
        for one in unusual:
            lane = self._lanes.get(one.message.topic) or self._find(one.message.topic)
            if lane is None:
                self._no_route(one.message)
            else:
                self._take_all(lane, one.message, (one.observation,), group)

    def _first_look(self, message: Message | Unreadable, group: Group) -> None:
        """Translate a message of a topic that was not seen before, or one that something is special about."""
        if isinstance(message, Unreadable):
            self._quarantine.take(message, group, *reason_of(ValueError(message.reason)))
            return
        if message.duplicate and self._redelivery.known(message):
            self._ignore("sent again by the broker, and committed before")
            if (source := self._status.sources.get(self._source)) is not None:
                source.redelivered += 1
            return
        lane = self._lanes.get(message.topic) or self._find(message.topic)
        if lane is None:
            self._no_route(message)
            return
        self._decode_and_take(lane, message, group)

    def session_lost(self) -> None:
        """Take note that the broker has forgotten the session, and with it what its packet identifiers meant."""
        self._redelivery.session_lost()

    def decode_again(self, message: Message, group: Group) -> None:
        """Put into the group what a message says that was set aside before; what no route takes is quarantined."""
        match = self._router.match(message.topic)
        if match is None:
            self._quarantine.take(message, group, "no route takes its topic", "")
        else:
            # A place of its own: what was looked up for other messages of its topic is nothing to it.
            lane = Lane.along(self._paths[match.route], Place(match.levels))
            self._decode_and_take(lane, message, group)

    def recall(self, messages: Iterable[Message]) -> None:
        """Let the adapters see what they asked to remember, before the first new message; drop what they say."""
        group = Group(self._source)
        for message in messages:
            lane = self._find(message.topic)
            if lane is not None:
                try:
                    tuple(lane.decode(message))
                except Exception as error:  # noqa: BLE001  # see `_failed`
                    self._failed(lane, message, error, group)

    def advance(self, now_ns: int) -> Group:
        """Let the adapters act on time having passed; return what they said."""
        group = Group(self._source)
        for path in self._paths.values():
            lane, moment = Lane.along(path, Place({})), Message("", b"", now_ns)
            try:
                said = tuple(path.adapter.advance(now_ns))
            except Exception:  # see `_failed`; there is no message to quarantine
                log.exception("An adapter failed as time passed", route=path.route)
            else:
                if said:
                    self._take_all(lane, moment, said, group)
        return group

    def _decode_and_take(self, lane: Lane, message: Message, group: Group) -> None:
        try:
            said = tuple(lane.decode(message))
        except Exception as error:  # noqa: BLE001  # see `_failed`
            self._failed(lane, message, error, group)
        else:
            self._take_all(lane, message, said, group)

    def _take_all(self, lane: Lane, message: Message, said: Sequence[Decoded], group: Group) -> None:
        """Take what an adapter said of a message, and then the messages that it released."""
        try:
            released = self._take(lane, message, said, group)
        except Exception as error:  # noqa: BLE001  # see `_failed`
            self._failed(lane, message, error, group)
            return
        for one in released:
            own_lane = self._lanes.get(one.topic) or self._find(one.topic)
            if own_lane is None:  # the routes have changed since it was held
                self._no_route(one)
            else:
                self._decode_and_take(own_lane, one, group)

    def _failed(self, lane: Lane, message: Message, error: Exception, group: Group) -> None:
        """Quarantine a message that cannot be understood, or that brings a defect of ours or an adapter's to light.

        Whatever goes wrong with one message must not stop the others, nor come back with it at every restart.
        """
        if isinstance(error, ValueError):
            self._quarantine.take(message, group, *reason_of(error))
            return
        log.error("A message brought a defect to light and is quarantined", route=lane.path.route, exc_info=error)
        self._quarantine.take(message, group, "defect of the gateway or the adapter", repr(error)[:1000])

    def _take(  # noqa: C901  # one case for each thing an adapter can say
        self, lane: Lane, message: Message, said: Sequence[Decoded], group: Group
    ) -> list[Message]:
        """Put what an adapter said into the group; return the messages that can be understood now."""
        observations: list[Observation] = []
        rejects: list[Reject] = []
        released: list[Message] = []
        fate_known = False
        for thing in said:
            match thing:
                case Observation():
                    observations.append(thing)
                case Reject():
                    rejects.append(thing)
                case Definition():
                    self._define(lane.path.normalizer.place(lane.place, thing), message.received_ns, group)
                case Hold(key):
                    fate_known = True
                    self._hold(key, message, group)
                case Release(key):
                    released += self._release(key, group)
                case Remember(key):
                    group.remembered[key] = message
                case Command():
                    self._command(lane, thing, group)
        if observations or rejects:
            self._store(lane, message, observations, rejects, group)
        elif not fate_known and message.topic:
            self._ignore("it says nothing that is stored")
        return released

    def _store(
        self, lane: Lane, message: Message, observations: Sequence[Observation], rejects: list[Reject], group: Group
    ) -> None:
        normalized = lane.path.normalizer.normalize(lane.place, message, observations)
        lines = [line for telemetry in normalized.telemetry for line in self._encode(telemetry)]
        if normalized.timeless and message.packet_id:
            group.redelivery += self._redelivery.note(message)
        if lines:
            group.add(message.topic, lines)
            self._status.points += len(lines)
        if normalized.rejects or rejects:
            self._quarantine.take_values(message, [*rejects, *normalized.rejects], group, stored=bool(lines))
        elif not lines:
            self._ignore(normalized.ignored)
        for definition in normalized.definitions:
            self._define(definition, message.received_ns, group)

    def _no_route(self, message: Message) -> None:
        self._status.unmatched.count(message.topic)
        self._ignore("no route takes its topic")

    def _ignore(self, reason: str) -> None:
        self._counts.ignored += 1
        self._status.ignored.count(reason)

    def _hold(self, key: str, message: Message, group: Group) -> None:
        # Once it is released, its packet identifier may stand for another message.
        if not self._waiting.add(key, message._replace(packet_id=0, duplicate=False)):
            self._quarantine.take(message, group, "no room to hold it", f"no room to hold it until {key} is known")
            return
        group.held.append((key, message))
        if message.packet_id:
            group.redelivery += self._redelivery.note(message)

    def _release(self, key: str, group: Group) -> list[Message]:
        group.released.append(key)
        group.held = [(held, message) for held, message in group.held if held != key]
        return self._waiting.take(key)

    def _command(self, lane: Lane, command: Command, group: Group) -> None:
        if any(filter_covers(allowed, command.topic) for allowed in lane.path.publish):
            group.commands.append(command)
        else:
            self._status.refused_commands.count(command.topic)

    def _define(self, definition: Definition, received_ns: int, group: Group) -> None:
        telemetry = self._catalogue.learn(definition, received_ns)
        if telemetry is not None:
            group.definitions.append(definition)
            group.further += self._encode(telemetry)

    def _find(self, topic: str) -> Lane | None:
        match = self._router.match(topic)
        if match is None:
            return None
        if len(self._lanes) >= MAX_TOPICS:
            self._lanes.clear()
        lane = self._lanes[topic] = Lane.along(self._paths[match.route], Place(match.levels))
        return lane
