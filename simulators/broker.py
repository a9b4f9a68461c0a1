"""Where a broker is, as people write it: `mqtt://127.0.0.1:1883`."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

DEFAULT_URL = "mqtt://127.0.0.1:1883"
_DEFAULT_PORT = 1883


class Broker(NamedTuple):
    """A broker, and how to log in.

    Attributes:
        host: Name or address.
        port: TCP port.
        username: None for an anonymous client.
        password: Goes with the user name.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @classmethod
    def from_url(cls, url: str, username: str | None = None, password: str | None = None) -> Broker:
        """Return the broker of a URL `mqtt://HOST[:PORT]`.

        Raises:
            ValueError: It is no such URL; the message says what is expected.
        """
        expected = f"write mqtt://HOST:PORT, such as {DEFAULT_URL}"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:  # half of an IPv6 address, or a port that is no number
            raise ValueError(f"the address of the broker cannot be read ({error}): {expected}") from error
        if parts.username is not None:
            raise ValueError("the address of the broker holds a user name: use --username and --password-file")
        if parts.scheme == "mqtts":
            raise ValueError(f"the simulators do not speak TLS: {expected}")
        if parts.scheme != "mqtt" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is not the address of a broker: {expected}")
        return cls(parts.hostname, port or _DEFAULT_PORT, username, password)

    @property
    def is_loopback(self) -> bool:
        """Whether it runs on this very machine. A name other than `localhost` is not looked up: it may be anyone's."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # a name
            return False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if ":" not in self.host else f"[{self.host}]:{self.port}"
