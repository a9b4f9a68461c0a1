"""Edge nodes of libraries that are not ours, each in a process of its own; a fixture that starts as many as asked.

    def test_something(mosquitto, edge_node):
        node = edge_node("pysparkplug", mosquitto(), group="G", name="n1")
        node.connect([metric("Temperature", "Double", 21.5, time_ms, alias=1)])
        node.data([metric("Temperature", "Double", 22.5, time_ms + 1)])
        assert node.said[-1].metrics[0].value == 22.5

`tests/edge_nodes` has the programs, and says what their lines mean.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from tests.edge_nodes.lines import Command, Line, Metric, Value, spelled, typed
from tests.servers.brokers import Broker

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "build" / "edge-nodes"
PYTHON_LIBRARIES = ("mqtt_spb_wrapper", "pysparkplug")
LIBRARIES = (*PYTHON_LIBRARIES, "sparkplug_client")
SECONDS = 60.0


def metric(name: str, type_name: str, value: Value, time: int, *, alias: int | None = None) -> Metric:
    """Return a metric for a command; `time` in ms."""
    made: Metric = {"name": name, "type": type_name, "value": value, "time": time}
    return made if alias is None else {**made, "alias": alias}


class Said(NamedTuple):
    """A message that a library has published: its kind, such as `NBIRTH`, its device, if any, and its metrics."""

    kind: str
    device: str
    metrics: Sequence[Metric]


class EdgeNode:
    """One edge node in a process of its own.

    Attributes:
        said: What its library has published until now.
        rebirths: How often a host has asked it for a rebirth.
    """

    def __init__(self, library: str, broker: Broker, group: str, name: str, log: Path) -> None:
        self.said: list[Said] = []
        self.rebirths = 0
        self._address: Command = {"do": "connect", "port": broker.port, "group": group, "node": name}
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                _program(library),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env={**os.environ, "NODE_PATH": str(ENVIRONMENTS / library / "node_modules")},
                text=True,
                bufsize=1,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def connect(
        self, metrics: Sequence[Metric], devices: Mapping[str, Sequence[Metric]] | None = None, *, compress: str = ""
    ) -> None:
        """Connect, and publish the births of the edge node and its devices; `compress` for the library that can."""
        told = {name: spelled(ones) for name, ones in (devices or {}).items()}
        self._do(
            {**self._address, "metrics": spelled(metrics), "devices": told},
            **({"compress": compress} if compress else {}),
        )

    def data(self, metrics: Sequence[Metric], device: str = "") -> None:
        """Publish values of metrics that were born."""
        self._do({"do": "data", "device": device, "metrics": spelled(metrics)})

    def history(self, metrics: Sequence[Metric], device: str = "") -> None:
        """Publish values of the past."""
        self._do({"do": "history", "device": device, "metrics": spelled(metrics)})

    def device_birth(self, device: str, metrics: Sequence[Metric]) -> None:
        """Bring a device to life."""
        self._do({"do": "device_birth", "device": device, "metrics": spelled(metrics)})

    def device_death(self, device: str) -> None:
        """Say that a device is gone."""
        self._do({"do": "device_death", "device": device})

    def death(self) -> None:
        """Say that the edge node is gone, and disconnect."""
        self._do({"do": "death"})

    def kill(self) -> None:
        """End it at once, so that the broker publishes its Will."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _do(self, command: Command, **options: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**command, **options}) + "\n")
        try:
            cannot = self._done.get(timeout=SECONDS)
        except queue.Empty:
            cannot = f"no answer within {SECONDS} s"
        if cannot:
            pytest.fail(f"{command['do']}: {cannot}\n{self._log.read_text()[-4000:]}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            line: Line = json.loads(text)
            if "said" in line:
                self.said.append(
                    Said(line["said"], line["device"], [{**one, "value": typed(one)} for one in line["metrics"]])
                )
            elif "asked" in line:
                self.rebirths += 1
            else:
                self._done.put(line.get("cannot", ""))
        self._done.put("the program has ended")


def _program(library: str) -> list[str]:
    """Return how to start it; where its environment was not made skip on a laptop, and fail where CI=true."""
    if not (ENVIRONMENTS / library / ".made").exists():
        reason = f"the edge nodes of {library} are not installed: tools/install-edge-nodes.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    if library in PYTHON_LIBRARIES:
        return [str(ENVIRONMENTS / library / "bin" / "python"), "-m", f"tests.edge_nodes.{library}"]
    return ["node", str(ROOT / "tests" / "edge_nodes" / library / "program.js")]


class StartEdgeNode(Protocol):
    """Starts an edge node; what the fixture `edge_node` gives."""

    def __call__(self, library: str, broker: Broker, *, group: str = "G", name: str = "n1") -> EdgeNode:
        """Start one that is not connected yet. It ends with the test."""


@pytest.fixture
def edge_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartEdgeNode]:
    """Start edge nodes: `edge_node("pysparkplug", broker)` returns an `EdgeNode` that is not connected."""
    with ExitStack() as stack:

        def start(library: str, broker: Broker, *, group: str = "G", name: str = "n1") -> EdgeNode:
            log = tmp_path_factory.mktemp("edge-node") / "log.txt"
            made = EdgeNode(library, broker, group, name, log)
            stack.callback(made.kill)
            return made

        yield start
