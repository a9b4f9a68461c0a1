"""Makes the moving parts of a configuration, or tells what in it cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

import adapters
from gateway.errors import ConfigurationError, Problem
from gateway.interfaces import Adapter
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
        settings: The configuration.
        routers: By source: finds the route of a topic.
        paths: What each route does, by its index; adapters keep their state in them, so each source has its own.
        states: The series.
        encoder: Makes records.
        status: Counts everything.
    """

    settings: Settings
    routers: Mapping[str, Router]
    paths: Mapping[str, Mapping[int, Path]]
    states: SeriesStates
    encoder: Encoder
    status: Status


def assemble(settings: Settings, file: str) -> Assembly:
    """Return the parts of this configuration.

    Raises:
        ConfigurationError: With everything that cannot work, and where it stands.
    """
    problems: list[Problem] = []
    status, states = Status(id=settings.id), SeriesStates(settings.limits.max_series)
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
    seen: set[Problem] = set(problems)
    for source in settings.sources:
        mine = {
            index: pattern
            for index, pattern in patterns.items()
            if settings.routes[index].source in (None, source.name)
        }
        routers[source.name] = Router(mine)
        paths[source.name] = {}
        for index, pattern in mine.items():
            try:
                paths[source.name][index] = _path(settings, index, pattern, states, status, file)
            except ConfigurationError as error:
                problems += [problem for problem in error.problems if problem not in seen]
                seen.update(error.problems)
        if not mine and not problems:
            remedy = f'Add a route, or remove the source "{source.name}"'
            problems.append(Problem(file, f"sources.{source.name}", "no route takes anything from it", remedy))
    if problems:
        raise ConfigurationError(problems)
    return Assembly(settings, routers, paths, states, Encoder(settings.limits.max_series), status)


def _problem(file: str, index: int, key: str, reason: str, remedy: str = "") -> Problem:
    return Problem(file, f"routes[{index + 1}].{key}", reason, remedy)


def _path(
    settings: Settings, index: int, pattern: TopicPattern, states: SeriesStates, status: Status, file: str
) -> Path:
    route = settings.routes[index]
    adapter = _adapter(route, index, file)
    try:
        normalizer = Normalizer(route, pattern.names, settings, states, status, names_asset=adapter.names_asset)
    except ValueError as error:
        raise ConfigurationError([_problem(file, index, "asset", str(error))]) from error
    return Path(route.topic, adapter, normalizer, route.publish)


def _adapter(route: Route, index: int, file: str) -> Adapter:
    try:
        kind = adapters.load(route.adapter)
    except ValueError as error:
        raise ConfigurationError([_problem(file, index, "adapter", str(error))]) from error
    options = dict(route.options)
    if route.timestamp.key is not None:
        options["timestamp_key"] = route.timestamp.key
    try:
        return kind(**options)
    except ValidationError as error:
        raise ConfigurationError(
            [
                _problem(
                    file,
                    index,
                    ".".join(["options", *map(str, detail["loc"])]),
                    "unknown option" if detail["type"] == "extra_forbidden" else detail["msg"],
                    f"docs/adapters.md lists the options of {route.adapter}",
                )
                for detail in error.errors(include_url=False)
            ]
        ) from error


def _hidden(settings: Settings, patterns: Mapping[int, TopicPattern], file: str) -> list[Problem]:
    """Tell the routes that never get a message because an earlier one takes all of theirs."""
    problems = []
    for index, pattern in patterns.items():
        source = settings.routes[index].source
        for earlier, wider in patterns.items():
            if earlier >= index:
                break
            if settings.routes[earlier].source in (None, source) and wider.covers(pattern):
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
