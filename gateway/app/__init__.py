"""Puts the parts together: the only place that knows them all, and the only one that knows the adapters."""

from gateway.app.assembly import Assembly, assemble
from gateway.app.check import check, check_connections
from gateway.app.dead_letters import carry_out
from gateway.app.explain import Explanation, explain
from gateway.app.run import run

__all__ = ["Assembly", "Explanation", "assemble", "carry_out", "check", "check_connections", "explain", "run"]
