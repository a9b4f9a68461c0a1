"""One HTTP connection to a database: bounded in time and size, and its failures in the words of a sink."""

from __future__ import annotations

import io
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import urllib3
from urllib3 import BaseHTTPResponse, HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ProtocolError

from gateway.errors import ConfigurationError, Problem, SinkHeld, SinkUnavailable
from gateway.sinks.influxdb.responses import Answer, printable, read_answer

CONNECT_TIMEOUT = 5.0
"""Seconds for a connection, and for each block of a body to leave (16 KiB: 26 kbit/s will do)."""

MAX_ANSWER_BYTES = 64 * 1024
"""What is read of an answer."""

USER_AGENT = "factory-telemetry-gateway"

Headers: TypeAlias = Mapping[str, str]


class Connection:
    """Asks one server, one request at a time, over one connection that is kept open.

    Redirects are not followed, for they would take the credentials elsewhere; proxies of the environment are not used;
    certificates and host names are always verified.

    Attributes:
        authorization: Sent with each request, unless it is empty.

    Raises:
        ConfigurationError: `ca` cannot be read.
    """

    def __init__(self, url: str, *, ca: Path | None, read_timeout: float) -> None:
        self.url = url.rstrip("/")
        self.authorization = ""
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=1,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=read_timeout),
            ssl_context=_trust(ca) if url.startswith("https:") else None,
        )

    def exchange(self, method: str, path: str, headers: Headers, body: bytes | None = None) -> Answer:
        """Send a request and return the answer, whatever its status.

        Args:
            method: Of HTTP.
            path: What follows the url of the server, with its query.
            headers: Beside those that every request has.
            body: Sent with its length, never in chunks.

        Raises:
            SinkUnavailable: There was no answer, or not the whole of it.
            SinkHeld: The server's certificate is not trusted.
        """
        sent = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}
        if self.authorization:
            sent["Authorization"] = self.authorization
        upload = None
        if body is not None:
            # As a file it leaves in blocks, and the time limit of sending is one for each block: a whole body would
            # have to leave within the time limit of connecting, and over a slow line it never would.
            upload = io.BytesIO(body)
            sent["Content-Length"] = str(len(body))
        try:
            response = self._pool.urlopen(
                method,
                self.url + path,
                body=upload,
                headers=sent,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            content = _read(response)
        except HTTPError as error:
            # What was still being sent when an answer came (413) is not an error; what never began to leave is none
            # of the batch's fault.
            raise self._failure(error, begun=upload is not None and upload.tell() > 0) from error
        return read_answer(response.status, response.headers, content)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._pool.clear()

    def _failure(self, error: HTTPError, *, begun: bool) -> SinkUnavailable | SinkHeld:
        cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SinkHeld(
                f"{self.url}: its certificate is not trusted: {printable(cause.verify_message)}; "
                "set ca to the authority that signed it, and the url to a name it is for"
            )
        if isinstance(error, ConnectTimeoutError):  # that it was refused is one of them
            return SinkUnavailable(f"{self.url}: no connection: {_root(error)}")
        what = "the connection was lost, or no answer came" if begun else "no answer"
        return SinkUnavailable(f"{self.url}: {what}: {_root(error)}", connection_lost=begun)


def _read(response: BaseHTTPResponse) -> bytes:
    """Return the body, or the beginning of a long one.

    Raises:
        HTTPError: It broke off.
    """
    whole = False
    try:
        content = response.read(MAX_ANSWER_BYTES)
        whole = len(content) < MAX_ANSWER_BYTES
        if whole and isinstance(response, HTTPResponse) and response.length_remaining:
            raise ProtocolError("the answer broke off")
    finally:
        if whole:
            response.release_conn()
        else:
            response.close()  # the rest of it is not waited for: the connection goes with it
    return content


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        reason = f"cannot be used as a file of authorities ({error})"
        raise ConfigurationError([Problem(str(ca), "ca", reason, "Give a PEM file of certificates")]) from error


def _root(error: BaseException) -> str:
    """Return what the operating system said, under all that was wrapped around it."""
    cause = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return printable(str(cause) or type(cause).__name__)
