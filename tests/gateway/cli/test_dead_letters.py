"""`gateway dead-letters`: what people see, what machines read, and what is done."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.cli.dead_letters.options import instant
from gateway.dead_letters import letters, requests, tallies
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.spool import DeadLetter, Group, Kind, Spool
from tests.gateway.cli.test_check import BASE
from tests.gateway.dead_letters.letters import records_of
from tests.servers.gateway import command

TOPIC = "s1/m1/telemetry"
HOSTILE = b"\x1b[31m[red]evil[/red]\xff"
SHOWN = {
    "number",
    "kind",
    "reason",
    "detail",
    "source",
    "sink",
    "topic",
    "subject",
    "received_ns",
    "created_ns",
    "retries",
}
SHOWN |= {"retained", "content_type", "user_properties", "payload", "payload_base64"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration whose spool holds four dead letters."""
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    group = Group("plant")
    group.dead_letters = [
        DeadLetter(Kind.UNDECODABLE, "plant", TOPIC, b'{"x": 1}', "not JSON", "not JSON: at 1", 10**18),
        DeadLetter(
            Kind.UNDECODABLE, "plant", "s1/m2\x1b[2J/telemetry", HOSTILE, "not JSON", "not JSON: \x1b[31m", 10**18
        ),
        DeadLetter(Kind.VALUE, "plant", "s2/m2/telemetry", b'{"a":1}', "declared int", "a: declared int", 2 * 10**18),
        DeadLetter(Kind.REJECTED, "plant", TOPIC, b"m x=1 1", "conflict", "conflict: x", 10**18, sink="db"),
    ]
    with closing(Spool(load(file).spool.path, ["db"])) as spool:
        spool.commit(group)
    return file


def run(config: Path, *arguments: str, code: int = 0) -> Result:
    """Run a command about dead letters in this process."""
    result = CliRunner().invoke(
        app, ["dead-letters", *arguments, "-c", str(config)], catch_exceptions=False, env={"COLUMNS": "200"}
    )
    assert result.exit_code == code, result.output
    return result


def numbers(config: Path, *arguments: str) -> list[int]:
    """Return the numbers of the letters that a list with these filters shows."""
    return [one["number"] for one in json.loads(run(config, "list", "--json", *arguments).stdout)["letters"]]


def left(config: Path) -> list[int]:
    """Return the numbers of all letters that there are."""
    return sorted(letter.id for letter in letters(load(config).spool.path))


def test_the_list_counts_by_reason_first(config: Path) -> None:
    shown = run(config, "list").stdout
    lines = shown.splitlines()
    assert lines[0].split() == ["kind", "reason", "seen", "kept", "topics", "last"]
    assert lines[1].split()[:6] == ["undecodable", "not", "JSON", "2", "2", "2"]
    assert lines.index(next(line for line in lines if "number" in line)) > 4
    assert "conflict: x" in shown


def test_json_has_the_same_keys_for_every_letter(config: Path) -> None:
    listed = json.loads(run(config, "list", "--json").stdout)
    assert set(listed) == {"reasons", "counts", "letters", "requests"}
    assert all(set(letter) == SHOWN for letter in listed["letters"])
    assert {(one["reason"], one["seen"]) for one in listed["reasons"]} == {
        ("not JSON", 2),
        ("declared int", 1),
        ("conflict", 1),
    }
    by_number = {letter["number"]: letter for letter in listed["letters"]}
    assert by_number[1]["payload"] == '{"x": 1}'
    assert by_number[2]["payload"] is None
    assert base64.b64decode(by_number[2]["payload_base64"]) == HOSTILE
    assert by_number[4]["sink"] == "db"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--kind", "value"], [3]),
        (["--reason", "json"], [2, 1]),
        (["--topic", "m2"], [3, 2]),
        (["--topic", "+/m1/#"], [4, 1]),
        (["--topic", "s2/#"], [3]),
        (["--source", "plant", "--sink", "db"], [4]),
        (["--since", "2030-01-01"], [3]),
        (["--until", "2030-01-01T00:00:00+00:00"], [4, 2, 1]),
        (["--limit", "2"], [4, 3]),
        (["--reason", "nothing like it"], []),
    ],
)
def test_filters_mean_what_they_say(config: Path, arguments: list[str], expected: list[int]) -> None:
    assert numbers(config, *arguments) == expected


def test_times_are_written_as_people_do() -> None:
    now_ns = 10**18
    assert instant("", "--since", now_ns) == 0
    assert instant("2h", "--since", now_ns) == now_ns - 7200 * 10**9
    assert instant("3d", "--since", now_ns) == now_ns - 3 * 86_400 * 10**9
    assert instant("2001-09-09T01:46:40Z", "--since", now_ns) == 10**18
    assert instant("2001-09-09T01:46:40", "--since", now_ns) == 10**18, "without a zone it is UTC, as it is shown"
    with pytest.raises(typer.BadParameter, match="neither a duration"):
        instant("yesterday", "--since", now_ns)


def test_a_terminal_is_not_at_the_mercy_of_a_letter(config: Path) -> None:
    for shown in (run(config, "list").stdout, run(config, "show", "2").stdout):
        assert "\x1b" not in shown
    assert "[red]evil[/red]" in run(config, "show", "2").stdout
    assert run(config, "show", "1", "2", "--json").stdout.count("\n") == 2, "one object a line"
    run(config, "show", "1", "2", "--raw", code=2)


