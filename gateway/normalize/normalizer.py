"""Makes telemetry of observations: the quick ways for what machines repeat, the long way for all that is new.

All give the same points. The quick ways are for messages of which all qualities are as written last, and whose time
comes from where it came from last: by a plan, where all keys and types came before, and else by name, where each did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from gateway.models import STALE, Definition, Message, Observation, Origin, Reject, Telemetry
from gateway.normalize.assemble import Statement, keep_apart
from gateway.normalize.clock import OWN, Timed, TimeRules
from gateway.normalize.lookup import Lookup
from gateway.normalize.place import Place, PlaceRules, place_key
from gateway.normalize.quick import QuickWays, see
from gateway.normalize.series import SeriesStates
from gateway.normalize.statement import Reading
from gateway.normalize.units import canonical, conversion
from gateway.normalize.usual import UsualMessages
from gateway.settings.models import Route, Settings
from gateway.status import Status

Quick: TypeAlias = Callable[[Place, Message, Observation, UsualMessages], bool]
_NOTHING: Mapping[str, Timed] = MappingProxyType({})
TRANSIENT = "transient: not to be stored"
_make = tuple.__new__


@dataclass(slots=True)
class Normalized:
    """What a message came to.

    Attributes:
        telemetry: What is to be stored.
        rejects: Single values that could not be taken, and why.
        definitions: What became known of the meaning of values.
        ignored: Why there is nothing to store although nothing is wrong.
        timeless: Whether something of it is stored under the time of its receipt.
    """

    telemetry: list[Telemetry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    ignored: str = ""
    timeless: bool = False


class Normalizer:
    """Makes telemetry of the observations of one route.

    Args:
        route: The route.
        level_names: Names of the levels of its topic.
        settings: All settings: measurements, assets and limits are taken from them.
        states: The series of the whole gateway.
        status: Where corrections are counted.
        names_asset: Whether messages of this format name their machine themselves.
        further_words: What templates may name beside the levels, and what becomes no tag by itself.

    Attributes:
        quick: Takes a message about which nothing is new; see `QuickWays.take`.

    Raises:
        ValueError: The route cannot work; the message says why.
    """

    def __init__(
        self,
        route: Route,
        level_names: tuple[str, ...],
        settings: Settings,
        states: SeriesStates,
        status: Status,
        *,
        names_asset: bool,
        further_words: Sequence[str] = (),
    ) -> None:
        places = PlaceRules(route, level_names, settings.assets, names_asset=names_asset, further_words=further_words)
        self._lookup = Lookup(route, places, settings, states)
        self._times = TimeRules(route.timestamp, status)
        self._max_values = settings.limits.max_values
        self._status = status
        quick = QuickWays(self._lookup, self._times, narrow=route.layout == "narrow", max_values=self._max_values)
        self.quick: Quick = quick.take

    def normalize(self, place: Place, message: Message, observations: Sequence[Observation]) -> Normalized:
        """Return the telemetry of a message, and what of it could not be taken.

        Raises:
            ValueError: None of it can be taken: nothing names the machine, or there are too many series or values.
        """
        result = Normalized()
        if sum(len(observation.values) for observation in observations) > self._max_values:
            raise ValueError(f"more than {self._max_values} values in one message")
        if len(observations) == 1 and observations[0].times is None:
            observation = observations[0]
            timed = self._times.read(observation.time, message.received_ns)
            result.timeless = timed.status != OWN
            self._one(place, message, observation, timed, _NOTHING, result)
            return result
        raws = [raw for observation in observations for raw in (observation.time, *(observation.times or {}).values())]
        read = self._times.read_all(raws, message.received_ns)
        result.timeless = any(timed.status != OWN for timed in read)
        timed_all = iter(read)
        for observation in observations:
            timed = next(timed_all)
            single = {name: next(timed_all) for name in observation.times or ()}
            self._one(place, message, observation, timed, single, result)
        result.telemetry = keep_apart(result.telemetry, self._status)
        if result.telemetry and any(observation.origin is Origin.TRANSIENT for observation in observations):
            self._status.ignored.count(TRANSIENT)
        return result

    def place(self, place: Place, definition: Definition) -> Definition:
        """Return a definition in the terms of the store: asset, measurement, name, and the unit that is stored.

        Raises:
            ValueError: Nothing names the machine, the name cannot be stored, or the unit cannot be converted.
        """
        name, unit, kind, low, high, description, asset, measurement, said = definition
        found = self._lookup.find(place, place_key(asset, measurement, said))
        series = found.state.series
        stored, rule = found.schema.described(name)
        if rule is not None:
            kind, description = rule.type or kind, rule.description or description
            if rule.unit and unit:
                change = conversion(unit, rule.unit)
                low, high = (bound if bound is None else change.apply(bound) for bound in (low, high))
            unit = rule.unit or unit
        return _make(
            Definition,
            (stored, canonical(unit), kind, low, high, description, series.asset, series.measurement, None),
        )

    def _one(
        self,
        place: Place,
        message: Message,
        observation: Observation,
        timed: Timed,
        single: Mapping[str, Timed],
        result: Normalized,
    ) -> None:
        if observation.origin is Origin.TRANSIENT:
            result.ignored = TRANSIENT
            return
        values = observation.values
        live = observation.origin is Origin.LIVE and not message.retained
        if message.retained and timed.status != OWN:
            result.ignored = "retained, and nothing says when it was true"
            return
        found = self._lookup.find(place, place_key(observation.asset, observation.measurement, observation.place))
        state = found.state
        reading = Reading(state, found.schema, observation, timed, single, live)
        statement = reading.read()
        origin = Origin.RETAINED if message.retained else observation.origin
        result.telemetry += statement.assemble(state, origin)
        result.rejects += reading.rejects
        result.definitions += reading.definitions
        if live:
            state.last_ns = message.received_ns
            see(found, observation)
        if not result.telemetry and not result.rejects:
            result.ignored = "within the deadband" if values else "no values"


def silences(states: SeriesStates, now_ns: int) -> list[Telemetry]:
    """Return what is to be written of series that fell silent: since then, all their values are stale."""
    result: list[Telemetry] = []
    for state, since_ns in states.silent(now_ns):
        statement = Statement(since_ns, narrow=state.is_narrow)
        for name in [name for name, quality in state.qualities.items() if quality != STALE]:
            statement.mark(name, STALE, since_ns)
            state.tell(name, STALE)
        result += statement.assemble(state, Origin.LIVE)
    return result
