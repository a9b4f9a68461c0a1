"""Understands messages of the past: dead letters that are tried again, where nothing but what is remembered is known.

A message that names its metrics only by aliases is understood as it would have been in a gateway that runs: if a birth
from before it and one from after it give its aliases to the same metrics.
"""

from __future__ import annotations

from contextlib import suppress

from adapters.sparkplug.codec import Limits, Metric, Payload, read
from adapters.sparkplug.edge_node import Station
from adapters.sparkplug.interpreter import Interpreter
from adapters.sparkplug.known import Known
from adapters.sparkplug.nodes import place_of
from adapters.sparkplug.past import Past
from adapters.sparkplug.told import Told
from adapters.sparkplug.topics import Address
from gateway.models import Decoded


class Retelling:
    """Reads messages by remembered births.

    Args:
        past: Knows them.
        interpreter: Says what metrics mean.
        limits: Of a payload.
    """

    def __init__(self, past: Past, interpreter: Interpreter, limits: Limits) -> None:
        self._past, self._interpreter, self._limits = past, interpreter, limits
        self._stations: dict[str, Station] = {}

    def retell(self, address: Address, payload: Payload, received_ns: int) -> list[Decoded] | None:
        """Return what a message says, all of it as history; None if nothing proves what each of its metrics is."""
        own = self._station(address._replace(device=""), address.descriptor, received_ns)
        station = own
        if address.device:
            station = self._station(address, f"{address.descriptor}/{address.device}", received_ns)
        if station is None:
            return None
        told, said = Told(station.units), list[Decoded]()
        for metric in payload.metrics:
            known = self._known(station, own, metric)
            if known is None:
                return None
            if known.is_stored:
                reject = self._interpreter.tell(station, known, metric, payload.timestamp, told, old=True)
                if reject is not None:
                    said.append(reject)
        return [*told.observations(), *said]

    def _known(self, station: Station, own: Station | None, metric: Metric) -> Known | None:
        if metric.name:
            return station.by_name.get(metric.name.encode()) or self._interpreter.learn(station, metric)
        if metric.alias is None:
            return None
        known = station.by_alias.get(metric.alias)
        return own.by_alias.get(metric.alias) if known is None and own is not None else known

    def _station(self, address: Address, key: str, received_ns: int) -> Station | None:
        """Return what the birth tells that explains messages of then."""
        birth = self._past.birth(key, received_ns)
        if birth is None:
            return None
        station = self._stations.get(key)
        if station is None:
            station = Station(place_of(address))
            with suppress(ValueError):  # such a birth explains nothing
                payload = read(birth.payload, self._limits)
                self._interpreter.birth(station, payload, Told(), more=False)
            self._stations[key] = station
        return station
