"""Runs paho-mqtt in a thread: everything that paho does happens there, so that no two threads meet in it.

Keep-alive is done here and not by paho, which would close the connection when reading pauses for longer than the
interval: the answer to its ping then lies behind what is not read.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311, error_string
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.mqtt.endpoint import Endpoint, explain
from gateway.mqtt.handshake import judge
from gateway.mqtt.outcomes import ConnectionEnded, ProtocolViolation
from gateway.mqtt.terms import ANSWER_SECONDS, SUBSCRIBE_SECONDS, Established, Terms

_PING, _DISCONNECT = b"\xc0\x00", b"\xe0\x00"
_SILENT_HALVES = 3
"""Halves of the keep-alive interval without a byte after which the connection is dead."""
_UNANSWERED_HALVES = 8
"""The same where something comes, but no answer to a ping: what goes out does not arrive."""
_ROUND = 200
"""Packets to read before they are handed over and orders are looked at."""
_GOODBYE_SECONDS = 1.0


class Listener(Protocol):
    """Whom the thread tells what happens. Called in the thread."""

    def opened(self, established: Established) -> None:
        """It is connected and subscribed."""

    def arrived(self, messages: list[MQTTMessage]) -> None:
        """Messages came."""

    def published(self) -> None:
        """A command has left, or at QoS 1 the broker has it."""

    def finished(self, error: ConnectionEnded) -> None:
        """It is over, for this reason. The last call."""


class _TlsSocket(ssl.SSLSocket):
    """Closes when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # as the class it stands for
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Client(Client):
    """Tells when a ping is answered, which paho keeps to itself.

    Attributes:
        unanswered: Halves of the keep-alive interval since the last answer.
    """

    unanswered = 0

    def _handle_pingresp(self) -> MQTTErrorCode:
        self.unanswered = 0
        return super()._handle_pingresp()


