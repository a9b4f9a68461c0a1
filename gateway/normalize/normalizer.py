"""Makes telemetry of observations: the quick way for the messages machines repeat, the long way for all others.

Both give the same points. The quick way is for a message that is like the last one of its topic: the same keys and
types, all qualities good and already told, and a time that comes from where it came from last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.models import GOOD, STALE, Definition, Message, Name, Observation, Origin, Reject, Telemetry, Value
from gateway.normalize.assemble import Cell, Statement, assemble, keep_apart
from gateway.normalize.clock import OWN, RECEIVED, Timed, TimeRules
from gateway.normalize.columns import Elsewhere
from gateway.normalize.place import Place, PlaceRules, Usual
from gateway.normalize.plan import Schema
from gateway.normalize.series import SeriesState, SeriesStates
from gateway.normalize.statement import Reading
from gateway.normalize.usual import Taken, UsualMessages
from gateway.settings.models import Metric, Route, Settings
from gateway.status import Status

_MAX_SCHEMAS = 10_000
_NOTHING: Mapping[str, Timed] = MappingProxyType({})
_NOTHING_SPECIAL = Observation({})[2:]
"""What follows values and time in an observation that says nothing else."""
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
    ) -> None:
        self._places = PlaceRules(route, level_names, settings.assets, names_asset=names_asset)
        self._times = TimeRules(route.timestamp, status)
        self._incoming = {key.replace("/", "."): value for key, value in route.metrics.items()}
        self._measurements: Mapping[Name, Mapping[Name, Metric]] = {
            name: measurement.metrics for name, measurement in settings.measurements.items()
        }
        self._narrow = route.layout == "narrow"
        self._stale_after_ns = route.stale_after or 0
        self._max_values = settings.limits.max_values
        self._states = states
        self._status = status
        self._schemas: dict[tuple[str, str, frozenset[str]], Schema] = {}

    def normalize(self, place: Place, message: Message, observations: Sequence[Observation]) -> Normalized:
        """Return the telemetry of a message, and what of it could not be taken.

        Raises:
            ValueError: None of it can be taken: nothing names the machine, or there are too many series or values.
        """
        result = Normalized()
        if len(observations) == 1 and observations[0].times is None:
            observation = observations[0]
            timed = self._times.read(observation.time, message.received_ns)
            result.timeless = timed.status != OWN
            self._one(place, message, observation, timed, _NOTHING, result)
            return result
        if sum(len(observation.values) for observation in observations) > self._max_values:
            raise ValueError(f"more than {self._max_values} values in one message")
        raws = [raw for observation in observations for raw in (observation.time, *(observation.times or {}).values())]
        read = self._times.read_all(raws, message.received_ns)
        result.timeless = any(timed.status != OWN for timed in read)
        timed_all = iter(read)
        for observation in observations:
            timed = next(timed_all)
            single = {name: next(timed_all) for name in observation.times or ()}
            self._one(place, message, observation, timed, single, result)
        result.telemetry = keep_apart(result.telemetry, self._status)
        return result

    def place(self, place: Place, definition: Definition) -> Definition:
        """Return a definition in the names of the store: asset, measurement and name.

        Raises:
            ValueError: Nothing names the machine, or the name cannot be stored.
        """
        said = Observation({}, asset=definition.asset, measurement=definition.measurement)
        state, schema = self._find(place, said)
        return definition._replace(
            asset=state.series.asset, measurement=state.series.measurement, name=schema.stored_name(definition.name)
        )

    # Runs once for every message that is like the last one of its topic: 1 us for 6 values.
    def quick(self, place: Place, message: Message, observation: Observation, messages: UsualMessages) -> bool:
        """Take a message about which nothing is new; False if `normalize` must look at it.

        What is taken is put into `messages`, to be checked with others.
        """
        usual = place.usual
        if usual is None or observation[2:] != _NOTHING_SPECIAL or message.retained:
            return False
        state, plan, values, time = usual.state, usual.plan, observation[0], observation[1]
        if state.epoch != usual.epoch or (time is None) is not usual.timeless or tuple(values) != plan.keys:
            return False
        received_ns = message.received_ns
        time_ns = received_ns if time is None else self._times.quick(time, received_ns)
        if time_ns is None:
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
        taken.append(_make(Taken, (messages.number, message, observation, state, time_ns, converted)))
        messages.number += 1
        state.last_ns = received_ns
        return True

    def _one(
        self,
        place: Place,
        message: Message,
        observation: Observation,
        timed: Timed,
        single: Mapping[str, Timed],
        result: Normalized,
    ) -> None:
        found = place.found.get((observation.asset, observation.measurement))
        state, schema = found if found is not None else self._find(place, observation)
        values = observation.values
        live = observation.origin is Origin.LIVE and not message.retained
        if message.retained and timed.status != OWN:
            result.ignored = "retained, and nothing says when it was true"
            return
        reading = Reading(state, schema, observation, timed, single, live)
        statement = reading.read()
        origin = Origin.RETAINED if message.retained else observation.origin
        result.telemetry += assemble(state, statement, origin, narrow=self._narrow)
        result.rejects += reading.rejects
        result.definitions += reading.definitions
        if live:
            state.last_ns = message.received_ns
            place.usual = self._usual(state, schema, observation)
        if not result.telemetry and not result.rejects:
            result.ignored = "within the deadband" if values else "no values"

    def _usual(self, state: SeriesState, schema: Schema, observation: Observation) -> Usual | None:
        """Return how the next message like this one can be taken quickly; None if it cannot."""
        if self._narrow or observation[2:] != _NOTHING_SPECIAL or state.time_status not in (OWN, RECEIVED):
            return None
        values = observation.values
        plan = schema.plan((tuple(values), tuple(map(type, values.values()))))
        if not plan.regular or any(state.qualities.get(name) != GOOD for name in plan.names):
            return None
        return Usual(state, state.epoch, plan, state.time_status == RECEIVED)

    def _find(self, place: Place, observation: Observation) -> tuple[SeriesState, Schema]:
        series = self._places.series(place, observation.asset, observation.measurement)
        state = self._states.find(series)
        state.stale_after_ns, state.is_narrow = self._stale_after_ns, self._narrow
        key = (series.measurement, place.metric, state.tag_names)
        schema = self._schemas.get(key)
        if schema is None:
            if len(self._schemas) >= _MAX_SCHEMAS:
                self._schemas.clear()
            declared = self._measurements.get(series.measurement, {})
            schema = self._schemas[key] = Schema(place.metric, self._incoming, declared, state.tag_names)
        if len(place.found) >= _MAX_SCHEMAS:
            place.found.clear()
        place.found[observation.asset, observation.measurement] = state, schema
        return state, schema


def silences(states: SeriesStates, now_ns: int) -> list[Telemetry]:
    """Return what is to be written of series that fell silent: since then, all their values are stale."""
    result: list[Telemetry] = []
    for state, since_ns in states.silent(now_ns):
        gone = [name for name, quality in state.qualities.items() if quality != STALE]
        statement = Statement(since_ns, [Cell(name, "", False, None, since_ns, STALE) for name in gone])  # noqa: FBT003
        state.qualities.update(dict.fromkeys(gone, STALE))
        state.epoch += 1
        result += assemble(state, statement, Origin.LIVE, narrow=state.is_narrow)
    return result
