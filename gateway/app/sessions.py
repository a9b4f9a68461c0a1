"""Finds the one route of a source whose connection an adapter owns, and makes that adapter, or tells what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

import adapters
from gateway.app.formats import open_adapter
from gateway.errors import ConfigurationError, Problem
from gateway.interfaces import SessionAdapter
from gateway.routing import TopicPattern, filter_covers
from gateway.settings import Settings
from gateway.settings.models import Route
from gateway.settings.sources import MqttSource


def with_routes_of_sessions(settings: Settings, file: str) -> Settings:
    """Return the settings with a route for each source with a session, complete with what its adapter adds.

    Raises:
        ConfigurationError: A session is none, or a route for its source cannot be one.
    """
    routes, problems = list(settings.routes), list[Problem]()
    for number, source in enumerate(settings.sources, 1):
        if source.session is None:
            continue
        try:
            _complete(routes, source, source.session)
        except ValueError as error:
            problems.append(Problem(file, f"sources[{number}].session", str(error)))
        problems += _misplaced(settings, source, file)
    if all(source.session is not None for source in settings.sources):
        reason = "it gets nothing: every source has a session, which takes only routes that name its source"
        problems += [
            Problem(file, f"routes[{number}].source", reason, "Add source = ..., or remove the route")
            for number, route in enumerate(settings.routes, 1)
            if route.source is None
        ]
    if problems:
        raise ConfigurationError(problems)
    return settings.model_copy(update={"routes": routes})


def takes(route: Route, source: MqttSource) -> bool:
    """Whether a route applies to a source: one with a session has only the one that names it."""
    return route.source == source.name or (route.source is None and source.session is None)


def _complete(routes: list[Route], source: MqttSource, session: str) -> None:
    defaults: Mapping[str, object] | None = getattr(adapters.load(session), "DEFAULT_ROUTE", None)
    if defaults is None:
        raise ValueError(_owns_nothing(session))
    made = Route.model_validate({"source": source.name, "adapter": session, **defaults})
    mine = [number for number, route in enumerate(routes) if route.source == source.name]
    if not mine:
        routes.append(made)
    for number in mine:
        left_out = {key: getattr(made, key) for key in defaults if key not in routes[number].model_fields_set}
        routes[number] = routes[number].model_copy(update=left_out)


def _misplaced(settings: Settings, source: MqttSource, file: str) -> list[Problem]:
    remedy = "Give other topics a source of their own, at the same broker if need be"
    problems, earlier = [], 0
    for number, route in enumerate(settings.routes, 1):
        if route.source != source.name:
            continue
        if route.adapter != source.session:
            reason = f'the source "{source.name}" has a session: all it brings goes through {source.session}'
            problems.append(Problem(file, f"routes[{number}].adapter", reason, remedy))
        elif earlier:
            reason = f'the source "{source.name}" has a session, which takes one route: that is route {earlier}'
            problems.append(Problem(file, f"routes[{number}].source", reason, remedy))
        earlier = earlier or number
    return problems


def open_session(source: MqttSource, number: int, route: Route, index: int, file: str) -> SessionAdapter:
    """Return the adapter that owns the connection of a source.

    Args:
        source: The source.
        number: Its number, from 1 on.
        route: The route of the source.
        index: Its index.
        file: The configuration, to be named where something is wrong.

    Raises:
        ConfigurationError: Its options are wrong, or its route does not take what it subscribes to.
    """

    def table_of(option: str) -> str:
        in_source = source.session == "sparkplug" and option not in route.options
        return f"sources[{number}].sparkplug" if in_source else f"routes[{index + 1}].options"

    adapter = open_adapter(route.adapter, {**source.sparkplug, **route.options}, table_of, file)
    if not isinstance(adapter, SessionAdapter):
        raise ConfigurationError([Problem(file, f"sources[{number}].session", _owns_nothing(route.adapter))])
    wide = TopicPattern(route.topic).topic_filter
    for topic_filter, _ in adapter.subscriptions():
        if not filter_covers(wide, topic_filter):
            reason = f"it does not take all of `{topic_filter}`, to which the session subscribes"
            remedy = f'Write topic = "{adapter.DEFAULT_ROUTE["topic"]}", or wider'
            raise ConfigurationError([Problem(file, f"routes[{index + 1}].topic", reason, remedy)])
    return adapter


def _owns_nothing(name: str) -> str:
    return f"the adapter {name!r} owns no connection: remove session, and name it in a route"
