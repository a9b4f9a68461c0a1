"""Looks up, once for each place that a topic or a message names, whose values these are and where they go."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.models import GOOD, Name, Observation, Origin, Quality
from gateway.normalize.place import Found, Place, PlaceKey, PlaceRules, place_key
from gateway.normalize.room import Room
from gateway.normalize.schema import Schema
from gateway.normalize.series import SeriesStates
from gateway.normalize.table import Table
from gateway.settings.models import Metric, Route, Settings

_MAX_SCHEMAS = 10_000
_OF_TOPIC: PlaceKey = place_key("", "", None)


class Lookup:
    """What was looked up for one route.

    Args:
        route: The route.
        places: How it makes a series of a topic.
        settings: All settings: measurements are taken from them.
        states: The series of the whole gateway.
    """

    def __init__(self, route: Route, places: PlaceRules, settings: Settings, states: SeriesStates) -> None:
        self._places = places
        self._states = states
        self._incoming = {key.replace("/", "."): value for key, value in route.metrics.items()}
        self._measurements: Mapping[Name, Mapping[Name, Metric]] = {
            name: measurement.metrics for name, measurement in settings.measurements.items()
        }
        self._narrow = route.layout == "narrow"
        self._stale_after_ns = route.stale_after or 0
        self._room = Room()
        self._schemas: dict[tuple[str, str, frozenset[str]], Schema] = {}
        self._tables: dict[Schema, Table] = {}

    def known(self, place: Place, observation: Observation) -> Found | None:
        """Return what was looked up for an observation that says more than values and time; None if it is unusual."""
        _, _, _, units, quality, asset, measurement, origin, said = observation
        if origin is Origin.TRANSIENT or (isinstance(quality, Quality) and quality != GOOD):
            return None
        if not asset and not measurement and said is None:
            found = place.known
        else:
            found = None if place.found is None else place.found.get(place_key(asset, measurement, said))
        if units and found is not None:
            if found.table.units is not units:
                found.table = Table(found.schema, units, found.state)
            else:
                found.table.renew()
        return found

    def find(self, place: Place, key: PlaceKey) -> Found:
        """Return what is known of a place, looked up if need be.

        Raises:
            ValueError: Nothing names the machine, or there is no room for its series.
        """
        of_topic = key == _OF_TOPIC
        found = place.known if of_topic else (place.found or {}).get(key)
        if found is None:
            asset, measurement, said = key
            series = self._places.series(place, asset, measurement, None if said is None else dict(said))
            state = self._states.find(series)
            state.stale_after_ns, state.is_narrow = self._stale_after_ns, self._narrow
            schema = self._schema(series.measurement, place.metric, state.tag_names)
            table = self._table(schema)
            found = Found(state, schema, table, table)
            if of_topic:
                place.known = found
            else:
                if place.found is None:
                    place.found = {}
                elif len(place.found) >= _MAX_SCHEMAS:
                    place.found.clear()
                place.found[key] = found
        return found

    def _schema(self, measurement: str, metric: str, tags: frozenset[str]) -> Schema:
        key = (measurement, metric, tags)
        schema = self._schemas.get(key)
        if schema is None:
            if len(self._schemas) >= _MAX_SCHEMAS:
                self._schemas.clear()
                self._tables.clear()
            declared = self._measurements.get(measurement, {})
            schema = self._schemas[key] = Schema(metric, self._incoming, declared, tags, self._room)
        return schema

    def _table(self, schema: Schema) -> Table:
        """Return the table of messages that name no units: one for all machines."""
        table = self._tables.get(schema)
        if table is None:
            table = self._tables[schema] = Table(schema, None, None)
        return table
