"""`gateway verify-durability` kills real gateways, and says what became of the messages: nothing more, nothing less."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import command

QUICK = ("verify-durability", "--messages", "1500", "--kills", "3", "--seed", "5")
LOSE = """
    CREATE TRIGGER lose AFTER INSERT ON point WHEN NEW.fields ->> 'n' % 50 = 7
    BEGIN DELETE FROM point WHERE series = NEW.series AND timestamp_ns = NEW.timestamp_ns; END
"""
"""A store that confirms every point and forgets some."""


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a `gateway` command; kill it if it does not end within the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def processes_in(folder: Path) -> list[str]:
    """Return the commands of all processes that name this folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has just ended
            continue
        if str(folder) in command:
            found.append(command)
    return found


def test_nothing_is_lost_in_either_mode() -> None:
    run = command(*QUICK, "--json")
    assert run.returncode == 0, run.stderr + run.stdout
    found = json.loads(run.stdout.splitlines()[-1])
    assert (found["sent"], found["acknowledged"], found["seed"]) == (3000, 3000, 5)
    assert (found["lost"], found["duplicated"], found["out_of_order"], found["wrong"]) == (0, 0, 0, 0)
    assert found["kills"] >= 6
    assert {row["mode"] for row in found["rows"]} == {"after_commit", "after_sink"}
    assert sum(row["sent"] for row in found["rows"]) == 3000
    assert found["troubles"] == []


def test_a_store_that_forgets_is_found_out(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    with started(*QUICK, "--mode", "after_commit", "--patience", "3", "--keep", str(keep)) as process:
        historian = keep / "after-commit" / "historian.db"
        wait_until(historian.exists, "the store is there")
        with closing(sqlite3.connect(historian, timeout=30, isolation_level=None)) as connection:
            wait_until(lambda: bool(connection.execute("PRAGMA user_version").fetchone()[0]), "its tables are there")
            connection.execute(LOSE)
        output, errors = process.communicate(timeout=100)
        assert process.returncode == 1, output + errors
    assert "messages lost" in errors
    assert "/timed/m0: number" in errors
    assert "107" in errors
    assert "nothing lost" not in output
    assert (keep / "after-commit" / "gateway.log").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--kills", "0"), "kills"),
        (("--rate", "50000"), "20000"),
        (("--messages", "5", "--kills", "6"), "a message for each kill"),
        (("--mode", "never"), "after_sink"),
        (("--bucket", "x"), "go with a configuration"),
        (("--yes",), "go with a configuration"),
        (("--keep", "."), "new folder"),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], reason: str) -> None:
    run = command("verify-durability", *arguments)
    assert run.returncode == 2
    assert reason in run.stderr


def test_told_to_end_it_leaves_nothing_running(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    with started(*QUICK, "--keep", str(keep)) as process:
        wait_until((keep / "after-commit" / "gateway.log").exists, "a gateway was started")
        assert processes_in(keep)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
    assert "there is no verdict" in errors
    assert processes_in(keep) == []


class TestOnAPlant:
    """With a broker and a database that others use too."""

    @pytest.fixture
    def config(self, tmp_path: Path, mosquitto: StartMosquitto, influxd: Influxd) -> Path:
        """Return a configuration of a plant whose database holds something."""
        self.broker = mosquitto("max_queued_messages 0")
        influxd.create_database("plant")
        influxd.create_database("verification")
        file = tmp_path / "gateway.toml"
        file.write_text(gateway_id() + source(self.broker) + CNC + influxdb(influxd))
        return file

    def test_nothing_is_lost_doubled_or_touched(self, config: Path, influxd: Influxd) -> None:
        options = ("--database", "verification", "--yes", "--kills", "3", "--messages", "600", "--rate", "500")
        run = command("verify-durability", "-c", str(config), *options, "--json")
        assert run.returncode == 0, run.stderr + run.stdout
        found = json.loads(run.stdout.splitlines()[-1])
        assert (found["sent"], found["acknowledged"], found["lost"]) == (600, 600, 0)
        assert (found["duplicated"], found["redelivered_without_dup"], found["out_of_order"]) == (0, 0, 0)
        assert {row["mode"] for row in found["rows"]} == {"after_commit"}, "as the configuration says"
        assert influxd.query("SHOW MEASUREMENTS", "plant") == []
        assert "gateway-verification/" in run.stderr, "it says what it will do"
        assert "verification keeps the points" in run.stderr
        assert not (config.parent / "data").exists(), "the spool of the plant's own gateway is not touched"
        log = self.broker.log.read_text()
        clients = {line.split(" as ")[1].split()[0] for line in log.splitlines() if "New client connected" in line}
        assert all(client.startswith("verification-") for client in clients)
        assert "(p5, c1" in log.rpartition("New client connected")[2], "at last the session is thrown away"

    def test_it_does_not_start_unasked(self, config: Path) -> None:
        run = command("verify-durability", "-c", str(config), "--database", "verification")
        assert run.returncode == 2
        assert "--yes" in run.stderr

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--database", "plant"), "plant holds real data"),
            ((), "--bucket or --database"),
            (("--database", "verification", "--source", "other"), "no source other"),
            (("--database", "verification", "--rate", "1001"), "1000"),
        ],
    )
    def test_what_could_do_harm_is_refused(self, config: Path, options: tuple[str, ...], reason: str) -> None:
        run = command("verify-durability", "-c", str(config), "--yes", *options)
        assert run.returncode == 2
        assert reason in run.stderr

    def test_a_database_that_nobody_made_is_told_before_anything_is_sent(self, config: Path) -> None:
        run = command("verify-durability", "-c", str(config), "--yes", "--database", "nobodys")
        assert run.returncode == 1
        assert "database not found: nobodys" in run.stderr
        assert "New client connected" not in self.broker.log.read_text()
