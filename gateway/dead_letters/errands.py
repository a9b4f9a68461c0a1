"""Does what the command line wants done with dead letters: inside the running gateway, or alone without one.

In portions of some milliseconds, so that nothing that arrives has to wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import structlog

from gateway.dead_letters.retrying import Fate, Outcome, Past, Retrying, settle
from gateway.errors import SpoolFull
from gateway.safekeeping import Safekeeping
from gateway.spool import Kind, Request, Spool
from gateway.status import Status

LOOK = 1.0
"""Seconds between two looks for a request: one query of an empty table."""
PAUSE = 0.05
"""Seconds between two portions, in which disk and processor are there for what arrives."""

log = structlog.get_logger()

MakeRetrying = Callable[[Past], Retrying]


class Errands:
    """Does what is asked for while the gateway runs.

    Args:
        safekeeping: Owns the spool.
        sources: Names of the sources.
        make: Makes what decodes letters, with the configuration of this gateway.
        status: Where messages are counted.
    """

    def __init__(self, safekeeping: Safekeeping, sources: Sequence[str], make: MakeRetrying, status: Status) -> None:
        self._safekeeping = safekeeping
        self._spool = safekeeping.spool
        self._sources = sources
        self._make = make
        self._status = status
        self._retrying: dict[int, Retrying] = {}
        """For the request that is being done, by its number."""

    async def run(self) -> None:
        """Look for requests for ever, and do them one after the other."""
        while True:
            await asyncio.sleep(LOOK)
            while await self.do_portion():  # noqa: ASYNC110  # it does something, and then lets others
                await asyncio.sleep(PAUSE)

    async def do_portion(self) -> bool:
        """Do the next portion of the oldest request; False if there is none, or it has to wait."""
        run = self._safekeeping.worker.run
        request = await run(self._spool.requests.next)
        if request is None:
            self._retrying = {}
            return False
        if request.id not in self._retrying:
            self._retrying = {request.id: self._make(await run(Past.of, self._spool, self._sources))}
            log.info("Dead letters: a request is taken up", action=request.action.value, letters=request.expected)
        try:
            portion = await run(self._spool.requests.portion, request)
            group, settlement, fates = settle(request, portion, self._retrying[request.id])
        except ValueError:  # nobody may stop the gateway by what stands in a letter
            log.exception("Dead letters: a request cannot be done and is given up")
            await run(self._spool.requests.abandon, request)
            return True
        if group.records:
            await self._safekeeping.commit(group)
        else:
            try:
                await run(self._spool.settle, settlement)
            except SpoolFull as error:
                log.warning("Dead letters: a request waits for room on the disk", reason=str(error))
                return False
        account(self._status, fates)
        if portion.is_last:
            results = request.results.plus(settlement.results)._asdict()
            told = {name: number for name, number in results.items() if number}
            log.info("Dead letters: a request is done", action=request.action.value, **told)
        return True


def do_all(spool: Spool, sources: Sequence[str], make: MakeRetrying) -> Iterator[Request]:
    """Do all requests without a gateway; yield each as it is before a portion.

    Raises:
        SpoolFull: There is no room for what they come to; nothing is lost, and what is done is done.
    """
    retrying: dict[int, Retrying] = {}
    while (request := spool.requests.next()) is not None:
        yield request
        if request.id not in retrying:
            retrying = {request.id: make(Past.of(spool, sources))}
        group, settlement, _ = settle(request, spool.requests.portion(request), retrying[request.id])
        if group.records:
            spool.commit(group)
        else:
            spool.settle(settlement)


def account(status: Status, fates: Sequence[Fate]) -> None:
    """Take account of messages that are on their way again, so that the sum of the counts holds.

    A message that was set aside since the start leaves the number of those. One of an earlier run is counted as
    received now, as all that waits from earlier runs is; so is one that had been stored in part, and each further
    record of a message that was counted once for several rejected records.
    """
    counts = status.messages
    for letter, outcome, records, _ in fates:
        if not records and outcome is not Outcome.IGNORED:
            continue
        status.points += records if outcome is not Outcome.SENT else 0
        reason = f"rejected by {letter.sink}" if letter.kind is Kind.REJECTED else letter.reason
        of_this_run = letter.kind is not Kind.VALUE and letter.created_ns >= status.started_ns
        if of_this_run and status.quarantined.get(reason):
            counts.quarantined -= 1
            status.quarantined.count(reason, -1)
        else:
            counts.received += 1
        if outcome is Outcome.IGNORED:
            counts.ignored += 1
            status.ignored.count("set aside, and after a retry nothing of it is stored")
