"""The ledger: what was sent, and what the broker acknowledged to the publisher. Only that is owed.

Messages of a stream are numbered from 0. A number is sent once and never again; one whose acknowledgement did not
come stays uncertain for ever, since nobody can know whether the broker has it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.verification.messages import Stream


@dataclass
class _Account:
    """One stream: a byte for each number sent, 1 where it was acknowledged; and where its phases begin."""

    acknowledged: bytearray = field(default_factory=bytearray)
    phases: list[int] = field(default_factory=list)
    """First number of each phase; those before the stream was opened begin at 0."""
    deaths: list[int] = field(default_factory=list)
    """First number that was sent after each death of the broker."""


class Ledger:
    """Keeps the books of one run.

    A run consists of phases, one for each fault that strikes; what is sent belongs to the phase it was sent in.

    Attributes:
        phases: Names of their faults, in order.
        interruptions: When the broker lost the gateway, in nanoseconds since 1970: it sends again what was then
            unacknowledged.
    """

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.interruptions: list[int] = []
        self._accounts: dict[Stream, _Account] = {}
        self._deaths = 0

    @property
    def broker_deaths(self) -> int:
        """Times the broker died."""
        return self._deaths

    def begin(self, fault: str) -> int:
        """Begin a phase; return its index."""
        self.phases.append(fault)
        for account in self._accounts.values():
            account.phases.append(len(account.acknowledged))
        return len(self.phases) - 1

    def send(self, stream: Stream) -> int:
        """Note that one more message of a stream is being sent; return its number."""
        account = self._accounts.get(stream)
        if account is None:
            account = self._accounts[stream] = _Account(phases=[0] * len(self.phases), deaths=[0] * self._deaths)
        account.acknowledged.append(0)
        return len(account.acknowledged) - 1

    def acknowledge(self, stream: Stream, number: int) -> None:
        """Note that the broker acknowledged a message: from now on it is owed."""
        self._accounts[stream].acknowledged[number] = 1

    def interrupted(self, time_ns: int) -> None:
        """Note that the connection between broker and gateway has just ended, however that came."""
        self.interruptions.append(time_ns)

    def broker_died(self) -> None:
        """Note that the broker is dead, after it was killed and before it is started again.

        What it had acknowledged and not yet delivered it may have forgotten.
        """
        self._deaths += 1
        for account in self._accounts.values():
            account.deaths.append(len(account.acknowledged))

    # What the verdict asks.

    @property
    def streams(self) -> list[Stream]:
        """All that something was sent of."""
        return list(self._accounts)

    @property
    def sent(self) -> int:
        """Messages sent."""
        return sum(len(account.acknowledged) for account in self._accounts.values())

    @property
    def acknowledged(self) -> int:
        """Messages that the broker acknowledged."""
        return sum(sum(account.acknowledged) for account in self._accounts.values())

    def attempted(self, stream: Stream) -> int:
        """Return how many messages of a stream were sent; their numbers lie below."""
        return len(self._accounts[stream].acknowledged) if stream in self._accounts else 0

    def is_owed(self, stream: Stream, number: int) -> bool:
        """Whether this message was acknowledged."""
        return bool(0 <= number < self.attempted(stream) and self._accounts[stream].acknowledged[number])

    def owed(self, stream: Stream) -> Iterator[int]:
        """Yield the numbers that were acknowledged, in order."""
        return (number for number, flag in enumerate(self._accounts[stream].acknowledged) if flag)

    def phase_of(self, stream: Stream, number: int) -> int:
        """Return the index of the phase in which a message was sent."""
        return bisect_right(self._accounts[stream].phases, number) - 1

    def counts(self, phase: int) -> tuple[int, int]:
        """Return how many messages were sent in a phase, and how many of them were acknowledged."""
        sent = acknowledged = 0
        for account in self._accounts.values():
            starts = [*account.phases, len(account.acknowledged)]
            part = account.acknowledged[starts[phase] : starts[phase + 1]]
            sent += len(part)
            acknowledged += sum(part)
        return sent, acknowledged

    def lives(self, stream: Stream) -> list[range]:
        """Return the numbers of a stream that were sent in each life of the broker: one more than it had deaths."""
        account = self._accounts[stream]
        bounds = [0, *account.deaths, len(account.acknowledged)]
        return [range(start, end) for start, end in pairwise(bounds)]
