"""Every answer that a database, or what stands before it, is known to give: each as a database of its own.

A row says what it answers, when, and what an operator is to see of it.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from tests.servers.scripted import Request, Step

BAD = b"bad="
"""In the one record that some of them never take."""
SMALL = 5000
"""Bytes of a body that some of them take."""

Kind: TypeAlias = Literal["done", "retrying", "held", "rejects", "splits"]
_NUMBER = re.compile(rb"[ ,]n=(\d+)")
_COMMENT = b"#"


class Row(NamedTuple):
    """A database.

    Attributes:
        name: Of its sink.
        api: That it speaks.
        kind: `retrying` and `held`: it gives its answer to everything until it is mended, and the sink shows this
            state; `rejects`: it gives it to whatever has the bad record in it, for ever; `splits`: to long bodies.
        words: Seen in the reason of the sink, or in the dead letter.
        reply: The answer.
    """

    name: str
    api: str
    kind: Kind
    words: str
    reply: Step


def _v1(status: int, message: str) -> Step:
    return Step(status, json.dumps({"error": message}).encode(), {"X-Influxdb-Error": message})


def _v2(status: int, message: str, code: str = "invalid", **headers: str) -> Step:
    body = json.dumps({"code": code, "message": message}).encode()
    return Step(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def _v3(status: int, message: str, data: object = None) -> Step:
    return Step(status, json.dumps({"error": message, "data": data}).encode())


def _page(status: int, **headers: str) -> Step:
    return Step(status, f"<html><h1>{status}</h1><hr>nginx</html>".encode(), headers)


CLOSED = Step(0)
_CONFLICT = 'field type conflict: input field "bad" on measurement "cnc" is type integer, already exists as type float'
_FAILURE = "failure writing points to database: partial write: "
_LINE = {"original_line": "cnc,asset=m1,sit", "line_number": 2, "error_message": "invalid column type"}

ROWS = [
    Row("all-well-1", "v1", "done", "", Step(204)),
    Row("all-well-2", "v2", "done", "", Step(204)),
    Row("all-well-3", "v3", "done", "", Step(204)),
    # What looks like a confirmation and is none; redirects.
    Row("status-200", "v1", "held", "no confirmation", _page(200)),
    Row("captive-portal", "v2", "held", "no confirmation", _page(200)),
    Row("status-206", "v3", "held", "no confirmation", Step(206)),
    Row("redirect-301", "v1", "held", "redirects are not followed", _page(301, Location="/all-well-1/write")),
    Row("redirect-307", "v3", "held", "redirects are not followed", _page(307, Location="/all-well-3/write")),
    # Lines that cannot be parsed.
    Row("parse-1", "v1", "rejects", "missing field", _v1(400, "unable to parse 'cnc bad=': missing field value")),
    Row("parse-partial-1", "v1", "rejects", "dropped=0", _v1(400, "partial write: unable to parse 'y': why dropped=0")),
    Row("parse-2", "v2", "rejects", "missing field", _v2(400, "unable to parse 'cnc bad=': missing field value")),
    Row("parse-3", "v3", "rejects", "column type", _v3(400, "line protocol parsing error", _LINE)),
    Row("partial-3", "v3", "rejects", "column type", _v3(400, "partial write of line protocol occurred", [_LINE])),
    Row("parse-3-as-2", "v2", "rejects", "parse failed", _v2(400, "write buffer error: line protocol parse failed: x")),
    Row("parse-500", "v1", "rejects", "parse bool", _v1(500, 'engine: unable to parse bool value "tru"')),
    # A field of another type.
    Row("conflict-1", "v1", "rejects", "type conflict", _v1(400, f"partial write: {_CONFLICT} dropped=1")),
    Row("conflict-2", "v2", "rejects", "type conflict", _v2(422, f"{_FAILURE}{_CONFLICT} dropped=1")),
    Row(
        "conflict-500",
        "v2",
        "rejects",
        "type conflict",
        _v2(500, f"unexpected error writing points to database: {_CONFLICT}", "internal error"),
    ),
    # Older than what is kept.
    Row("old-1", "v1", "rejects", "retention", _v1(400, "partial write: points beyond retention policy dropped=1")),
    Row("old-2", "v2", "rejects", "retention", _v2(422, f"{_FAILURE}points beyond retention policy dropped=1")),
    Row(
        "old-1-12",
        "v1",
        "rejects",
        "retention",
        _v1(400, "partial write: dropped 1 points outside retention policy of duration 24h0m0s - oldest x"),
    ),
    # Limits.
    Row("series-limit", "v1", "held", "raise its limit", _v1(400, "partial write: max-series-per-database limit ex"
        "ceeded: (10) dropped=2")),
    Row("columns-limit", "v3", "held", "limit of the database", _v3(422, "number of columns per table limit of 500")),
    Row("partial-limit", "v3", "held", "limit of the database", _v3(422, "partial write of line protocol occurred",
        [_LINE])),
    # A server's own trouble behind a status that says otherwise.
    Row("no-space-400", "v1", "retrying", "no space", _v1(400, "partial write: open x: no space left on device")),
    Row("no-space-500", "v1", "retrying", "no space", _v1(500, "engine: error writing WAL entry: write x: no space "
        "left on device")),
    Row("cache-full", "v1", "retrying", "cache-max", _v1(500, "engine: cache-max-memory-size exceeded: (1/1)")),
    Row("timeout-500", "v1", "retrying", "timeout", _v1(500, "timeout")),
    Row("wal-400", "v2", "retrying", "error from wal", _v2(400, "write buffer error: error from wal: object store")),
    Row("overloaded-400", "v2", "retrying", "overloaded", _v2(400, "this service is overloaded")),
    Row("unknown-500", "v3", "retrying", "something new", _v3(500, "something new")),
    Row("damaged-shard", "v1", "held", "not UTF-8", _v1(500, '[shard 7] proto: field "tsdb.Name" contains invalid '
        "UTF-8")),
    Row("no-policy", "v1", "held", "create the retention policy", _v1(500, "retention policy not found: year")),
    # Credentials and targets.
    Row("refused-1", "v1", "held", "credentials", _v1(401, "authorization failed")),
    Row("refused-2", "v2", "held", "credentials", _v2(401, "unauthorized access", "unauthorized")),
    Row("refused-3", "v3", "held", "credentials", _v3(401, "the request was not authenticated")),
    Row("forbidden-1", "v1", "held", "allow these", _v1(403, '"u" user is not authorized to write to database "p"')),
    Row("forbidden-2", "v2", "held", "allow these", _v2(403, "insufficient permissions for write", "forbidden")),
    Row("missing-1", "v1", "held", "create the database", _v1(404, 'database not found: "plant"')),
    Row("missing-2", "v2", "held", "create the database", _v2(404, 'bucket "plant" not found', "not found")),
    Row("missing-path", "v2", "held", "create the database", Step(404, b"404 page not found")),
    # HTTP, and what stands in between.
    Row("status-408", "v2", "retrying", "408", _v2(408, "deadline", "request timeout")),
    Row("status-499", "v2", "retrying", "499", Step(499)),
    Row("status-415", "v1", "held", "not an answer of InfluxDB", _page(415)),
    Row("throttled", "v1", "retrying", "throttled", Step(503, b"request throttled, queue full", {"Retry-After": "1"})),
    Row("unavailable", "v2", "retrying", "maintenance", _v2(503, "maintenance", "unavailable", Retry_After="1")),
    Row("too-many-2", "v2", "retrying", "429", _v2(429, "write rate", "too many requests", Retry_After="1")),
    Row(
        "too-many-date",
        "v2",
        "retrying",
        "429",
        # Measured from the date of the answer, whatever the clock here says.
        _v2(429, "write rate", "too many requests", Date="Fri, 02 Jan 2026 10:00:00 GMT",
            Retry_After="Fri, 02 Jan 2026 10:00:01 GMT"),
    ),
    Row("too-many-3", "v3", "retrying", "overloaded", _v3(429, "this service is overloaded")),
    Row("bad-gateway", "v1", "retrying", "502", _page(502)),
    Row("gateway-timeout", "v3", "retrying", "504", _page(504)),
    Row("too-large-1", "v1", "splits", "", _v1(413, "Request Entity Too Large")),
    Row("too-large-2", "v2", "splits", "", _page(413)),
    Row("too-large-3", "v3", "splits", "", _v3(413, "payload too large")),
    Row("closes-long", "v1", "splits", "", CLOSED),
    Row("record-too-large", "v1", "rejects", "too large", _page(413)),
    # No answer, and answers in unknown words.
    Row("closes", "v1", "retrying", "connection was lost", CLOSED),
    Row("breaks-off", "v3", "retrying", "connection was lost", Step(400, b'{"error": "partial wr', truncated=True)),
    Row("dies-of-record", "v1", "rejects", "alone it failed", CLOSED),
    Row("fails-of-record", "v2", "rejects", "alone it failed", _v2(500, "something new", "internal error")),
    Row("unknown-record", "v2", "rejects", "something new", _v2(422, "something new")),
    Row("wrong-port", "v1", "held", "not one record was accepted", _page(400)),
    Row("unknown-400", "v3", "held", "not one record was accepted", _v3(400, "something new")),
]  # fmt: skip


class Databases:
    """All of them behind one address: the first level of the path says which is meant.

    Attributes:
        mended: Set, it lets those that retry or are held take everything.
        requests: How many came, by row.
        confirmed: The numbers of the records that were answered 204, by row.
    """

    def __init__(self) -> None:
        self.mended = threading.Event()
        self.requests: Counter[str] = Counter()
        self.confirmed: defaultdict[str, set[int]] = defaultdict(set)
        self._rows = {row.name: row for row in ROWS}
        self._gives_its_answer: dict[Kind, Callable[[bytes], bool]] = {
            "done": lambda _: False,
            "retrying": lambda _: not self.mended.is_set(),
            "held": lambda _: not self.mended.is_set(),
            "rejects": lambda body: BAD in body,
            "splits": lambda body: len(body) > SMALL,
        }

    def __call__(self, request: Request) -> Step:
        """Answer a request."""
        row = self._rows[request.path.split("/")[1]]
        self.requests[row.name] += 1
        if request.method == "GET":
            return Step(204)
        if self._gives_its_answer[row.kind](request.body):
            return row.reply
        if request.body.startswith(_COMMENT) and row.api == "v3":
            return _v3(400, "incoming write was empty")
        self.confirmed[row.name].update(map(int, _NUMBER.findall(request.body)))
        return Step(204)
