"""TLS, client certificates and passwords against mosquitto."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.gateway.mqtt.collecting import collecting, until
from tests.servers import require
from tests.servers.brokers import Broker, StartMosquitto


class Authority:
    """A certificate authority, and the files it has written."""

    def __init__(self, folder: Path) -> None:
        self._ca, self._folder = trustme.CA(), folder
        self.ca = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Write a certificate for a host or client, and its key."""
        issued = self._ca.issue_cert(name)
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        for number, pem in enumerate(issued.cert_chain_pems):
            pem.write_to_path(str(certificate), append=number > 0)
        issued.private_key_pem.write_to_path(str(key))
        return certificate, key


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def secured(mosquitto: StartMosquitto, authority: Authority, host: str) -> Broker:
    """Start a broker that shows a certificate for this host and wants one of its clients."""
    certificate, key = authority.issue(host)
    return mosquitto(f"cafile {authority.ca}", f"certfile {certificate}", f"keyfile {key}", "require_certificate true")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_both_sides_show_certificates(mosquitto: StartMosquitto, authority: Authority, protocol: str) -> None:
    broker = secured(mosquitto, authority, "127.0.0.1")
    certificate, key = authority.issue("gateway")
    tls = {"ca": str(authority.ca), "cert": str(certificate), "key": str(key)}
    async with collecting(f"mqtts://127.0.0.1:{broker.port}", "a", protocol=protocol, tls=tls) as collector:
        await collector.connected()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_certificate_for_another_host_is_refused(
    mosquitto: StartMosquitto, authority: Authority, protocol: str
) -> None:
    broker = secured(mosquitto, authority, "other.example")
    certificate, key = authority.issue("gateway")
    tls = {"ca": str(authority.ca), "cert": str(certificate), "key": str(key)}
    async with collecting(f"mqtts://127.0.0.1:{broker.port}", "a", protocol=protocol, tls=tls) as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert "certificate" in collector.status.reason
        assert collector.status.connects == 0


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
async def test_a_broker_that_wants_a_certificate_does_not_take_us_without(
    mosquitto: StartMosquitto, authority: Authority, protocol: str
) -> None:
    broker = secured(mosquitto, authority, "127.0.0.1")
    tls = {"ca": str(authority.ca)}
    async with collecting(f"mqtts://127.0.0.1:{broker.port}", "a", protocol=protocol, tls=tls) as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert collector.status.connects == 0


async def test_an_unknown_authority_is_refused(mosquitto: StartMosquitto, authority: Authority, tmp_path: Path) -> None:
    broker = secured(mosquitto, authority, "127.0.0.1")
    (tmp_path / "other").mkdir()
    tls = {"ca": str(Authority(tmp_path / "other").ca)}
    async with collecting(f"mqtts://127.0.0.1:{broker.port}", "a", tls=tls) as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert "certificate" in collector.status.reason


async def test_a_port_that_speaks_no_tls_is_refused(mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    async with collecting(f"mqtts://127.0.0.1:{broker.port}", "a") as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert collector.status.connects == 0


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    """A password file of mosquitto, with one user."""
    file = tmp_path / "passwords"
    program = require("mosquitto_passwd", "mosquitto")
    subprocess.run([program, "-c", "-b", str(file), "gateway", "right"], check=True)
    return file


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_password_is_tried_again_with_what_its_file_says_then(
    mosquitto: StartMosquitto, tmp_path: Path, passwords: Path, protocol: str
) -> None:
    secret = tmp_path / "secret"
    broker = mosquitto("allow_anonymous false", f"password_file {passwords}")
    secret.write_text("wrong\n")
    options: dict[str, Any] = {"username": "gateway", "password_file": str(secret), "protocol": protocol}
    async with collecting(broker.url, "a", **options) as collector:
        await until(lambda: collector.status.state == "waiting", "waiting")
        assert "refuses the connection, not authorized" in collector.status.reason
        secret.write_text("right\n")
        await collector.connected()
