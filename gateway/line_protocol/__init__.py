"""Writes telemetry as InfluxDB line protocol that every version of InfluxDB reads alike."""

from __future__ import annotations

from gateway.line_protocol.bulk import BulkEncoder, Columns
from gateway.line_protocol.by_name import ByNameEncoder
from gateway.line_protocol.encoder import Encoder

__all__ = ["BulkEncoder", "ByNameEncoder", "Columns", "Encoder"]
