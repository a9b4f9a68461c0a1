"""`simulators config S`, `gateway run` and `simulators run S`, as people type them: nothing need be edited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.plant.library import names
from tests.servers.brokers import StartMosquitto
from tests.servers.gateway import Gateway


def simulators(*arguments: str) -> str:
    """Run a command to its end, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "simulators", *arguments], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(set(names()) - {"load"}))
def test_what_a_scenario_says_live_is_stored_by_the_gateway_it_configures(
    tmp_path: Path, mosquitto: StartMosquitto, name: str
) -> None:
    broker = mosquitto("max_queued_messages 0")
    gateway = Gateway(tmp_path, "")
    gateway.config.write_text(simulators("config", name, "--broker", broker.url))
    gateway.start()
    try:
        said = json.loads(simulators("run", name, "--broker", broker.url, "--duration", "3s", "--json"))
        counts = gateway.until_settled(said["published"])
        assert said["published"] == counts["received"] == counts["stored"] > 0
        assert (counts["quarantined"], counts["ignored"]) == (0, 0)
    finally:
        gateway.kill()
