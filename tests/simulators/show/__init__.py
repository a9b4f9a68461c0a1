"""Tests of the day of a machine that is looked at."""
