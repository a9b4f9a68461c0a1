"""The pytest plug-in, as users' own tests have it: in projects of their own, with real brokers."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "simulators.pytest_plugin", "-p", "no:asyncio", "-p", "no:cacheprovider", "-W", "error")
"""By its name: it is loaded whether or not this installation has it as an entry point."""

SCENARIO = '''
SCENARIO = """
description = "Two mills and an edge node"
duration = "10min"
period = "10s"
[products.bracket]
ideal_cycle = 30
[[lines]]
name = "line1"
area = "machining"
plan = [{ product = "bracket", for = "8h" }]
[[machines]]
name = "mill"
kind = "cnc_mill"
line = "line1"
count = 2
[[machines]]
name = "press"
kind = "hydraulic_press"
line = "line1"
face = "sparkplug"
"""
'''

LISTENER = """
import contextlib, threading, time
import paho.mqtt.client as mqtt

@contextlib.contextmanager
def listening(port):
    heard, ready = [], threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = lambda client, userdata, message: heard.append((message.topic, message.payload))
    client.on_subscribe = lambda *arguments: ready.set()
    client.connect("127.0.0.1", port)
    client.subscribe("#", qos=1)
    client.loop_start()
    assert ready.wait(20)
    yield heard
    client.disconnect()
    client.loop_stop()

def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
"""


def passes(pytester: pytest.Pytester, tests: str, *options: str, count: int = 1) -> None:
    """Write a test module of a user, run it in a process of its own, and see that its tests pass."""
    pytester.makepyfile(SCENARIO + LISTENER + tests)
    pytester.runpytest_subprocess(*PLUGIN, *options).assert_outcomes(passed=count)


def test_a_plant_says_as_many_messages_as_are_expected(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
def test_it(simulated_plant, mqtt_broker):
    with listening(mqtt_broker.port) as heard:
        plant = simulated_plant(SCENARIO).run()
        wait_until(lambda: len(heard) >= plant.expected_messages)
    assert len(heard) == plant.expected_messages == plant.published
    assert {topic.split("/")[0] for topic, _ in heard} == {"plant1", "spBv1.0"}
    assert plant.broker == mqtt_broker.url
""",
    )


def test_the_last_counts_are_the_expected_ones(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import json

def test_it(simulated_plant, mqtt_broker):
    with listening(mqtt_broker.port) as heard:
        plant = simulated_plant(SCENARIO, seed=7, start="2026-03-02T06:00:00Z", duration="20min").run()
        wait_until(lambda: len(heard) >= plant.expected_messages)
    last = {topic: json.loads(payload) for topic, payload in heard if topic.startswith("plant1")}
    answers = {station.device.name: answer for station, answer in plant.expected.machines}
    for name in ("mill-1", "mill-2"):
        told = last[f"plant1/machining/line1/{name}/telemetry"]
        assert told["part_count"] == answers[name].parts > 0
        assert told["reject_count"] == answers[name].rejects
""",
    )


def test_a_plant_runs_in_the_background_of_a_block(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
def test_it(simulated_plant, mqtt_broker):
    with listening(mqtt_broker.port) as heard:
        with simulated_plant(SCENARIO, speed=100, duration="100h") as plant:
            wait_until(lambda: len(heard) > 20)
        assert plant.published > 20
        assert not plant.troubles
""",
    )


