"""What a large birth costs a gateway that has nothing else to do.

Beside other messages a birth's CPU would be lost in the noise of theirs. So several large edge nodes, one after the
other, are born, born again with the same values, and born again with others, over one connection; a small edge node
comes first, because the first unit that a gateway meets costs it more.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path

import mqtt5

from bench import processes, weighing
from bench.configuration import sparkplug_configuration
from bench.sparkplug_node import EdgeNode
from bench.sparkplug_watch import watch

NODES = 5


def cpu_of_births(folder: Path, metrics: int, births: tuple[int, ...]) -> list[float]:
    """Return the CPU of each birth in seconds, the means of several edge nodes: from its publishing until it is stored.

    Args:
        folder: An empty folder.
        metrics: Of each node.
        births: For each birth, a number for its values.
    """
    now_ms = time.time_ns() // 1_000_000
    nodes = [EdgeNode(f"large{number}", metrics) for number in range(NODES)]
    rounds = [[node.birth(now_ms + turn, number) for node in nodes] for turn, number in enumerate(births)]
    with (
        processes.mosquitto(folder) as broker,
        watch() as database,
        processes.gateway(folder, sparkplug_configuration(broker, database.url)) as gateway,
        socket.create_connection(("127.0.0.1", broker)) as connection,
    ):
        stored = 0

        def bring(packet: bytes) -> None:
            nonlocal stored
            connection.sendall(packet)
            stored += 1
            processes.wait_until(lambda: gateway.number("messages", "stored") >= stored, "a birth is stored")

        connection.sendall(mqtt5.ConnectPacket("edge-nodes", clean_start=True).write())
        bring(EdgeNode("first", NODES).birth(now_ms))
        found = []
        for packets in rounds:
            before = weighing.cpu_seconds(gateway.pid)
            for packet in packets:
                bring(packet)
            found.append((weighing.cpu_seconds(gateway.pid) - before) / NODES)
    return found
