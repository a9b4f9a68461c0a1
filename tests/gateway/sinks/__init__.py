"""Tests of gateway/sinks."""
