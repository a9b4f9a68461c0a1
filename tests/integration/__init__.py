"""Tests against real brokers and databases, on loopback."""
