"""Real databases for tests and benchmarks: influxd 1.6.7 and victoria-metrics, each with a folder of its own.

As a fixture, with data that is gone after the test:

    def test_something(influxd):
        influxd.create_database("plant")
        ...                                                          # influxd.url, influxd.port
        assert influxd.query('SELECT v FROM m', "plant") == [{"time": 1, "v": 2.0}]
        influxd.kill()                                               # as a power cut; stop() lets it finish
        influxd.start()                                              # on the same port, with the same data

Or anywhere, with other options of its configuration file:

    with Influxd(folder, http={"max-body-size": 200_000}) as influxd: ...

Both listen on 127.0.0.1 only. Never send influxd 1.6 a line such as `m` followed by two backslashes and a quotation
mark: it ends with a panic.
"""

from __future__ import annotations

import json
import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlencode

import pytest

from tests.servers import free_port, require, running

Row: TypeAlias = dict[str, str | int | float | bool | None]
Options: TypeAlias = Mapping[str, str | int | bool]


class Server:
    """A server in a process of its own, which can be stopped and started again on the same port with the same data.

    Attributes:
        url: Of its HTTP interface.
        port: Of the same.
        log: File that its output goes to.
    """

    def __init__(self, command: list[str], ports: list[int], log: Path) -> None:
        self.port = ports[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._command = command
        self._ports = ports
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Process id, to measure or to signal it."""
        assert self._process is not None, "the server is stopped"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens; nothing happens if it runs."""
        if self._process is None:
            self._process = self._stack.enter_context(running(self._command, self.log, self._ports))

    def stop(self) -> None:
        """Ask it to stop and wait until it has; nothing happens if it is stopped."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._end()

    def kill(self) -> None:
        """Stop it at once (SIGKILL), in the middle of whatever it does; nothing happens if it is stopped."""
        self._end()

    def _end(self) -> None:
        self._stack.close()
        self._process = None

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Let it do nothing, with its connections open, until `resume`: as a server that hangs."""
        assert self._process is not None, "the server is stopped"
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None, "the server is stopped"
        self._process.send_signal(signal.SIGCONT)

    def request(self, method: str, path: str, body: bytes | None = None, headers: Options | None = None) -> bytes:
        """Send a request and return the body of the answer; fail if its status is not a success."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {name: str(value) for name, value in (headers or {}).items()}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        assert response.status < 300, f"{method} {path}: {response.status} {content[:500]!r}"
        return content


class Influxd(Server):
    """InfluxDB 1.6.7.

    After a kill it is started twice: the first start cuts a half-written entry off its write-ahead log, but goes on
    writing behind the place where that ended, and all it confirmed since is lost at the next start.

    Args:
        folder: Where its configuration, data and log go; it may exist already, with the data of an earlier one.
        http: Options of the section `[http]`, such as `{"max-body-size": 200_000}`.
        data: Options of the section `[data]`, such as `{"max-series-per-database": 10}`.
        administrator: Name and password of a user who may do everything; with one, every request needs a user.
    """

    def __init__(
        self,
        folder: Path,
        *,
        http: Options | None = None,
        data: Options | None = None,
        administrator: tuple[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port, rpc_port = free_port(), free_port()
        sections: dict[str, Options] = {
            "meta": {"dir": f"{folder}/meta"},
            "data": {"dir": f"{folder}/data", "wal-dir": f"{folder}/wal", "query-log-enabled": False, **(data or {})},
            "monitor": {"store-enabled": False},
            "http": {
                "bind-address": f"127.0.0.1:{port}",
                "log-enabled": False,
                "auth-enabled": administrator is not None,
                **(http or {}),
            },
        }
        # JSON spells texts, numbers and booleans as TOML does.
        lines = ["reporting-disabled = true", f'bind-address = "127.0.0.1:{rpc_port}"']
        for name, options in sections.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        configuration = folder / "influxdb.conf"
        configuration.write_text("\n".join(lines))
        command = [require("influxd", "influxdb"), "run", "-config", str(configuration)]
        super().__init__(command, [port, rpc_port], folder / "influxd.log")
        self._administrator = administrator
        self._killed = False

    def kill(self) -> None:
        """Stop it at once (SIGKILL), in the middle of whatever it does; nothing happens if it is stopped."""
        super().kill()
        self._killed = True

    def start(self) -> None:
        """Start it and wait until it listens; nothing happens if it runs."""
        if self._killed:
            super().start()
            self.stop()
            self._killed = False
        super().start()
        if self._administrator is not None:
            # Allowed to anyone as long as there is no administrator; later to the administrator.
            name, password = self._administrator
            self.query(f"CREATE USER \"{name}\" WITH PASSWORD '{password}' WITH ALL PRIVILEGES")

    def create_database(self, name: str, retention: str | None = None) -> None:
        """Create a database, with the time it keeps points for, such as `7d`; by default for ever."""
        self.query(f'CREATE DATABASE "{name}"' + (f" WITH DURATION {retention}" if retention else ""))

    def query(self, influxql: str, database: str = "") -> list[Row]:
        """Return the rows of all series as one list; tags that were grouped by are columns, times are nanoseconds."""
        parameters = {"q": influxql, "db": database, "epoch": "ns"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self._administrator is not None:
            headers["Authorization"] = f"Basic {b64encode(':'.join(self._administrator).encode()).decode()}"
        answer = json.loads(self.request("POST", "/query", urlencode(parameters).encode(), headers))
        for result in answer["results"]:
            assert "error" not in result, f"{influxql}: {result['error']}"
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], values, strict=True))}
            for result in answer["results"]
            for series in result.get("series", [])
            for values in series["values"]
        ]


class VictoriaMetrics(Server):
    """VictoriaMetrics 1.79: takes `/write` and `/api/v2/write`, keeps numbers at milliseconds, and refuses nothing.

    Args:
        folder: Where its data and log go.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        command = [
            require("victoria-metrics", "victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={folder}/data",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
        ]
        super().__init__(command, [port], folder / "victoria-metrics.log")

    def export(self, match: str) -> list[dict[str, object]]:
        """Return all series that a selector takes, such as `{__name__=~"cnc_.*"}`.

        Each is `{"metric": {"__name__": "cnc_temperature", ...tags}, "values": [...], "timestamps": [ms, ...]}`: its
        name is made of measurement and field. What was just written is shown.
        """
        self.request("GET", "/internal/force_flush")
        query = urlencode({"match[]": match, "start": "0"})
        lines = self.request("GET", f"/api/v1/export?{query}").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def influxd(tmp_path: Path) -> Iterator[Influxd]:
    """Run an empty influxd for one test."""
    with Influxd(tmp_path / "influxd") as server:
        yield server


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    """Run an empty VictoriaMetrics for one test."""
    with VictoriaMetrics(tmp_path / "victoria-metrics") as server:
        yield server
