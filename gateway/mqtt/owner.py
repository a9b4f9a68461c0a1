"""Gives the owner of a connection its say: the Will, the first words and the last ones, and when room runs short.

The owner is the session of an adapter. It says what is to be published; when, and that nothing else comes first, is
seen to here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import mqtt5
import structlog

from gateway.clock import Clock
from gateway.interfaces import Session
from gateway.models import Command
from gateway.mqtt.deliveries import Deliveries
from gateway.mqtt.outcomes import Refused, show
from gateway.mqtt.reasons import REFUSED, SUBSCRIBE_REMEDIES, words
from gateway.mqtt.terms import Connection

_CONFIRM_SECONDS = 1.0
"""How long the broker may take to confirm the last words."""
_HAND_OUT_SECONDS = 1.0
"""How long what came by a connection may take to be seen, until its owner is told in any case that it is gone."""

_log = structlog.get_logger()


class Owner:
    """The session that owns the connections of one source, one after another.

    Args:
        session: What it says.
        clock: The clock that stamps what arrives.
        publish: Sends a command over a connection, or drops and counts it.
    """

    def __init__(self, session: Session, clock: Clock, publish: Callable[[Command, Connection | None], None]) -> None:
        self._session, self._clock, self._publish = session, clock, publish
        self._met = False

    def will(self) -> Command | None:
        """Return the Will of a connection that is being made.

        Raises:
            Refused: There is none that can be sent.
        """
        try:
            will = self._session.will(self._clock.now_ns())
            if will is not None:
                mqtt5.PublishPacket(will.topic, will.payload).write()
        except Exception as error:
            raise Refused(
                f"the session has no Will that can be sent: {error}", "check the options of the session"
            ) from error
        return will

    def meet(self, connection: Connection, granted_qos: Mapping[str, int]) -> None:
        """Say the first words over a connection on which nothing has been said yet.

        Raises:
            Refused: The broker did not grant all subscriptions, without which the session cannot begin.
        """
        for topic_filter, code in granted_qos.items():
            if code >= REFUSED:
                remedy = SUBSCRIBE_REMEDIES.get(code, "let the broker's access list allow this user to read the topic")
                raise Refused(f"the broker refuses to subscribe to {show(topic_filter)}, {words(code)}", remedy)
        self._met = True
        self._say(self._session.connected, connection)

    async def part(self, connection: Connection) -> None:
        """Say the last words, if the connection is to end on purpose, and wait until the broker has them."""
        if self._met and not connection.ended.done():
            self._say(self._session.disconnecting, connection)
            await connection.confirmed(_CONFIRM_SECONDS)

    async def parted(self, deliveries: Deliveries) -> None:
        """Tell the session that its connection is gone, after it has seen what came by it."""
        if not self._met:
            return
        self._met = False
        try:
            await deliveries.handed_out(_HAND_OUT_SECONDS)
        finally:
            self._say(self._disconnected, None)

    def accepting(self, accepting: bool, connection: Connection | None) -> None:  # noqa: FBT001  # a state, not a switch
        """Tell the session whether the spool takes more; what it says goes out if there is a connection."""
        self._say(lambda now_ns: self._session.accepting(accepting, now_ns), connection)

    def _disconnected(self, now_ns: int) -> Iterable[Command]:
        self._session.disconnected(now_ns)
        return ()

    def _say(self, ask: Callable[[int], Iterable[Command]], connection: Connection | None) -> None:
        try:
            commands = tuple(ask(self._clock.now_ns()))
        except Exception:  # noqa: BLE001  # whatever is wrong with one adapter stops no other source
            _log.exception("A session failed")
            return
        if connection is not None:
            for command in commands:
                self._publish(command, connection)
