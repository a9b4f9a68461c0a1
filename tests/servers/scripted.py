"""A scripted HTTP server: answers what it is told to, or closes the connection, and keeps every request.

    with ScriptedServer() as server:
        server.answer(503, "", {"Retry-After": "7"}).answer(204)    # the first request, the second
        server.close_connection()                                   # the third
        ...
        assert server.requests[0].body == b"..."

Without a script, and after its end, it answers 204.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit


class Request(NamedTuple):
    """What a client sent.

    Attributes:
        headers: By name in lower case.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Step(NamedTuple):
    """What to do about a request.

    Attributes:
        status: Of the answer; 0 for none: the connection is closed once the request has arrived.
        body: Of the answer.
        headers: Of the answer, beside its length.
        truncated: Close the connection in the middle of the body.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}
    truncated: bool = False


class ScriptedServer:
    """Listens on a free port of 127.0.0.1.

    Args:
        tls: Speak HTTPS with this context.

    Attributes:
        requests: All that came, in order.
        otherwise: What to do about a request that has no step: by default 204. It may be given a function.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.otherwise: Callable[[Request], Step] = lambda _: Step(204)
        self._steps: deque[Step] = deque()
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="scripted-server")
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, status: int, body: str | bytes = b"", headers: Mapping[str, str] | None = None) -> Self:
        """Answer the next request for which nothing is planned yet."""
        content = body.encode() if isinstance(body, str) else body
        self._steps.append(Step(status, content, headers or {}))
        return self

    def close_connection(self) -> Self:
        """Close the connection of that request once it has arrived, without an answer."""
        self._steps.append(Step(0))
        return self

    def truncate(self, status: int, body: bytes) -> Self:
        """Answer that request, and close the connection before the last byte of the body."""
        self._steps.append(Step(status, body, truncated=True))
        return self

    def next_step(self, request: Request) -> Step:
        """Keep the request and return what to do about it."""
        self.requests.append(request)
        return self._steps.popleft() if self._steps else self.otherwise(request)


class _Server(ThreadingHTTPServer):
    """Closes the connections that clients keep open, so that no thread of a handler outlives it."""

    daemon_threads = False

    def __init__(self, scripted: ScriptedServer) -> None:
        self.scripted = scripted
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        assert isinstance(request, socket.socket)
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # its client was quicker
                continue
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client is gone; a TLS handshake that failed is one as well
            self.close_connection = True

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.server.scripted.next_step(
            Request(self.command, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), headers, body)
        )
        if step.status == 0:
            self.close_connection = True
            return
        self.send_response(step.status)
        for name, value in step.headers.items():
            self.send_header(name, value)
        if step.status != 204:
            self.send_header("Content-Length", str(len(step.body)))
        self.end_headers()
        self.wfile.write(step.body[:-1] if step.truncated else step.body)
        self.close_connection = step.truncated

    do_GET = do_POST = _respond  # noqa: N815  # the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server gives it
        """Nothing is logged: `requests` has it all."""
