"""Tests of the Sparkplug edge nodes."""
