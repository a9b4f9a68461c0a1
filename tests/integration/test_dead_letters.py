"""What was set aside comes into the database after all, once the cause is put right: once, under its own time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from gateway.dead_letters import letters, number_of, requests, tallies
from tests.integration.documents import CNC, gateway_id, influxdb, source
from tests.integration.publishing import Publication, client, publish
from tests.servers import wait_until
from tests.servers.brokers import StartMosquitto
from tests.servers.databases import Influxd
from tests.servers.gateway import Gateway, StartGateway, command

WRONG = CNC + "options = { max_values = 1 }\n"
DECLARED = '[measurements.cnc.metrics]\ncount = { type = "int" }\n'


def numbered(count: int, start_ms: int) -> Iterable[Publication]:
    """Yield messages with times of their own, a millisecond apart."""
    for number in range(count):
        payload = json.dumps({"ts": start_ms + number, "n": number, "x": 0.5}).encode()
        yield Publication(f"s1/m{number % 10}/telemetry", payload)


def points(influxd: Influxd, field: str = "n") -> dict[int, list[object]]:
    """Return the values of a field by time, in milliseconds."""
    found: dict[int, list[object]] = {}
    for row in influxd.query(f"SELECT {field} FROM cnc", "plant"):
        found.setdefault(int(str(row["time"])) // 1_000_000, []).append(row[field])
    return found


def retry(gateway: Gateway, *arguments: str) -> dict[str, object]:
    """Retry letters with the command, and return what it says became of them."""
    done = command("dead-letters", "retry", *arguments, "--json", "-c", str(gateway.config))
    assert not done.stderr, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def change(gateway: Gateway, old: str, new: str) -> None:
    """Change the configuration, and start the gateway again with it."""
    assert gateway.stop() == 0
    gateway.config.write_text(gateway.config.read_text().replace(old, new))
    gateway.start()


def sum_holds(gateway: Gateway) -> bool:
    counts = gateway.messages()
    return counts["waiting"] == 0 and counts["received"] == sum(counts[k] for k in ("stored", "quarantined", "ignored"))


def test_messages_are_decoded_again_after_a_wrong_configuration_was_put_right(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto("max_queued_messages 0", "max_inflight_messages 0")
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + WRONG + influxdb(influxd))
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    with client(broker.port) as publisher:
        publish(publisher, numbered(300, start_ms))
        publish(publisher, [Publication("s1/m1/telemetry", b"{ never JSON")])
    wait_until(lambda: number_of(running.spool) == 301, "all are set aside")
    running.config.write_text(running.config.read_text().replace(WRONG, CNC))
    forgotten = command("dead-letters", "retry", "--topic", "s1/m2/#", "-c", str(running.config))
    assert "does not know what was changed" in forgotten.stderr
    assert forgotten.returncode == 1
    assert "30 failed again" in forgotten.stdout
    assert running.stop() == 0
    running.start()
    with client(broker.port) as publisher:
        publish(publisher, [Publication("s1/m1/telemetry", b"{ never JSON either")])
    wait_until(lambda: number_of(running.spool) == 302, "so is another")
    told = retry(running, "--kind", "undecodable")
    assert (told["stored"], told["failed"], told["missing"], told["done"]) == (300, 2, 0, True)
    running.until(lambda _: sum_holds(running), "all counts are right")
    assert running.messages()["stored"] == 300
    assert points(influxd) == {start_ms + number: [number] for number in range(300)}
    assert {letter.payload for letter in letters(running.spool)} == {b"{ never JSON", b"{ never JSON either"}


def test_a_value_is_stored_beside_the_rest_of_its_message(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + CNC + DECLARED + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, [Publication("s1/m1/telemetry", b'{"a": 1.5, "count": 7.5}')])
    running.until_settled(1)
    (before,) = influxd.query("SELECT * FROM cnc", "plant")
    assert before["a"] == 1.5
    assert "count" not in before
    change(running, '"int"', '"float"')
    assert retry(running, "--all")["stored"] == 1
    running.until(lambda _: sum_holds(running), "all counts are right")
    (after,) = influxd.query("SELECT * FROM cnc", "plant")
    assert (after["time"], after["a"], after["count"]) == (before["time"], 1.5, 7.5)


def test_rejected_records_are_sent_again_once_the_database_takes_them(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto()
    influxd.create_database("plant")
    now_ms = time.time_ns() // 1_000_000
    influxd.request("POST", "/write?db=plant", b'cnc,asset=other n="a text" %d\n' % (now_ms * 1_000_000))
    running = gateway(gateway_id() + source(broker) + CNC + influxdb(influxd))
    with client(broker.port) as publisher:
        publish(publisher, numbered(20, now_ms - 1000))
    assert running.until_settled(20)["quarantined"] == 20
    kept = letters(running.spool)
    assert {(letter.kind.value, letter.sink) for letter in kept} == {("rejected", "db")}
    assert len({letter.subject for letter in kept}) == 10, "told apart by their series"
    assert retry(running, "--all", "--limit", "3")["sent"] == 3
    running.until(lambda status: not status["messages"]["waiting"], "it was tried")  # type: ignore[index, call-overload]
    wait_until(lambda: number_of(running.spool) == 20, "they were rejected again")
    influxd.query("DROP MEASUREMENT cnc", "plant")
    assert retry(running, "--sink", "db")["sent"] == 20
    running.until(lambda _: sum_holds(running), "all counts are right")
    assert running.messages() == {"received": 20, "stored": 20, "quarantined": 0, "waiting": 0, "ignored": 0}
    assert points(influxd) == {now_ms - 1000 + number: [number] for number in range(20)}
    assert tallies(running.spool) == []


def test_kill_9_in_the_middle_of_a_retry_loses_and_doubles_nothing(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto("max_queued_messages 0", "max_inflight_messages 0")
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + WRONG + influxdb(influxd))
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    with client(broker.port) as publisher:
        publish(publisher, numbered(2000, start_ms))
    wait_until(lambda: number_of(running.spool) == 2000, "all are set aside")
    change(running, WRONG, CNC)
    asked = subprocess.Popen(
        [sys.executable, "-m", "gateway", "dead-letters", "retry", "--all", "--json", "-c", str(running.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for done in (1, 700, 1400):
        wait_until(lambda at_least=done: progress(running.spool) >= at_least, "it is in the middle", 60)  # type: ignore[misc]
        running.kill()
        assert number_of(running.spool) + progress(running.spool) == 2000
        running.start()
    output, errors = asked.communicate(timeout=120)
    told = json.loads(output)
    assert (told["stored"], told["done"], errors) == (2000, True, "")
    running.until(lambda _: sum_holds(running), "all counts are right")
    assert points(influxd) == {start_ms + number: [number] for number in range(2000)}
    assert number_of(running.spool) == 0


def progress(spool: Path) -> int:
    """Return how many letters of the latest request are done."""
    found = requests(spool)
    return found[0].results.letters if found else 0


def test_live_messages_do_not_wait_for_a_retry(
    mosquitto: StartMosquitto, influxd: Influxd, gateway: StartGateway
) -> None:
    broker = mosquitto("max_queued_messages 0", "max_inflight_messages 0")
    influxd.create_database("plant")
    running = gateway(gateway_id() + source(broker) + WRONG + influxdb(influxd))
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    with client(broker.port) as publisher:
        publish(publisher, numbered(3000, start_ms))
        wait_until(lambda: number_of(running.spool) == 3000, "all are set aside")
        change(running, WRONG, CNC)
        assert retry(running, "--all", "--no-wait")["done"] is False
        wait_until(lambda: progress(running.spool) > 0, "it has begun")
        publish(publisher, [Publication("s1/live/telemetry", b'{"alive": 1}')])
        wait_until(lambda: bool(influxd.query("SELECT alive FROM cnc", "plant")), "what is live is stored")
        assert progress(running.spool) < 3000, "while the retry goes on"
    wait_until(lambda: progress(running.spool) == 3000, "it is done", 60)