def test_export_writes_everything_that_is_known(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    assert "4 dead letters are in" in run(config, "export", str(file)).stdout.replace("\n", "")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3, 4]
    assert all(set(line) == SHOWN for line in lines)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(GatewayError, match="exists: name another"):
        run(config, "export", str(file))
    told = json.loads(run(config, "export", str(file), "2", "3", "--force", "--json").stdout)
    assert told == {"file": str(file), "letters": 2}
    assert len(file.read_text().splitlines()) == 2
    with pytest.raises(GatewayError, match="cannot be written"):
        run(config, "export", str(tmp_path / "nowhere" / "letters.jsonl"))


def test_export_to_the_standard_output_writes_nothing_but_letters(config: Path) -> None:
    done = command("dead-letters", "export", "-", "-c", str(config), "--topic", "s1/#", "--limit", "2")
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [1, 2]


def test_without_a_gateway_a_retry_is_done_by_the_command(config: Path) -> None:
    shown = run(config, "retry", "--all", code=1).stdout
    assert "4 dead letters were tried again" in shown
    assert "2 decoded and stored" in shown
    assert "1 rejected records on their way" in shown
    assert "1 failed again and are kept" in shown
    assert left(config) == [2]
    with closing(Spool(load(config).spool.path, ["db"])) as spool:
        assert len(records_of(spool)) == 3
        assert spool.account.waiting.messages == 3
    assert numbers(config) == [2]


def test_a_retry_tells_machines_what_became_of_each(config: Path) -> None:
    told = json.loads(run(config, "retry", "1", "2", "99", "--json", code=1).stdout)
    reason = letters(load(config).spool.path)[-1].reason
    assert {**told, "request": 0} == {
        "request": 0,
        "done": True,
        "letters": 3,
        "stored": 1,
        "sent": 0,
        "ignored": 0,
        "failed": 1,
        "purged": 0,
        "reasons": {reason: 1},
        "missing": 1,
    }
    nothing = json.loads(run(config, "retry", "--reason", "nothing like it", "--json").stdout)
    assert set(nothing) == set(told)
    assert "1 no longer there" in run(config, "retry", "99").stdout


def test_a_retry_of_a_few_tries_a_fix_out(config: Path) -> None:
    told = json.loads(run(config, "retry", "--kind", "undecodable", "--limit", "1", "--json").stdout)
    assert (told["letters"], told["stored"], told["missing"]) == (1, 1, 0)
    assert left(config) == [2, 3, 4]


def test_it_must_be_said_which_letters_are_meant(config: Path) -> None:
    assert "say which" in run(config, "retry", code=2).output
    assert "say which" in run(config, "purge", "--yes", code=2).output
    assert "goes with no numbers" in run(config, "purge", "--all", "1", "--yes", code=2).output
    assert "goes with no numbers and no times" in run(config, "purge", "1", "--counts", "--yes", code=2).output
    assert left(config) == [1, 2, 3, 4]


def test_purge_refuses_without_a_terminal_and_asks_on_one(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GatewayError, match="4 dead letters would be deleted for good: say --yes"):
        run(config, "purge", "--all")
    runner = CliRunner()
    # What typer puts in the place of the standard input is no terminal.
    monkeypatch.setattr("gateway.cli.dead_letters.acting.is_terminal", lambda: True)
    for answer, code, expected in (("n\n", 1, [1, 2, 3, 4]), ("y\n", 0, [2, 3, 4])):
        result = runner.invoke(app, ["dead-letters", "purge", "1", "-c", str(config)], input=answer)
        assert result.exit_code == code
        assert "Delete 1 dead letters for good?" in result.output
        assert left(config) == expected


def test_purging_keeps_the_counts_unless_told(config: Path) -> None:
    spool = load(config).spool.path
    assert "2 dead letters are deleted" in run(config, "purge", "--reason", "JSON", "--yes").stdout
    assert {(one.reason, one.seen) for one in tallies(spool)} >= {("not JSON", 1)}
    told = json.loads(run(config, "purge", "--all", "--counts", "--yes", "--json").stdout)
    assert (told["purged"], told["missing"], told["done"]) == (2, 0, True)
    assert tallies(spool) == []
    assert "no dead letters" in run(config, "list").stdout
    assert "no dead letter is meant" in run(config, "purge", "--all", "--yes").stdout


def test_a_full_spool_fails_a_retry_and_keeps_its_letters(config: Path) -> None:
    config.write_text(f'{BASE}\n[spool]\nmin_free = "1000TiB"\n')
    with pytest.raises(GatewayError, match="there is no room for what the letters come to"):
        run(config, "retry", "1")
    assert left(config) == [1, 2, 3, 4]
    assert requests(load(config).spool.path) == [], "nothing goes on behind the back of who asked"


def test_beside_a_gateway_a_request_is_written_down_and_shown(config: Path) -> None:
    with closing(Spool(load(config).spool.path, ["db"])):
        told = json.loads(run(config, "retry", "--all", "--no-wait", "--json").stdout)
        assert (told["done"], told["letters"], told["stored"]) == (False, 4, 0)
        assert f"(request {told['request'] + 1})" in run(config, "purge", "1", "--yes", "--no-wait").stdout
        assert "retry 1 is at work: 0 of 4 letters" in run(config, "list").stdout
        (second, first) = json.loads(run(config, "list", "--json").stdout)["requests"]
        assert (first["action"], second["action"], second["letters"]) == ("retry", "purge", 1)
    assert left(config) == [1, 2, 3, 4], "the gateway would do it; the next one does"


def test_there_is_nothing_to_do_without_a_spool(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    for arguments in (["list"], ["show", "1"], ["retry", "--all"], ["purge", "--all", "--yes"], ["export", "-"]):
        done = command("dead-letters", *arguments, "-c", str(file))
        assert done.returncode == 1
        assert "there is no spool" in done.stderr
    assert not load(file).spool.path.exists(), "looking makes none"
