"""What a connection needs, read from the files that the configuration names."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from gateway.mqtt.endpoint import explain, find
from gateway.mqtt.outcomes import Refused
from gateway.settings.sources import MqttSource


def source(**options: object) -> MqttSource:
    return MqttSource.model_validate({"name": "plant", **options})


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtt://broker", "broker", 1883),
        ("mqtts://broker", "broker", 8883),
        ("mqtt://10.0.0.1:2883", "10.0.0.1", 2883),
        ("mqtt://[::1]:2883", "::1", 2883),
    ],
)
async def test_ports_have_defaults(url: str, host: str, port: int) -> None:
    endpoint = await find(source(url=url))
    assert (endpoint.host, endpoint.port) == (host, port)
    assert (endpoint.context is not None) == url.startswith("mqtts")


async def test_a_password_is_read_anew_each_time_without_the_newline_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b" old secret \n")
    settings = source(url="mqtt://broker", username="gateway", password_file=str(file))
    assert (await find(settings)).password == b" old secret "
    file.write_bytes(b"new\r\n")
    assert (await find(settings)).password == b"new"


@pytest.mark.parametrize(
    "options",
    [
        {"url": "mqtt://broker", "password_file": "/nowhere/password"},
        {"url": "mqtts://broker", "tls": {"ca": "/nowhere/ca.pem"}},
        {"url": "mqtt://broker:99999"},
    ],
)
async def test_what_cannot_be_used_is_refused_and_named(options: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        await find(source(**options))
    assert "check" in refused.value.remedy


async def test_tls_verifies_host_names_and_is_not_old(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = (await find(source(url="mqtts://broker", tls={"ca": str(tmp_path / "ca.pem")}))).context
    assert context is not None
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1, "the authorities of the system are not trusted besides"


async def test_failures_are_explained() -> None:
    endpoint = await find(source(url="mqtt://broker"))
    assert explain(ConnectionRefusedError(111, "Connection refused"), endpoint).reason == (
        "broker:1883 cannot be reached: Connection refused"
    )
    assert explain(TimeoutError(), endpoint).reason == "broker:1883 does not answer"
    assert isinstance(explain(ssl.SSLError(1, "wrong version number"), endpoint), Refused)
