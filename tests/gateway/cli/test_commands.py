"""What the commands show, to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway import __version__
from gateway.cli import app
from gateway.settings import load
from gateway.spool import DeadLetter, Group, Kind, Spool
from tests.gateway.cli.test_check import BASE
from tests.servers.gateway import command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    return file


def invoke(*arguments: str, content: bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=content, catch_exceptions=False)


def test_the_version_is_told() -> None:
    assert invoke("--version").stdout == f"gateway {__version__}\n"


def test_decode_shows_the_way_of_a_message_to_the_line_protocol(config: Path) -> None:
    payload = b'{"ts": 1795000000000, "temp": 21.5, "state": "RUNNING"}'
    shown = invoke("decode", "-c", str(config), "-t", "s1/m1/telemetry", "-", content=payload).stdout
    assert "1 `{site}/{machine}/telemetry`" in shown
    assert "{machine} = m1" in shown
    assert 'cnc,asset=m1,site=s1 temp=21.5,state_text="RUNNING",temp_q=192i,state_q=192i 1795000000000000000' in shown
    assert "fate     stored" in shown


def test_decode_explains_the_nearest_miss(config: Path) -> None:
    result = invoke("decode", "-c", str(config), "-t", "s1/m1/status", "-", "--json", content=b"1")
    found = json.loads(result.stdout)
    assert found["fate"] == "ignored"
    assert found["nearest"] == (
        "route 1 `{site}/{machine}/telemetry` comes nearest: level 3 is `status`, the route wants `telemetry`"
    )


def test_decode_says_why_a_message_is_quarantined(config: Path) -> None:
    result = invoke("decode", "-c", str(config), "-t", "s1/m1/telemetry", "-", "--json", content=b'{"a": ')
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["fate"] == "quarantined"
    assert found["reasons"]


def test_decode_shows_corrections(config: Path) -> None:
    result = invoke("decode", "-c", str(config), "-t", "s1/m1/telemetry", "-", "--json", content=b'{"ts": 0, "a": 1}')
    assert json.loads(result.stdout)["reasons"] == ["corrected: time: before 2015"]


def test_a_terminal_is_not_at_the_mercy_of_a_device(config: Path) -> None:
    payload = json.dumps({"a": "\x1b[31m[red]evil[/red]\u202e"}).encode()
    shown = invoke("decode", "-c", str(config), "-t", "s1/m1/telemetry", "-", content=payload).stdout
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown
    assert "[red]evil" in shown


def fill(config: Path) -> None:
    spool = Spool(load(config).spool.path, ["db"])
    group = Group("plant")
    group.add("s1/m1/telemetry", ["m x=1 1"])
    group.dead_letters = [
        DeadLetter(Kind.UNDECODABLE, "plant", "s1/m1/telemetry", b"\xff{", "not JSON", "not JSON: at 1", 10**18),
        DeadLetter(Kind.VALUE, "plant", "s1/m2/telemetry", b'{"a":1}', "declared int", "a: declared int", 10**18),
    ]
    spool.commit(group)
    spool.close()


def test_the_spool_is_shown_with_and_without_a_gateway(config: Path) -> None:
    assert command("spool", "status", "-c", str(config)).returncode == 1, "there is none yet"
    fill(config)
    found = json.loads(invoke("spool", "status", "-c", str(config), "--json").stdout)
    assert found["waiting"]["messages"] == 1
    assert found["behind"]["db"]["messages"] == 1
    shown = invoke("spool", "status", "-c", str(config)).stdout
    assert "1 messages wait as 1 points" in shown
    assert "2 dead letters" in shown


def test_dead_letters_are_listed_counted_and_shown_with_their_bytes(config: Path) -> None:
    fill(config)
    listed = json.loads(invoke("dead-letters", "list", "-c", str(config), "--json").stdout)
    assert {(one["kind"], one["reason"], one["seen"]) for one in listed["counts"]} == {
        ("undecodable", "not JSON", 1),
        ("value", "declared int", 1),
    }
    only = json.loads(invoke("dead-letters", "list", "-c", str(config), "--json", "--kind", "value").stdout)
    assert [one["topic"] for one in only["letters"]] == ["s1/m2/telemetry"]
    shown = invoke("dead-letters", "list", "-c", str(config)).stdout
    assert "not JSON" in shown
    raw = command("dead-letters", "show", "2", "-c", str(config), "--raw")
    assert raw.stdout == '{"a":1}'
    assert "payload_base64" in invoke("dead-letters", "show", "1", "-c", str(config), "--json").stdout
    missing = command("dead-letters", "show", "99", "-c", str(config))
    assert missing.returncode == 1
    assert "there is no dead letter 99" in missing.stderr


def test_status_says_when_no_gateway_runs(config: Path) -> None:
    done = command("status", "-c", str(config))
    assert done.returncode == 1
    assert "is it running?" in done.stderr


def test_the_annotated_example_is_a_good_configuration() -> None:
    example = Path(__file__).parents[3] / "config/gateway.toml"
    found = json.loads(invoke("check", "-c", str(example), "--json").stdout)
    missing = [one for one in found["problems"] if "cannot be" not in one["reason"]]
    assert missing == [], "all that is wrong with it is that its secrets are not on this machine"
