"""A format whose data can be understood only once a birth is known."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, PrivateAttr

from gateway.models import Decoded, Hold, Message, Observation, Release, Remember


class Births(BaseModel):
    """`birth` says what follows; anything else is one number."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _known: list[str] = PrivateAttr(default_factory=list)

    @property
    def names_asset(self) -> bool:
        """Only the topic does."""
        return False

    def decode(self, message: Message) -> Iterable[Decoded]:
        """Say what the message means."""
        if message.payload == b"birth":
            self._known.append("node")
            return (Remember("node"), Release("node"))
        return (Observation({"x": float(message.payload)}),) if self._known else (Hold("node"),)

    def advance(self, now_ns: int) -> Iterable[Decoded]:
        """Say nothing."""
        del now_ns
        return ()
