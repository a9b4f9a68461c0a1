"""InfluxDB 1, 2 and 3 as a sink: three ways to ask, one table of what their answers mean."""

from __future__ import annotations

from gateway.sinks.influxdb.sink import InfluxDBSink

__all__ = ["InfluxDBSink"]
