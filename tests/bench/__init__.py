"""Tests of the harness of the benchmarks: what it makes of what it sees."""
