"""Where a broker is, as people write it."""

from __future__ import annotations

import pytest

from simulators.broker import Broker


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtt://127.0.0.1:1884", "127.0.0.1", 1884),
        ("mqtt://broker.plant1", "broker.plant1", 1883),
        ("mqtt://[::1]:1885/", "::1", 1885),
    ],
)
def test_an_address_names_host_and_port(url: str, host: str, port: int) -> None:
    assert Broker.from_url(url) == (host, port, None, None)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("127.0.0.1:1883", "not the address of a broker"),
        ("http://127.0.0.1", "not the address of a broker"),
        ("mqtt://", "not the address of a broker"),
        ("mqtt://host/topic", "not the address of a broker"),
        ("mqtt://host:99999", "cannot be read"),
        ("mqtts://host", "do not speak TLS"),
        ("mqtt://user:secret@host", "--password-file"),
        ("http://user:secret@host", "--password-file"),
        ("mqtt://[::1", "cannot be read"),
    ],
)
def test_anything_else_is_refused_with_what_is_expected(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        Broker.from_url(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_very_machine_is_loopback(host: str) -> None:
    assert Broker(host, 1883).is_loopback


@pytest.mark.parametrize("host", ["10.0.0.5", "0.0.0.0", "mosquitto", "localhost.plant1"])  # noqa: S104  # not listened on
def test_any_other_machine_is_not(host: str) -> None:
    assert not Broker(host, 1883).is_loopback


def test_a_broker_is_shown_without_its_password() -> None:
    assert str(Broker("::1", 1883, "user", "secret")) == "[::1]:1883"
