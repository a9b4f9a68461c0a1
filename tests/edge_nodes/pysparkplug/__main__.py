"""An edge node whose births, deaths and numbers are pysparkplug's own.

It publishes names together with aliases. It has no rebirth: an application that is asked for one connects anew.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pysparkplug

from tests.edge_nodes.lines import SCALARS, Command, Lines, Metric, Value, typed

REBIRTH = "Node Control/Rebirth"
NAMES = {name.upper(): name for name in SCALARS}


class TellingClient(pysparkplug.Client):  # type: ignore[misc]  # its own environment has it
    """The library's client, which tells what the library publishes with it."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self.births: set[str] = set()
        self.born = threading.Condition()
        self._unwritten = 0
        self._all_written = threading.Condition()
        self._client.on_publish = self._has_written

    def publish(self, message: pysparkplug.Message, *, include_dtypes: bool = False) -> None:
        """Publish, and tell."""
        with self._all_written:
            self._unwritten += 1
        super().publish(message, include_dtypes=include_dtypes)
        kind, device = str(message.topic.message_type), message.topic.device_id or ""
        self._lines.said(kind, device, [_told(metric) for metric in getattr(message.payload, "metrics", ())])
        if kind.endswith("BIRTH"):
            with self.born:
                self.births.add(device)
                self.born.notify_all()

    def disconnect(self) -> None:
        """Disconnect once all is written: the library closes the connection upon what still waits, its death too."""
        with self._all_written:
            assert self._all_written.wait_for(lambda: not self._unwritten, 30), "not written in 30 s"
        super().disconnect()

    def _has_written(self, *_: object) -> None:
        with self._all_written:
            self._unwritten -= 1
            self._all_written.notify_all()


def _told(metric: pysparkplug.Metric) -> Metric:
    value: Value = metric.value
    if metric.datatype is pysparkplug.DataType.DATETIME and value is not None:
        value = metric.datatype.encode(value)
    told: Metric = {"name": metric.name, "type": NAMES[metric.datatype.name], "value": value, "time": metric.timestamp}
    return {**told, "historical": True} if metric.is_historical else told


def _metric(asked: Metric, alias: int | None = None, *, historical: bool = False) -> pysparkplug.Metric:
    value = typed(asked)
    at = datetime.fromtimestamp(float(value) / 1000, UTC) if asked["type"] == "DateTime" and value is not None else None
    return pysparkplug.Metric(
        timestamp=asked["time"],
        name=asked["name"],
        datatype=pysparkplug.DataType[asked["type"].upper()],
        value=value if at is None else at,
        alias=asked.get("alias", alias),
        is_null=value is None,
        is_historical=historical,
    )


class Program:
    """One edge node and its devices."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._client = TellingClient(self.lines)
        self._port = 0
        self._node: pysparkplug.EdgeNode

    def run(self) -> None:
        """Carry out the commands until there are no more."""
        for command in self.lines.commands():
            self._carry_out(command)
            self.lines.done(command)

    def _carry_out(self, command: Command) -> None:
        device, asked = command.get("device", ""), command.get("metrics", [])
        match command["do"]:
            case "connect":
                self._make(command)
                self._connect()
            case "rebirth":
                self._node.disconnect()
                self._connect()
            case "data" | "history" as how:
                self._update(device, asked, historical=how == "history")
            case "device_birth":
                self._node.register(pysparkplug.Device(device, [_metric(one) for one in asked]))
            case "device_death":
                self._node.deregister(device)
            case "death":
                self._node.disconnect()

    def _make(self, command: Command) -> None:
        self._port = command["port"]
        control: Metric = {
            "name": REBIRTH,
            "type": "Boolean",
            "value": False,
            "time": pysparkplug.get_current_timestamp(),
        }
        metrics = [_metric(one) for one in [*command["metrics"], control]]
        self._node = pysparkplug.EdgeNode(command["group"], command["node"], metrics, self._client, self._commanded)
        for name, asked in command.get("devices", {}).items():
            self._node.register(pysparkplug.Device(name, [_metric(one) for one in asked]))

    def _connect(self) -> None:
        self._client.births.clear()
        self._node.connect("127.0.0.1", port=self._port)
        with self._client.born:
            expected = {"", *self._node.devices}
            assert self._client.born.wait_for(lambda: expected <= self._client.births, 30), "no births in 30 s"

    def _commanded(self, _node: pysparkplug.EdgeNode, message: pysparkplug.Message) -> None:
        if any(metric.name == REBIRTH and metric.value for metric in message.payload.metrics):
            self.lines.asked_for_rebirth()

    def _update(self, device: str, asked: Sequence[Metric], *, historical: bool) -> None:
        known = self._node.devices[device].metrics if device else self._node.metrics
        metrics = [_metric(one, known[one["name"]].alias, historical=historical) for one in asked]
        if device:
            self._node.update_device(device, metrics)
        else:
            self._node.update(metrics)


Program().run()
