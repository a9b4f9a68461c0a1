"""Faults of behaviour: how a node answers requests, where it looks for its host, and who else has its name."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sparkplug.codec import Payload
from simulators.sparkplug.faults.fault import Fault, Rebirth
from simulators.sparkplug.messages import Kind, Message, Wire


class RebirthAsDeathAndBirth(Fault):
    """A rebirth is NDEATH, NBIRTH and DBIRTHs."""

    rebirth = Rebirth.DEATH_AND_BIRTHS


class RebirthAsReconnect(Fault):
    """Asked for a rebirth, the node leaves and connects again, with the next bdSeq."""

    rebirth = Rebirth.RECONNECT


class RebirthIgnored(Fault):
    """Requests for rebirth are not answered."""

    rebirth = Rebirth.IGNORED


class FirstRebirthIgnored(Fault):
    """The first request for rebirth is lost; later ones are answered."""

    rebirth = Rebirth.FIRST_IGNORED


class RebirthOfDevicesOnly(Fault):
    """Requests to the node are not answered, those to a device (`Device Control/Rebirth`) with its DBIRTH."""

    rebirth = Rebirth.DEVICES_ONLY


class LegacyState(Fault):
    """The node looks for its primary host as Sparkplug 2.2 has it: topic `STATE/<id>`, text ONLINE or OFFLINE."""

    hears_legacy_state = True


class StateInGroup(Fault):
    """Before its births the node publishes the text ONLINE on `spBv1.0/<group>/STATE/<node>`."""

    def shape(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Put it before NBIRTH."""
        if all(message.kind is not Kind.NBIRTH for message in messages):
            return messages
        return [Message(Kind.STATE, "", Payload(), wire=Wire(also=lambda _: b"ONLINE"), retain=True), *messages]


class SameDescriptorTwice(Fault):
    """A second node with the same group and node id is run beside each."""

    has_twin = True
