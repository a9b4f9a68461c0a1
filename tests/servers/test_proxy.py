"""The proxy does to connections what it says, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.servers import wait_until
from tests.servers.proxy import Direction, Proxy

PATIENCE = 20


class Echo:
    """A server that sends back what it gets, one connection after another, and keeps it."""

    def __init__(self) -> None:
        self.received = b""
        self.ended = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                first = True
                try:
                    while data := connection.recv(1000):
                        if first and data == b"stop":
                            return
                        first = False
                        self.received += data
                        connection.sendall(data)
                except ConnectionResetError:
                    pass
                self.ended += 1

    def close(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as last:
            last.sendall(b"stop")
        self._thread.join()
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), PATIENCE)


def ask(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(1000)


def everything_from(client: socket.socket) -> bytes:
    with client:
        received = b""
        while data := client.recv(1000):
            received += data
        return received


def silent(client: socket.socket) -> bool:
    client.settimeout(0.2)
    try:
        client.recv(1000)
    except TimeoutError:
        client.settimeout(PATIENCE)
        return True
    return False


def test_everything_passes_until_told_otherwise(echo: Echo) -> None:
    with Proxy(echo.port) as proxy, connect(proxy) as client:
        assert ask(client, b"one") == b"one"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000) == b"", "an orderly end passes as one"
    assert echo.received == b"one"


def test_a_refusing_proxy_keeps_its_port_and_comes_back(echo: Echo) -> None:
    with Proxy(echo.port) as proxy:
        with connect(proxy) as client:
            assert ask(client, b"one") == b"one"
            proxy.refuse()
            with pytest.raises(ConnectionResetError):
                client.recv(1000)
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                connect(proxy)
            proxy.refuse()
        proxy.pass_on()
        with connect(proxy) as client:
            assert ask(client, b"two") == b"two"


def test_a_cut_resets_what_there_is_and_what_comes(echo: Echo) -> None:
    with Proxy(echo.port) as proxy, connect(proxy) as client:
        assert ask(client, b"one") == b"one"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1000)
        with pytest.raises(ConnectionResetError):
            everything_from(connect(proxy))
        proxy.cut_once()
        with connect(proxy) as third:
            assert ask(third, b"three") == b"three"
        wait_until(lambda: echo.ended == 2, "the server saw both ends")


def test_a_stalled_connection_is_open_and_silent_and_goes_on_later(echo: Echo) -> None:
    with Proxy(echo.port) as proxy, connect(proxy) as client:
        assert ask(client, b"one") == b"one"
        proxy.stall()
        client.sendall(b"two")
        assert silent(client)
        assert echo.received == b"one"
        with connect(proxy) as late:
            assert silent(late), "a new connection is made, and silent"
        proxy.pass_on()
        assert client.recv(1000) == b"two"


def test_a_connection_can_be_stalled_in_one_direction(echo: Echo) -> None:
    with Proxy(echo.port) as proxy, connect(proxy) as client:
        assert ask(client, b"one") == b"one"
        proxy.stall(Direction.TO_CLIENT)
        client.sendall(b"two")
        wait_until(lambda: echo.received == b"onetwo", "the server has it")
        assert silent(client)
        proxy.stall(Direction.TO_SERVER)
        assert client.recv(1000) == b"two"
        client.sendall(b"three")
        assert silent(client)
        assert echo.received == b"onetwo"


def test_a_stall_hides_that_the_other_side_is_gone(echo: Echo) -> None:
    with Proxy(echo.port) as proxy:
        with connect(proxy) as client:
            assert ask(client, b"one") == b"one"
            proxy.stall()
        with connect(proxy) as client:
            assert silent(client)
            assert echo.ended == 0
            proxy.pass_on()
            wait_until(lambda: echo.ended == 1, "the server learns it")


def test_a_connection_is_cut_after_a_number_of_bytes(echo: Echo) -> None:
    with Proxy(echo.port) as proxy:
        proxy.cut_after(5)
        for part in (b"abc", b"xyz"):
            with connect(proxy) as client:
                assert ask(client, part) == part
                client.sendall(b"defgh")
                with pytest.raises(ConnectionResetError):
                    everything_from(client)
        wait_until(lambda: echo.received == b"abcdexyzde", "the first five of each arrived")


def test_a_slow_connection_passes_everything_in_order(echo: Echo) -> None:
    with Proxy(echo.port) as proxy, connect(proxy) as client:
        proxy.slow(40)  # two bytes at a time
        client.sendall(b"abcdefgh")
        assert client.recv(1000) == b"ab"
        rest = b""
        while len(rest) < 6:
            rest += client.recv(1000)
        assert rest == b"cdefgh"


def test_nothing_behind_the_proxy_is_a_connection_that_breaks() -> None:
    with Proxy(1) as proxy, pytest.raises(ConnectionResetError):
        everything_from(connect(proxy))
