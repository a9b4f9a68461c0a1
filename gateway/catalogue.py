"""The catalogue of metrics: what values mean, told to the sinks when it becomes known and when it changes."""

from __future__ import annotations

from gateway.models import Definition, Series, Telemetry, Value

MEASUREMENT = "metric_catalogue"
"""The measurement in which sinks find it: tags `asset`, `of` (the measurement) and `metric`."""
MAX_DEFINITIONS = 200_000
"""Definitions known at a time: a device can invent as many names as it likes."""


class Catalogue:
    """What the sinks were told.

    Args:
        known: The last definition of each metric, by asset, measurement and name.
    """

    def __init__(self, known: dict[tuple[str, str, str], Definition]) -> None:
        self._known = known

    def learn(self, definition: Definition, received_ns: int) -> Telemetry | None:
        """Return what is to be written; None if nothing is new, or there is no room for it.

        Raises:
            ValueError: Its names cannot be stored.
        """
        key = (definition.asset, definition.measurement, definition.name)
        before = self._known.get(key)
        if before == definition or (before is None and len(self._known) >= MAX_DEFINITIONS):
            return None
        self._known[key] = definition
        values: dict[str, Value] = {
            name: value
            for name, value in (
                ("unit_text", definition.unit),
                ("type_text", definition.type),
                ("description_text", definition.description),
                ("low", definition.low),
                ("high", definition.high),
            )
            if value not in ("", None)
        }
        tags = {"of": definition.measurement, "metric": definition.name}
        series = Series(asset=definition.asset, measurement=MEASUREMENT, tags=tags)
        return Telemetry(series=series, values=values, timestamp_ns=received_ns)
