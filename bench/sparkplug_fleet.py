"""Edge nodes that live: born, publishing at their pace with the time of the moment, born again when they are asked to.

    python -m bench.sparkplug_fleet PORT --nodes 40 --metrics 10 --values 10 --interval 0.1 --large 20000 --births 0,0,1

All of them share a connection; a further edge node, `large`, has one of its own and publishes nothing but births, when
it is told to. Everything is at QoS 0. Writes `born` when all nodes are. Then it reads commands, one a line: `large`,
for the next birth of the large node, and `stop`, at which it writes a JSON object and ends:

- `messages`: how many of data were published; `births`: of births, those of `large` not among them.
- `asked`: how often nodes were asked for a rebirth; `most_asked`: how often the one that was asked most.
- `most_asked_a_second`: how many requests came within any second.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import mqtt5

from bench import processes
from bench.measured import MeasurementError
from bench.sparkplug_node import GROUP, EdgeNode

LARGE = "large"
_AT_ONCE = 65_536


class Fleet:
    """One that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait_until_born(self) -> None:
        """Wait until all births are published.

        Raises:
            MeasurementError: It failed.
        """
        assert self._process.stdout is not None  # noqa: S101  # for the type checker
        if self._process.stdout.readline() != b"born\n":
            raise MeasurementError("the edge nodes did not start")

    def say(self, command: str) -> None:
        """Give it a command."""
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def stop(self) -> dict[str, float]:
        """End it and return what it came to."""
        self.say("stop")
        return processes.answer_of(self._process)


@contextmanager
def fleet(
    port: int, nodes: int, metrics: int, values: int, interval: float, large: int = 0, births: Sequence[int] = (0,)
) -> Iterator[Fleet]:
    """Run one until the block ends.

    Args:
        port: Of the broker.
        nodes: How many.
        metrics: Of each.
        values: In a message of data.
        interval: Seconds from a message to the next of the same node.
        large: Metrics of the large node; 0 for no such node.
        births: For each of its births, a number for its values: others for another number.
    """
    options = {
        "--nodes": nodes,
        "--metrics": metrics,
        "--values": values,
        "--interval": interval,
        "--large": large,
        "--births": ",".join(map(str, births)),
    }
    words = [str(word) for option in options.items() for word in option]
    command = [sys.executable, "-m", "bench.sparkplug_fleet", str(port), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Fleet(process)
        finally:
            process.kill()


class Connection:
    """All nodes but the large one, over one connection."""

    def __init__(self, port: int, nodes: list[EdgeNode], values: int) -> None:
        self._nodes = {node.name: node for node in nodes}
        self._turns = nodes
        self._values = values
        self._rest = b""
        self.socket = _connect(port, "edge-nodes")
        topic_filter = mqtt5.TopicFilter(f"spBv1.0/{GROUP}/NCMD/+")
        self.socket.sendall(mqtt5.SubscribePacket(1, [topic_filter]).write())
        self.messages = self.births = 0
        self.asked: list[tuple[float, str]] = []

    def birth(self, name: str) -> None:
        """Let a node be born."""
        self.socket.sendall(self._nodes[name].birth(time.time_ns() // 1_000_000))
        self.births += 1

    def data(self) -> None:
        """Let the node whose turn it is publish."""
        round_, turn = divmod(self.messages, len(self._turns))
        self.socket.sendall(self._turns[turn].data(time.time_ns() // 1_000_000, round_ + 1, self._values))
        self.messages += 1

    def listen(self) -> None:
        """Do what is asked."""
        self._rest += self.socket.recv(_AT_ONCE)
        while self._rest:
            try:
                packet, length = mqtt5.read(memoryview(self._rest))
            except IndexError:  # half a packet
                return
            self._rest = self._rest[length:]
            if isinstance(packet, mqtt5.PublishPacket):
                name = packet.topic.rpartition("/")[2]
                self.asked.append((time.monotonic(), name))
                self.birth(name)

    def summary(self) -> dict[str, int]:
        """Return what it came to."""
        times = [moment for moment, _ in self.asked]
        return {
            "messages": self.messages,
            "births": self.births,
            "asked": len(self.asked),
            "most_asked": max(Counter(name for _, name in self.asked).values(), default=0),
            "most_asked_a_second": most_within_a_second(times),
        }


def most_within_a_second(times: list[float]) -> int:
    """Return how many of these moments, in seconds and in order, lie within any one second at most."""
    most = begin = 0
    for end, moment in enumerate(times, 1):
        while times[begin] <= moment - 1:
            begin += 1
        most = max(most, end - begin)
    return most


def _connect(port: int, client_id: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(mqtt5.ConnectPacket(client_id, clean_start=True).write())
    return connection


def main(port: int, nodes: int, metrics: int, values: int, interval: float, large: int, births: str) -> None:
    """Live until told to stop."""
    connection = Connection(port, [EdgeNode(f"small{number}", metrics) for number in range(nodes)], values)
    large_node, now_ms = EdgeNode(LARGE, large), time.time_ns() // 1_000_000
    # Encoding twenty thousand metrics takes long enough to keep the other nodes waiting.
    numbers = map(int, births.split(","))
    prepared = iter([large_node.birth(now_ms + turn, number) for turn, number in enumerate(numbers)])
    large_connection = _connect(port, LARGE)
    for number in range(nodes):
        connection.birth(f"small{number}")
    print("born", flush=True)
    selector = selectors.DefaultSelector()
    selector.register(connection.socket, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    due, step = time.monotonic() + interval, interval / nodes
    while True:
        for key, _ in selector.select(max(0.0, due - time.monotonic())):
            if key.fileobj is connection.socket:
                connection.listen()
                continue
            if sys.stdin.readline().strip() != LARGE:
                print(json.dumps(connection.summary()), flush=True)
                return
            large_connection.sendall(next(prepared))
        if time.monotonic() >= due:
            connection.data()
            due += step


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Edge nodes that live.")
    parser.add_argument("port", type=int)
    for option in ("nodes", "metrics", "values", "large"):
        parser.add_argument(f"--{option}", type=int, required=True)
    parser.add_argument("--births", required=True)
    parser.add_argument("--interval", type=float, required=True)
    main(**vars(parser.parse_args()))
