"""Groups of every content, of which no two are the same, and what a spool keeps of them."""

from __future__ import annotations

from gateway.models import Definition
from gateway.spool import DeadLetter, Group, Kind
from gateway.spool.redelivery import RECORD
from tests.gateway.configurations import message
from tests.gateway.spool.observed import SOURCE, Observed

EXTRAS = ("letter", "hold", "release", "remember", "redelivery", "define")
"""What a group may say beside its records."""


class Groups:
    """Makes groups; each record, letter and kept message has a number of its own."""

    def __init__(self) -> None:
        self.number = 0

    def group(self, records: int, size: int, extras: set[str]) -> Group:
        """Return a group with so many records, each of about so many bytes, and with these extras."""
        group = Group(SOURCE)
        for _ in range(records):
            self.number += 1
            one = message(f"t{self.number % 3}", b"%d" % self.number, packet_id=self.number % 5 + 1)
            group.add(one.topic, [f'm n={self.number}i,s="{"x" * size}" {self.number}'])
            if "redelivery" in extras:
                group.redelivery += RECORD.pack(one.packet_id, self.number, self.number)
        self.number += 1
        kept = message("t", b"kept %d" % self.number, received_ns=self.number)
        if "letter" in extras:
            group.dead_letters.append(self.letter())
        if "hold" in extras:
            group.held.append((f"key{self.number % 2}", kept))
        if "release" in extras:
            group.released.append(f"key{self.number // 2 % 2}")
        if "remember" in extras:
            group.remembered[f"node{self.number}"] = kept
        if "define" in extras:
            group.definitions.append(Definition(f"n{self.number % 3}", asset=f"{self.number}", measurement="m"))
        return group

    def letter(self) -> DeadLetter:
        """Return a dead letter."""
        self.number += 1
        return DeadLetter(Kind.UNDECODABLE, SOURCE, "t", b"letter %d" % self.number, "not JSON")


def after(state: Observed, group: Group) -> Observed:
    """Return what a spool keeps after a group was committed."""
    held = (one for one in state.held if one[0] not in group.released)
    return Observed(
        rows=(*state.rows, group.body()) if group.records else state.rows,
        has=state.has,
        dead_letters=(*state.dead_letters, *((letter.reason, letter.payload) for letter in group.dead_letters)),
        held=(*held, *((key, one.payload) for key, one in group.held)),
        remembered=(*state.remembered, *(one.payload for one in group.remembered.values())),
        redelivery=state.redelivery + group.redelivery,
        definitions={
            **state.definitions,
            **{(known.asset, known.measurement, known.name): known for known in group.definitions},
        },
        state=state.state,
    )
