"""Tests of the faults of machines' messages."""
