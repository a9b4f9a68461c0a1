"""What the reason codes of MQTT 5 say, and what an operator can do about them (MQTT 5.0, 2.4).

By number: the enumerations of `mqtt5` are neither integers nor hashable, whatever its stubs say.
"""

from __future__ import annotations

REFUSED = 128
"""Codes from here on mean that the broker did not do what it was asked; in MQTT 3.1.1 too (3.9.3)."""

UNSUPPORTED_PROTOCOL_VERSION = 0x84
SESSION_TAKEN_OVER = 0x8E

_WORDS = {
    0x00: "success",
    0x04: "disconnect with will message",
    0x10: "no matching subscribers",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded",
    0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported",
    0xA2: "wildcard subscriptions not supported",
}

CONNECT_REMEDIES = {
    0x85: "change id or the name of the source: they make up the client id",
    0x86: "check username and password_file of the source",
    0x87: "check username and password_file of the source, or let the broker admit it",
    0x8A: "lift the ban on the broker",
    0x97: "raise the broker's limit",
    0x9C: "set url to the broker's new address",
    0x9D: "set url to the broker's new address",
}
"""Refused connections that somebody must do something about; others may pass by themselves."""

SUBSCRIBE_REMEDIES = {
    0x87: "let the broker's access list allow this user to read the topic",
    0x97: "raise the broker's limit of subscriptions",
    0x9E: "remove shared_group, or use a broker that can share",
    0xA2: "write routes without named levels for this broker",
}
"""Refused subscriptions; for others the broker's log has to be read."""


def words(code: int) -> str:
    """Return a reason code in words and as broker manuals write it."""
    return f"{_WORDS.get(code, 'unknown reason')} (0x{code:02X})"
