"""MQTT as a source of messages: MQTT 5, and 3.1.1 for brokers that know no other.

A message is acknowledged when the caller says so and not before; nothing here decides that.
"""

from __future__ import annotations

from gateway.mqtt.source import MqttSource

__all__ = ["MqttSource"]
