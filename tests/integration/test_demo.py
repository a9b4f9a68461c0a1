"""The demo shows values flow, with nothing installed but this program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from gateway.sinks.historian import Historian
from tests.servers import wait_until
from tests.servers.gateway import command

SUMMARY = {"received", "stored", "quarantined", "waiting", "ignored", "points", "seconds", "published"}


def test_every_message_of_the_machines_reaches_the_store() -> None:
    done = command("demo", "--duration", "4", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert set(summary) == SUMMARY
    assert summary["received"] == summary["stored"] == summary["published"] > 200
    assert (summary["quarantined"], summary["waiting"], summary["ignored"]) == (0, 0, 0)
    assert summary["points"] >= summary["stored"]


def test_ctrl_c_ends_it_with_a_summary_and_what_it_kept_can_be_looked_at(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    wait_until((data / "historian.db").exists, "the store is there")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "stored as" in output
    spool = json.loads(command("spool", "status", "-c", str(data / "gateway.toml"), "--json").stdout)
    assert spool["behind"]["historian"]["messages"] == 0
    with Historian(data / "historian.db") as historian:
        assert historian.assets()
