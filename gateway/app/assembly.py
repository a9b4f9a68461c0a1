"""Makes the moving parts of a configuration, or tells what in it cannot work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.app.formats import open_adapter
from gateway.app.sessions import open_session, takes, with_routes_of_sessions
from gateway.errors import ConfigurationError, Problem
from gateway.interfaces import Adapter, Places, Session, SessionAdapter, Sibling
from gateway.lanes import Path
from gateway.line_protocol import Encoder
from gateway.normalize import Normalizer, SeriesStates
from gateway.normalize.units import check_unit, conversion
from gateway.routing import Router, TopicPattern
from gateway.settings import Settings
from gateway.settings.models import Route
from gateway.status import Status


@dataclass(frozen=True)
class Assembly:
    """What a configuration comes to.

    Attributes:
        settings: The configuration, with a route for each source that has a session and no route.
        routers: By source: finds the route of a topic.
        paths: What each route does, by its index; adapters keep their state in them, so each source has its own.
        states: The series.
        encoder: Makes records.
        status: Counts everything.
        sessions: By source: the adapter that owns its connection, where one does.
    """

    settings: Settings
    routers: Mapping[str, Router]
    paths: Mapping[str, Mapping[int, Path]]
    states: SeriesStates
    encoder: Encoder
    status: Status
    sessions: Mapping[str, Session] = field(default_factory=dict)


def assemble(settings: Settings, file: str) -> Assembly:
    """Return the parts of this configuration.

    Raises:
        ConfigurationError: With everything that cannot work, and where it stands.
    """
    settings = with_routes_of_sessions(settings, file)
    problems: list[Problem] = []
    status, states = Status(id=settings.id), SeriesStates(settings.limits.max_series, settings.limits.max_names)
    patterns: dict[int, TopicPattern] = {}
    for index, route in enumerate(settings.routes):
        try:
            patterns[index] = TopicPattern(route.topic)
        except ValueError as error:
            problems.append(_problem(file, index, "topic", str(error)))
    problems += _hidden(settings, patterns, file)
    problems += _units(settings, file)
    routers: dict[str, Router] = {}
    paths: dict[str, dict[int, Path]] = {}
    sessions: dict[str, Session] = {}
    seen: set[Problem] = set(problems)
    for number, source in enumerate(settings.sources, 1):
        mine = {index: pattern for index, pattern in patterns.items() if takes(settings.routes[index], source)}
        routers[source.name] = Router(mine)
        paths[source.name] = {}
        for index, pattern in mine.items():
            try:
                if source.session is None:
                    adapter = _adapter(settings.routes[index], index, file)
                else:
                    adapter = sessions[source.name] = open_session(source, number, settings.routes[index], index, file)
                paths[source.name][index] = _path(settings, index, pattern, adapter, states, status, file)
            except ConfigurationError as error:
                problems += [problem for problem in error.problems if problem not in seen]
                seen.update(error.problems)
        if not mine and not problems:
            remedy = f'Add a route, or remove the source "{source.name}"'
            problems.append(Problem(file, f"sources.{source.name}", "no route takes anything from it", remedy))
    if problems:
        raise ConfigurationError(problems)
    _introduce(list(sessions.values()))
    return Assembly(settings, routers, paths, states, Encoder(settings.limits.max_series), status, sessions)


def _introduce(sessions: Sequence[Session]) -> None:
    """Let sessions of one kind at several brokers know of one another."""
    for session in sessions:
        if isinstance(session, Sibling):
            session.know([other for other in sessions if other is not session and type(other) is type(session)])


def _problem(file: str, index: int, key: str, reason: str, remedy: str = "") -> Problem:
    return Problem(file, f"routes[{index + 1}].{key}", reason, remedy)


def _path(
    settings: Settings,
    index: int,
    pattern: TopicPattern,
    adapter: Adapter,
    states: SeriesStates,
    status: Status,
    file: str,
) -> Path:
    route = settings.routes[index]
    places = adapter if isinstance(adapter, Places) else None
    names = () if places is None else tuple(places.place_names)
    further = () if places is None else tuple(places.further_words)
    try:
        normalizer = Normalizer(
            route,
            (*pattern.names, *(name for name in names if name not in pattern.names)),
            settings,
            states,
            status,
            names_asset=adapter.names_asset,
            further_words=further,
        )
    except ValueError as error:
        raise ConfigurationError([_problem(file, index, "asset", str(error))]) from error
    may_publish = adapter.may_publish if isinstance(adapter, SessionAdapter) else ()
    return Path(route.topic, adapter, normalizer, (*route.publish, *may_publish), places)


def _adapter(route: Route, index: int, file: str) -> Adapter:
    options = dict(route.options)
    if route.timestamp.key is not None:
        options["timestamp_key"] = route.timestamp.key
    try:
        adapter = open_adapter(route.adapter, options, lambda _: f"routes[{index + 1}].options", file)
    except ValueError as error:
        raise ConfigurationError([_problem(file, index, "adapter", str(error))]) from error
    if isinstance(adapter, SessionAdapter):
        reason = f"the adapter {route.adapter!r} owns the connection to its broker: a route alone does not do"
        remedy = f'Write session = "{route.adapter}" in a source; it needs no route'
        raise ConfigurationError([_problem(file, index, "adapter", reason, remedy)])
    return adapter


def _hidden(settings: Settings, patterns: Mapping[int, TopicPattern], file: str) -> list[Problem]:
    """Tell the routes that never get a message because an earlier one takes all of theirs."""
    problems = []
    for index, pattern in patterns.items():
        route = settings.routes[index]
        mine = [source for source in settings.sources if takes(route, source)]
        for earlier, wider in patterns.items():
            if earlier >= index:
                break
            if mine and all(takes(settings.routes[earlier], source) for source in mine) and wider.covers(pattern):
                reason = f"no message ever gets here: route {earlier + 1} `{wider.text}` takes everything first"
                problems.append(_problem(file, index, "topic", reason, "Put the narrower route first"))
                break
    return problems


def _units(settings: Settings, file: str) -> list[Problem]:
    """Tell the units that are not known, or that cannot be converted to what is to be stored."""
    problems = []
    for measurement, table in settings.measurements.items():
        for name, metric in table.metrics.items():
            if metric.unit is not None and (reason := _mismatch(metric.unit, metric.unit)):
                problems.append(Problem(file, f"measurements.{measurement}.metrics.{name}.unit", reason))
    for index, route in enumerate(settings.routes):
        declared = settings.measurements.get(route.measurement or "")
        for name, incoming in route.metrics.items():
            metric_settings = declared.metrics.get(incoming.name or name) if declared is not None else None
            target = metric_settings.unit if metric_settings is not None else None
            source = incoming.source_unit
            if source is not None and (reason := _mismatch(source, target or source)):
                problems.append(_problem(file, index, f"metrics.{name}.source_unit", reason))
    return problems


def _mismatch(source: str, target: str) -> str:
    """Return why one unit cannot be converted to the other."""
    try:
        check_unit(source)
        conversion(source, target)
    except ValueError as error:
        return str(error)
    return ""
