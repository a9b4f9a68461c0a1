"""One topic for each value, with nothing but the value in it and no time: how many small devices speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.faces.face import Place, Publication
from simulators.machines.machine import Value


def scalar(value: Value) -> bytes:
    """Return a bare value: `true`, `42`, `21.5`, or text as it is, without quotes."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode()


class ScalarTopics:
    """Topic `{site}/{area}/{line}/{machine}/{value's name}`, payload the bare value."""

    def topic(self, place: Place, machine: str) -> str:
        """Return a filter for the topics of a machine."""
        return f"{place.site}/{place.area}/{place.line}/{machine}/+"

    def publications(
        self,
        place: Place,
        machine: str,
        time_ns: int,  # noqa: ARG002  # a scalar has no room for it
        values: Mapping[str, Value],
    ) -> Sequence[Publication]:
        """Return a message for each value of a sample."""
        prefix = f"{place.site}/{place.area}/{place.line}/{machine}/"
        return [Publication(prefix + name, scalar(value)) for name, value in values.items()]
