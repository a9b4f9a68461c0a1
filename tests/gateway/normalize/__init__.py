"""Tests of the choke point."""
