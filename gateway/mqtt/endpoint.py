"""Where a broker is and how it is reached: address, TLS and password, read from their files at every connect.

Reading them each time lets an operator renew a certificate or change a password without a restart.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.mqtt.outcomes import ConnectionEnded, Refused
from gateway.settings.sources import MqttSource, Tls


class Endpoint(NamedTuple):
    """A broker, ready to be connected to.

    Attributes:
        context: For TLS; None without.
        password: As bytes, since MQTT knows no encoding of it.
    """

    host: str
    port: int
    context: ssl.SSLContext | None
    username: str | None
    password: bytes | None


async def find(settings: MqttSource) -> Endpoint:
    """Read what a connection needs.

    Raises:
        Refused: A file of the configuration cannot be read or used.
    """
    return await asyncio.to_thread(_find, settings)  # the system's authorities take 30 ms to load


def _find(settings: MqttSource) -> Endpoint:
    address = urlsplit(settings.url)
    secure = address.scheme == "mqtts"
    try:
        port = address.port or (8883 if secure else 1883)
        context = tls_context(settings.tls) if secure else None
        # The newline that an editor leaves at the end is no part of the password.
        password = settings.password_file.read_bytes().rstrip(b"\r\n") if settings.password_file else None
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Refused(f"a setting cannot be used: {error}", "check url, tls and password_file of the source") from error
    return Endpoint(address.hostname or "", port, context, settings.username, password)


def tls_context(tls: Tls | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and host name, with TLS 1.2 or later.

    Raises:
        OSError: A file cannot be read, or holds no certificate or key.
    """
    context = ssl.create_default_context(cafile=str(tls.ca) if tls and tls.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls and tls.cert and tls.key:
        # Without a password callback OpenSSL would ask for one on the terminal and wait for ever.
        context.load_cert_chain(tls.cert, tls.key, password=lambda: b"")
    return context


def explain(error: OSError, endpoint: Endpoint) -> ConnectionEnded:
    """Say what a failure to connect means, and what to do."""
    where = f"{endpoint.host}:{endpoint.port}"
    match error:
        case ssl.SSLCertVerificationError():
            return Refused(
                f"the certificate of {where} is not accepted: {error}",
                "check tls.ca, the broker's certificate, and that url names the host as the certificate does",
            )
        case ssl.SSLError():
            return Refused(
                f"TLS with {where} failed: {error}",
                "check that the port speaks TLS, and tls.cert and tls.key if the broker asks for a certificate",
            )
        case TimeoutError():
            return ConnectionEnded(f"{where} does not answer")
        case _:
            return ConnectionEnded(f"{where} cannot be reached: {error.strerror or error}")
