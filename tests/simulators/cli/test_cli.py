"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from simulators.cli import app
from simulators.faces import FACES
from simulators.faults import FAULTS
from simulators.machines import MACHINES
from simulators.plant.library import names
from tests.servers import free_port, require, wait_until
from tests.servers.brokers import StartMosquitto

START = "2026-03-02T06:00:00Z"
SCENARIO = """
description = "Two mills and the meter that feeds them"
duration = "10min"
period = "10s"

[products.bracket]
ideal_cycle = "30s"

[[lines]]
name = "line1"
area = "hall"
plan = [{ product = "bracket", for = "8h" }]

[[machines]]
name = "mill"
kind = "cnc_mill"
line = "line1"
count = 2

[[machines]]
name = "meter"
kind = "energy_meter"
line = "line1"
face = "scalar"
feeds = ["line1"]
"""


@pytest.fixture
def plant(tmp_path: Path) -> str:
    """Return the path of a scenario."""
    path = tmp_path / "plant.toml"
    path.write_text(SCENARIO)
    return str(path)


def simulators(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


def last_line(result: Result) -> dict[str, float]:
    """Return the JSON object on the last line of the standard output."""
    answer: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_list_shows_all_there_is() -> None:
    result = simulators("list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in (*names(), *MACHINES, *FACES, *FAULTS))


def test_list_tells_whose_each_trouble_is() -> None:
    machines = {each["name"]: each for each in json.loads(simulators("list", "--json").stdout)["machines"]}
    assert machines["compressor"]["troubles"] == ["breakdown", "leak"]
    assert machines["plc"]["troubles"] == ["breakdown", "pump_fault"]
    shown = simulators("list").stdout
    assert all(trouble in shown for machine in machines.values() for trouble in machine["troubles"])


def test_list_can_be_read_by_a_machine() -> None:
    listed = json.loads(simulators("list", "--json").stdout)
    assert [each["name"] for each in listed["scenarios"]] == names()
    assert [each["name"] for each in listed["machines"]] == list(MACHINES)
    assert [each["name"] for each in listed["faces"]] == list(FACES)
    assert [each["name"] for each in listed["faults"]] == list(FAULTS)


def test_list_tells_the_signals_of_a_machine() -> None:
    machines = {each["name"]: each for each in json.loads(simulators("list", "--json").stdout)["machines"]}
    signals = {each["name"]: each for each in machines["cnc_mill"]["signals"]}
    assert list(signals) == [signal.name for signal in MACHINES["cnc_mill"].signals]
    assert (signals["power"]["type"], signals["power"]["unit"]) == ("float", "kW")
    assert machines["cnc_mill"]["makes_parts"] is True
    assert machines["energy_meter"]["makes_parts"] is False


def test_run_ends_after_its_virtual_time_with_a_summary(mosquitto: StartMosquitto, plant: str) -> None:
    url = mosquitto().url
    result = simulators("run", plant, "--broker", url, "--speed", "max", "--duration", "2min", "--json")
    assert result.exit_code == 0
    summary = last_line(result)
    assert summary["published"] == summary["acknowledged"] > 0
    assert (summary["virtual_seconds"], summary["forgotten"]) == (120, 0)


def test_run_without_a_duration_lasts_as_long_as_the_scenario(mosquitto: StartMosquitto, plant: str) -> None:
    result = simulators("run", plant, "--broker", mosquitto().url, "--speed", "max", "--json")
    assert last_line(result)["virtual_seconds"] == 600


def test_run_says_in_words_what_it_did(mosquitto: StartMosquitto, plant: str) -> None:
    url = mosquitto().url
    result = simulators("run", plant, "--broker", url, "--speed", "max", "--duration", "30s")
    assert result.stdout.startswith("Published ")


def test_run_publishes_as_many_messages_as_expect_says(mosquitto: StartMosquitto, plant: str) -> None:
    same = ("--start", START, "--seed", "3", "--json")
    url = mosquitto().url
    expected = json.loads(simulators("expect", plant, *same).stdout)["plant"]["messages"]
    assert last_line(simulators("run", plant, "--broker", url, "--speed", "max", *same))["published"] == expected


def test_a_run_into_a_file_has_a_line_for_each_message_that_expect_says(plant: str, tmp_path: Path) -> None:
    output = tmp_path / "messages.jsonl"
    same = ("--start", START, "--json")
    expected = json.loads(simulators("expect", plant, *same).stdout)["plant"]["messages"]
    written = last_line(simulators("run", plant, "--output", str(output), *same))["messages"]
    assert written == len(output.read_text().splitlines()) == expected


def test_the_same_seed_and_start_write_the_same_file(plant: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one", "other", "another seed")]
    for file, seed in zip(files, ("1", "1", "2"), strict=True):
        simulators("run", plant, "--output", str(file), "--start", START, "--seed", seed)
    one, other, another_seed = (file.read_bytes() for file in files)
    assert one == other != another_seed


def test_run_says_which_file_it_cannot_write(plant: str, tmp_path: Path) -> None:
    result = simulators("run", plant, "--output", str(tmp_path / "nowhere" / "messages.jsonl"))
    assert result.exit_code == 1
    assert "No such file" in result.stderr


def test_run_logs_in_with_a_password_from_a_file(mosquitto: StartMosquitto, plant: str, tmp_path: Path) -> None:
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    passwords.write_text("machine:open sesame\n")
    passwords.chmod(0o600)
    subprocess.run([require("mosquitto_passwd", "mosquitto"), "-U", str(passwords)], check=True)  # hashes it in place
    secret.write_text("open sesame\n")
    url = mosquitto("allow_anonymous false", f"password_file {passwords}").url
    login = ("--broker", url, "--username", "machine", "--password-file", str(secret))
    assert simulators("run", plant, "--speed", "max", "--duration", "10s", *login).exit_code == 0
    assert simulators("load", "--messages", "2", *login).exit_code == 0
    refused = simulators("run", plant, "--broker", url)
    assert refused.exit_code == 1
    assert "refuses this client" in refused.stderr


def test_run_fails_if_there_never_was_a_broker_and_says_what_to_do(plant: str) -> None:
    url = f"mqtt://127.0.0.1:{free_port()}"
    result = simulators("run", plant, "--broker", url, "--speed", "100", "--duration", "10s")
    assert result.exit_code == 1
    assert "no broker answers" in result.stderr
    assert "mosquitto -p" in result.stderr


def test_expect_shows_the_answers_of_each_machine_and_of_all(plant: str) -> None:
    result = simulators("expect", plant, "--start", START)
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("mill-1", "mill-2", "meter", "together", START))


def test_the_answers_of_all_are_those_of_the_machines_together(plant: str) -> None:
    answers = json.loads(simulators("expect", plant, "--start", START, "--json").stdout)
    mills = [answers["machines"][name] for name in ("mill-1", "mill-2")]
    assert answers["plant"]["parts"] == sum(mill["parts"] for mill in mills) > 0
    assert answers["plant"]["energy_kwh"] == pytest.approx(sum(mill["energy_kwh"] for mill in mills), abs=2e-6)
    assert answers["machines"]["meter"]["energy_kwh"] == pytest.approx(answers["plant"]["energy_kwh"], abs=2e-6)


def test_expect_is_the_same_each_time_and_another_with_another_seed(plant: str) -> None:
    seeds = ("1", "1", "2")
    first, again, other = (simulators("expect", plant, "--start", START, "--seed", seed, "--json") for seed in seeds)
    assert first.stdout == again.stdout != other.stdout


def test_expect_takes_the_duration_that_run_takes(plant: str) -> None:
    answers = json.loads(simulators("expect", plant, "--start", START, "--duration", "5min", "--json").stdout)
    assert (answers["start"], answers["end"]) == (START, "2026-03-02T06:05:00Z")
    assert answers["machines"]["mill-1"]["planned_seconds"] == 300


def test_config_is_toml_with_a_route_for_what_the_machines_tell(plant: str) -> None:
    document = tomllib.loads(simulators("config", plant, "--broker", "mqtt://broker.plant1:1884").stdout)
    assert [source["url"] for source in document["sources"]] == ["mqtt://broker.plant1:1884"]
    assert {route["measurement"] for route in document["routes"]} == {"cnc_mill", "energy_meter"}
    assert document["measurements"]["cnc_mill"]["metrics"]["alarm"]["type"] == "int"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "nonsense"), "there are "),
        (("run", "nowhere.toml"), "No such file"),
        (("expect", "nonsense"), "there are "),
        (("config", "nonsense"), "there are "),
        (("run", "PLANT", "--broker", "http://broker"), "mqtt://HOST:PORT"),
        (("config", "PLANT", "--broker", "http://broker"), "mqtt://HOST:PORT"),
        (("run", "PLANT", "--speed", "fast"), "from 0.1 to 1000, or max"),
        (("run", "PLANT", "--speed", "1001"), "from 0.1 to 1000, or max"),
        (("run", "PLANT", "--duration", "soon"), "no duration"),
        (("run", "PLANT", "--start", "tomorrow"), "no time"),
        (("expect", "PLANT", "--start", "tomorrow"), "no time"),
        (("run", "PLANT", "--password-file", "/nowhere/secret"), "No such file"),
        (("run", "PLANT", "--broker", "mqtt://127.0.0.1", "--output", "x.jsonl"), "either --broker or --output"),
        (("load", "--url", "mqtt://broker.plant1"), "--i-may-load-this-broker"),
        (("load", "--topics", "1", "--publishers", "2"), "cannot share"),
        (("load", "--qos", "2"), "--qos"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(plant: str, arguments: tuple[str, ...], reason: str) -> None:
    result = simulators(*(plant if argument == "PLANT" else argument for argument in arguments))
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_scenario_that_says_something_wrong_is_refused_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(SCENARIO.replace('kind = "cnc_mill"', 'kind = "lathe"'))
    result = simulators("expect", str(path))
    assert result.exit_code == 2
    assert "machines.mill.kind" in result.stderr
    assert "there is no machine 'lathe'" in result.stderr


def test_load_prints_counts_when_all_is_acknowledged(mosquitto: StartMosquitto) -> None:
    url = mosquitto("max_inflight_messages 0").url
    result = simulators("load", "--url", url, "--topics", "20", "--messages", "2000", "--publishers", "2")
    assert result.exit_code == 0
    summary = last_line(result)
    assert set(summary) >= {"published", "acknowledged", "seconds", "cpu_seconds"}
    assert summary["published"] == summary["acknowledged"] == 2000


def test_load_fails_without_a_broker_and_says_what_to_do() -> None:
    result = simulators("load", "--url", f"mqtt://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert last_line(result)["published"] == 0
    assert "mosquitto -p" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command", [("run", "PLANT", "--json"), ("load", "--messages", "1000000000", "--rate", "5000")]
)
def test_a_signal_ends_it_with_the_summary(
    mosquitto: StartMosquitto, plant: str, command: tuple[str, ...], number: signal.Signals
) -> None:
    broker = mosquitto()
    arguments = [plant if argument == "PLANT" else argument for argument in command]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "simulators", *arguments, "--url", broker.url],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "PUBLISH" in broker.log.read_text() or process.poll() is not None, "something is published")
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    summary = json.loads(output.splitlines()[-1])
    assert summary["published"] == summary["acknowledged"] > 0
