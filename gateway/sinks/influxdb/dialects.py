"""The three write APIs of InfluxDB: where a batch goes, and how it is signed."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from urllib3 import HTTPHeaderDict, HTTPResponse

from gateway.sinks.influxdb.responses import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.settings.sinks import InfluxDB
    from gateway.sinks.influxdb.connection import Connection

LINE_PROTOCOL = "text/plain; charset=utf-8"


class Dialect(Protocol):
    """A write API."""

    def write(self, body: bytes, *, gzipped: bool) -> Answer:
        """Send line protocol and return the answer.

        Raises:
            SinkUnavailable: There was no answer.
            SinkHeld: The server is not to be trusted.
        """

    def authorization(self, secret: str) -> str:
        """Return what signs a request with this secret; empty if requests are not signed."""


def open_dialect(settings: InfluxDB, connection: Connection) -> Dialect:
    """Return the dialect that the settings name."""
    match settings.api:
        case "v1":
            return Version1(settings, connection)
        case "v2":
            return Version2(settings, connection)
        case "v3":
            return Version3(settings, connection)


class Version1:
    """`/write` of InfluxDB 1."""

    def __init__(self, settings: InfluxDB, connection: Connection) -> None:
        target = {"db": settings.database or "", "precision": "ns"}
        if settings.retention_policy is not None:
            target["rp"] = settings.retention_policy
        self._path = f"/write?{urlencode(target)}"
        self._username = settings.username
        self._connection = connection

    def write(self, body: bytes, *, gzipped: bool) -> Answer:
        """See `Dialect`."""
        return self._connection.exchange("POST", self._path, _headers(gzipped=gzipped), body)

    def authorization(self, secret: str) -> str:
        """Return Basic credentials: unlike parameters of the url they do not end up in logs of servers."""
        if self._username is None:
            return ""
        return f"Basic {b64encode(f'{self._username}:{secret}'.encode()).decode()}"


class Version3:
    """`/api/v3/write_lp` of InfluxDB 3.

    `accept_partial` is off: a request is then written whole or not at all, as the halves of a rejected batch are meant
    to be. With it on, the good lines of a refused request would be stored before the gateway knows which they were.
    The precision is said, for the server would guess it from the size of the number.
    """

    def __init__(self, settings: InfluxDB, connection: Connection) -> None:
        target = {"db": settings.database or "", "precision": "nanosecond", "accept_partial": "false"}
        self._path = f"/api/v3/write_lp?{urlencode(target)}"
        self._connection = connection

    def write(self, body: bytes, *, gzipped: bool) -> Answer:
        """See `Dialect`."""
        return self._connection.exchange("POST", self._path, _headers(gzipped=gzipped), body)

    def authorization(self, secret: str) -> str:
        """Return a bearer token."""
        return f"Bearer {secret}" if secret else ""


class Version2:
    """`/api/v2/write` of InfluxDB 2, through its official client.

    The client makes the request, and the gateway's own connection carries it: bounded in time and size, and with the
    status visible. What else the client offers for writing loses data or hides it: its batches are dropped after three
    minutes, and 200 looks like 204.
    """

    def __init__(self, settings: InfluxDB, connection: Connection) -> None:
        # Imported here, for it takes 17 MB of memory and 0.2 s, which the other dialects need not pay.
        from influxdb_client.client.influxdb_client import InfluxDBClient  # noqa: PLC0415
        from influxdb_client.service.write_service import WriteService  # noqa: PLC0415

        self._client = InfluxDBClient(url=connection.url, token="")  # the connection signs
        self._client.api_client.rest_client.pool_manager = _Carrier(connection)  # type: ignore[assignment]  # see there
        self._service = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # generated code
        self._org, self._bucket = settings.org, settings.bucket

    def write(self, body: bytes, *, gzipped: bool) -> Answer:
        """See `Dialect`."""
        encoding = {"content_encoding": "gzip"} if gzipped else {}
        try:
            _, status, _ = self._service.post_write_with_http_info(  # type: ignore[no-untyped-call]  # generated code
                self._org, self._bucket, body, precision="ns", **encoding
            )
        except _Refused as refusal:
            return refusal.answer
        return Answer(int(status))

    def authorization(self, secret: str) -> str:
        """Return a token."""
        return f"Token {secret}" if secret else ""


class _Refused(Exception):  # noqa: N818  # it goes from the carrier to the dialect, through the client
    """An answer that is no success. The client would read all of its body, and write it to the log of the root."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class _Carrier:
    """Stands where the client keeps its connection pool."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, **_options: object
    ) -> HTTPResponse:
        """Carry a request of the client. Its other options are about time limits and retries: the connection's hold.

        Raises:
            _Refused: The answer is no success.
        """
        own = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
        answer = self._connection.exchange(method, url.removeprefix(self._connection.url), own, body)
        if not 200 <= answer.status < 300:  # noqa: PLR2004  # the class of successes (RFC 9110, 15.3)
            raise _Refused(answer)
        return HTTPResponse(BytesIO(), HTTPHeaderDict(), answer.status)

    def clear(self) -> None:
        """Close the connection, as the client does when it goes."""
        self._connection.close()


def _headers(*, gzipped: bool) -> dict[str, str]:
    return {"Content-Type": LINE_PROTOCOL, **({"Content-Encoding": "gzip"} if gzipped else {})}
