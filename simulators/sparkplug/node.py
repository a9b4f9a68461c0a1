"""A Sparkplug B edge node without sockets and clocks: times, values and commands in, messages out.

It keeps the rules of Sparkplug 3.0 unless a fault is put into it. Whoever drives it asks `connecting` for the Will,
connects, subscribes to `subscriptions()`, calls `connected`, hands on what arrives to `received` and what is due to
`measured`, and does what each of them returns. The same calls give the same bytes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from enum import Enum, auto

from adapters.sparkplug.codec import read
from simulators.messages import Disconnect, Publication
from simulators.sparkplug.backlog import Backlog, Kept
from simulators.sparkplug.faults.chain import Chain
from simulators.sparkplug.faults.fault import Fault, Rebirth
from simulators.sparkplug.host_state import HostState
from simulators.sparkplug.messages import DEVICE_REBIRTH, NAMESPACE, REBIRTH, Action, Kind, Message, Said, encode
from simulators.sparkplug.plan import Content, NodePlan
from simulators.sparkplug.speech import Speech

_NUMBERS = 256
"""bdSeq counts from 0 to 255."""

_MILLISECOND_NS = 1_000_000


class _Phase(Enum):
    DISCONNECTED = auto()
    WAITING = auto()  # connected; the primary host is not online
    BORN = auto()


class EdgeNode:
    """One edge node with its devices.

    Attributes:
        plan: What it consists of, faults included.
        host: What it believes of its primary host.
        backlog: What it has measured and not yet said.
        said: What it has sent, the latest `remembered` values.
        counts: Messages by type, and `rebirth` and `command` for what it was asked to do.

    Args:
        plan: What it consists of.
        faults: What is wrong with it; each of its own, none shared with another node.
        primary_host: Host id without which it does not speak; None: it speaks to whoever listens.
        history: How many values it keeps while nobody listens.
        remembered: How many values `said` holds.
        by_exception: Whether data messages tell only what has changed since, and what is later than before; else all
            that is measured, whatever its time.
    """

    def __init__(
        self,
        plan: NodePlan,
        faults: Sequence[Fault] = (),
        *,
        primary_host: str | None = None,
        history: int = 10_000,
        remembered: int = 0,
        by_exception: bool = True,
    ) -> None:
        self._chain = Chain(plan, faults)
        self.plan = self._chain.plan
        self.host = HostState()
        self.backlog = Backlog(history)
        self.said: deque[Said] = deque(maxlen=remembered)
        self.counts: Counter[str] = Counter()
        self._primary_host = primary_host
        self._by_exception = by_exception
        self._speech = Speech(self.plan)
        self._phase = _Phase.DISCONNECTED
        self._bd_seq = -1
        self._absent: set[int] = set()
        self._latest_ns = [-1] * len(plan.parts)
        self._values: list[dict[str, Content]] = [{} for _ in plan.parts]

    @property
    def is_born(self) -> bool:
        """Whether it has said its births in this session, and not its death."""
        return self._phase is _Phase.BORN

    # What whoever drives it calls, in this order.

    def subscriptions(self) -> list[str]:
        """Return the topic filters it listens to: its commands, and the state of its primary host."""
        group, node = self.plan.group, self.plan.node
        state = [] if self._primary_host is None else [self._state_topic(self._primary_host)]
        return [f"{NAMESPACE}/{group}/NCMD/{node}", f"{NAMESPACE}/{group}/DCMD/{node}/#", *state]

    def connecting(self, now_ns: int) -> Publication:
        """Return the Will for the CONNECT that follows at once; every attempt has a bdSeq of its own."""
        self._bd_seq = (self._bd_seq + 1) % _NUMBERS
        will = self._speech.node_death(self._bd_seq, now_ns // _MILLISECOND_NS)._replace(is_will=True)
        (message,) = self._chain.messages([will])
        return encode(message, self.plan.group, self.plan.node)

    def connected(self, now_ns: int) -> list[Action]:
        """Return what is to be said after CONNACK and SUBACK."""
        self._phase = _Phase.WAITING
        self.host = self.host._replace(online=None)
        return self._begin(now_ns) if self._primary_host is None else []

    def received(self, name: str, payload: bytes, now_ns: int) -> list[Action]:
        """Return what follows from a message of the broker: a command, or the state of a host."""
        if self._primary_host is not None and name == self._state_topic(self._primary_host):
            legacy = self._chain.hears_legacy_state
            self.host = self.host.after_legacy(payload) if legacy else self.host.after(payload)
            if self.host.online and self._phase is _Phase.WAITING:
                return self._begin(now_ns)
            if self.host.online is False and self._phase is _Phase.BORN:
                return self.disconnecting(now_ns)
            return []
        match name.split("/"):
            case [_, _, "NCMD", *_]:
                return self._commanded(payload, now_ns)
            case [_, _, "DCMD", _, device]:
                return self._device_commanded(device, payload, now_ns)
        return []

    def measured(self, part: int, time_ns: int, now_ns: int) -> list[Action]:
        """Take a sample of the node (0) or of a device (from 1), and return what is to be said of it.

        Args:
            part: Index into the parts of the plan.
            time_ns: When it is taken. By exception, what is not later than the last one is left out.
            now_ns: When it is said.
        """
        if (self._by_exception and time_ns <= self._latest_ns[part]) or part in self._absent:
            return []
        changes = self._sample(part, time_ns)
        if not changes:
            return []
        timestamp_ms = time_ns // _MILLISECOND_NS
        if not self.is_born:
            self.backlog.keep(Kept(part, timestamp_ms, changes))
            return []
        return self._say([self._speech.data(part, [(timestamp_ms, changes)], now_ns // _MILLISECOND_NS)])

    def next_data_number(self) -> int:
        """Return the sequence number of a data message that is made elsewhere, and count it; `is_born` it must be.

        It goes out before anything that is returned later, and no fault changes it.
        """
        self.counts[Kind.DDATA] += 1
        return self._chain.next_number()

    def device_lost(self, part: int, now_ns: int) -> list[Action]:
        """Return what is to be said when a device no longer answers; it is not measured until it is back."""
        self._absent.add(part)
        return self._say([self._speech.device_death(part, now_ns // _MILLISECOND_NS)]) if self.is_born else []

    def device_found(self, part: int, now_ns: int) -> list[Action]:
        """Return what is to be said when a lost device answers again."""
        self._absent.discard(part)
        if not self.is_born:
            return []
        return [*self._say([self._birth(part, now_ns)]), *self._say(self._history(now_ns))]

    def disconnecting(self, now_ns: int) -> list[Action]:
        """Return what is to be said before the connection is ended on purpose, and that it is to be ended."""
        farewell: list[Action] = []
        if self.is_born:
            farewell += self._say([self._speech.node_death(self._bd_seq, now_ns // _MILLISECOND_NS)])
        self._phase = _Phase.DISCONNECTED
        return [*farewell, Disconnect(with_packet=self._chain.sends_disconnect)]

    def disconnected(self) -> None:
        """Take note that the connection has ended; what is measured from now on is kept."""
        self._phase = _Phase.DISCONNECTED

    # What it does by itself.

    def _state_topic(self, host: str) -> str:
        return f"STATE/{host}" if self._chain.hears_legacy_state else f"{NAMESPACE}/STATE/{host}"

    def _sample(self, part: int, time_ns: int) -> dict[str, Content]:
        """Measure, and return what is to be told: what has changed since it was last told."""
        self._latest_ns[part] = time_ns
        values = self.plan.parts[part].sample(time_ns)
        before = self._values[part]
        told = {key: value for key, value in values.items() if key not in before or before[key] != value}
        before.update(told)
        return told if self._by_exception else dict(values)

    def _begin(self, now_ns: int) -> list[Action]:
        """Say the births, and then what was kept."""
        self._phase = _Phase.BORN
        return [*self._say(self._births(now_ns)), *self._say(self._history(now_ns))]

    def _history(self, now_ns: int) -> list[Message]:
        """Return what was kept, but for devices that are lost: that goes on being kept."""
        kept = self.backlog.take()
        for later in kept:
            if later.part in self._absent:
                self.backlog.keep(later)
        there = [each for each in kept if each.part not in self._absent]
        return self._speech.history(there, now_ns // _MILLISECOND_NS)

    def _births(self, now_ns: int) -> list[Message]:
        return [self._birth(part, now_ns) for part in range(len(self.plan.parts)) if part not in self._absent]

    def _birth(self, part: int, now_ns: int) -> Message:
        """Measure everything anew, at a whole millisecond, and say it."""
        timestamp_ms = now_ns // _MILLISECOND_NS
        self._sample(part, max(timestamp_ms * _MILLISECOND_NS, self._latest_ns[part]))
        return self._speech.birth(part, self._values[part], self._bd_seq, timestamp_ms)

    def _commanded(self, payload: bytes, now_ns: int) -> list[Action]:
        """Answer NCMD: births with the same bdSeq if it asks for them (operational-behavior-data-commands-rebirth)."""
        if REBIRTH not in self._asked(payload) or not self.is_born:
            return []
        self.counts["rebirth"] += 1
        match self._chain.rebirth:
            case Rebirth.DEATH_AND_BIRTHS:
                death = self._speech.node_death(self._bd_seq, now_ns // _MILLISECOND_NS)
                return self._say([death, *self._births(now_ns)])
            case Rebirth.RECONNECT:
                return self.disconnecting(now_ns)
            case Rebirth.FIRST_IGNORED if self.counts["rebirth"] == 1:
                return []
            case Rebirth.IGNORED | Rebirth.DEVICES_ONLY:
                return []
        return self._say(self._births(now_ns))

    def _device_commanded(self, device: str, payload: bytes, now_ns: int) -> list[Action]:
        if DEVICE_REBIRTH not in self._asked(payload) or not self.is_born:
            return []
        parts = [part for part, of in enumerate(self.plan.parts) if of.device == device and part not in self._absent]
        return self._say([self._birth(part, now_ns) for part in parts])

    def _asked(self, payload: bytes) -> set[str]:
        """Return the names of what a command sets to true; a command that cannot be read asks for nothing."""
        self.counts["command"] += 1
        try:
            return {metric.name for metric in read(payload).metrics if metric.value is True}
        except ValueError:
            return set()

    def _say(self, messages: Sequence[Message]) -> list[Action]:
        """Encode, count and record the messages of one occasion."""
        actions: list[Action] = []
        for message in self._chain.messages(messages) if messages else ():
            self.counts[message.kind] += 1
            self.said.extend(message.told)
            actions.append(encode(message, self.plan.group, self.plan.node))
        return actions
