"""A configuration mistake is found by `gateway check`: with file, key, reason and remedy, and exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner

from gateway.cli import app
from gateway.errors import ConfigurationError
from gateway.settings import load
from tests.servers.gateway import command

BASE = """
id = "gw"
[[sources]]
name = "plant"
url = "mqtt://127.0.0.1:1"
[[routes]]
topic = "{site}/{machine}/telemetry"
adapter = "json"
measurement = "cnc"
[[sinks]]
name = "db"
type = "influxdb"
api = "v1"
url = "http://127.0.0.1:1"
database = "plant"
"""


def problems(folder: Path, document: str) -> list[dict[str, str]]:
    """Return what `gateway check --json` finds, and see that it exits with 2."""
    file = folder / "gateway.toml"
    file.write_text(document)
    result = CliRunner().invoke(app, ["check", "-c", str(file), "--json"])
    found = json.loads(result.stdout)
    assert result.exit_code == (2 if found["problems"] else 0)
    assert all(problem["file"] == str(file) for problem in found["problems"])
    return list(found["problems"])


def test_a_good_configuration_is_good(tmp_path: Path) -> None:
    assert problems(tmp_path, BASE) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "reason", "remedy"),
    [
        ("adapter =", "adaptor =", "routes[1].adaptor", "unknown key", "Did you mean adapter?"),
        ('"gw"', "7", "id", "should be a valid string", ""),
        ('id = "gw"', "", "id", "is missing", "Add id"),
        ('"v1"', '"v4"', "sinks[1].api", "should be 'v1', 'v2' or 'v3'", ""),
        ('type = "influxdb"', 'type = "influx"', "sinks[1]", "needs a type", 'type = "influxdb"'),
        ('database = "plant"', "", "sinks[1]", 'api = "v1" needs database', ""),
        ("mqtt://", "http://", "sources[1].url", "should match pattern", ""),
        ('adapter = "json"', 'adapter = "jason"', "routes[1].adapter", "there is no adapter 'jason'", ""),
        (
            'adapter = "json"',
            'adapter = "json"\noptions = { dept = 3 }',
            "routes[1].options.dept",
            "unknown option",
            "docs/adapters.md",
        ),
        ("{site}/{machine}/telemetry", "{site}/{site}/telemetry", "routes[1].topic", "stands twice", ""),
        ("{machine}/telemetry", "{thing}/telemetry", "routes[1].asset", "nothing names the machine", ""),
        ('"cnc"', '"cnc"\nasset = "{mashine}"', "routes[1].asset", "which the topic does not have", ""),
        ('"cnc"', '"cnc"\ntimestamp = { time_zone = "Mars/Olympus" }', "routes[1].asset", "no time zone", ""),
        ('"cnc"', '"cnc"\nstale_after = "soon"', "routes[1].stale_after", "write a number with a unit", ""),
        ('"cnc"', '"cnc"\nsource = "plan"', "", "names the source 'plan'; there are plant", ""),
        (
            '"cnc"',
            '"cnc"\nmetrics = { t = { source_unit = "parsnip" } }',
            "routes[1].metrics.t.source_unit",
            "the unit is not known",
            "",
        ),
        (
            "[[sinks]]",
            '[measurements.cnc.metrics]\nt = { unit = "parsnip" }\n[[sinks]]',
            "measurements.cnc.metrics.t.unit",
            "the unit is not known",
            "",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_reason_and_remedy(
    tmp_path: Path, old: str, new: str, key: str, reason: str, remedy: str
) -> None:
    found = problems(tmp_path, BASE.replace(old, new, 1))
    (told,) = [problem for problem in found if problem["key"] == key]
    assert reason in told["reason"]
    assert remedy in told["remedy"]


def test_units_that_do_not_fit_are_told(tmp_path: Path) -> None:
    document = BASE.replace("[[sinks]]", '[measurements.cnc.metrics]\nt = { unit = "degC" }\n[[sinks]]')
    document = document.replace('"cnc"\n', '"cnc"\nmetrics = { t1 = { name = "t", source_unit = "kg" } }\n', 1)
    (found,) = problems(tmp_path, document)
    assert found["reason"] == "the unit cannot be converted: 'kg' to 'degC'"


def test_a_route_that_can_never_match_is_told(tmp_path: Path) -> None:
    later = '[[routes]]\ntopic = "plant1/{machine}/telemetry"\nadapter = "json"\nmeasurement = "cnc"\n[[sinks]]'
    (found,) = problems(tmp_path, BASE.replace("[[sinks]]", later, 1))
    assert found["key"] == "routes[2].topic"
    assert found["reason"].startswith("no message ever gets here: route 1")
    assert found["remedy"] == "Put the narrower route first"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    document = BASE.replace('"gw"', "7").replace('"v1"', '"v4"').replace("mqtt://", "ftp://")
    assert len(problems(tmp_path, document)) == 3


def test_a_file_that_is_not_there_or_not_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load(tmp_path / "nowhere.toml")
    (found,) = problems(tmp_path, "id = ")
    assert "is not TOML" in found["reason"]


def test_secrets_must_be_there_and_be_secret(tmp_path: Path) -> None:
    document = BASE.replace("mqtt://127.0.0.1:1", 'mqtt://127.0.0.1:1"\npassword_file = "secret')
    (found,) = problems(tmp_path, document)
    assert found["key"] == "sources[1].password_file"
    assert "cannot be read: No such file" in found["reason"]
    assert found["remedy"]
    secret = tmp_path / "secret"
    secret.write_text("")
    secret.chmod(0o600)
    assert "is empty" in problems(tmp_path, document)[0]["reason"]
    secret.write_text("hush")
    secret.chmod(0o644)
    assert problems(tmp_path, document) == [], "the gateway runs all the same"
    shown = CliRunner().invoke(app, ["check", "-c", str(tmp_path / "gateway.toml"), "--json"]).stdout
    (warning,) = json.loads(shown)["warnings"]
    assert "everyone on this machine may read" in warning["reason"]
    assert warning["remedy"] == f"Run chmod 600 {secret}"
    secret.chmod(0o600)
    assert problems(tmp_path, document) == []


def test_certificates_must_be_certificates(tmp_path: Path) -> None:
    document = BASE.replace(
        'mqtt://127.0.0.1:1"', 'mqtts://127.0.0.1:1"\ntls = { ca = "ca.pem", cert = "cert.pem", key = "key.pem" }'
    )
    assert {found["key"] for found in problems(tmp_path, document)} == {"sources[1].tls.ca", "sources[1].tls.cert"}
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("not a certificate")
    assert {found["key"] for found in problems(tmp_path, document)} == {"sources[1].tls.ca", "sources[1].tls.cert"}
    authority = trustme.CA()
    certificate = authority.issue_cert("gateway")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    assert problems(tmp_path, document) == []


def test_the_environment_wins_and_its_mistakes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    monkeypatch.setenv("GATEWAY_SPOOL__MAX_BYTES", "2GiB")
    assert load(file).spool.max_bytes == 2 * 2**30
    assert load(file).spool.path == tmp_path / "data/spool.db", "paths start beside the configuration"
    monkeypatch.setenv("GATEWAY_SPOOL__MAX_BYTES", "plenty")
    with pytest.raises(ConfigurationError, match="environment: GATEWAY_SPOOL__MAX_BYTES: write a number"):
        load(file)
    monkeypatch.delenv("GATEWAY_SPOOL__MAX_BYTES")
    monkeypatch.setenv("GATEWAY_SPOL__MAX_BYTES", "2GiB")
    with pytest.raises(
        ConfigurationError, match=r"GATEWAY_SPOL__MAX_BYTES: no option has this name. Did you mean spool"
    ):
        load(file)


def test_a_wrong_configuration_is_told_by_the_real_command_too(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE.replace('"v1"', '"v4"'))
    for arguments in (["run"], ["check"], ["status"], ["spool", "status"]):
        done = command(*arguments, "-c", str(file))
        assert done.returncode == 2
        assert f"{file}: sinks[1].api: " in done.stderr
        assert "Traceback" not in done.stderr


def test_connections_are_tried_on_request(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    done = command("check", "-c", str(file), "--connect")
    assert done.returncode == 1
    assert "source plant" in done.stderr
    assert "sink db" in done.stderr
