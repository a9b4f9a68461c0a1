"""Whom the InfluxDB sink trusts, and with what: redirects, proxies, secrets, certificates."""

from __future__ import annotations

import ssl
from base64 import b64encode
from pathlib import Path

import pytest
import trustme

from gateway.errors import ConfigurationError, SinkHeld, SinkUnavailable
from tests.gateway.sinks.conftest import APIS, BATCH, OpenSink
from tests.servers.scripted import ScriptedServer


@pytest.mark.parametrize("api", APIS)
def test_a_redirect_does_not_take_the_token_elsewhere(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path, api: str
) -> None:
    with ScriptedServer() as elsewhere:
        server.answer(307, "", {"Location": f"{elsewhere.url}/write"})
        credentials = {"username": "u", "password_file": secret} if api == "v1" else {"token_file": secret}
        with pytest.raises(SinkHeld, match="redirects are not followed"):
            open_influxdb(api, **credentials).write(BATCH)
        assert elsewhere.requests == []


@pytest.mark.parametrize("api", APIS)
def test_proxies_of_the_environment_are_not_used(
    server: ScriptedServer, open_influxdb: OpenSink, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    with ScriptedServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        open_influxdb(api).write(BATCH)
        assert len(server.requests) == 1
        assert proxy.requests == []


@pytest.mark.parametrize("api", APIS)
def test_a_new_token_in_the_file_is_used_at_once(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path, api: str
) -> None:
    credentials = {"username": "u", "password_file": secret} if api == "v1" else {"token_file": secret}
    sink = open_influxdb(api, **credentials)
    secret.write_text("another")
    server.answer(401, '{"error":"authorization failed"}')

    sink.write(BATCH)

    before, after = (request.headers["authorization"] for request in server.requests)
    assert before != after
    assert after.endswith(b64encode(b"u:another").decode() if api == "v1" else " another")


def test_a_token_that_is_refused_and_has_not_changed_is_held(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path
) -> None:
    sink = open_influxdb("v2", token_file=secret)
    server.answer(401).answer(401)
    with pytest.raises(SinkHeld):
        sink.write(BATCH)
    secret.unlink()
    with pytest.raises(SinkHeld):
        sink.write(BATCH)
    assert len(server.requests) == 2


def test_a_secret_that_the_server_repeats_is_not_shown(
    server: ScriptedServer, open_influxdb: OpenSink, secret: Path
) -> None:
    server.answer(403, '{"error":"Token s3cret-token== may not", "data":{"error_message":"s3cret-token=="}}')
    with pytest.raises(SinkHeld) as caught:
        open_influxdb("v2", token_file=secret).write(BATCH)
    assert "s3cret" not in str(caught.value)
    assert "Token *** may not" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe", "t\u00f6ken".encode()])
def test_a_file_that_holds_no_token_is_a_mistake_of_the_configuration(
    open_influxdb: OpenSink, secret: Path, content: bytes
) -> None:
    secret.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"sinks\.db\.token_file"):
        open_influxdb("v2", token_file=secret)


def test_a_missing_secret_is_a_mistake_of_the_configuration(open_influxdb: OpenSink, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        open_influxdb("v3", token_file=tmp_path / "none")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serve_tls(authority: trustme.CA, name: str) -> ScriptedServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return ScriptedServer(context)


@pytest.mark.parametrize("api", APIS)
def test_https_is_spoken_with_a_server_of_the_given_authority(
    open_influxdb: OpenSink, authority: trustme.CA, tmp_path: Path, api: str
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serve_tls(authority, "127.0.0.1") as server:
        sink = open_influxdb(api, url=server.url, ca=tmp_path / "ca.pem")
        sink.write(BATCH)
        assert server.requests[0].body == BATCH.body
        sink.close()


@pytest.mark.parametrize(
    ("name", "with_ca", "complaint"), [("127.0.0.1", False, "certificate"), ("10.1.2.3", True, "127.0.0.1")]
)
def test_a_certificate_that_is_not_trusted_is_held_before_anything_is_said(
    open_influxdb: OpenSink, authority: trustme.CA, tmp_path: Path, name: str, complaint: str, *, with_ca: bool
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serve_tls(authority, name) as server:
        sink = open_influxdb(url=server.url, ca=tmp_path / "ca.pem" if with_ca else None)
        with pytest.raises(SinkHeld, match=complaint):
            sink.write(BATCH)
        assert server.requests == []


def test_a_file_of_authorities_that_is_none_is_a_mistake_of_the_configuration(
    open_influxdb: OpenSink, secret: Path
) -> None:
    with pytest.raises(ConfigurationError, match="authorities"):
        open_influxdb(url="https://127.0.0.1", ca=secret)


def test_an_https_url_for_an_http_server_is_unavailable(server: ScriptedServer, open_influxdb: OpenSink) -> None:
    sink = open_influxdb(url=server.url.replace("http:", "https:"))
    with pytest.raises(SinkUnavailable) as caught:
        sink.write(BATCH)
    assert not caught.value.suspect
