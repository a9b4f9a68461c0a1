"""The quick ways of a message about which nothing is new: by a plan, or by name. Both give what the long way gives."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.models import GOOD, Message, Observation, Origin, Value
from gateway.normalize.assorted import Assorted, Part, by_time
from gateway.normalize.clock import OWN, RECEIVED, TimeRules
from gateway.normalize.columns import Elsewhere
from gateway.normalize.lookup import Lookup
from gateway.normalize.place import Found, Place
from gateway.normalize.plan import MAX_FIELDS
from gateway.normalize.row import as_told
from gateway.normalize.usual import Taken, UsualMessages

_NOTHING_SPECIAL = Observation({})[2:]
"""What follows values and time in an observation that says nothing else."""
_SAMPLE = 15
"""Of so many messages taken by name one is looked at for its shape: that of all would cost a fifth more. Odd, so that
shapes that take turns are all seen."""
_make = tuple.__new__


class QuickWays:
    """Takes the messages of one route that need not go the long way.

    Args:
        lookup: Whose values these are, and where they go.
        times: How their times are read.
        narrow: Whether the layout is narrow.
        max_values: Values in one message.
    """

    def __init__(self, lookup: Lookup, times: TimeRules, *, narrow: bool, max_values: int) -> None:
        self._lookup, self._times = lookup, times
        self._narrow, self._max_values = narrow, max_values
        self._by_name_taken = 0

    # Runs once for every message: 1 us where it is like the last one of its topic, 10 us for 50 values in any choice.
    def take(  # noqa: C901, PLR0911, PLR0912  # each call more costs as much as a value
        self, place: Place, message: Message, observation: Observation, messages: UsualMessages
    ) -> bool:
        """Take a message about which nothing is new; False if `normalize` must look at it.

        What is taken is put into `messages`, to be written with others.
        """
        if message.retained:
            return False
        values, time = observation[0], observation[1]
        live = True
        special = observation[2:] != _NOTHING_SPECIAL
        if not special:
            found = place.known
        else:
            live = observation.origin is Origin.LIVE
            found = self._lookup.known(place, observation)
        if found is None:
            return False
        state = found.state
        received_ns = message.received_ns
        if time is None:
            if not live or state.time_status != RECEIVED:
                return False
            time_ns: int | None = received_ns
        elif live and state.time_status != OWN:
            return False
        else:
            time_ns = self._times.quick(time, received_ns)
        if time_ns is None:
            return False
        if (special and (observation[2] or observation[4] != GOOD)) or not self._by_plan(
            found, message, observation, time_ns, messages
        ):
            parts = self._by_name(found, message, observation, time_ns)
            if parts is None:
                return False
            messages.assorted.append(Assorted(messages.number, message, observation, state, parts))
            self._by_name_taken += 1
            if self._by_name_taken % _SAMPLE == 0 and len(values) <= MAX_FIELDS:
                see(found, observation)
        messages.number += 1
        if live:
            state.last_ns = received_ns
        return True

    def _by_plan(
        self, found: Found, message: Message, observation: Observation, time_ns: int, messages: UsualMessages
    ) -> bool:
        """Take a message as one of many that all look alike; False if it is not, or nobody has looked yet."""
        values, units = observation[0], observation[3]
        plan = found.table.plan if units else found.plan
        if plan is None or len(values) != len(plan.keys) or tuple(values) != plan.keys:
            plans = found.table.plans if units else found.schema.plans
            plan = plans.get(tuple(values)) if plans and len(values) <= MAX_FIELDS else None
            if plan is None:
                return False
            if units:
                found.table.plan = plan
            else:
                found.plan = plan
        if not (plan.regular and found.state.told(plan)):
            return False
        converted: tuple[Value | None, ...] | None = None
        if plan.conversions:
            if tuple(map(type, values.values())) != plan.kinds:
                return False
            row = [*values.values()]
            try:
                for number, convert in plan.conversions:
                    row[number] = convert(row[number])  # type: ignore[arg-type]  # its type was just looked at
            except (ValueError, Elsewhere):
                return False  # one of the values is unusual: the long way says which
            converted = tuple(row)
        taken = messages.by_plan.get(plan)
        if taken is None:
            taken = messages.by_plan[plan] = []
        # Past the __new__ of the class, which takes twice as long to fill in the same.
        taken.append(_make(Taken, (messages.number, message, observation, found.state, time_ns, converted)))
        return True

    def _by_name(  # noqa: PLR0911  # each is another reason for the long way
        self, found: Found, message: Message, observation: Observation, time_ns: int
    ) -> Sequence[Part] | None:
        """Take a message value by value; None if something about one of them is new."""
        values, _, times, units, quality, _, _, origin, _ = observation
        if len(values) > self._max_values:
            return None
        row = (found.table if units else found.plain).take(values)
        if row is None:
            return None
        if origin is Origin.LIVE:
            if not as_told(found.state, row, quality):
                return None
        elif (quality and quality != GOOD) or not found.state.qualities.keys() >= row.known:
            return None  # what nothing live has told yet may be new to the catalogue
        names = row.names if self._narrow else row.fields
        if not times:
            return (Part(time_ns, names, row.values, row.types),)
        if len(row.names) < len(values) or not times.keys() <= values.keys():
            return None  # times of what is not stored are judged, too
        received_ns = message.received_ns
        return by_time(row, names, times, time_ns, lambda raw: self._times.quick(raw, received_ns))


def see(found: Found, observation: Observation) -> None:
    """Look at the shape of a message; the next like it is taken by a plan, if there is one now."""
    values, units = observation[0], observation[3]
    if units and found.table.units is not units:
        return  # who names other units each time is taken by name
    said = tuple([units.get(key, "") for key in values]) if units else ()
    shape = (tuple(values), tuple(map(type, values.values())), said if any(said) else ())
    plan = found.schema.see(shape)
    if plan is None or not plan.regular:
        return
    if units:
        found.table.learn_plan(plan)
    else:
        found.plan = plan
