"""The historian under fire: killed in the middle of writing, and read while it is written."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.interfaces import Batch
from gateway.settings.sinks import Historian as HistorianSettings
from gateway.sinks.historian import Historian, HistorianSink
from tests.servers import wait_until

WRITER = """
import sys
from pathlib import Path
from gateway.interfaces import Batch
from gateway.settings.sinks import Historian
from gateway.sinks.historian import HistorianSink

sink = HistorianSink(Historian(name="h", type="historian", path=Path(sys.argv[1])))
number = int(sys.argv[2])
while True:
    lines = [b"cnc,asset=a%d n=%di %d000000\\n" % (n % 7, n, n) for n in range(number, number + 500)]
    sink.write(Batch(b"".join(lines), len(lines)))
    number += 500
    print(number, flush=True)
"""


def written(path: Path) -> set[object]:
    with Historian(path) as historian:
        return {point.fields["n"] for point in historian.points()}


def test_what_was_confirmed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "historian.db"
    confirmed = 0
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(path), str(confirmed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(20):
                confirmed = int(writer.stdout.readline())
            writer.kill()
            # What it still confirmed before it died counts as well.
            confirmed = max([confirmed, *map(int, writer.stdout.read().split())])
        stored = written(path)
        assert stored >= set(range(confirmed))
        assert len(stored) % 500 == 0  # a batch is there whole or not at all


def test_readers_see_whole_batches_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "historian.db"
    sink = HistorianSink(HistorianSettings(name="h", type="historian", path=path))
    sink.check()
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            lines = [b"cnc,asset=a n=%di %d\n" % (number, number) for number in range(number, number + 100)]
            sink.write(Batch(b"".join(lines), 100))
            number += 100

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with Historian(path) as historian:
            counts: list[int] = []

            def enough() -> bool:
                counts.append(historian.point_count())
                return counts[-1] >= 5000

            wait_until(enough, "5000 points are written")
    finally:
        done.set()
        thread.join()
        sink.close()
    assert counts == sorted(counts)
    assert all(count % 100 == 0 for count in counts)


@pytest.mark.parametrize("writers", [2])
def test_two_gateways_may_write_one_file(tmp_path: Path, writers: int) -> None:
    path = tmp_path / "historian.db"
    settings = HistorianSettings(name="h", type="historian", path=path)

    def write(number: int) -> None:
        sink = HistorianSink(settings)
        for time in range(50):
            sink.write(
                Batch(b"cnc,asset=a,gateway=g%d n=%di %d\ncnc,asset=a b=true %d\n" % (number, time, time, time), 2)
            )
        sink.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Historian(path) as historian:
        assert historian.point_count() == 50 * (writers + 1)
        assert historian.value_count() == 50 * (writers + 1)
