"""Fixtures that all tests share: the real servers."""

from __future__ import annotations

pytest_plugins = ["tests.servers.brokers", "tests.servers.databases", "tests.servers.gateway"]
