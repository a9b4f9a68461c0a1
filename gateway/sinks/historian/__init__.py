"""The historian: an embedded store, for a laptop or a small site, that keeps the overwrite rule of InfluxDB."""

from __future__ import annotations

from gateway.sinks.historian.reader import Historian
from gateway.sinks.historian.sink import HistorianSink

__all__ = ["Historian", "HistorianSink"]
