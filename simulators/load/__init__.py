"""The load generator: as many MQTT messages as a broker takes, each one different, each acknowledgement counted.

`machines` lets a `plant` of machines live, each line of which has a `speaker`: its face and its connection; `latency`
looks for what they say in the store of a gateway. `generator` sends `frames` instead: messages that were made
beforehand, up to the time in them, which cost a publisher next to nothing. `connection` speaks MQTT 5 over one socket,
and takes `batch`es of packets.
"""
