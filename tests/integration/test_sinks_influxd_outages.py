"""The InfluxDB sink and a real influxd that stops, hangs or is killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gateway.errors import SinkUnavailable
from gateway.interfaces import Batch
from gateway.sinks.bisect import Isolation
from tests.integration.plant import OpenSink, count, numbered, open_sinks
from tests.servers import wait_until
from tests.servers.databases import Influxd


@pytest.fixture
def open_sink() -> Iterator[OpenSink]:
    """Return a function that opens a sink for a server's database `plant`."""
    with open_sinks() as open_one:
        yield open_one


def test_an_outage_ends_when_the_database_is_back(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd)
    sink.write(numbered(10))
    influxd.stop()
    for _ in range(2):
        with pytest.raises(SinkUnavailable) as caught:
            sink.write(numbered(10, first=11))
        assert not caught.value.suspect
    influxd.start()
    sink.write(numbered(10, first=11))
    assert count(influxd) == 20


def test_a_database_that_hangs_is_unavailable_and_the_batch_is_stored_later(
    influxd: Influxd, open_sink: OpenSink
) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd, timeout="200ms")
    sink.write(numbered(1))
    influxd.suspend()
    with pytest.raises(SinkUnavailable, match="timed out") as caught:
        sink.write(numbered(100))
    assert caught.value.connection_lost
    influxd.resume()
    wait_until(lambda: count(influxd) >= 1, "influxd answers again")
    open_sink(influxd).write(numbered(100))
    assert count(influxd) == 100


def test_batches_repeated_after_kills_in_the_middle_are_stored_once(influxd: Influxd, open_sink: OpenSink) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd, timeout="30s")
    done = threading.Event()
    written = 0

    def deliver() -> None:
        nonlocal written
        first = 1
        while not done.is_set():
            try:
                sink.write(numbered(5000, first))
            except SinkUnavailable:
                done.wait(0.01)  # and the same again
                continue
            written = first = first + 5000

    thread = threading.Thread(target=deliver)
    thread.start()
    for _ in range(3):
        before = written
        wait_until(lambda: written > before + 10_000, "batches are written")  # noqa: B023  # it is called at once
        influxd.kill()
        influxd.start()
    before = written
    wait_until(lambda: written > before, "batches are written after the last start")
    done.set()
    thread.join()

    assert count(influxd) >= written - 1
    confirmed = f"SELECT count(x) FROM cnc WHERE time < {written}"  # of the test itself
    (row,) = influxd.query(confirmed, "plant")
    assert row["count"] == written - 1


def test_a_server_that_drops_the_connection_of_a_large_body_is_served_in_parts(
    influxd: Influxd, open_sink: OpenSink
) -> None:
    influxd.create_database("plant")
    sink = open_sink(influxd)

    class Unsteady:
        """Loses the connection of every body over 20 kB, after it was sent, and passes on the others."""

        name = "unsteady"
        max_batch_bytes = 2**20

        def write(self, batch: Batch) -> None:
            if len(batch.body) > 20_000:
                raise SinkUnavailable("reset", connection_lost=True)
            sink.write(batch)

        def check(self) -> str:
            return sink.check()

        def close(self) -> None:
            sink.close()

    assert Isolation(numbered(5000), lost_connections=True).proceed(Unsteady()) == []
    assert count(influxd) == 5000
