"""Tests of the machines: the same at any time, and believable."""
