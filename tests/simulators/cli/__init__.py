"""Tests of the command `simulators`."""
