"""The spool: one SQLite file that keeps every acknowledged message until all sinks have it."""

from gateway.spool.dead_letters import DeadLetter, Kind, reason_of
from gateway.spool.group import Group, Origins
from gateway.spool.kept import HeldMessage, properties_of
from gateway.spool.reader import Row, SpoolReader
from gateway.spool.redelivery import Redelivery
from gateway.spool.store import Depth, Spool
from gateway.spool.survey import Survey, survey

__all__ = [
    "DeadLetter",
    "Depth",
    "Group",
    "HeldMessage",
    "Kind",
    "Origins",
    "Redelivery",
    "Row",
    "Spool",
    "SpoolReader",
    "Survey",
    "properties_of",
    "reason_of",
    "survey",
]
