"""A Sparkplug host that a test writes down, behind the control socket of a gateway that is nothing but that."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import JsonValue

from gateway.control import Answers, serve, socket_of
from gateway.settings import load
from gateway.status import Status

NOW_NS = 1_795_000_000_000_000_000


def device(name: str, **fields: JsonValue) -> dict[str, JsonValue]:
    """Return an online device as a host describes it, changed as asked."""
    made: dict[str, JsonValue] = {
        "device": name,
        "online": True,
        "since_ns": NOW_NS - 60 * 10**9,
        "births": 1,
        "deaths": 0,
        "metrics": 4,
        "last_seen_ns": NOW_NS - 10**9,
    }
    return {**made, **fields}


def node(name: str, **fields: JsonValue) -> dict[str, JsonValue]:
    """Return an online node `GROUP/NODE` as a host describes it, changed as asked."""
    group, _, edge = name.partition("/")
    made: dict[str, JsonValue] = {
        "group": group,
        "node": edge,
        "online": True,
        "state": "online",
        "since_ns": NOW_NS - 180 * 10**9,
        "bdseq": 3,
        "seq": 17,
        "births": 1,
        "deaths": 0,
        "rebirths_asked": 0,
        "last_rebirth_reason": "",
        "rebirths_answered": 0,
        "gaps": 0,
        "last_seen_ns": NOW_NS - 5 * 10**9,
        "latency_ms": 12.4,
        "latency_max_ms": 80.0,
        "metrics": 50,
        "held": 0,
        "duplicate_sessions": False,
        "devices": [],
    }
    return {**made, **fields}


class FakeHost:
    """A host application whose nodes a test writes down.

    Attributes:
        nodes: By name.
        forgotten: How many nodes and devices made room for others.
        asked: The nodes that were asked for a rebirth.
        turns: What happens before each further look at it; when there is no more, the command is told to end (Ctrl-C).
    """

    def __init__(self, *nodes: Mapping[str, JsonValue], role: str = "primary") -> None:
        self.nodes = {f"{one['group']}/{one['node']}": dict(one) for one in nodes}
        self.role, self.online = role, True
        self.asked: list[str] = []
        self.forgotten: dict[str, int] = {}
        self.written: list[tuple[str, str, str]] = []
        self.turns: Iterator[Callable[[], None]] | None = None

    def describe(self, now_ns: int) -> Mapping[str, JsonValue]:
        """Tell what the test wrote down."""
        assert now_ns == NOW_NS
        if self.turns is not None:
            turn = next(self.turns, None)
            if turn is None:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                self.turns = None
            else:
                turn()
        return {
            "role": self.role,
            "host_id": "scada" if self.role == "primary" else "",
            "online": self.online,
            "nodes": [dict(one) for one in self.nodes.values()],
        }

    def summary(self) -> Mapping[str, JsonValue]:
        """Tell the sums of what the test wrote down."""
        states = Counter(str(one["state"]) for one in self.nodes.values())
        return {
            "role": self.role,
            "host_id": "scada" if self.role == "primary" else "",
            "online": self.online,
            "nodes": {state: states[state] for state in ("online", "offline", "stale", "unknown")},
            "rebirths_asked": sum(int(str(one["rebirths_asked"])) for one in self.nodes.values()),
            "held": sum(int(str(one["held"])) for one in self.nodes.values()),
            **self.forgotten,
        }

    def knows(self, node: str) -> bool:
        """Whether the test wrote it down."""
        return node in self.nodes

    def ask_rebirth(self, node: str, now_ns: int) -> str:
        """Note it, unless it is not known or the host is passive."""
        assert now_ns == NOW_NS
        if self.role == "passive":
            raise ValueError("a passive host publishes nothing")
        if node not in self.nodes:
            raise ValueError(f"there is no node {node}")
        self.asked.append(node)
        return f"{node} is asked within a second"

    def ask_write(self, whose: str, metric: str, value: str, now_ns: int) -> str:
        """Note it, if it is allowed."""
        assert now_ns == NOW_NS
        if metric != "Setpoint":
            raise ValueError(f"{metric!r} may not be written")
        self.written.append((whose, metric, value))
        return f"{metric} = {value} is sent to {whose}"

    def change(self, name: str, **fields: JsonValue) -> Callable[[], None]:
        """Return what changes a node."""
        return lambda: self.nodes[name].update(fields)


@contextmanager
def answering(config: Path, **hosts: FakeHost) -> Iterator[Status]:
    """Answer at the socket of this configuration, in a thread, until the block ends."""
    path = socket_of(load(config).spool.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    status = Status(id="gw")
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def answer() -> None:
        async with serve(path, Answers(status, hosts, lambda: NOW_NS)):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(answer()), name="control socket")
    thread.start()
    assert ready.wait(30)
    try:
        yield status
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
