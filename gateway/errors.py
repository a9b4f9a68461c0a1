"""The errors of the gateway. A class exists only where someone reacts differently to it.

GatewayError
├── ConfigurationError      the user must change a file: exit code 2
├── SinkError
│   ├── SinkUnavailable     the same call may succeed later: wait, try again, for ever
│   ├── SinkHeld            an operator must act: wait longer, say so loudly, try again
│   └── SinkRejected        these records will never be taken: bisect, then dead letters
└── SpoolError              the spool cannot keep its promise: stop acknowledging, exit code 1
    ├── SpoolFull           there is no room now: wait until the sinks have taken some
    └── SpoolLocked         another gateway uses this spool
"""

from __future__ import annotations

from dataclasses import dataclass


class GatewayError(Exception):
    """Something this program knows how to say."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a configuration: where it stands, what is wrong, and what to do.

    Attributes:
        warning: The gateway works all the same, and someone should look at it.
    """

    file: str
    key: str
    reason: str
    remedy: str = ""
    warning: bool = False

    def __str__(self) -> str:
        """Return `file: key: reason. remedy`."""
        where = f"{self.file}: {self.key}: " if self.key else f"{self.file}: "
        return f"{where}{self.reason}{'. ' + self.remedy if self.remedy else ''}"


class ConfigurationError(GatewayError):
    """The configuration cannot be used. Carries every problem found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class SinkError(GatewayError):
    """A sink did not confirm a batch."""


class SinkUnavailable(SinkError):  # noqa: N818  # the name says what is the case
    """The same call may succeed later.

    Attributes:
        retry_after: Seconds the sink asked to wait; 0 if it named none.
        connection_lost: The connection broke, or stayed silent for too long, after the batch had begun to leave.
        unexplained: The sink spoke of a fault of its own and gave no reason that is known.
    """

    def __init__(
        self,
        reason: str,
        retry_after: float = 0.0,
        *,
        connection_lost: bool = False,
        unexplained: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.connection_lost = connection_lost
        self.unexplained = unexplained

    @property
    def suspect(self) -> bool:
        """Whether the batch may be the cause: its records are tried apart if this happens to it again and again."""
        return self.connection_lost or self.unexplained


class SinkHeld(SinkError):  # noqa: N818
    """It will not succeed until an operator has acted (credentials, a missing bucket, a limit)."""


class SinkRejected(SinkError):  # noqa: N818
    """At least one of these records will never be taken, however often it is sent.

    Attributes:
        records: How many of them, if the sink says so; else 0.
        doubtful: The refusal is in words that are not known. It counts against a record only if the sink takes others
            of the same batch: else the fault may lie with the sink or the configuration.
    """

    def __init__(self, reason: str, *, records: int = 0, doubtful: bool = False) -> None:
        super().__init__(reason)
        self.records = records
        self.doubtful = doubtful


class SpoolError(GatewayError):
    """The spool cannot keep its promise: nothing may be acknowledged."""


class SpoolFull(SpoolError):  # noqa: N818
    """There is no room for this group now."""


class SpoolLocked(SpoolError):  # noqa: N818
    """Another process writes to this spool."""
