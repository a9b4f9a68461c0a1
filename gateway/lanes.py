"""What happens to the messages of a topic: the path of its route, and its own lane along it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.interfaces import Adapter, Places
from gateway.models import Decoded, Message, Observation
from gateway.normalize import Normalizer, Place, UsualMessages


@dataclass(frozen=True)
class Path:
    """What a route does with a message: decode it, and make telemetry of it.

    Attributes:
        route: The route's topic, as it stands in the configuration.
        adapter: Its adapter.
        normalizer: Its normalizer.
        publish: Topic filters on which the adapter may publish.
        places: The adapter, if it reads more from a topic than the levels of the route name.
    """

    route: str
    adapter: Adapter
    normalizer: Normalizer
    publish: Sequence[str] = ()
    places: Places | None = None

    def words(self, topic: str, levels: Mapping[str, str]) -> Mapping[str, str]:
        """Return what the topic says of whose values these are, given what stands at the levels that the route names.

        Raises:
            ValueError: The adapter can make nothing of the topic.
        """
        return levels if self.places is None else {**levels, **self.places.place(topic)}


@dataclass(frozen=True, slots=True)
class Lane:
    """The path of one topic, and what runs for every message of it."""

    path: Path
    place: Place
    decode: Callable[[Message], Iterable[Decoded]]
    quick: Callable[[Place, Message, Observation, UsualMessages], bool]

    @classmethod
    def along(cls, path: Path, place: Place) -> Lane:
        """Return the lane of a topic."""
        return cls(path, place, path.adapter.decode, path.normalizer.quick)
