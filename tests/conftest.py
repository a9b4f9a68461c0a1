"""Fixtures that all tests share: the real servers, and edge nodes that talk to them."""

from __future__ import annotations

import os

# How wide the terminal is where the tests are started is no affair of theirs, and a console that is made while these
# are set keeps to them for ever. Readline sets them for every process that is started after it was imported.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)

pytest_plugins = [
    "tests.servers.brokers",
    "tests.servers.databases",
    "tests.servers.edge_nodes",
    "tests.servers.gateway",
]
