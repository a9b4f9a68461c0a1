"""Tests of the MQTT source without a broker, or with one that says what the test tells it to."""
