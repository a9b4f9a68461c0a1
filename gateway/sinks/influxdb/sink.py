"""InfluxDB as a sink: sends batches, and turns each answer into what the gateway has to do."""

from __future__ import annotations

import gzip
import re

from gateway.errors import SinkHeld, SinkRejected, SinkUnavailable
from gateway.interfaces import Batch
from gateway.settings.sinks import InfluxDB
from gateway.sinks.influxdb.connection import Connection
from gateway.sinks.influxdb.credentials import Credential
from gateway.sinks.influxdb.dialects import open_dialect
from gateway.sinks.influxdb.reactions import Reaction, dropped, rule_for
from gateway.sinks.influxdb.responses import Answer, printable

LEAST_BATCH_BYTES = 64 * 1024
"""However little the other side takes, batches are not made smaller than this: single records decide then."""

LOSSES_BEFORE_SMALLER = 3
"""Lost connections in a row after which batches become smaller. A server that wants no more of a body may just close
the connection, so that its 413 is never seen; and on a bad line, or with a slow database, less has better chances."""

EMPTY = b"# the gateway checks its access\n"
"""A comment: it is written like a batch, and leaves nothing."""

_NOT_ALLOWED = (401, 403)
"""What makes the sink look whether its secret was replaced: by a valid one, or by one that may do more."""

_EMPTY_REFUSED = re.compile(r"\bempty\b|requires points|\bno (?:points|data|lines)\b", re.IGNORECASE)
"""How InfluxDB 2 ("writing requires points") and 3 ("incoming write was empty") refuse (400) to write nothing. They do
so after they have accepted credentials and target."""


class InfluxDBSink:
    """Writes to one database of one InfluxDB, or of what speaks one of its write APIs.

    Attributes:
        name: As configured.
        max_batch_bytes: As configured, until the server refuses a batch as too large (413) or three connections in a
            row were lost in the middle of one: half of that batch then, 64 KiB at least, until the gateway restarts.

    Raises:
        ConfigurationError: A secret or the file of authorities cannot be read.
    """

    def __init__(self, settings: InfluxDB) -> None:
        self.name = settings.name
        self.max_batch_bytes = settings.max_batch
        self._api = settings.api
        self._gzip = settings.gzip
        self._losses = 0
        with_password = settings.api == "v1"
        self._credential = Credential(
            settings.password_file if with_password else settings.token_file,
            f"sinks.{settings.name}.{'password_file' if with_password else 'token_file'}",
            ascii_only=not with_password,
        )
        self._connection = Connection(settings.url, ca=settings.ca, read_timeout=settings.timeout / 1e9)
        self._dialect = open_dialect(settings, self._connection)
        self._connection.authorization = self._dialect.authorization(self._credential.secret)

    def write(self, batch: Batch) -> None:
        """Write all records of the batch, or raise. See `Sink`."""
        if not batch.records:
            return  # InfluxDB 3 refuses an empty body
        try:
            answer = self._send(batch.body)
        except SinkUnavailable as error:
            self._losses = self._losses + 1 if error.connection_lost else 0
            if self._losses >= LOSSES_BEFORE_SMALLER:
                self._losses = 0
                self._send_less_than(len(batch.body))
            raise
        self._losses = 0
        self._judge(answer, batch)

    def check(self) -> str:
        """Write nothing, in the same way as a batch: it shows that target and credentials are accepted. See `Sink`.

        Unlike a query or a listing it needs no other right than to write.
        """
        version = self._connection.exchange("GET", "/ping", {}).version or "of unknown version"
        answer = self._send(EMPTY)
        if answer.status == 400 and _EMPTY_REFUSED.search(answer.message):  # noqa: PLR2004
            found = f"to an empty write it said {answer.reason}"
        else:
            found = "it took an empty write"
            try:
                self._judge(answer, Batch(EMPTY, 1))
            except SinkRejected as error:
                raise SinkHeld(f"an empty write was refused, so something is wrong with the target: {error}") from error
        return f"InfluxDB {printable(version)} at {self._connection.url} accepts credentials and target: {found}"

    def close(self) -> None:
        """Let go of the connection. See `Sink`."""
        self._connection.close()

    def _send(self, body: bytes) -> Answer:
        # Level 1 takes a tenth of the time of level 9, and leaves a quarter more.
        content = gzip.compress(body, compresslevel=1, mtime=0) if self._gzip else body
        answer = self._dialect.write(content, gzipped=self._gzip)
        if answer.status in _NOT_ALLOWED and self._credential.reload():
            self._connection.authorization = self._dialect.authorization(self._credential.secret)
            answer = self._dialect.write(content, gzipped=self._gzip)
        return answer

    def _judge(self, answer: Answer, batch: Batch) -> None:
        """Return if the answer confirms the batch, or raise what it asks for."""
        rule = rule_for(self._api, answer)
        reason = self._without_secrets(answer).reason
        match rule.reaction:
            case Reaction.DONE:
                return
            case Reaction.RETRY:
                raise SinkUnavailable(reason, answer.retry_after)
            case Reaction.RETRY_UNEXPLAINED:
                raise SinkUnavailable(reason, answer.retry_after, unexplained=True)
            case Reaction.HOLD:
                raise SinkHeld(f"{reason}; {rule.advice}")
            case Reaction.SPLIT:
                self._send_less_than(len(batch.body))
                raise SinkRejected(f"too large: {reason}")
            case Reaction.REJECT:
                raise SinkRejected(reason, records=dropped(answer))
            case Reaction.REJECT_DOUBTFUL:
                raise SinkRejected(reason, doubtful=True)

    def _send_less_than(self, size: int) -> None:
        self.max_batch_bytes = min(self.max_batch_bytes, max(size // 2, LEAST_BATCH_BYTES))

    def _without_secrets(self, answer: Answer) -> Answer:
        """Return the answer without the secret, should the other side have repeated it."""
        for secret in (self._credential.secret, self._connection.authorization.rpartition(" ")[2]):
            if secret:
                answer = answer._replace(
                    message=answer.message.replace(secret, "***"), detail=answer.detail.replace(secret, "***")
                )
        return answer
