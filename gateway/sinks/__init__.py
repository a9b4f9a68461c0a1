"""The sinks: where records go, and what becomes of those that a sink will not take."""

from __future__ import annotations

from gateway.interfaces import Sink
from gateway.settings.sinks import InfluxDB, SinkSettings


def open_sink(settings: SinkSettings) -> Sink:
    """Make the sink that the settings describe. Nothing is connected to or opened before it is first used.

    Raises:
        ConfigurationError: A file it needs (a secret, a certificate) cannot be read.
    """
    # Imported when needed: a gateway that writes to one kind of sink does not carry the libraries of the other.
    if isinstance(settings, InfluxDB):
        from gateway.sinks.influxdb import InfluxDBSink  # noqa: PLC0415  # see above

        return InfluxDBSink(settings)
    from gateway.sinks.historian import HistorianSink  # noqa: PLC0415  # see above

    return HistorianSink(settings)
