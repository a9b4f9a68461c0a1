"""Why a connection to a broker ended. A class exists only where the source reacts differently to it.

ConnectionEnded          wait, with jitter, and try again
├── VersionUnsupported   this broker does not speak MQTT 5: try 3.1.1 at once, if the configuration allows it
├── Refused              an operator must act: say so loudly, try again
├── TakenOver            another client uses this id: wait longer, and say so
└── ProtocolViolation    what came is not MQTT: tell the broker, then as above
"""

from __future__ import annotations

from gateway.errors import GatewayError

_LONGEST = 200


class ConnectionEnded(GatewayError):  # noqa: N818  # the name says what is the case
    """There is no connection any more, or there never was one.

    Attributes:
        reason: What happened, in words.
        remedy: What to do about it; empty where nothing is to be done but to wait.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


class VersionUnsupported(ConnectionEnded):
    """The other side gave no answer that MQTT 5 knows."""


class Refused(ConnectionEnded):
    """The broker, or the check of its certificate, said no: it will again until someone has changed something."""


class TakenOver(ConnectionEnded):
    """The broker closed this connection because another client connected with the same client id."""


class ProtocolViolation(ConnectionEnded):
    """The broker sent what MQTT does not allow here."""


def taken_over(reason: str) -> TakenOver:
    """Return a take-over with what to do about it."""
    return TakenOver(reason, "give every gateway an id of its own: two with the same one keep throwing each other out")


def show(text: str) -> str:
    """Return text from outside as it may stand in a log: what cannot be seen is escaped, and the end cut."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text[:_LONGEST]
    )
    return shown if len(text) <= _LONGEST else f"{shown}..."
