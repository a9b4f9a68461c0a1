"""What the database holds of a run: read back from the historian's file, or by the queries of InfluxDB 1, 2 and 3."""

from __future__ import annotations

import csv
import json
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from gateway.errors import GatewayError
from gateway.settings.sinks import InfluxDB
from gateway.sinks.historian import Historian
from gateway.sinks.influxdb.credentials import Credential
from gateway.sinks.influxdb.responses import printable, read_answer
from gateway.verification.messages import FIELD, Kind, Stream
from gateway.verification.verdict import Point, Stored

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MAX_ERROR = 64 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUCCESS = 200
_NO_TABLE = re.compile(r"\btable '[^']*' not found", re.IGNORECASE)
"""How InfluxDB 3 says that nothing was written to a measurement yet."""

Headers: TypeAlias = Mapping[str, str]


class HistorianReader:
    """Reads a historian's file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, run: str, streams: Sequence[Stream]) -> Stored:
        """See `settling.Reader`."""
        found: dict[Stream, list[Point]] = {stream: [] for stream in streams}
        with Historian(self._path) as historian:
            for kind in Kind:
                for point in historian.points(kind.measurement):
                    value = point.fields.get(FIELD)
                    if point.tags.get("run") == run and isinstance(value, int | float):
                        stream = Stream(kind, point.tags["asset"])
                        found.setdefault(stream, []).append(Point(point.timestamp_ns, number_of(value)))
        return found


class InfluxDBReader:
    """Asks an InfluxDB, with the credentials that the sink writes with: they must allow to read as well.

    Args:
        settings: The sink: its database or bucket is the one that is read.

    Raises:
        ConfigurationError: A secret or the file of authorities cannot be read.
    """

    def __init__(self, settings: InfluxDB) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        with_password = settings.api == "v1"
        path = settings.password_file if with_password else settings.token_file
        secret = Credential(path, "password_file" if with_password else "token_file", ascii_only=not with_password)
        self._authorization = _authorization(settings, secret.secret)
        try:
            context = ssl.create_default_context(cafile=settings.ca) if self._url.startswith("https:") else None
        except OSError as error:
            raise GatewayError(f"{settings.ca} cannot be used as a file of authorities: {error}") from error
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=timeout, ssl_context=context)

    def read(self, run: str, streams: Sequence[Stream]) -> Stored:
        """See `settling.Reader`."""
        found: dict[Stream, list[Point]] = {stream: [] for stream in streams}
        try:
            for kind in Kind:
                for machine, time_ns, value in self._rows(run, kind):
                    found.setdefault(Stream(kind, machine), []).append(Point(time_ns, number_of(value)))
        finally:
            self._pool.clear()  # the database may be another process when it is asked again
        return found

    def _rows(self, run: str, kind: Kind) -> Iterator[tuple[str, int, float]]:
        """Yield machine, time and value of each point."""
        match self._settings.api:
            case "v1":
                return self._influxql(run, kind)
            case "v2":
                return self._flux(run, kind)
            case "v3":
                return self._sql(run, kind)

    def _influxql(self, run: str, kind: Kind) -> Iterator[tuple[str, int, float]]:
        query = f'SELECT "{FIELD}" FROM "{kind.measurement}" WHERE run = \'{run}\' GROUP BY asset'  # noqa: S608  # names of our own
        parameters = urlencode({"db": self._settings.database or "", "epoch": "ns", "q": query})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        (result,) = json.loads(self._ask("/query", headers, parameters.encode()))["results"]
        if "error" in result:
            raise self._refusal(str(result["error"]))
        for series in result.get("series", ()):
            for time_ns, value in series["values"]:
                yield series["tags"]["asset"], time_ns, value

    def _flux(self, run: str, kind: Kind) -> Iterator[tuple[str, int, float]]:
        # The end is named: what is stored may be a little ahead of the database's own clock.
        query = (
            f"from(bucket: {json.dumps(self._settings.bucket)}) |> range(start: 0, stop: 2200-01-01T00:00:00Z)"
            f' |> filter(fn: (r) => r._measurement == "{kind.measurement}" and r._field == "{FIELD}"'
            f' and r.run == "{run}") |> keep(columns: ["_time", "_value", "asset"])'
        )
        headers = {"Content-Type": "application/vnd.flux", "Accept": "application/csv"}
        path = f"/api/v2/query?{urlencode({'org': self._settings.org or ''})}"
        header: list[str] = []
        # Tables one after the other, each with a header of its own. An error may come after a good beginning, as a
        # table with a column `error`.
        for row in csv.reader(self._ask(path, headers, query.encode()).decode().splitlines()):
            if not any(row):
                header = []
            elif row[0].startswith("#"):  # an annotation, where the server writes them
                continue
            elif not header:
                header = row
            else:
                found = dict(zip(header, row, strict=False))
                if "error" in found:
                    raise self._refusal(found["error"])
                yield found["asset"], time_of(found["_time"]), float(found["_value"])

    def _sql(self, run: str, kind: Kind) -> Iterator[tuple[str, int, float]]:
        query = (
            f'SELECT asset, time, "{FIELD}" FROM "{kind.measurement}" '  # noqa: S608  # names of our own
            f"WHERE run = '{run}' AND \"{FIELD}\" IS NOT NULL"
        )
        body = json.dumps({"db": self._settings.database, "q": query, "format": "json"}).encode()
        for row in json.loads(self._ask("/api/v3/query_sql", {"Content-Type": "application/json"}, body)):
            yield row["asset"], time_of(row["time"]), row[FIELD]

    def _ask(self, path: str, headers: Headers, body: bytes) -> bytes:
        sent = {**headers, **({"Authorization": self._authorization} if self._authorization else {})}
        try:
            response = self._pool.urlopen("POST", self._url + path, body=body, headers=sent, redirect=False)
        except HTTPError as error:
            raise self._refusal(str(error)) from error
        if response.status == _SUCCESS:
            return response.data
        answer = read_answer(response.status, response.headers, response.data[:MAX_ERROR])
        if _NO_TABLE.search(answer.message):
            return b"[]"
        raise self._refusal(f"{answer.reason}; the credentials of the sink must allow to read as well")

    def _refusal(self, reason: str) -> GatewayError:
        return GatewayError(f"{self._url} cannot be asked: {printable(reason)}")


def number_of(value: float) -> int:
    """Return the number of a message for a value in the database; -1, which nobody ever sent, if it is none."""
    return int(value) if value == int(value) else -1


def time_of(text: str) -> int:
    """Return nanoseconds since 1970 for an ISO 8601 text in UTC, with up to nine decimals and with or without a `Z`."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=UTC) - _EPOCH
    return (seconds.days * 86_400 + seconds.seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)


def _authorization(settings: InfluxDB, secret: str) -> str:
    match settings.api:
        case "v1" if settings.username is not None:
            return f"Basic {b64encode(f'{settings.username}:{secret}'.encode()).decode()}"
        case "v2" if secret:
            return f"Token {secret}"
        case "v3" if secret:
            return f"Bearer {secret}"
        case _:
            return ""
