"""The load generator: as many MQTT messages as a broker takes, each one different, each acknowledgement counted.

`frames` encodes batches of messages ahead of time, `connection` speaks MQTT 5 over one socket, and `generator` runs
several of them, paced and bounded.
"""