def test_answers_are_known_without_a_run(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pathlib

def test_text_and_file_are_the_same(expected_answers, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(SCENARIO)
    of_text = expected_answers(SCENARIO, seed=3, start="2026-03-02T06:00:00Z").plant
    assert of_text == expected_answers(file, seed=3, start="2026-03-02T06:00:00Z").plant
    assert of_text != expected_answers(file, seed=4, start="2026-03-02T06:00:00Z").plant

def test_a_run_and_its_answers_agree(expected_answers, simulated_plant):
    asked = {"start": "2026-03-02T06:00:00Z", "duration": 60}
    assert simulated_plant(SCENARIO, **asked).expected.plant == expected_answers(SCENARIO, **asked).plant
""",
        count=2,
    )


def test_an_unknown_scenario_fails_with_the_names_of_those_there_are(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pytest

def test_it(expected_answers):
    with pytest.raises(ValueError, match="there is no scenario 'nonsense'; there are "):
        expected_answers("nonsense")
""",
    )


def test_a_plant_without_its_broker_is_given_up(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pytest

def test_it(simulated_plant):
    with pytest.raises(TimeoutError, match="no broker answers"):
        simulated_plant(SCENARIO, broker="mqtt://127.0.0.1:1").run(timeout=2)
""",
    )


def test_a_plant_that_ended_without_a_broker_says_so(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pytest
from simulators.delivery.connection import ConnectionLostError

def test_it(simulated_plant):
    plant = simulated_plant(SCENARIO, broker="mqtt://127.0.0.1:1", speed=1000, duration=10)
    with pytest.raises(ConnectionLostError, match="no broker that speaks MQTT 5 answered at mqtt://127.0.0.1:1"):
        plant.run(timeout=60)
""",
    )


def test_an_unknown_fault_fails_with_the_names_of_those_there_are(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pytest

FAULTY = SCENARIO.replace('count = 2', 'faults = [{ name = "gremlins", at = 0, for = 10 }]')

def test_it(expected_answers, simulated_plant):
    with pytest.raises(ValueError, match="there is no fault 'gremlins': there are "):
        expected_answers(FAULTY)
    with pytest.raises(ValueError, match="there is no fault 'gremlins': there are "):
        simulated_plant(FAULTY, broker="mqtt://127.0.0.1:1")
""",
    )


def test_whatever_goes_wrong_while_a_plant_lives_reaches_the_test(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import pytest

def test_it(simulated_plant):
    with pytest.raises(ValueError, match="is not the address of a broker"):
        simulated_plant(SCENARIO, broker="nonsense").run(timeout=60)
    with pytest.raises(ValueError, match="is not the address of a broker"):
        with simulated_plant(SCENARIO, broker="nonsense"):
            pass
""",
    )


def test_messages_that_the_broker_does_not_acknowledge_fail_the_test(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import socket, threading, time
import pytest

CONNACK = bytes([0x20, 3, 0, 0, 0])

def answer(server):
    peer, _ = server.accept()
    with peer:
        peer.recv(65536)
        peer.sendall(CONNACK)
        while peer.recv(65536):
            pass

def test_it(simulated_plant, monkeypatch):
    monkeypatch.setattr("simulators.delivery.conductor._DRAIN_SECONDS", 0.1)
    text = SCENARIO.replace('face = "sparkplug"', '')
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        plant = simulated_plant(text, broker=f"mqtt://127.0.0.1:{server.getsockname()[1]}", duration=1)
        with pytest.raises(TimeoutError, match="has not acknowledged [0-9]+ of [0-9]+ messages"):
            plant.run(timeout=60)

def test_a_wait_ends_with_its_timeout(simulated_plant):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        plant = simulated_plant(SCENARIO, broker=f"mqtt://127.0.0.1:{server.getsockname()[1]}", speed=1, duration="1h")
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="did not come to its end within 0.5 s"):
            plant.run(timeout=0.5)
        assert time.monotonic() - began < 30
""",
        count=2,
    )


def test_without_mosquitto_there_is_an_embedded_broker(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    passes(
        pytester,
        """
from simulators.testing import local_broker

def test_it(monkeypatch, request):
    monkeypatch.setattr(local_broker, "_PATH", "/nowhere")
    broker = request.getfixturevalue("mqtt_broker")
    plant = request.getfixturevalue("simulated_plant")(SCENARIO, duration=60).run()
    assert not (broker.log.parent / "mosquitto.conf").exists()
    assert plant.published == plant.expected_messages
""",
    )


def test_nothing_is_imported_before_a_test_asks_for_it(pytester: pytest.Pytester) -> None:
    passes(
        pytester,
        """
import sys

def test_it():
    assert "simulators.pytest_plugin" in sys.modules
    assert not {"simulators.plant", "simulators.machines", "simulators.testing", "mqtt5"} & set(sys.modules)
""",
    )


def test_the_fixtures_are_listed_with_what_they_are(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*PLUGIN, "--fixtures")
    result.stdout.fnmatch_lines(["expected_answers*", "mqtt_broker*", "*A broker for this test*", "simulated_plant*"])
