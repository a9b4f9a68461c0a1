"""The engine of factory-telemetry-gateway: from MQTT messages to InfluxDB, without losing one it acknowledged."""

__version__ = "0.1.0"
