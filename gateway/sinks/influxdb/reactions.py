"""What each answer of an InfluxDB means, and what is to be done: one table for all versions.

A status alone does not tell. Version 1 hides a missing retention policy behind 500 and a full disk behind 400,
2.0 a field of another type behind 500, 3 a failing object store behind 400; proxies answer in the database's place.
So 400, 422 and 500 are decided by their words, and no answer is taken for more than it says:

- Only 204 confirms a batch. A 200 comes from a proxy or a captive portal.
- What is known to be the fault of records is rejected: they are found one by one and set aside with the reason.
- What an operator must mend (credentials, a missing database, a limit) is held: nothing is lost, and it is retried.
- A refusal in unknown words (400, 422) counts against a record only where its neighbours were taken; else it is held.
- Every other refusal (4xx) is held, every other fault of the server (5xx) retried, for ever.

The words of version 1 and 2 are those of influxd 1.6 to 1.12 and 2.0 to 2.8 (`models`, `tsdb`, `coordinator`,
`http/points`), those of 3 are of influxdb3_server 3.0 to 3.10.
"""

from __future__ import annotations

import re
from collections.abc import Container
from enum import Enum, auto
from typing import Literal, NamedTuple, TypeAlias

from gateway.sinks.influxdb.responses import Answer

Api: TypeAlias = Literal["v1", "v2", "v3"]


class Reaction(Enum):
    """What is to be done about an answer."""

    DONE = auto()
    RETRY = auto()
    """It is the server's trouble, and will pass."""
    RETRY_UNEXPLAINED = auto()
    """The same, but nothing says so: the batch may be the cause."""
    HOLD = auto()
    """An operator must act."""
    REJECT = auto()
    """Records are at fault."""
    REJECT_DOUBTFUL = auto()
    """Records may be at fault."""
    SPLIT = auto()
    """It is too large."""


class Rule(NamedTuple):
    """A line of the table.

    Attributes:
        statuses: The statuses it is about.
        words: Found in the message without what it quotes; None if the status alone decides.
        reaction: What is to be done.
        advice: To the operator, if one must act.
        apis: The dialects it is about.
    """

    statuses: Container[int]
    words: re.Pattern[str] | None
    reaction: Reaction
    advice: str = ""
    apis: Container[str] = ("v1", "v2", "v3")


# What 2.x, the engine and single shards put before the words of `models` and `tsdb`.
_PREFIX = r"\A(?:(?:failure|unexpected error) writing points to database: |partial write: |engine: |\[shard \d+\] )*"


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(_PREFIX + f"(?:{words})", re.IGNORECASE)


def _contains(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_WORDY = frozenset({400, 422, 500})
"""Statuses that mean nothing without their words."""

_ANY = range(1000)

TABLE = (
    Rule({204}, None, Reaction.DONE),
    Rule(
        range(100, 400),
        None,
        Reaction.HOLD,
        "this is no confirmation (that is 204), and redirects are not followed: set the url to the database itself",
    ),
    Rule({401}, None, Reaction.HOLD, "check the credentials (they are read again from their file)"),
    Rule({403}, None, Reaction.HOLD, "allow these credentials to write there"),
    Rule({404}, None, Reaction.HOLD, "create the database or bucket, or correct the sink's api, url and target"),
    Rule({413}, None, Reaction.SPLIT),
    # 499: 2.x, where it thinks that the client has gone.
    Rule({408, 425, 429, 499, 502, 503, 504}, None, Reaction.RETRY),
    # Version 3 took the good lines, but a limit on databases, tables or columns was reached.
    Rule({422}, None, Reaction.HOLD, "a limit of the database is reached: raise it, or store less", apis=("v3",)),
    # These quote records, so nothing may be sought in what follows them.
    Rule(
        _WORDY,
        _begins(
            r"unable to parse |field type conflict|input field |max key length exceeded|invalid field (?:name|key)"
            r"|points? beyond retention policy|(?:dropped )?\d+ points? outside |points? outside "
            r"|write buffer error: (?:line protocol parse failed|parsing)|line protocol parsing error"
            r"|parsing failed for write_lp|partial write of line protocol occurred"
        ),
        Reaction.REJECT,
    ),
    Rule(
        _WORDY,
        _begins(r"max-(?:series-per-database|values-per-tag) limit exceeded"),
        Reaction.HOLD,
        "the database takes no more series: raise its limit, or store fewer tags",
    ),
    Rule(
        _WORDY,
        _begins(r"retention policy not found|database not found"),
        Reaction.HOLD,
        "create the retention policy or database, or correct the sink's target",
    ),
    # 1.x, after another writer stored a name that is not UTF-8: every new field of that shard is refused.
    Rule(
        _WORDY,
        _begins(r"proto: "),
        Reaction.HOLD,
        "a shard of the database is damaged by a name that is not UTF-8: drop the measurement or the shard",
    ),
    Rule(
        _WORDY,
        _contains(
            r"no space left on device|disk quota exceeded|input/output error|read-only file system"
            r"|too many open files|cannot allocate memory|cache-max-memory-size exceeded"
            r"|error from wal|wal buffer|object store|overloaded|request limit"
        ),
        Reaction.RETRY,
    ),
    Rule({500}, _begins(r"timeout\Z"), Reaction.RETRY),
    Rule({400, 422}, None, Reaction.REJECT_DOUBTFUL),
    Rule({500}, None, Reaction.RETRY_UNEXPLAINED),
    Rule(range(400, 500), None, Reaction.HOLD, "this is not an answer of InfluxDB: look at what stands in between"),
    Rule(_ANY, None, Reaction.RETRY),
)
"""The first line that fits an answer decides."""

_QUOTED = re.compile(r"""(?<!\w)'[^']*'|"[^"]*\"""")  # not the apostrophe in "couldn't"
_DROPPED = re.compile(r"dropped[= ](\d+)(?:\Z| points outside)")


def rule_for(api: Api, answer: Answer) -> Rule:
    """Return the line of the table that an answer falls under."""
    unquoted: str | None = None
    for rule in TABLE:
        if answer.status not in rule.statuses or api not in rule.apis:
            continue
        if rule.words is None:
            return rule
        # What is quoted is a name or a text of a device: it must not decide.
        unquoted = _QUOTED.sub("", answer.message) if unquoted is None else unquoted
        if rule.words.search(unquoted):
            return rule
    return TABLE[-1]


def dropped(answer: Answer) -> int:
    """Return how many records a partial write refused, as 1.x and 2.x count them; 0 if the answer does not say.

    A batch may touch several shards; the number is that of one of them. Lines that could not be parsed are not in it.
    """
    match = _DROPPED.search(answer.message.rstrip())
    return int(match[1]) if match and "unable to parse" not in answer.message else 0
