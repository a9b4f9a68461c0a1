"""Tests of the verification of durability."""
