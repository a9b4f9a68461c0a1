"""What real edge nodes get wrong, or do in rare but legal ways, by name: each can be put into any node, with others.

node = EdgeNode(plan, make_faults(["seq_gap", "alias_zero"]))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from simulators.sparkplug.faults import aliases, births, damage, deaths, names, sequence, sessions, times, values
from simulators.sparkplug.faults.fault import Fault


class FaultKind(NamedTuple):
    """A fault that there can be.

    Attributes:
        description: What the node does, in one line.
        make: Returns the fault for one node.
    """

    description: str
    make: Callable[[], Fault]


_KINDS: Mapping[str, Callable[[], Fault]] = {
    # sequence numbers
    "seq_gap": sequence.SeqGap,
    "seq_duplicate": sequence.SeqDuplicate,
    "seq_skip_duplicate": sequence.SeqSkipDuplicate,
    "seq_swapped": sequence.SeqSwapped,
    "nbirth_seq_not_zero": sequence.NbirthSeqNotZero,
    "seq_absent_when_zero": sequence.SeqAbsentWhenZero,
    "old_data_after_rebirth": sequence.OldDataAfterRebirth,
    # bdSeq and deaths
    "wrong_bdseq_death": deaths.wrong_bdseq_death,
    "will_bdseq_zero": deaths.will_bdseq_zero,
    "bdseq_constant": deaths.bdseq_constant,
    "bdseq_jumps": deaths.bdseq_jumps,
    "bdseq_minus_one": deaths.bdseq_minus_one,
    "bdseq_every_message": deaths.BdseqEveryMessage,
    "no_bdseq": deaths.no_bdseq,
    "no_death": deaths.NoDeath,
    "death_twice": deaths.DeathTwice,
    "ddeath_bdseq_no_seq": deaths.DdeathBdseqNoSeq,
    # aliases
    "alias_zero": aliases.AliasZero,
    "name_and_alias": aliases.NameAndAlias,
    "no_aliases": aliases.NoAliases,
    "alias_reused_across_devices": aliases.AliasReusedAcrossDevices,
    "alias_of_all": aliases.AliasOfAll,
    "alias_before_birth": aliases.AliasBeforeBirth,
    "unknown_alias": aliases.UnknownAlias,
    "births_without_names": aliases.births_without_names,
    # names
    "data_names_differ_from_birth": names.DataNamesDifferFromBirth,
    "odd_names": names.OddNames,
    # births
    "dbirth_before_nbirth": births.DbirthBeforeNbirth,
    "device_data_before_birth": births.DeviceDataBeforeBirth,
    "birth_split_in_several": births.BirthSplitInSeveral,
    "large_birth": births.LargeBirth,
    "retained_birth": births.retained_birth,
    "qos1_births": births.qos1_births,
    # behaviour
    "rebirth_as_death_and_birth": sessions.RebirthAsDeathAndBirth,
    "rebirth_as_reconnect": sessions.RebirthAsReconnect,
    "rebirth_ignored": sessions.RebirthIgnored,
    "first_rebirth_ignored": sessions.FirstRebirthIgnored,
    "rebirth_of_devices_only": sessions.RebirthOfDevicesOnly,
    "legacy_state": sessions.LegacyState,
    "state_in_group": sessions.StateInGroup,
    "same_descriptor_twice": sessions.SameDescriptorTwice,
    # times
    "timestamps_missing": times.timestamps_missing,
    "timestamps_nowhere": times.timestamps_nowhere,
    "timestamps_in_seconds": times.timestamps_in_seconds,
    "timestamps_in_microseconds": times.timestamps_in_microseconds,
    "timestamps_in_nanoseconds": times.timestamps_in_nanoseconds,
    "timestamps_zero": times.timestamps_zero,
    "timestamps_future": times.timestamps_future,
    "timestamps_of_start": times.TimestampsOfStart,
    "history_flush_unmarked": times.history_flush_unmarked,
    "history_interleaved": times.HistoryInterleaved,
    # values
    "datatypes_in_data": values.datatypes_in_data,
    "uint32_long": values.uint32_long,
    "signed_extended": values.signed_extended,
    "nulls": values.nulls,
    "null_without_flag": values.NullWithoutFlag,
    "nan": values.nan,
    "transient_values": values.transient_values,
    "datetime_zero": values.datetime_zero,
    "dataset": values.dataset,
    "arrays": values.arrays,
    "templates": values.Templates,
    "template_definition_in_dbirth": values.template_definition_in_dbirth,
    "quality_property_bad": values.QualityPropertyBad,
    "properties_without_type": values.properties_without_type,
    # bytes
    "compressed_deflate": damage.compressed_deflate,
    "compressed_gzip": damage.compressed_gzip,
    "malformed_payload": damage.MalformedPayload,
    "truncated_payload": damage.TruncatedPayload,
}

FAULTS: Mapping[str, FaultKind] = MappingProxyType(
    {name: FaultKind((inspect.getdoc(make) or name).splitlines()[0], make) for name, make in _KINDS.items()}
)
"""All faults by name. Several may be put together; then they apply in the order in which they are given."""


def make_faults(names_of_faults: Iterable[str]) -> list[Fault]:
    """Return new faults, for one node.

    Raises:
        ValueError: There is no fault of that name.
    """
    made = []
    for name in names_of_faults:
        if name not in FAULTS:
            raise ValueError(f"there is no fault {name!r}; `simulators edge-nodes --list-faults` shows them")
        made.append(FAULTS[name].make())
    return made
