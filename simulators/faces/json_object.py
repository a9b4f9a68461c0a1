"""One flat JSON object for each sample, with its time in it: the plainest face that keeps values together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulators.faces.face import Place, Publication
from simulators.machines.machine import Value

_MILLISECOND_NS = 1_000_000


class JsonObject:
    """Topic `{site}/{area}/{line}/{machine}/telemetry`, payload `{"ts": ..., "state": "RUNNING", ...}`.

    `ts` is the time of the sample in milliseconds since 1970-01-01T00:00:00Z; what is finer is cut off.
    """

    def topic(self, place: Place, machine: str) -> str:
        """Return the topic of a machine."""
        return f"{place.site}/{place.area}/{place.line}/{machine}/telemetry"

    def publications(
        self, place: Place, machine: str, time_ns: int, values: Mapping[str, Value]
    ) -> Sequence[Publication]:
        """Return the one message of a sample."""
        payload = orjson.dumps({"ts": time_ns // _MILLISECOND_NS, **values})
        return (Publication(self.topic(place, machine), payload),)
