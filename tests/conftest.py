"""Fixtures that all tests share: the real servers, and edge nodes that talk to them."""

from __future__ import annotations

pytest_plugins = [
    "tests.servers.brokers",
    "tests.servers.databases",
    "tests.servers.edge_nodes",
    "tests.servers.gateway",
]
