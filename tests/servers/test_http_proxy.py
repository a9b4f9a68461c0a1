"""The proxy before a database does to writes what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected

import pytest

from tests.servers.http_proxy import Answer, HttpProxy, Silence, Write
from tests.servers.scripted import ScriptedServer

PATIENCE = 20


def write(client: HTTPConnection, body: bytes) -> int:
    client.request("POST", "/write?db=plant", body)
    response = client.getresponse()
    response.read()
    return response.status


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


def http(proxy: HttpProxy) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)


def bodies(server: ScriptedServer) -> list[bytes]:
    return [request.body for request in server.requests]


def test_writes_and_answers_pass_whole_over_one_connection(server: ScriptedServer) -> None:
    server.answer(204).answer(400, b'{"error":"why"}').answer(204)
    seen: list[Write] = []
    with HttpProxy(server.port, seen.append) as proxy:
        client = http(proxy)
        assert [write(client, b"a" * 200_000), write(client, b"b"), write(client, b"c")] == [204, 400, 204]
        client.request("GET", "/ping")
        assert client.getresponse().status == 204
        client.close()
        assert (proxy.connections, proxy.writes, proxy.spoiled, proxy.confirmed) == (1, 3, 0, 2)
    assert seen[1:] == [Write(2, "/write?db=plant", b"b", True), Write(3, "/write?db=plant", b"c", True)]  # noqa: FBT003


def test_a_number_of_writes_is_answered_and_not_forwarded(server: ScriptedServer) -> None:
    with HttpProxy(server.port) as proxy:
        client = http(proxy)
        proxy.spoil(Answer(503, b"not now", {"Retry-After": "7"}), times=2)
        client.request("POST", "/api/v3/write_lp", b"a")
        response = client.getresponse()
        assert (response.status, response.read(), response.headers["Retry-After"]) == (503, b"not now", "7")
        assert [write(client, b"b"), write(client, b"c")] == [503, 204]
        client.close()
        assert (proxy.spoiled, proxy.confirmed) == (2, 1)
    assert bodies(server) == [b"c"]


def test_each_third_write_is_spoiled_until_told_otherwise(server: ScriptedServer) -> None:
    with HttpProxy(server.port) as proxy:
        client = http(proxy)
        proxy.spoil(Answer(429), every=3)
        assert [write(client, b"x") for _ in range(7)] == [204, 204, 429, 204, 204, 429, 204]
        proxy.spare()
        assert [write(client, b"x") for _ in range(3)] == [204, 204, 204]
        client.close()


def test_a_write_is_done_and_answered_otherwise(server: ScriptedServer) -> None:
    with HttpProxy(server.port) as proxy:
        client = http(proxy)
        proxy.spoil(Answer(503), forward=True, times=1)
        assert [write(client, b"a"), write(client, b"a")] == [503, 204]
        client.close()
    assert bodies(server) == [b"a", b"a"]


def test_a_write_is_done_and_never_answered(server: ScriptedServer) -> None:
    with HttpProxy(server.port) as proxy:
        proxy.spoil(Silence(), forward=True, times=1)
        client = HTTPConnection("127.0.0.1", proxy.port, timeout=0.2)
        with pytest.raises(TimeoutError):
            write(client, b"a")
        client.close()
        proxy.spoil(Silence(seconds=0.05), times=1)
        client = http(proxy)
        with pytest.raises(RemoteDisconnected):
            write(client, b"b")
        client.close()
    assert bodies(server) == [b"a"]


def test_a_database_that_is_away_is_told_as_a_reverse_proxy_does() -> None:
    with HttpProxy(1) as proxy:
        client = http(proxy)
        assert [write(client, b"a"), write(client, b"b")] == [502, 502]
        client.close()


def test_a_write_is_cut_in_the_middle_of_its_body(server: ScriptedServer) -> None:
    with HttpProxy(server.port) as proxy:
        proxy.cut_after(1000)
        client = http(proxy)
        with pytest.raises(ConnectionResetError):
            write(client, b"a" * 5000)
        client.close()
        proxy.pass_on()
        client = http(proxy)
        assert write(client, b"b") == 204
        client.close()
    assert bodies(server)[-1] == b"b"
