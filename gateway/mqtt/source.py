"""A broker as a source: connects, connects again for ever, and says what the broker did with session and filters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import structlog
from mqtt5 import TopicFilter

from gateway.clock import Clock
from gateway.interfaces import Session, Subscription, Unreadable
from gateway.models import Command, Message
from gateway.mqtt import grants
from gateway.mqtt.connection import Connection5
from gateway.mqtt.copies import Copies
from gateway.mqtt.deliveries import Deliveries
from gateway.mqtt.endpoint import Endpoint, find
from gateway.mqtt.outcomes import ConnectionEnded, Refused, TakenOver, VersionUnsupported, show
from gateway.mqtt.owner import Owner
from gateway.mqtt.packets import PacketReader
from gateway.mqtt.reasons import REFUSED
from gateway.mqtt.reconnecting import Reconnecting, Reminder
from gateway.mqtt.terms import Connection, Established, Terms
from gateway.mqtt.version3 import Connection3
from gateway.mqtt.window import Window
from gateway.settings import sources as settings_of
from gateway.status import SourceStatus

_WINDOW_OF_3_1_1 = 20
"""What mosquitto sends before it waits, and most brokers with it; MQTT 3.1.1 has no word for it."""
_NO_LIMIT = 65_534
"""One less than the default, which `mqtt5` leaves out: a broker that is told nothing takes its own (mosquitto 20)."""
_TRIES_WITH_5 = 3
"""Times in a row that a broker which spoke MQTT 5 before may fail to, until it is taken for another one."""
_LONGEST_KEEP_ALIVE, _NEVER = 65_535, 0xFFFF_FFFF
_SECOND = 1_000_000_000


class MqttSource:
    """A source that speaks MQTT 5, and 3.1.1 where a broker knows only that. Implements `interfaces.Source`.

        source = MqttSource(settings, client_id="plant1-gw1-plant", subscriptions=..., ...)
        async with asyncio.TaskGroup() as group:
            group.create_task(source.run())
            while True:
                messages = await source.receive()
                ...                                  # make them safe
                source.acknowledge(messages)

    Args:
        client_id: Fixed and unique on the broker, which keeps the session under it.
        subscriptions: What to subscribe to; the identifiers are those that `winner` returns.
        status: Kept up to date.
        had_session: Whether there was a session with this broker before, maybe in another process.
        remember_session: Called when there is one for the first time, to be kept on disk.
        winner: Where filters overlap: the identifier of the subscription whose copy of a message on this topic is to
            be taken, 0 for any. None where they do not.
        clock: Tells when messages arrive.
        session_lost: Called when the broker has forgotten the session, before it sends anything of the new one again.
        session: Whose the connections are, where an adapter owns them: its Will, its first and last words. Then each
            begins with a clean start, and what comes is not returned before the first words have been said.
        qos: Highest QoS wanted, by topic filter, where it is not 1.

    Raises:
        ValueError: A topic filter is none.
    """

    def __init__(
        self,
        settings: settings_of.MqttSource,
        *,
        client_id: str,
        subscriptions: Sequence[Subscription],
        status: SourceStatus,
        had_session: bool,
        remember_session: Callable[[], None],
        winner: Callable[[str], int] | None = None,
        clock: Clock | None = None,
        session_lost: Callable[[], None] = lambda: None,
        session: Session | None = None,
        qos: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.name = settings.name
        self._settings, self._client_id, self._status = settings, client_id, status
        self._copies = Copies([_shared(subscription, settings.shared_group) for subscription in subscriptions], winner)
        for topic_filter, _ in self._copies.topic_filters:
            TopicFilter(topic_filter)
        self._had_session, self._remember_session = had_session, remember_session
        self._session_lost = session_lost
        clock = clock or Clock()
        self._owner = None if session is None else Owner(session, clock, self._publish)
        self._qos = qos
        self._subscribed = False
        self._window = Window(settings.window)
        self._deliveries = Deliveries(status, self._window, settings.max_unacknowledged, self._press, clock)
        self._reader: PacketReader | None = None
        self._tries_with_5 = 0
        """Times that it has to fail with MQTT 5 before 3.1.1 is tried."""
        self._connection: Connection | None = None
        self._established_at: float | None = None
        self._may_send = False
        self._reconnecting = Reconnecting()
        self._failures, self._drops = Reminder(), Reminder()
        self._log = structlog.get_logger().bind(source=settings.name, client_id=client_id)
        status.url = settings.url

    async def receive(self) -> Sequence[Message | Unreadable]:
        """Wait for a message; return it with all others that have arrived by the same connection."""
        return await self._deliveries.receive()

    def acknowledge(self, messages: Sequence[Message | Unreadable]) -> None:
        """Tell the broker that these messages are safe; see `interfaces.Source`.

        Raises:
            ValueError: It is not the oldest sequence that `receive` returned and that is not acknowledged.
        """
        self._deliveries.acknowledge(messages)

    def exhausted(self) -> bool:
        """Whether the broker will send no more before an acknowledgement, as far as is known."""
        return self._deliveries.exhausted()

    def send(self, command: Command) -> None:
        """Publish a command, at QoS 1 at most. Dropped and counted while there is no connection or no room in it."""
        self._publish(command, self._connection if self._may_send else None)

    def accepting(self, accepting: bool) -> None:  # noqa: FBT001  # a state, not a switch
        """Take note that the spool can take more, or soon cannot: the session tells the other side."""
        if self._owner is not None:
            self._owner.accepting(accepting, self._connection if self._may_send else None)

    def _publish(self, command: Command, connection: Connection | None) -> None:
        reason = "there is no connection, or too much waits to be sent"
        try:
            if connection is not None and connection.publish(command):
                self._status.commands_sent += 1
                return
        except ValueError as error:
            reason = f"it cannot be sent: {error}"
        self._status.commands_dropped += 1
        if self._drops.is_due(reason, time.monotonic()):
            self._log.warning("A command was dropped", topic=show(command.topic), reason=reason)

    async def run(self) -> None:
        """Connect and stay connected, until cancelled.

        Cancelled, it sends the acknowledgements it was given, says goodbye in the way that keeps the session, or as
        the owner of the session wants it, and closes. What has arrived is still returned by `receive`.
        """
        try:
            while True:
                error = await self._connect_once()
                now = time.monotonic()
                lasted = None if self._established_at is None else now - self._established_at
                self._established_at = None
                error = self._reconnecting.judge(error, lasted, now)
                delay = self._reconnecting.delay(error)
                self._tell(error, delay, now)
                self._enter("waiting", error.reason)
                await asyncio.sleep(delay)
        finally:
            self._established_at = None
            self._deliveries.finish()
            self._enter("stopped")

    async def _connect_once(self) -> ConnectionEnded:
        """Connect, and serve the connection until it ends; return why it did."""
        self._enter("connecting")
        wanted = self._settings.protocol
        try:
            endpoint = await find(self._settings)
            if wanted != "3.1.1":
                try:
                    return await self._serve(self._connection5(endpoint))
                except VersionUnsupported as unsupported:
                    self._tries_with_5 -= 1
                    if wanted == "5" or self._settings.shared_group or self._tries_with_5 > 0:
                        raise
                    self._log.info("The broker does not answer in MQTT 5; 3.1.1 is tried", reason=unsupported.reason)
            return await self._serve(self._connection3(endpoint))
        except ConnectionEnded as error:
            return error

    def _connection5(self, endpoint: Endpoint) -> Connection:
        is_copy = self._copies.is_copy if self._copies.matter else None
        careful = self._reader is not None and self._reader.careful
        self._reader = PacketReader(self._settings.max_packet, self._status, is_copy, careful=careful)
        return Connection5(self._terms(), endpoint, self._deliveries, self._reader)

    def _connection3(self, endpoint: Endpoint) -> Connection:
        return Connection3(self._terms(), endpoint, self._deliveries, self._settings.max_packet, self._status)

    def _terms(self) -> Terms:
        settings, owned = self._settings, self._owner is not None
        return Terms(
            self._client_id,
            keep_alive=min(-(-settings.keep_alive // _SECOND), _LONGEST_KEEP_ALIVE),
            session_expiry=0 if owned else min(-(-settings.session_expiry // _SECOND), _NEVER),
            receive_maximum=settings.window or _NO_LIMIT,
            topic_filters=self._copies.topic_filters,
            retained=owned or not self._subscribed,
            clean_start=owned,
            will=None if self._owner is None else self._owner.will(),
            qos=self._qos,
        )

    async def _serve(self, connection: Connection) -> ConnectionEnded:
        self._connection = connection
        self._deliveries.begin(connection, keep_back=self._owner is not None)
        try:
            established = await connection.open()
            self._begin(connection, established)
            await asyncio.wait((connection.ended,))  # which a cancellation leaves as it is
            return connection.ended.result()
        finally:
            self._may_send = False
            if self._owner is not None:
                await self._owner.part(connection)
            await connection.close()
            self._deliveries.begin(None)
            self._connection = None
            if self._owner is not None:
                await self._owner.parted(self._deliveries)

    def _begin(self, connection: Connection, established: Established) -> None:
        """Take note of what the broker granted."""
        now = time.monotonic()
        self._status.granted_qos = dict(established.granted_qos)
        if self._owner is not None:
            self._session_lost()  # none lasts
            self._owner.meet(connection, established.granted_qos)
            self._deliveries.let_through()
            self._tell_grants(connection, established, gap=False)
        self._established_at, self._may_send = now, True
        self._failures.forget()
        self._status.connects += 1
        self._status.protocol = connection.protocol
        if connection.protocol == "5":
            self._tries_with_5 = _TRIES_WITH_5
        # Brokers that limit both directions by one number (mosquitto, EMQX) tell it in Receive Maximum.
        self._window.guess(established.receive_maximum or _WINDOW_OF_3_1_1, now)
        if self._owner is None:
            self._begin_session(connection, established)
        if self._deliveries.under_pressure:
            connection.pause_reading()
        self._enter("paused" if self._deliveries.under_pressure else "connected")

    def _begin_session(self, connection: Connection, established: Established) -> None:
        """Take note of a session that lasts."""
        gap = self._had_session and not established.session_present
        if gap:
            self._status.gaps += 1
            self._session_lost()
        self._tell_grants(connection, established, gap=gap)
        if any(qos < REFUSED for qos in established.granted_qos.values()):
            self._subscribed = True
            if not self._had_session:
                self._had_session = True
                self._remember_session()

    def _tell_grants(self, connection: Connection, established: Established, *, gap: bool) -> None:
        copies = self._copies.matter
        grants.tell(self._log, self._settings, connection.protocol, established, gap=gap, copies=copies, qos=self._qos)

    def _press(self, under_pressure: bool) -> None:  # noqa: FBT001  # called by Deliveries
        """Stop reading, or go on, as the bound on what is unacknowledged wants it."""
        if self._connection is None:
            return
        if under_pressure:
            self._connection.pause_reading()
        else:
            self._connection.resume_reading()
        if self._established_at is not None:
            self._enter("paused" if under_pressure else "connected")

    def _tell(self, error: ConnectionEnded, delay: float, now: float) -> None:
        """Log why there is no connection: once, and again every ten minutes for as long as nothing changes."""
        if isinstance(error, TakenOver):
            self._status.takeovers += 1
        if not self._failures.is_due(error.reason, now):
            return
        level = self._log.error if isinstance(error, Refused | TakenOver) else self._log.warning
        facts = {"remedy": error.remedy} if error.remedy else {}
        level(
            "There is no connection to the broker; it is tried again",
            url=self._settings.url,
            reason=error.reason,
            next_attempt_in_s=round(delay, 1),
            **facts,
        )

    def _enter(self, state: str, reason: str = "") -> None:
        self._status.state, self._status.reason, self._status.since_ns = state, reason, time.time_ns()


def _shared(subscription: Subscription, group: str | None) -> Subscription:
    """Return the subscription as one of a group, where there is one (MQTT 5.0, 4.8.2)."""
    if group is None:
        return subscription
    return Subscription(f"$share/{group}/{subscription.topic_filter}", subscription.identifier)
