"""Commands of a host: what asks an edge node for its births, and what writes a metric."""

from __future__ import annotations

from datetime import datetime

from adapters.sparkplug.codec import DataType, Metric, Payload, Value, type_name, write
from adapters.sparkplug.datatypes import TEXTS, WIDTHS
from adapters.sparkplug.known import Known
from adapters.sparkplug.topics import NAMESPACE, MessageType, rebirth_topic
from gateway.models import Command

REBIRTH = "Node Control/Rebirth"
_MILLISECOND_NS = 1_000_000
_WORDS = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


def rebirth_request(group: str, node: str, now_ns: int) -> Command:
    """Return the command that asks an edge node for its births.

    By name and never by alias, QoS 0, not retained, without a sequence number
    (operational-behavior-data-commands-ncmd-rebirth-name, topics-ncmd-mqtt, payloads-ncmd-seq).
    """
    time_ms = now_ns // _MILLISECOND_NS
    metric = Metric(REBIRTH, timestamp=time_ms, datatype=DataType.BOOLEAN, value=True)
    return Command(rebirth_topic(group, node), write(Payload(time_ms, None, (metric,))), qos=0)


def write_request(group: str, node: str, device: str, metric: Metric, now_ns: int) -> Command:
    """Return the command that writes a metric of an edge node or, where one is named, of its device.

    QoS 0, not retained, with times and without a sequence number (topics-ncmd-mqtt, topics-dcmd-mqtt,
    payloads-ncmd-timestamp, payloads-dcmd-seq).
    """
    time_ms = now_ns // _MILLISECOND_NS
    kind = MessageType.DCMD if device else MessageType.NCMD
    topic = "/".join([NAMESPACE, group, kind, node, *([device] if device else [])])
    return Command(topic, write(Payload(time_ms, None, (metric._replace(timestamp=time_ms),))), qos=0)


def metric_to_write(known: Known, alias: int | None, text: str) -> Metric:
    """Return a metric with a value that a person wrote: by its alias where its birth gave it one, else by name.

    It stands where the edge node puts it itself: some put a UInt32 into `long_value`
    (payloads-alias-data-cmd-requirement, operational-behavior-data-commands-dcmd-metric-value).

    Raises:
        ValueError: The text is no value of this type, or the type is none that can be written.
    """
    value = _parse(known.datatype, text)
    field = known.field if known.datatype == DataType.UINT32 else ""
    name = known.name if alias is None else ""
    metric = Metric(name, alias, datatype=known.datatype, value=value, field=field)
    write(Payload(0, None, (metric,)))  # which sees whether it is in the range of its type
    return metric


def _parse(datatype: int, text: str) -> Value:
    try:
        if datatype == DataType.BOOLEAN:
            return _WORDS[text.strip().lower()]
        if datatype == DataType.DATETIME and not text.strip().lstrip("-").isdigit():
            return int(datetime.fromisoformat(text.strip()).timestamp() * 1000)
        if datatype in WIDTHS:
            return int(text)
        if datatype in (DataType.FLOAT, DataType.DOUBLE):
            return float(text)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{text[:40]!r} is no {type_name(datatype)}") from error
    if datatype in TEXTS:
        return text
    raise ValueError(f"a metric of {type_name(datatype)} cannot be written from here")
