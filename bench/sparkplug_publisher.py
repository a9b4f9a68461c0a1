"""Edge nodes over one connection that say as fast as they are allowed to what was encoded before; at QoS 0.

    python -m bench.sparkplug_publisher PORT --nodes 20 --metrics 50 --values 50 --messages 20000

It encodes everything, connects, publishes the births of all nodes, and writes `born`. Then it reads numbers, one a
line: so many messages of data, of all nodes together and in turns, may be published until now. Nothing at QoS 0 tells
a publisher to wait, so whoever gives the numbers sees to it that the broker never has to keep, or drop, too much.

After the last message it writes a JSON object and ends: `messages`, data alone, and `cpu_seconds`.

Times are a minute old at the birth of each node and go on by a millisecond with each of its messages: no two of its
messages have the same.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import mqtt5

from bench import processes
from bench.measured import MeasurementError
from bench.sparkplug_node import EdgeNode

_AGE_MS = 60_000
_ANY = 4096


class Publisher:
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

    def allow(self, messages: int) -> None:
        """Let it publish until these are so many messages of data."""
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        self._process.stdin.write(b"%d\n" % messages)
        self._process.stdin.flush()

    def published(self) -> int:
        """Wait for its end and return how many messages of data it has published."""
        return int(processes.answer_of(self._process)["messages"])


@contextmanager
def publisher(port: int, nodes: int, metrics: int, values: int, messages: int) -> Iterator[Publisher]:
    """Run one until the block ends."""
    options = {"--nodes": nodes, "--metrics": metrics, "--values": values, "--messages": messages}
    words = [str(word) for option in options.items() for word in option]
    command = [sys.executable, "-m", "bench.sparkplug_publisher", str(port), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Publisher(process)
        finally:
            process.kill()


def main(port: int, nodes: int, metrics: int, values: int, messages: int) -> None:
    """Encode, connect, and publish as it is allowed."""
    start_ms = time.time_ns() // 1_000_000 - _AGE_MS
    all_nodes = [EdgeNode(f"node{number}", metrics) for number in range(nodes)]
    births = [node.birth(start_ms) for node in all_nodes]
    packets = [
        all_nodes[index % nodes].data(start_ms + number, number, values)
        for index in range(messages)
        for number in (index // nodes + 1,)
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(mqtt5.ConnectPacket("edge-nodes", clean_start=True).write())
        connection.sendall(b"".join(births))
        print("born", flush=True)
        sent = 0
        while sent < messages and (line := sys.stdin.readline()):
            allowed = int(line)
            connection.sendall(b"".join(packets[sent:allowed]))
            sent = max(sent, min(allowed, messages))
        connection.sendall(mqtt5.DisconnectPacket().write())
        # Closing with something unread would reset the connection, and lose what the broker has not read yet.
        while connection.recv(_ANY):
            pass
    print(json.dumps({"messages": sent, "cpu_seconds": time.process_time()}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Edge nodes that publish as they are allowed.")
    parser.add_argument("port", type=int)
    for option in ("nodes", "metrics", "values", "messages"):
        parser.add_argument(f"--{option}", type=int, required=True)
    main(**vars(parser.parse_args()))
