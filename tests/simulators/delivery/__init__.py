"""Tests of how messages reach a broker, a file, and a broker again."""
