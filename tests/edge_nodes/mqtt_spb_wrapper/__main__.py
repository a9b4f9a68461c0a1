"""An edge node whose births, deaths and numbers are mqtt-spb-wrapper's own.

Each device has a connection of its own, beside the edge node's, and they share one counter of sequence numbers. Births
put `DATA/` before the names of values, which data has not. It knows no nulls and no historical values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import mqtt_spb_wrapper
from mqtt_spb_wrapper import MetricDataType, MqttSpbEntityDevice, MqttSpbEntityEdgeNode

from tests.edge_nodes.lines import Command, Lines, Metric, typed

REBIRTH = "Node Control/Rebirth"
NO_NULL = "a value that is None is ignored"
NO_HISTORY = "there is no way to mark a value as historical"


class Program:
    """One edge node and its devices: entities with a connection each."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._entities: dict[str, mqtt_spb_wrapper.MqttSpbEntity] = {}
        self._born: dict[str, dict[str, Metric]] = {}
        self._where = 0, "", ""

    def run(self) -> None:
        """Carry out the commands until there are no more."""
        for command in self.lines.commands():
            self.lines.done(command, self._carry_out(command))

    def _carry_out(self, command: Command) -> str:
        device, asked = command.get("device", ""), command.get("metrics", [])
        if any(one["value"] is None for one in asked):
            return NO_NULL
        match command["do"]:
            case "connect":
                self._where = command["port"], command["group"], command["node"]
                self._bring_to_life({"": asked, **command.get("devices", {})})
            case "rebirth":
                self._publish_births(self._entities)
            case "data":
                self._publish_data(device, asked)
            case "history":
                return NO_HISTORY
            case "device_birth":
                self._bring_to_life({device: asked})
            case "device_death":
                self._disconnect([device])
            case "death":
                self._disconnect(list(self._entities))
        return ""

    def _bring_to_life(self, births: Mapping[str, Sequence[Metric]]) -> None:
        # All connect before the first birth: with each connection the library counts bdSeq on.
        for device, metrics in births.items():
            self._connect(device, metrics)
        self._publish_births(births)

    def _connect(self, device: str, metrics: Sequence[Metric]) -> None:
        port, group, node = self._where
        if device:
            entity = MqttSpbEntityDevice(group, node, device)
        else:
            # Its own command for rebirths raises in the thread that talks MQTT, and so ends it.
            entity = MqttSpbEntityEdgeNode(group, node, include_spb_rebirth=False)
            entity.commands.set_value(REBIRTH, value=False, callback_on_change=self._commanded)
        for one in metrics:
            entity.data.set_value(
                one["name"],
                typed(one),
                timestamp=one["time"],
                spb_data_type=getattr(MetricDataType, one["type"]),
                spb_alias_num=one.get("alias"),
            )
        assert entity.connect("127.0.0.1", port), "no connection"
        self._entities[device] = entity
        self._born[device] = {one["name"]: one for one in metrics}

    def _publish_births(self, devices: Iterable[str]) -> None:
        for device in devices:
            self._entities[device].publish_birth()
            metrics: list[Metric] = [{**one, "name": f"DATA/{name}"} for name, one in self._born[device].items()]
            self.lines.said("DBIRTH" if device else "NBIRTH", device, metrics + self._commands(device))

    def _commands(self, device: str) -> list[Metric]:
        commands = self._entities[device].commands
        return [
            {"name": f"CMD/{name}", "type": "Boolean", "value": one.value, "time": one.timestamp}
            for name, one in ((name, commands[name]) for name in commands)
        ]

    def _publish_data(self, device: str, metrics: Sequence[Metric]) -> None:
        entity = self._entities[device]
        for one in metrics:
            entity.data.set_value(one["name"], typed(one), timestamp=one["time"])
            self._born[device][one["name"]] = one
        assert entity.publish_data(), "not published"
        self.lines.said("DDATA" if device else "NDATA", device, metrics)

    def _disconnect(self, devices: Sequence[str]) -> None:
        for device in reversed(devices):  # the edge node last
            self._entities.pop(device).disconnect()
            self.lines.said("DDEATH" if device else "NDEATH", device, [])

    def _commanded(self, value: object) -> None:
        if value:
            self.lines.asked_for_rebirth()


Program().run()
