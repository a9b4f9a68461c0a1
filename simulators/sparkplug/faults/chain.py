"""All faults of one node, one after the other, with the numbering of its messages between shaping and sending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulators.sparkplug.faults.fault import Fault, Rebirth
from simulators.sparkplug.messages import Kind, Message
from simulators.sparkplug.plan import NodePlan

_NUMBERS = 256
_UNNUMBERED = (Kind.NDEATH, Kind.STATE)


class Chain:
    """The way of every message of a node.

    Attributes:
        plan: The node as its faults make it.
        rebirth: How it answers a request for rebirth: as the first fault says that has something to say.
        hears_legacy_state: Whether it looks for its primary host at `STATE/<id>`.
        sends_disconnect: Whether it leaves with DISCONNECT.

    Args:
        plan: The node as it should be.
        faults: In the order in which they apply.
    """

    def __init__(self, plan: NodePlan, faults: Sequence[Fault]) -> None:
        for fault in faults:
            plan = fault.plan(plan)
        self.plan = plan
        self.rebirth = next((fault.rebirth for fault in faults if fault.rebirth is not Rebirth.BIRTHS), Rebirth.BIRTHS)
        self.hears_legacy_state = any(fault.hears_legacy_state for fault in faults)
        self.sends_disconnect = not any(fault.disconnects_without_packet for fault in faults)
        self._faults = faults
        self._seq = 0

    def messages(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return what goes out of what was to be said on one occasion."""
        for fault in self._faults:
            messages = fault.shape(messages)
        messages = list(self._numbered(messages))
        for fault in self._faults:
            messages = fault.number(messages)
        return messages

    def next_number(self) -> int:
        """Return the number of a data message that does not come through here, and count it."""
        number = self._seq
        self._seq = (number + 1) % _NUMBERS
        return number

    def _numbered(self, messages: Sequence[Message]) -> Iterator[Message]:
        """Yield the messages with sequence numbers from 0 to 255; the first NBIRTH of an occasion begins anew."""
        is_first = True
        for message in messages:
            if message.kind in _UNNUMBERED:
                yield message
                continue
            if message.kind is Kind.NBIRTH and is_first:
                self._seq = 0
                is_first = False
            yield message._replace(payload=message.payload._replace(seq=self.next_number()))
