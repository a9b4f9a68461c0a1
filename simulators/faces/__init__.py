"""Faces: how a machine speaks on MQTT. The same machine may have any of them."""
