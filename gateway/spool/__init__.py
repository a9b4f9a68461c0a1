"""The spool: one SQLite file that keeps every acknowledged message until all sinks have it."""

from gateway.spool.account import Amounts
from gateway.spool.dead_letters import DeadLetter, Kept, Kind, reason_of
from gateway.spool.errand import Action, Portion, Request, Results, Settlement
from gateway.spool.group import Group, Origins, Row
from gateway.spool.kept import HeldMessage, message_of, properties_of
from gateway.spool.progress import Progress, Stretch
from gateway.spool.read_ahead import ReadAhead
from gateway.spool.reader import SpoolReader
from gateway.spool.redelivery import Redelivery
from gateway.spool.selection import Selection
from gateway.spool.store import Spool
from gateway.spool.survey import Survey, survey

__all__ = [
    "Action",
    "Amounts",
    "DeadLetter",
    "Group",
    "HeldMessage",
    "Kept",
    "Kind",
    "Origins",
    "Portion",
    "Progress",
    "ReadAhead",
    "Redelivery",
    "Request",
    "Results",
    "Row",
    "Selection",
    "Settlement",
    "Spool",
    "SpoolReader",
    "Stretch",
    "Survey",
    "message_of",
    "properties_of",
    "reason_of",
    "survey",
]
