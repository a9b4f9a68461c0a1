"""Simulated Sparkplug B edge nodes: the machines of `simulators.machines` behind nodes that keep, or break, the rules.

`node` decides what is said and knows neither sockets nor clocks; `faults` changes that on purpose, as real devices do
by accident; `driver` connects one node to a broker, and `fleet` runs many of them.
"""
