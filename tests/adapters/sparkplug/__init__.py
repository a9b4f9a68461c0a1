"""Tests of the Sparkplug host application and its wire format."""
