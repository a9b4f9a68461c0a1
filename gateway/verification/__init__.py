"""Proves that nothing which a broker acknowledged is lost, whatever happens to the gateway.

messages   what is published: three kinds, numbered
ledger     what was sent, and what the broker acknowledged: only that is owed
publisher  publishes, and tells the ledger
process    the gateway under test: killed and started again
faults     what is done to it
run        one run: publish, let faults strike, settle, judge
stored     what the database holds
verdict    the one against the other
"""

from __future__ import annotations

from gateway.verification.faults import DieAt, Fault, Imperfect, Kill, Scene, Terminate, draw
from gateway.verification.ledger import Ledger
from gateway.verification.messages import Kind, Messages, Stream
from gateway.verification.process import GatewayProcess
from gateway.verification.publisher import Publisher
from gateway.verification.rows import Row
from gateway.verification.run import Outcome, Progress, Setup, run
from gateway.verification.settling import Reader
from gateway.verification.stored import HistorianReader, InfluxDBReader
from gateway.verification.verdict import Finding, Point, Stored, Verdict, judge

__all__ = [
    "DieAt",
    "Fault",
    "Finding",
    "GatewayProcess",
    "HistorianReader",
    "Imperfect",
    "InfluxDBReader",
    "Kill",
    "Kind",
    "Ledger",
    "Messages",
    "Outcome",
    "Point",
    "Progress",
    "Publisher",
    "Reader",
    "Row",
    "Scene",
    "Setup",
    "Stored",
    "Stream",
    "Terminate",
    "Verdict",
    "draw",
    "judge",
    "run",
]
