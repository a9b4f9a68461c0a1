"""The spool: one SQLite file that keeps every acknowledged message until all sinks have it."""

from gateway.spool.account import Amounts
from gateway.spool.dead_letters import DeadLetter, Kind, reason_of
from gateway.spool.group import Group, Origins, Row
from gateway.spool.kept import HeldMessage, properties_of
from gateway.spool.progress import Progress, Stretch
from gateway.spool.reader import SpoolReader
from gateway.spool.redelivery import Redelivery
from gateway.spool.store import Spool
from gateway.spool.survey import Survey, survey

__all__ = [
    "Amounts",
    "DeadLetter",
    "Group",
    "HeldMessage",
    "Kind",
    "Origins",
    "Progress",
    "Redelivery",
    "Row",
    "Spool",
    "SpoolReader",
    "Stretch",
    "Survey",
    "properties_of",
    "reason_of",
    "survey",
]
