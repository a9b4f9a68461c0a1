"""The harness: configurations load, counts are right, figures of other days stay."""

from __future__ import annotations

import os
import re
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bench import weighing
from bench.__main__ import BENCHMARKS, ON_REQUEST
from bench.configuration import configuration
from bench.disk_writes import MODES, Glance
from bench.measured import MeasurementError
from bench.memory import slope_of
from bench.null_sink import null_sink
from gateway.settings import load


@pytest.mark.parametrize("spool", MODES.values(), ids=MODES)
def test_the_configuration_of_a_gateway_that_is_measured_is_valid(tmp_path: Path, spool: dict[str, str | int]) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(configuration(1883, "http://127.0.0.1:8086", identity="bench7", spool=spool))
    settings = load(file)
    assert settings.id == "bench7"
    assert settings.spool.acknowledge == spool.get("acknowledge", "after_commit")


def test_a_sink_that_keeps_nothing_counts_every_record(tmp_path: Path) -> None:
    with null_sink(tmp_path) as sink:
        assert sink.counts() == (0, 0, 0)
        connection = HTTPConnection("127.0.0.1", int(sink.url.rpartition(":")[2]))
        for body in (b"m f=1 1\nm f=2 2\n", b"", b"m f=3 3\n" * 100_000):
            connection.request("POST", "/write?db=plant", body)
            response = connection.getresponse()
            assert (response.status, response.read()) == (204, b"")
        connection.close()
        records, requests, first = sink.counts()
    assert (records, requests) == (100_002, 2)
    assert first > 0


def test_the_slope_of_a_line_is_its_own_and_exact() -> None:
    slope = slope_of([0, 10, 20, 30], [50, 51, 52, 53])
    assert slope == pytest.approx((0.1, 0))


def test_the_slope_of_noise_is_no_larger_than_its_error() -> None:
    slope = slope_of([0, 1, 2, 3, 4, 5, 6, 7], [50, 51, 50, 51, 51, 50, 51, 50])
    assert abs(slope.a_second) <= slope.error


def test_a_line_needs_three_points() -> None:
    with pytest.raises(MeasurementError, match="three"):
        slope_of([0, 1], [1, 2])


def test_what_is_written_between_two_looks_is_told_for_a_day() -> None:
    written = Glance(0, 1_000_000, 0, 10).until(Glance(60, 7_000_000, 6_000, 610))
    assert written == (8.64, 1_000, 10)


def test_a_process_is_weighed(tmp_path: Path) -> None:
    before = weighing.written_bytes(os.getpid())
    with (tmp_path / "file").open("wb") as file:
        file.write(bytes(1_000_000))
        file.flush()
        os.fsync(file.fileno())
    assert weighing.cpu_seconds(os.getpid()) > 0
    assert 0 < weighing.memory(os.getpid()).now <= weighing.memory(os.getpid()).peak
    assert weighing.written_bytes(os.getpid()) >= before


def test_every_benchmark_says_how_it_measures() -> None:
    for name, measure in BENCHMARKS.items():
        module = Path(measure.__code__.co_filename)
        assert module.stem == name
        docstring = re.match(r'"""(.*?)"""', module.read_text(), re.DOTALL)
        assert docstring is not None
        assert len(docstring[1].splitlines()) > 1, name
    assert BENCHMARKS.keys() > ON_REQUEST.keys()
