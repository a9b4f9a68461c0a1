"""How long a message takes from its publishing until it can be read in the store of a gateway.

A thread of its own looks into the file of the gateway's historian, every 20 ms, for the points of some machines: each
message that they told is looked for by itself, at its own time.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import orjson

_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 10.0
"""How long the store may go without anything new before what is missing is given up."""
_MILLISECOND_NS = 1_000_000
_PERIOD_NS = 10_000_000_000
"""The historian keeps its points by periods of this length."""
_AT_ONCE = 200
"""Messages of one machine that are looked for at a time, where a store is behind."""
_NEWEST = "SELECT fields FROM series JOIN latest ON series = id WHERE asset = ?"
_POINT = (
    "SELECT EXISTS (SELECT 1 FROM series CROSS JOIN point ON series = id"
    " WHERE asset = ? AND period = ? AND timestamp_ns = ?)"
)
_BUSY_SECONDS = 5.0


class StoreError(Exception):
    """The store cannot be read: with the reason."""


class Latency(NamedTuple):
    """What was seen, in milliseconds.

    Attributes:
        median_ms: Half of the messages were there by then.
        p99_ms: 99 of 100.
        max_ms: All.
        resolution_ms: The longest time between two looks, but for one in a hundred: it is known to so many.
        messages: How many were looked for and found.
        missing: How many were looked for and not found.
    """

    median_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    resolution_ms: float | None
    messages: int
    missing: int


class Watch:
    """Looks for what some machines tell, from `with` until the block ends.

    Args:
        path: File of the historian; a gateway makes it when it has something to write.
        machines: Names of the machines.

    Raises:
        StoreError: It is no historian.
    """

    def __init__(self, path: Path, machines: Collection[str]) -> None:
        self._path = path
        self._told: Mapping[str, deque[tuple[int, float]]] = {name: deque() for name in machines}
        self._seconds: list[float] = []
        self._gaps: list[float] = []
        self._ending = threading.Event()
        self._error: StoreError | None = None
        self._thread = threading.Thread(target=self._watch, name="latency", daemon=True)
        if path.exists():
            with self._reading() as connection:
                self._look(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()

    def told(self, machines: Sequence[str], time_ms: int) -> None:
        """Take note that these machines tell something now, with this time."""
        now = time.monotonic()
        for machine in machines:
            if (told := self._told.get(machine)) is not None:
                told.append((time_ms, now))

    def latency(self) -> Latency:
        """Return what has been seen until now."""
        seconds, gaps = sorted(self._seconds), sorted(self._gaps)
        return Latency(
            _milliseconds(seconds, 0.5),
            _milliseconds(seconds, 0.99),
            _milliseconds(seconds, 1),
            _milliseconds(gaps, 0.99),
            len(seconds),
            self._waiting(),
        )

    def finish(self) -> Latency:
        """Wait until all that was told is there, or nothing new comes any more; return what was seen.

        Raises:
            StoreError: The store could not be read any more.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        seen = -1
        while self._waiting() and time.monotonic() < deadline and self._thread.is_alive():
            if len(self._seconds) > seen:
                seen = len(self._seconds)
                deadline = time.monotonic() + _PATIENCE_SECONDS
            self._ending.wait(_LOOK_SECONDS)
        if self._error is not None:
            raise self._error
        return self.latency()

    def _waiting(self) -> int:
        return sum(map(len, self._told.values()))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            address = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}; is it the historian of a gateway that runs?") from error

    def _watch(self) -> None:
        try:
            while not self._is_there():
                if self._ending.wait(_LOOK_SECONDS):
                    return
            with self._reading() as connection:
                before = time.monotonic()
                while not self._ending.wait(_LOOK_SECONDS):
                    self._look(connection)
                    now = time.monotonic()
                    self._gaps.append(now - before)
                    before = now
        except StoreError as error:
            self._error = error

    def _is_there(self) -> bool:
        if not self._path.exists():
            return False
        with self._reading() as connection:
            return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'latest'").fetchall())

    def _look(self, connection: sqlite3.Connection) -> None:
        for machine, told in self._told.items():
            newest = 0
            for (fields,) in connection.execute(_NEWEST, (machine,)):
                newest = max(newest, *(time_ns for time_ns, _ in orjson.loads(fields).values()))
            missing: list[tuple[int, float]] = []
            while told and told[0][0] * _MILLISECOND_NS <= newest and len(missing) < _AT_ONCE:
                time_ms, published = told.popleft()
                time_ns = time_ms * _MILLISECOND_NS
                there = connection.execute(_POINT, (machine, time_ns // _PERIOD_NS, time_ns)).fetchone()[0]
                if there:
                    self._seconds.append(time.monotonic() - published)
                else:  # the gateway is behind, and sends the newest first
                    missing.append((time_ms, published))
            told.extendleft(reversed(missing))


def _milliseconds(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1) if ordered else None
