"""The InfluxDB sink against a real VictoriaMetrics, which speaks the write API of version 2 with the official client.

It answers 204 to whatever it is sent, so it shows that requests are understood, and nothing about refusals.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import SinkHeld, SinkUnavailable
from gateway.interfaces import Batch
from gateway.settings.sinks import InfluxDB
from gateway.sinks.influxdb import InfluxDBSink
from tests.servers.databases import VictoriaMetrics

BATCH = Batch(
    b"cnc,asset=a,line=l1 x=1.5,n=2i,on=true 1700000000123456789\ncnc,asset=b x=-3.5 1700000001000000000\n", 2
)


def open_sink(server: VictoriaMetrics, api: str, **options: object) -> InfluxDBSink:
    target = {"database": "plant"} if api != "v2" else {"org": "factory", "bucket": "plant"}
    settings = {"name": "vm", "type": "influxdb", "api": api, "url": server.url, **target, **options}
    return InfluxDBSink(InfluxDB.model_validate(settings))


def stored(server: VictoriaMetrics) -> set[tuple[str, str, str, str]]:
    found = set()
    for series in server.export('{__name__=~"cnc_.*"}'):
        metric = series["metric"]
        assert isinstance(metric, dict)
        found.add((metric["__name__"], metric["asset"], repr(series["values"]), repr(series["timestamps"])))
    return found


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_numbers_come_back_at_milliseconds(
    victoria_metrics: VictoriaMetrics, tmp_path: Path, api: str, *, gzip: bool
) -> None:
    token = tmp_path / "token"
    token.write_text("token")
    sink = open_sink(victoria_metrics, api, gzip=gzip, **({"token_file": token} if api == "v2" else {}))

    assert "accepts credentials and target" in sink.check()
    sink.write(BATCH)
    sink.close()

    assert stored(victoria_metrics) == {
        ("cnc_x", "a", "[1.5]", "[1700000000123]"),
        ("cnc_n", "a", "[2]", "[1700000000123]"),
        ("cnc_on", "a", "[1]", "[1700000000123]"),
        ("cnc_x", "b", "[-3.5]", "[1700000001000]"),
    }


def test_an_outage_ends_when_the_database_is_back(victoria_metrics: VictoriaMetrics) -> None:
    sink = open_sink(victoria_metrics, "v2")
    sink.write(BATCH)
    victoria_metrics.stop()
    with pytest.raises(SinkUnavailable):
        sink.write(BATCH)
    victoria_metrics.start()
    sink.write(BATCH)
    sink.close()


def test_an_api_that_it_does_not_know_is_held(victoria_metrics: VictoriaMetrics) -> None:
    sink = open_sink(victoria_metrics, "v3")
    with pytest.raises(SinkHeld, match="unsupported path"):
        sink.check()
    sink.close()
