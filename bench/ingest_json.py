"""What a message costs on its way in: flat JSON at QoS 1, from the broker's socket to the acknowledgement.

500 topics, six values and a time in about 150 bytes, from `simulators load` through mosquitto to `gateway run` with its
default settings: decoding, types, quality, validation, encoding, and a spool that waits for the disk
(`synchronous=FULL`, in a folder on a disk). Nothing listens where the sink is, so all of it stays in the spool:
delivery is measured by `whole_path` and `end_to_end`.

Beside it runs, with the same broker and publisher, a subscriber that does the least there is to do (`baseline`). Both
are measured in turns, three times, and the medians are reported.

- CPU: user and kernel time of the process, all threads, from when it is connected and has nothing to do until it has
  acknowledged the last message. So starting is not in it, and waiting is: it costs next to nothing.
- Messages a second: those after the first that were seen acknowledged, over the time from then until the last one is;
  looked at every 20 ms. Broker and publisher share the processors, and with two of these they are the limit.
- Memory: resident, right after the last acknowledgement, libraries included.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench import processes, turns, weighing
from bench.configuration import SOURCE, configuration
from bench.measured import Measured, Setting, require_equal
from bench.turns import Load, Turn
from tests.servers import free_port

LOAD = Load(messages=300_000)


def measure(setting: Setting) -> Measured:
    """Run it."""
    return turns.compare(setting, LOAD, _take).report("messages a second, QoS 1")


def _take(folder: Path, broker: int, load: Load) -> Turn:
    text = configuration(broker, f"http://127.0.0.1:{free_port()}")
    with processes.gateway(folder, text) as gateway, load.publisher(broker) as publisher:
        # The publisher takes a moment to start, in which the gateway does nothing.
        began_cpu = weighing.cpu_seconds(gateway.pid)

        def acknowledged() -> int:
            return gateway.number("sources", SOURCE, "acknowledged")

        processes.wait_until(lambda: acknowledged() > 0, "a first message is acknowledged")
        first, began = acknowledged(), time.monotonic()
        sent = processes.published(publisher)
        processes.wait_until(lambda: acknowledged() >= load.messages, "all messages are acknowledged")
        seconds = time.monotonic() - began
        cpu, memory = weighing.cpu_seconds(gateway.pid) - began_cpu, weighing.memory(gateway.pid)
        require_equal(
            {
                "sent": sent.messages,
                "received": gateway.number("messages", "received"),
                "acknowledged": acknowledged(),
                "waiting in the spool": gateway.number("spool", "messages"),
                "records": gateway.number("spool", "points"),
            }
        )
    return Turn(cpu / load.messages * 1e6, (load.messages - first) / seconds, sent.messages / sent.seconds, memory)
