"""How what machines say gets out: over MQTT at the pace of a clock, or into a file."""
