"""Machines without hardware: simulated telemetry, told over MQTT as real machines tell it.

A machine (`simulators.machines`) is a pure function of time and seed, a face (`simulators.faces`) turns what it
measures into MQTT messages, a scenario names a set of machines with their places and faces, and the publisher sends
them at the pace of the wall clock. Beside them `simulators.load` sends as many messages as a broker takes.
"""
