"""An edge node that says what a test wants."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sparkplug.codec import DataType, Metric, Payload, write

START_MS = 1_790_000_000_000
"""A time, in milliseconds since 1970."""
MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000


class Speaking:
    """An edge node, whose messages are numbered as they should be.

    Args:
        group: Its group.
        node: Its name.

    Attributes:
        seq: Of the last message.
        time_ms: Of the last message.
    """

    def __init__(self, group: str = "G", node: str = "N") -> None:
        self.group, self.node = group, node
        self.seq = 0
        self.time_ms = START_MS

    def topic(self, kind: str, device: str = "") -> str:
        """Return its topic for messages of this kind."""
        return f"spBv1.0/{self.group}/{kind}/{self.node}" + (f"/{device}" if device else "")

    def nbirth(self, *metrics: Metric, bdseq: int | None = 0, seq: int = 0) -> tuple[str, bytes]:
        """Return an NBIRTH with these metrics, and those that every one has."""
        self.time_ms += 1
        self.seq = seq
        always = [Metric("Node Control/Rebirth", datatype=DataType.BOOLEAN, value=False)]
        if bdseq is not None:
            always.append(Metric("bdSeq", datatype=DataType.INT64, value=bdseq))
        return self.topic("NBIRTH"), self._write((*always, *metrics), seq)

    def dbirth(self, device: str, *metrics: Metric) -> tuple[str, bytes]:
        """Return a DBIRTH."""
        return self.topic("DBIRTH", device), self._write(metrics, self._next())

    def data(self, *metrics: Metric, device: str = "", seq: int | None = None) -> tuple[str, bytes]:
        """Return an NDATA or DDATA; with a number of its own, after which the next one is counted."""
        if seq is not None:
            self.seq = seq - 1
        return self.topic("DDATA" if device else "NDATA", device), self._write(metrics, self._next())

    def unnumbered(self, *metrics: Metric) -> tuple[str, bytes]:
        """Return an NDATA without a number; it counts as one nevertheless."""
        self._next()
        return self.topic("NDATA"), self._write(metrics, None)

    def ddeath(self, device: str, time_ms: int | None = None) -> tuple[str, bytes]:
        """Return a DDEATH."""
        return self.topic("DDEATH", device), self._write((), self._next(), time_ms)

    def ndeath(self, bdseq: int | None = 0) -> tuple[str, bytes]:
        """Return an NDEATH."""
        metrics = [] if bdseq is None else [Metric("bdSeq", datatype=DataType.INT64, value=bdseq)]
        return self.topic("NDEATH"), write(Payload(START_MS, None, metrics))

    def skip(self, count: int = 1) -> None:
        """Say something that is lost on its way."""
        for _ in range(count):
            self._next()

    def _next(self) -> int:
        self.seq = (self.seq + 1) % 256
        self.time_ms += 1
        return self.seq

    def _write(self, metrics: Sequence[Metric], seq: int | None, time_ms: int | None = None) -> bytes:
        time_ms = self.time_ms if time_ms is None else time_ms
        timed = [metric if metric.timestamp is not None else metric._replace(timestamp=time_ms) for metric in metrics]
        return write(Payload(time_ms, seq, timed))


def number(
    name: str,
    value: float | None,
    alias: int | None = None,
    *,
    time_ms: int | None = None,
    historical: bool = False,
    transient: bool = False,
) -> Metric:
    """Return a metric with a Double; one without a value is null."""
    return Metric(
        name,
        alias,
        time_ms,
        DataType.DOUBLE,
        value,
        is_historical=historical,
        is_transient=transient,
        is_null=value is None,
    )


def by_alias(
    alias: int,
    value: float | None,
    *,
    time_ms: int | None = None,
    historical: bool = False,
    transient: bool = False,
) -> Metric:
    """Return the same as a message of data has it: an alias and a value."""
    made = number("", value, alias, time_ms=time_ms, historical=historical, transient=transient)
    return made._replace(datatype=None)
