"""Tests of gateway.dead_letters."""
