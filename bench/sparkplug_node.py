"""An edge node of the load: what it says, as PUBLISH packets ready to be sent.

Of each 50 metrics 30 are Double, 10 Float, 6 Int32 (half of them negative), 2 Boolean and 2 String. Every metric has an
alias, and another value in each message; one metric in ten has a unit. Data names metrics by their aliases alone, and
all metrics of a message carry its time, as the specification wants it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import mqtt5

from adapters.sparkplug.codec import DataType
from adapters.sparkplug.payload_pb2 import Metric, Payload, PropertySet, PropertyValue

GROUP = "bench"
_TYPES = (
    *[(DataType.DOUBLE, "double_value")] * 30,
    *[(DataType.FLOAT, "float_value")] * 10,
    *[(DataType.INT32, "int_value")] * 6,
    *[(DataType.BOOLEAN, "boolean_value")] * 2,
    *[(DataType.STRING, "string_value")] * 2,
)
FIRST_FIELD = "station0.value0"
"""How the first metric is stored, which is a number."""
UNIT_OF_EVERY = 10
_FIRST_ALIAS = 10
_WIDTH = 0xFFFF_FFFF
_UNIT = PropertySet(keys=[b"engUnit"], values=[PropertyValue(type=DataType.STRING, string_value=b"degC")])


class EdgeNode:
    """One edge node.

    Args:
        name: Its name.
        metrics: How many it has.
    """

    def __init__(self, name: str, metrics: int) -> None:
        self.name, self.metrics = name, metrics
        self._seq = 0
        self._births = 0
        self._random = random.Random(name)  # the same load each time

    def birth(self, time_ms: int, number: int = 0) -> bytes:
        """Return its NBIRTH, with the values of this number."""
        self._seq = 0
        control = [
            Metric(name=b"bdSeq", timestamp=time_ms, datatype=DataType.INT64, long_value=self._births % 256),
            Metric(name=b"Node Control/Rebirth", timestamp=time_ms, datatype=DataType.BOOLEAN, boolean_value=False),
        ]
        self._births += 1
        properties = _UNIT.SerializeToString()
        metrics = [self._metric(index, number, time_ms) for index in range(self.metrics)]
        for index, metric in enumerate(metrics):
            metric.name = b"station%d/value%d" % (index // 10, index)
            metric.datatype = _TYPES[index % len(_TYPES)][0]
            if index % UNIT_OF_EVERY == 0:
                metric.properties = properties
        return self._packet("NBIRTH", [*control, *metrics], time_ms)

    def data(self, time_ms: int, number: int, values: int) -> bytes:
        """Return an NDATA of this number: of all metrics, or of so many chosen at random."""
        chosen: Sequence[int] = range(self.metrics)
        if values < self.metrics:
            chosen = self._random.sample(chosen, values)
        return self._packet("NDATA", [self._metric(index, number, time_ms) for index in chosen], time_ms)

    def _metric(self, index: int, number: int, time_ms: int) -> Metric:
        metric = Metric(alias=_FIRST_ALIAS + index, timestamp=time_ms)
        field = _TYPES[index % len(_TYPES)][1]
        setattr(metric, field, _VALUES[field](number, index))
        return metric

    def _packet(self, kind: str, metrics: Iterable[Metric], time_ms: int) -> bytes:
        seq, self._seq = self._seq, (self._seq + 1) % 256
        payload = Payload(timestamp=time_ms, seq=seq, metrics=metrics).SerializeToString()
        return mqtt5.PublishPacket(f"spBv1.0/{GROUP}/{kind}/{self.name}", payload).write()


def value_field(alias: int) -> str:
    """Return where the values of the metric with this alias stand."""
    return _TYPES[(alias - _FIRST_ALIAS) % len(_TYPES)][1]


_VALUES: dict[str, Callable[[int, int], bool | int | float | bytes]] = {
    "double_value": lambda number, index: 20 + (number * 37 + index * 1_009) % 100_000 / 1_000,
    "float_value": lambda number, index: 4_000 + (number * 37 + index * 1_009) % 10_000 / 10,
    "int_value": lambda number, index: (number * 7 + index if index % 2 else -number * 7 - index) & _WIDTH,
    "boolean_value": lambda number, index: bool((number + index) % 2),
    "string_value": lambda number, index: (b"RUNNING", b"IDLE", b"SETUP", b"STOPPED")[(number + index) % 4],
}
