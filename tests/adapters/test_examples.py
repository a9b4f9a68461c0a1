"""Where SAMPLES names a folder of examples, each is decoded into the points that are written down for it."""

from __future__ import annotations

import pytest

from adapters import load
from gateway.models import BAD
from gateway.normalize.names import metric_name
from gateway.routing import TopicPattern
from tests.adapters.examples import FOLDER, Example, read_examples
from tests.adapters.samples import readings

EXAMPLES = [
    pytest.param(format_name, example, id=f"{format_name}/{example.name}")
    for format_name, examples in read_examples().items()
    for example in examples
]

if FOLDER is not None:

    @pytest.mark.parametrize(("format_name", "example"), EXAMPLES)
    def test_an_example_is_decoded_as_expected(format_name: str, example: Example) -> None:
        assert FOLDER is not None
        adapter = load(example.adapter)(**example.options)
        pattern = TopicPattern(example.topic)
        found = []
        for message in example.read_messages(FOLDER / format_name):
            levels = pattern.match(message.topic)
            assert levels is not None, f"{message.topic} does not fit {example.topic}"
            asset = example.asset.format(**levels)
            for reading in readings(adapter.decode(message)):
                name = metric_name(levels.get("metric", ""), reading.name)
                assert reading.value is not None or reading.quality == BAD.level
                value = reading.quality if reading.value is None else reading.value
                found.append((asset, name, type(value), value, reading.unit, reading.time))

        assert sorted(found, key=repr) == sorted(
            (
                (point.asset, point.name, type(point.value), point.value, point.source_unit or point.unit, point.time)
                for point in example.points
            ),
            key=repr,
        )

    def test_every_example_of_a_format_is_expected() -> None:
        assert FOLDER is not None
        for format_name, examples in read_examples().items():
            there = {file.name.split(".")[0] for file in (FOLDER / format_name).glob("*.topic")}
            assert there == {example.name for example in examples}