class PahoSession:
    """One connection. `run` is for a thread of its own; `order`, `pause` and `stop` are for any other."""

    def __init__(self, terms: Terms, endpoint: Endpoint, listener: Listener) -> None:
        self._terms, self._endpoint, self._listener = terms, endpoint, listener
        self._wakeup, self._alarm = socket.socketpair()
        self._alarm.settimeout(0)
        self._orders: deque[Callable[[Client], object]] = deque()
        self._paused = False
        self._stop_by: float | None = None
        self._connack: tuple[bool, ReasonCode] | None = None
        self._messages: list[MQTTMessage] = []
        self._answer_by = 0.0
        self._session_present = False
        self._is_open = False
        self._silent_halves = 0
        self._ping_at = 0.0
        self._client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=terms.client_id,
            clean_session=terms.clean_start,
            protocol=MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = ANSWER_SECONDS
        if (will := terms.will) is not None:
            self._client.will_set(will.topic, will.payload, min(will.qos, 1), will.retain)
        if endpoint.context is not None:
            endpoint.context.sslsocket_class = _TlsSocket
            self._client.tls_set_context(endpoint.context)
        if endpoint.username is not None:
            # Bytes are passed on as they are, though the signature does not say so.
            self._client.username_pw_set(endpoint.username, endpoint.password)  # type: ignore[arg-type]
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def order(self, action: Callable[[Client], object]) -> None:
        """Have this done in the thread, after what was ordered before."""
        self._orders.append(action)
        self._wake()

    def pause(self, *, paused: bool) -> None:
        """Read nothing more, or go on."""
        self._paused = paused
        self._wake()

    def stop(self) -> None:
        """Do what was ordered, disconnect so that no Will is published, and finish; a lasting session stays."""
        self.order(self._disconnect)

    def run(self) -> None:
        """Connect, subscribe, and serve until it ends."""
        error = ConnectionEnded("disconnected")
        try:
            self._client.connect(self._endpoint.host, self._endpoint.port, self._terms.keep_alive)
            self._serve()
        except ConnectionEnded as ended:
            error = ended
        except OSError as failure:
            error = explain(failure, self._endpoint)
        except Exception as failure:  # noqa: BLE001  # paho's parser meets bytes it was not made for, in many ways
            error = ProtocolViolation(f"the broker sent what paho-mqtt cannot read: {failure!r}")
        finally:
            if (connection := self._client.socket()) is not None:
                connection.close()
            self._wakeup.close()
            self._alarm.close()
        self._listener.finished(error)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._wakeup, select.POLLIN)
        now = time.monotonic()
        self._answer_by, self._ping_at = now + ANSWER_SECONDS, now + self._terms.keep_alive / 2
        while True:
            while self._orders:
                self._orders.popleft()(self._client)
            connection = self._client.socket()
            if connection is None:
                if self._stop_by is None:
                    raise ConnectionEnded("the connection broke")
                return
            wanted = (select.POLLOUT if self._client.want_write() else 0) | (0 if self._paused else select.POLLIN)
            poll.register(connection, wanted)
            # TLS may have decrypted more than was read; the socket does not show that.
            unread = isinstance(connection, ssl.SSLSocket) and not self._paused and connection.pending() > 0
            ready = dict(poll.poll(0 if unread else self._milliseconds_to_wait()))
            if self._wakeup.fileno() in ready:
                self._wakeup.recv(4096)
            events = ready.get(connection.fileno(), 0)
            if self._paused and events & (select.POLLHUP | select.POLLERR):
                raise ConnectionEnded("the connection broke")
            if events & select.POLLOUT:
                self._client.loop_write()
            if unread or events & ~select.POLLOUT:
                self._read()
            self._keep_alive()
            self._watch_answers()

    def _milliseconds_to_wait(self) -> int:
        due = [self._ping_at] if self._terms.keep_alive else []
        due += [] if self._is_open else [self._answer_by]
        due += [] if self._stop_by is None else [self._stop_by]
        return max(0, round((min(due) - time.monotonic()) * 1000) + 1) if due else 60_000

    def _read(self) -> None:
        """Read packets until there is no message any more, and hand them over."""
        self._silent_halves = 0
        result, before = MQTTErrorCode.MQTT_ERR_SUCCESS, -1
        while before < len(self._messages) < _ROUND and not result:
            before = len(self._messages)
            result = self._client.loop_read()
        if self._messages:
            self._listener.arrived(self._messages)
            self._messages = []
        if self._connack is not None:
            (session_present, reason), self._connack = self._connack, None
            judge(int(reason.value))
            self._subscribe(session_present=session_present)
        if result:
            raise ConnectionEnded(f"the connection ended: {error_string(result)}")

    def _subscribe(self, *, session_present: bool) -> None:
        self._session_present = session_present
        self._answer_by = time.monotonic() + SUBSCRIBE_SECONDS
        filters = [
            (topic_filter, self._terms.qos.get(topic_filter, 1)) for topic_filter, _ in self._terms.topic_filters
        ]
        if filters:
            self._client.subscribe(filters)
        else:
            self._open({})

    def _watch_answers(self) -> None:
        now = time.monotonic()
        if self._paused:  # the answer may be there, unread
            self._answer_by = max(self._answer_by, now + 1)
        if not self._is_open and now > self._answer_by:
            raise ConnectionEnded("the broker did not answer in time")
        if self._stop_by is not None and now > self._stop_by:
            raise ConnectionEnded("disconnected, though the broker did not take the goodbye")

    def _keep_alive(self) -> None:
        interval, connection = self._terms.keep_alive, self._client.socket()
        if not interval or connection is None or time.monotonic() < self._ping_at:
            return
        self._ping_at = time.monotonic() + interval / 2
        if self._paused:
            self._silent_halves = self._client.unanswered = 0
        self._silent_halves += 1
        self._client.unanswered += 1
        if self._client.unanswered > _UNANSWERED_HALVES:
            raise ConnectionEnded(f"the broker answered no ping for {interval * _UNANSWERED_HALVES / 2:.0f} s")
        if self._silent_halves > _SILENT_HALVES:
            raise ConnectionEnded(f"nothing came from the broker for {interval * _SILENT_HALVES / 2:.0f} s")
        if not self._client.want_write():  # or it would end up in the middle of a packet, which is as good as a ping
            connection.send(_PING)

    def _disconnect(self, client: Client) -> None:
        self._stop_by = time.monotonic() + _GOODBYE_SECONDS
        connection = self._client.socket()
        if self._terms.clean_start and self._is_open and connection is not None and not client.want_write():
            connection.send(_DISCONNECT)  # and paho reads on, what is on its way, until the broker hangs up
        else:
            client.disconnect()

    def _wake(self) -> None:
        try:
            self._alarm.send(b"\0")
        except OSError:  # full, so that the thread is awake anyway; or closed, and it has finished
            return

    # What paho calls.

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connack = (flags.session_present, reason)

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        filters = [topic_filter for topic_filter, _ in self._terms.topic_filters]
        if len(reasons) != len(filters) or self._is_open:
            raise ProtocolViolation("a SUBACK came that does not fit what was asked")
        self._open(dict(zip(filters, (int(reason.value) for reason in reasons), strict=True)))

    def _open(self, granted_qos: dict[str, int]) -> None:
        self._is_open = True
        self._listener.opened(Established(self._session_present, granted_qos))

    def _on_publish(
        self, _client: Client, _userdata: object, _packet_id: int, _reason: ReasonCode, _properties: Properties
    ) -> None:
        self._listener.published()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if message.qos > 1:
            raise ProtocolViolation("a message came at QoS 2, which was not asked for")
        self._messages.append(message)
