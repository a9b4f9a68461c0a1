"""Faults of topics: another name for the same machine, and a message that the broker keeps for ever."""

from __future__ import annotations

from simulators.faults.fault import Actions, Fault, Moment
from simulators.messages import Publication

SUFFIX = "-renamed"


class RenamedTopic(Fault):
    """The machine publishes under another name, as after its controller was replaced."""

    name = "renamed_topic"
    title = f"the machine's level in its topics changes: `mill-1` becomes `mill-1{SUFFIX}`"
    reaction = "stores it as another machine if a route takes the topic; the values of the old one turn stale"

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Rename the machine."""
        if not moment.is_on:
            return actions
        return [
            action._replace(topic=self._renamed(action.topic)) if isinstance(action, Publication) else action
            for action in actions
        ]

    def _renamed(self, topic: str) -> str:
        own = self.station.device.name
        return "/".join(level + SUFFIX if level == own else level for level in topic.split("/"))


class StaleRetained(Fault):
    """What the machine says while this strikes is retained; what it says later is not, and does not replace it."""

    name = "stale_retained"
    title = "messages are retained for a while: the last of these meets everybody who subscribes later"
    reaction = "stores what a broker had retained under its own time, as history: it does not become the present value"

    def speak(self, actions: Actions, moment: Moment) -> Actions:
        """Have the broker keep it."""
        if not moment.is_on:
            return actions
        return [action._replace(retain=True) if isinstance(action, Publication) else action for action in actions]
