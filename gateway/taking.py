"""Takes what an adapter says of a message: what is stored, what waits, what is to be remembered, sent or looked up."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.catalogue import Catalogue, Entries
from gateway.lanes import Lane
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
from gateway.quarantine import Quarantine
from gateway.routing import filter_covers
from gateway.spool import Group, Redelivery, reason_of
from gateway.status import Status
from gateway.waiting import Waiting


class Taking:
    """Puts into groups what the adapters of one source say.

    Args:
        encoder: Makes records of telemetry.
        redelivery: What the broker may send again.
        quarantine: Takes what cannot be taken.
        waiting: Messages that wait for a key, from before.
        catalogue: What the sinks were told of the meaning of values.
        status: Where everything is counted.
    """

    def __init__(
        self,
        encoder: Encoder,
        redelivery: Redelivery,
        quarantine: Quarantine,
        waiting: Waiting,
        catalogue: Catalogue,
        status: Status,
    ) -> None:
        self._encode = encoder.encode
        self._entries = Entries(encoder)
        self._redelivery, self._quarantine, self._waiting = redelivery, quarantine, waiting
        self._catalogue, self._status = catalogue, status

    def take(  # noqa: C901  # one case for each thing an adapter can say
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
                    self._place_and_define(lane, thing, message.received_ns, group)
                case Hold(key):
                    fate_known = True
                    behind = said[said.index(thing) + 1 :]
                    at_once = any(type(other) is Release and other.key == key for other in behind)
                    self._hold(key, message, group, at_once=at_once)
                case Release(key):
                    released += self._release(key, group)
                case Remember(key, kept):
                    group.remembered[key] = message if kept is None else kept
                case Command():
                    self._command(lane, thing, group)
        if observations or rejects:
            self._store(lane, message, observations, rejects, group)
        elif not fate_known and message.topic:
            self.ignore("it says nothing that is stored")
        return released

    def _store(
        self, lane: Lane, message: Message, observations: Sequence[Observation], rejects: list[Reject], group: Group
    ) -> None:
        normalized = lane.path.normalizer.normalize(lane.place, message, observations)
        lines = [line for telemetry in normalized.telemetry for line in self._encode(telemetry)]
        if normalized.timeless and message.packet_id:
            group.redelivery += self._redelivery.note(message)
        if lines:
            if message.topic:
                group.add(message.topic, lines)
            else:  # it follows from no message, but from time having passed
                group.further += lines
            self._status.points += len(lines)
        if normalized.rejects or rejects:
            self._quarantine.take_values(message, [*rejects, *normalized.rejects], group, stored=bool(lines))
        elif not lines and message.topic:
            self.ignore(normalized.ignored)
        for definition in normalized.definitions:
            self._define(definition, message.received_ns, group)

    def ignore(self, reason: str) -> None:
        """Count a message of which there is nothing to store."""
        self._status.messages.ignored += 1
        self._status.ignored.count(reason)

    def _hold(self, key: str, message: Message, group: Group, *, at_once: bool) -> None:
        """Let a message wait; one that is released at once, behind those before it, needs no room."""
        # Once it is released, its packet identifier may stand for another message.
        if not self._waiting.add(key, message._replace(packet_id=0, duplicate=False), at_once=at_once):
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

    def _place_and_define(self, lane: Lane, definition: Definition, received_ns: int, group: Group) -> None:
        try:
            self._define(lane.path.normalizer.place(lane.place, definition), received_ns, group)
        except ValueError as error:  # of a value that cannot be stored either, which its own message says
            self._status.corrected.count(f"left out of the catalogue: {reason_of(error)[0]}")

    def _define(self, definition: Definition, received_ns: int, group: Group) -> None:
        records = self._catalogue.learn(definition, received_ns, self._entries)
        if records is not None:
            group.definitions.append(definition)
            group.further += records
