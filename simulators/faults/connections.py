"""Faults of connections: cut, ended politely, dead without anyone's notice, and a broker that is started again.

What is to be said while there is none: a plain machine has no memory, and what it measures is gone; an edge node keeps
it by itself and sends it later as history. Only of a broker's restart the client library knows, and it keeps what is at
QoS 1. A file holds what a broker would have got: the Will as well, and nothing of what nobody could be told.
"""

from __future__ import annotations

from simulators.faults.fault import Actions, Fault, Moment
from simulators.messages import Away


class _Absence(Fault):
    """The machine is away while it strikes, and says nothing."""

    own_connection = True

    def _away(self, moment: Moment) -> Away:
        return Away("cut", moment.until_ns)

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Say the first, go away, and say no more."""
        if moment.begins:
            return [*actions, self._away(moment)]
        return () if moment.is_on else actions


class DisconnectWithWill(_Absence):
    """The connection breaks off, and the broker publishes the Will."""

    name = "disconnect_with_will"
    title = "the cable is pulled: the broker publishes the Will, and nothing comes until the machine is back"
    reaction = "stores from the Will that it is offline; its values turn stale, and good again with the next ones"


class DisconnectWithoutWill(_Absence):
    """The machine says DISCONNECT, and the broker forgets the Will: nobody is told."""

    name = "disconnect_without_will"
    title = "the machine leaves with DISCONNECT, which takes its Will back: nobody is told, and nothing comes"
    reaction = "marks its values stale once it was silent for `stale_after` (Sparkplug: `silence`)"

    def _away(self, moment: Moment) -> Away:
        return Away("goodbye", moment.until_ns)


class HalfOpen(Fault):
    """The connection stays open and nothing comes through; the machine does not notice, and goes on speaking."""

    name = "half_open"
    title = "the connection stays open and is dead: the machine speaks to nobody, and sends QoS 1 again when it is back"
    reaction = "marks its values stale after `stale_after`; what comes later is stored under its own time, none twice"
    own_connection = True

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Let the connection go dead, and go on as if nothing were wrong."""
        return [*actions, Away("dead", moment.until_ns)] if moment.begins else actions


class BrokerRestart(Fault):
    """The connection is cut under all machines that share it, as by a broker that is restarted.

    Where a plant has several connections (one for each face, line or machine with faults of its connection), a machine
    of each has this fault. Whoever runs a broker may really restart it meanwhile.
    """

    name = "broker_restart"
    title = "the broker is away: all that share the connection are cut off; what is at QoS 1 is kept, and sent later"
    reaction = "connects again by itself and subscribes anew; counts a gap if the broker has lost its session"

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Cut the connection, and leave to those who speak what they keep."""
        return [*actions, Away("cut", moment.until_ns)] if moment.begins else actions
