"""Recording a real broker and replaying it: what comes out is what went in."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from typer.testing import CliRunner, Result

from simulators.broker import Broker
from simulators.cli import app
from simulators.delivery.client import Protocol
from simulators.delivery.conductor import Conductor, Pace
from simulators.delivery.connection import BrokerRefusedError, ConnectionLostError
from simulators.delivery.file import Recorded, line, read
from simulators.delivery.recording import Recorder
from simulators.delivery.replaying import Replayer
from simulators.messages import Publication
from simulators.plant.course import Course
from simulators.plant.library import parse
from tests.servers import free_port, wait_until
from tests.servers.brokers import Rumqttd, StartMosquitto

SCENARIO = """
description = "Machines with every face"
period = "5s"
[products.bracket]
ideal_cycle = 45
[[lines]]
name = "line1"
area = "machining"
plan = [{ product = "bracket", for = "8h" }]
""" + "".join(
    f'[[machines]]\nname = "mill-{face}"\nkind = "cnc_mill"\nline = "line1"\nface = "{face}"\n'
    for face in ("json", "uns_json", "umh", "scalar", "sparkplug")
)
SECOND_NS = 1_000_000_000
ROOT = Path(__file__).parents[3]


def by_topic(path: Path) -> dict[str, list[Publication]]:
    """Return the messages of a file in their order, topic by topic."""
    topics = defaultdict(list)
    for recorded in read(path):
        topics[recorded.publication.topic].append(recorded.publication)
    return topics


def write(path: Path, messages: Sequence[Publication], every_ns: int = 0) -> Path:
    """Write messages into a file, and return it."""
    path.write_bytes(b"".join(line(Recorded(number * every_ns, each)) for number, each in enumerate(messages)))
    return path


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Poll until the condition holds; fail with TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # it is others that count
            await asyncio.sleep(0.01)


@asynccontextmanager
async def recording(
    url: str, path: Path, messages: int, protocol: Protocol = Protocol.MQTT_5, *filters: str
) -> AsyncIterator[Recorder]:
    """Record a broker while the block runs, and until so many messages have come."""
    recorder = Recorder(Broker.from_url(url), filters or ("#",), protocol, tell=print)
    async with asyncio.TaskGroup() as group:
        group.create_task(recorder.record(path), name="record")
        await asyncio.wait_for(recorder.subscribed.wait(), 30)
        yield recorder
        await until(lambda: recorder.messages >= messages)
        recorder.stop()


async def replay(url: str, path: Path, protocol: Protocol = Protocol.MQTT_5, speed: float | None = None) -> Replayer:
    """Replay a file."""
    replayer = Replayer(Broker.from_url(url), protocol, speed=speed, tell=print)
    await replayer.replay(path)
    return replayer


async def test_what_a_run_says_is_recorded_and_replayed_into_the_same_recording(
    mosquitto: StartMosquitto, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    live, again = mosquitto("max_queued_messages 0").url, mosquitto("max_queued_messages 0").url
    course = Course(parse(SCENARIO, "scenario", "scenario"), 1)
    conductor = Conductor(course, Broker.from_url(live), 1, Pace(None, 120, 1_772_000_000 * SECOND_NS), tell=print)
    async with recording(live, first, 0) as recorder:
        await conductor.run()
        await until(lambda: recorder.messages >= conductor.published)
    assert recorder.messages == conductor.published > 200
    async with recording(again, second, recorder.messages):
        replayer = await replay(again, first)
    assert replayer.published == replayer.acknowledged == recorder.messages
    assert by_topic(second) == by_topic(first)


ALL_KINDS = [
    Publication("plant/text", "Grüße".encode(), 1),
    Publication("plant/bytes", b"\xff\x00\x80", 0),
    Publication("plant/empty", b"", 1),
    Publication("plant/retained", b"kept", 1, retain=True),
    Publication("plant/properties", b"{}", 1, properties=(("unit", "kW"), ("unit", "W"))),
]


async def test_qos_retain_properties_and_bytes_survive(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto().url
    path = tmp_path / "again.jsonl"
    async with recording(broker, path, len(ALL_KINDS)):
        await replay(broker, write(tmp_path / "file.jsonl", ALL_KINDS))
    assert [recorded.publication for recorded in read(path)] == ALL_KINDS


async def test_a_replayed_retained_message_is_stored_by_the_broker(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto().url
    await replay(broker, write(tmp_path / "file.jsonl", ALL_KINDS))
    path = tmp_path / "stored.jsonl"
    async with recording(broker, path, 1):
        pass
    assert [recorded.publication for recorded in read(path)] == [ALL_KINDS[3]]


async def test_mqtt_3_1_1_carries_all_but_the_properties(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto().url
    path = tmp_path / "again.jsonl"
    async with recording(broker, path, len(ALL_KINDS), Protocol.MQTT_311):
        await replay(broker, write(tmp_path / "file.jsonl", ALL_KINDS), Protocol.MQTT_311)
    said = [message._replace(retain=False, properties=()) for message in ALL_KINDS]
    assert [recorded.publication for recorded in read(path)] == said


async def test_the_embedded_broker_carries_it_too(rumqttd: Callable[[], Rumqttd], tmp_path: Path) -> None:
    broker = rumqttd().url
    path = tmp_path / "again.jsonl"
    messages = [Publication(f"plant/{number % 7}", b"%d" % number) for number in range(500)]
    async with recording(broker, path, len(messages)):
        await replay(broker, write(tmp_path / "file.jsonl", messages))
    assert [recorded.publication for recorded in read(path)] == messages


async def test_the_order_over_all_topics_is_kept(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto("max_queued_messages 0").url
    messages = [Publication(f"plant/{number % 7}", b"%d" % number, 1 if number % 2 else 0) for number in range(1_000)]
    path = tmp_path / "again.jsonl"
    async with recording(broker, path, len(messages)):
        await replay(broker, write(tmp_path / "file.jsonl", messages))
    ordered = [recorded.publication for recorded in read(path) if recorded.publication.qos]
    assert ordered == [message for message in messages if message.qos]


async def test_only_what_a_filter_names_is_recorded(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto().url
    path = tmp_path / "again.jsonl"
    async with recording(broker, path, 2, Protocol.MQTT_5, "plant/text", "plant/empty"):
        await replay(broker, write(tmp_path / "file.jsonl", ALL_KINDS))
    assert set(by_topic(path)) == {"plant/text", "plant/empty"}


async def test_the_pauses_of_a_file_are_kept_at_its_speed(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto().url
    path = tmp_path / "again.jsonl"
    messages = [Publication("plant/text", b"%d" % number) for number in range(4)]
    async with recording(broker, path, 4):
        await replay(broker, write(tmp_path / "file.jsonl", messages, 10 * SECOND_NS), speed=100)
    times = [recorded.time_ns for recorded in read(path)]
    assert times[-1] - times[0] >= 0.25 * SECOND_NS


async def test_a_lost_connection_loses_nothing_of_a_replay(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto("autosave_interval 1", "autosave_on_changes true", persistence=True)
    messages = [Publication(f"plant/{number}", b"", retain=True) for number in range(400)]
    file = write(tmp_path / "file.jsonl", [each._replace(payload=b"x") for each in messages], SECOND_NS // 100)
    replayer = Replayer(Broker.from_url(broker.url), Protocol.MQTT_5, tell=print)
    async with asyncio.TaskGroup() as group:
        group.create_task(replayer.replay(file), name="replay")
        await until(lambda: replayer.acknowledged >= 100)
        await asyncio.to_thread(broker.restart)
    assert (replayer.connections, replayer.acknowledged) == (2, 400)
    path = tmp_path / "stored.jsonl"
    async with recording(broker.url, path, 400):
        pass
    assert len(by_topic(path)) == 400


async def test_a_recording_goes_on_after_a_lost_connection(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    broker = mosquitto()
    path = tmp_path / "again.jsonl"
    async with recording(broker.url, path, 2) as recorder:
        await replay(broker.url, write(tmp_path / "file.jsonl", ALL_KINDS[:1]))
        await until(lambda: recorder.messages == 1)
        await asyncio.to_thread(broker.restart, kill=True)
        await until(lambda: recorder.connections == 2)
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            while recorder.messages < 2:  # its subscription is perhaps still on its way
                await client.publish("plant/after", b"", qos=1)
                await asyncio.sleep(0.02)
    assert set(by_topic(path)) == {"plant/text", "plant/after"}


async def test_nobody_who_answers_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLostError, match="No broker answers"):
        await replay(f"mqtt://127.0.0.1:{free_port()}", write(tmp_path / "file.jsonl", ALL_KINDS))


async def test_a_refused_login_is_an_error_at_once(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    url = mosquitto("allow_anonymous false").url
    with pytest.raises(BrokerRefusedError, match="refuses this client"):
        await replay(url, write(tmp_path / "file.jsonl", ALL_KINDS))


# The commands.


def simulators(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


def test_the_commands_count_in_json(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    url = mosquitto().url
    file, path = write(tmp_path / "file.jsonl", ALL_KINDS[3:4]), tmp_path / "again.jsonl"
    replayed = json.loads(simulators("replay", str(file), "--broker", url, "--speed", "max", "--json").stdout)
    assert (replayed["published"], replayed["acknowledged"], replayed["repeated"]) == (1, 1, 0)
    recorded = simulators("record", str(path), "--broker", url, "--duration", "0.5s", "--json")
    assert json.loads(recorded.stdout)["messages"] == 1


def test_the_commands_say_in_words_what_they_did(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    url = mosquitto().url
    file, path = write(tmp_path / "file.jsonl", ALL_KINDS), tmp_path / "again.jsonl"
    assert simulators("replay", str(file), "--broker", url).stdout.startswith("Replayed 5 messages in ")
    assert simulators("record", str(path), "--broker", url, "--duration", "0.2s").stdout.startswith("Recorded 1 messag")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_recording_with_its_summary(
    mosquitto: StartMosquitto, tmp_path: Path, number: signal.Signals
) -> None:
    broker = mosquitto()
    process = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "simulators",
            "record",
            f"{tmp_path}/file",
            "--json",
            "--broker",
            broker.url,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "SUBACK" in broker.log.read_text() or process.poll() is not None, "it is subscribed")
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert json.loads(output)["messages"] == 0


def test_a_recording_replaces_no_file(mosquitto: StartMosquitto, tmp_path: Path) -> None:
    file = write(tmp_path / "file.jsonl", ALL_KINDS)
    before = file.read_bytes()
    result = simulators("record", str(file), "--broker", mosquitto().url, "--duration", "0.1s")
    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", ["record", "replay"])
def test_without_a_broker_it_is_said_what_to_do(command: str, tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    if command == "replay":
        write(file, ALL_KINDS)
    result = simulators(command, str(file), "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "mosquitto -p" in result.stderr


def test_a_filter_that_is_none_is_refused(tmp_path: Path) -> None:
    result = simulators("record", str(tmp_path / "file"), "--topic", "a/#/b")
    assert result.exit_code == 2
    assert "no topic filter" in result.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "holds no message"),
        ('{"time": "2026-03-02T06:00:00Z", "topic": "a/#", "payload": ""}', "line 1: nobody can publish"),
        ('{"time": "yesterday", "topic": "a", "payload": ""}', "line 1"),
        ("no JSON", "line 1"),
    ],
)
def test_a_file_that_is_none_is_refused_before_anything_is_said(content: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(content)
    result = simulators("replay", str(file), "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = simulators("replay", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert "nowhere: No such file" in result.stderr


@pytest.mark.parametrize("speed", ["fast", "0", "-1", "nan"])
def test_a_speed_that_is_none_is_refused(speed: str, tmp_path: Path) -> None:
    result = simulators("replay", str(write(tmp_path / "file.jsonl", ALL_KINDS)), "--speed", speed)
    assert result.exit_code == 2
    assert "--speed" in result.stderr
