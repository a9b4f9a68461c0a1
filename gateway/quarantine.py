"""Sets aside what could not be understood or taken: as dead letters of the group, counted by reason."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.interfaces import Unreadable
from gateway.models import Message, Reject
from gateway.spool import DeadLetter, Group, Kind, Redelivery, properties_of
from gateway.status import Status

MAX_NAMED = 20
"""Values of one message that its dead letter names."""


class Quarantine:
    """Sets aside messages of one source.

    Args:
        source: Its name.
        redelivery: Is told of what is set aside: the broker may send it again.
        status: Where it is counted.
    """

    def __init__(self, source: str, redelivery: Redelivery, status: Status) -> None:
        self._source, self._redelivery, self._status = source, redelivery, status

    def take(self, message: Message | Unreadable, group: Group, reason: str, detail: str, subject: str = "") -> None:
        """Set a whole message aside, with its bytes."""
        if message.topic or isinstance(message, Unreadable):  # else it is what an adapter said as time passed
            self._status.messages.quarantined += 1
        self._status.quarantined.count(reason)
        kind = Kind.UNDECODABLE if isinstance(message, Message) else Kind.UNREADABLE
        group.dead_letters.append(self._letter(kind, message, reason, detail, subject))
        if isinstance(message, Message) and message.packet_id:
            group.redelivery += self._redelivery.note(message)

    def take_values(self, message: Message, rejects: Sequence[Reject], group: Group, *, stored: bool) -> None:
        """Set aside a message of which values could not be taken; `stored` tells whether others of it were."""
        for reject in rejects:
            self._status.rejected.count(_kind_of(reject))
        named = rejects[:MAX_NAMED]
        detail = "; ".join(f"{reject.name}: {reject.reason}" for reject in named)
        subject = ", ".join(sorted({reject.name for reject in named}))
        if stored:
            group.dead_letters.append(self._letter(Kind.VALUE, message, _kind_of(rejects[0]), detail, subject))
        else:
            self.take(message, group, _kind_of(rejects[0]), detail, subject)

    def _letter(self, kind: Kind, message: Message | Unreadable, reason: str, detail: str, subject: str) -> DeadLetter:
        return DeadLetter(
            kind,
            self._source,
            message.topic,
            message.payload,
            reason,
            detail,
            message.received_ns,
            properties=properties_of(message) if isinstance(message, Message) else "",
            subject=subject,
        )


def _kind_of(reject: Reject) -> str:
    """Return the reason in the words that are the same for the same fault."""
    return reject.reason.partition(":")[0]
