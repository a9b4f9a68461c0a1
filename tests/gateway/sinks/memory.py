"""A sink that keeps records in memory, and takes or refuses them as a test says."""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import SinkRejected
from gateway.interfaces import Batch


def batch_of(count: int, size: int = 0) -> Batch:
    return Batch(b"".join(b"%d%s\n" % (number, b"." * size) for number in range(count)), count)


class Memory:
    """A sink that keeps records in memory, and judges each batch by a function of its records.

    Attributes:
        stored: What was written.
        requests: How many batches it was given.
        checks: How often it was checked.
    """

    def __init__(self, judge: Callable[[list[int]], Exception | None] = lambda _: None) -> None:
        self.name = "memory"
        self.max_batch_bytes = 2**20
        self.judge = judge
        self.stored: set[int] = set()
        self.requests = 0
        self.checks = 0

    def write(self, batch: Batch) -> None:
        self.requests += 1
        numbers = [int(line.rstrip(b".")) for line in batch.body.splitlines()]
        assert len(numbers) == batch.records
        if error := self.judge(numbers):
            raise error
        self.stored |= set(numbers)

    def check(self) -> str:
        self.checks += 1
        return "well"

    def close(self) -> None:
        pass


def refuse(bad: set[int], *, doubtful: bool = False) -> Callable[[list[int]], Exception | None]:
    def judge(numbers: list[int]) -> Exception | None:
        wrong = bad.intersection(numbers)
        return SinkRejected(f"{min(wrong)} is bad", doubtful=doubtful) if wrong else None

    return judge
