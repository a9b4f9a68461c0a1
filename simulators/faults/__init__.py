"""Faults: what goes wrong with the messages of machines, by name."""

from simulators.faults import clocks, connections, counters, edge_nodes, order, payloads, topics, values
from simulators.faults.fault import Fault

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        connections.DisconnectWithWill,
        connections.DisconnectWithoutWill,
        connections.HalfOpen,
        connections.BrokerRestart,
        order.Duplicate,
        order.Reordered,
        order.Late,
        order.Lost,
        clocks.ClockSkew,
        clocks.ClockJump,
        clocks.DaylightSaving,
        counters.CounterReset,
        counters.CounterRollover16,
        counters.CounterRollover32,
        values.IntFloatFlip,
        values.NaN,
        values.Null,
        values.StuckValue,
        values.BadQuality,
        payloads.Truncated,
        payloads.Giant,
        topics.RenamedTopic,
        topics.StaleRetained,
        edge_nodes.AliasBeforeBirth,
        edge_nodes.SeqGap,
        edge_nodes.WrongBdseq,
    )
}
"""All faults, by their names."""
