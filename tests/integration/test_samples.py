"""Real messages through the real gateway into real databases: each as its description says it must come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gateway.routing import TopicPattern
from tests.adapters.examples import FOLDER, Example, Point, read_examples
from tests.integration.documents import gateway_id, influxdb, source
from tests.integration.publishing import Publication, client, publish
from tests.servers.brokers import Broker, Rumqttd, StartMosquitto
from tests.servers.databases import Influxd, VictoriaMetrics
from tests.servers.gateway import StartGateway

EXAMPLES = [(folder, example) for folder, examples in read_examples().items() for example in examples]


def routes(examples: Iterable[Example]) -> str:
    """Return the routes of the examples, each once."""
    made = {
        f'[[routes]]\ntopic = "{example.topic}"\nadapter = "{example.adapter}"\nasset = "{example.asset}"\n'
        f'measurement = "{example.measurement}"\ntags = {{}}\n': TopicPattern(example.topic)
        for example in examples
    }

    def openness(text: str) -> tuple[int, int]:
        """A pattern that takes more must come after one that takes less."""
        pattern = made[text]
        fixed = sum("{" not in level for level in pattern.levels)
        return -fixed, sum(pattern.covers(other) for other in made.values())

    return "".join(sorted(made, key=openness))


def publications(examples: Iterable[tuple[str, Example]]) -> Iterator[Publication]:
    assert FOLDER is not None
    for folder, example in examples:
        for message in example.read_messages(FOLDER / folder):
            yield Publication(message.topic, message.payload, user_properties=message.user_properties)


def stored(influxd: Influxd, example: Example, point: Point) -> list[tuple[object, object]]:
    query = f'SELECT "{point.field}" FROM "{example.measurement}" WHERE asset = \'{point.asset}\''
    return [(row[point.field], row["time"]) for row in influxd.query(query, "plant")]


def run_through(broker: Broker, url: str, sink: str, examples: list[tuple[str, Example]], gateway: StartGateway) -> int:
    """Send the examples through a gateway; return how many messages they were."""
    document = gateway_id() + source(broker).replace(broker.url, url) + routes(one for _, one in examples) + sink
    running = gateway(document)
    with client(broker.port) as publisher:
        sent = publish(publisher, publications(examples))
    counts = running.until_settled(sent)
    assert counts["quarantined"] == 0
    return sent


def kind(value: object) -> str:
    """Return what a database tells apart: JSON writes 50.0 as 50."""
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def check(influxd: Influxd, examples: list[tuple[str, Example]]) -> None:
    for _, example in examples:
        for point in example.points:
            found = stored(influxd, example, point)
            values = [value for value, _ in found]
            assert point.value in values, f"{example.name}: {point.field} is {values}"
            assert {kind(value) for value in values} == {kind(point.value)}
            if point.time_ns is not None:
                assert (point.value, point.time_ns) in found, f"{example.name}: {point.field} at {found}"
            if point.unit:
                whose = f"asset = '{point.asset}' AND metric = '{point.name}'"
                unit = f"SELECT last(unit_text) FROM metric_catalogue WHERE {whose}"
                assert [row["last"] for row in influxd.query(unit, "plant")] == [point.unit]


if FOLDER is not None:  # unless the examples are asked for, there is nothing to collect

    def test_they_come_out_of_influxdb(mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway) -> None:
        influxd.create_database("plant")
        broker = mosquitto()
        run_through(broker, broker.url, influxdb(influxd), EXAMPLES, gateway)
        check(influxd, EXAMPLES)

    def test_they_come_through_a_broker_that_speaks_only_3_1_1(
        rumqttd: Callable[[], Rumqttd], influxd: Influxd, gateway: StartGateway
    ) -> None:
        influxd.create_database("plant")
        examples = [(folder, example) for folder, example in EXAMPLES if not example.user_properties]
        broker = rumqttd()
        run_through(broker, broker.v4_url, influxdb(influxd), examples, gateway)
        check(influxd, examples)

    def test_numbers_come_out_of_victoria_metrics_through_the_v2_api(
        mosquitto: StartMosquitto, victoria_metrics: VictoriaMetrics, gateway: StartGateway, tmp_path: Path
    ) -> None:
        token = tmp_path / "token"
        token.write_text("any")
        token.chmod(0o600)
        sink = (
            f'[[sinks]]\nname = "db"\ntype = "influxdb"\napi = "v2"\nurl = "{victoria_metrics.url}"\norg = "plant"\n'
            f'bucket = "telemetry"\ntoken_file = "{token}"\n'
        )
        broker = mosquitto()
        run_through(broker, broker.url, sink, EXAMPLES, gateway)
        for _, example in EXAMPLES:
            for point in example.points:
                if isinstance(point.value, float) and not point.is_quality and point.time_ns is not None:
                    match = f'{{__name__="{example.measurement}_{point.field}",asset="{point.asset}"}}'
                    (series,) = victoria_metrics.export(match)
                    at = list(zip(series["values"], series["timestamps"], strict=True))  # type: ignore[call-overload]
                    assert (point.value, point.time_ns // 1_000_000) in at
