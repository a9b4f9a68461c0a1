"""Every fault of a machine reaches the gateway, and is handled as the product promises.

One run, looked at from all sides: each machine of a plant has another fault. They live for minutes of virtual time in
seconds, before a real broker and a real gateway, which is configured by what the scenario says and nothing else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from gateway.models import Value
from simulators.delivery.conductor import Conductor, Pace
from simulators.faces.nested_json import NestedJson
from simulators.faults import FAULTS
from simulators.faults.payloads import SIZE
from simulators.faults.topics import SUFFIX
from simulators.messages import Publication
from simulators.plant.station import Reading
from tests.integration import faulty_plant
from tests.integration.faulty_plant import BAD, GOOD, SECOND_NS, SPEED, STALE, Past, Points, machine_of
from tests.servers import wait_until
from tests.servers.brokers import Mosquitto
from tests.servers.gateway import Gateway

PLANT = faulty_plant.scenario([name for name in FAULTS if name != "broker_restart"])
RESTARTED = faulty_plant.scenario(["broker_restart"])
EXACTLY_ONCE = ["duplicate", "reordered", "late", "half_open", "int_float_flip", "stale_retained", "bad_quality"]
SILENT = ["disconnect_with_will", "disconnect_without_will"]
_MAX_KEPT = 65_536


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """Let the plant live, once for all."""
    folder = tmp_path_factory.mktemp("mosquitto")
    broker = Mosquitto(folder, "max_inflight_messages 0", "max_queued_messages 0", verbose=False)
    broker.start()
    gateway = Gateway(
        tmp_path_factory.mktemp("gateway"), faulty_plant.document(PLANT, broker, "first"), keep_per_reason="100"
    )
    try:
        yield faulty_plant.live(PLANT, broker, gateway)
    finally:
        gateway.kill()
        broker.stop(kill=True)


def holds(point: Mapping[str, Value], values: Mapping[str, Value | None]) -> bool:
    """Whether a point has these values."""
    return all(point.get(name) == value for name, value in values.items())


def is_exact(points: Points, reading: Reading) -> bool:
    """Whether what was measured is stored under its time."""
    return holds(points.get(reading.time_ns, {}), reading.values)


def marks(points: Points, name: str) -> list[tuple[int, Value]]:
    """Return when a value got which quality."""
    return sorted((time, fields[f"{name}_q"]) for time, fields in points.items() if f"{name}_q" in fields)


def test_every_fault_is_in_the_plant() -> None:
    named = {fault.name for plant in (PLANT, RESTARTED) for machine in plant.machines for fault in machine.faults}
    assert named == set(FAULTS)


def test_nothing_is_lost_on_the_way_into_the_store(past: Past) -> None:
    counts = cast("dict[str, int]", past.status["messages"])
    assert counts["received"] == counts["stored"] + counts["quarantined"] + counts["ignored"]
    assert all(is_exact(past.stored["well"], reading) for reading in past.measured["well"])


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "broker_restart"])
def test_what_is_measured_while_a_fault_does_not_strike_is_stored_as_ever(past: Past, fault: str) -> None:
    points = past.points(fault)
    assert [reading for reading in past.readings(fault, struck=False) if not is_exact(points, reading)] == []


@pytest.mark.parametrize("fault", EXACTLY_ONCE)
def test_every_reading_is_stored_once_under_its_own_time(past: Past, fault: str) -> None:
    stored = {time: fields for time, fields in past.points(fault).items() if "state" in fields}
    assert sorted(stored) == [reading.time_ns for reading in past.readings(fault)]
    assert all(is_exact(stored, reading) for reading in past.readings(fault))


def test_duplicates_came_besides_all_others(past: Past) -> None:
    on_edge_nodes = [fault for fault in FAULTS if FAULTS[fault].faces == {"sparkplug"}]
    measured = sum(map(len, past.measured.values())) - sum(len(past.readings(fault)) for fault in on_edge_nodes)
    silent = sum(len(past.readings(fault, struck=True)) - 1 for fault in SILENT)
    lost = len(past.readings("lost", struck=True)) // 10
    twice = len(past.readings("duplicate", struck=True))
    assert sources(past.gateway)["plant"]["received"] >= measured - silent - lost + twice


@pytest.mark.parametrize("fault", ["lost", "truncated", "giant"])
def test_of_ten_messages_nine_are_stored(past: Past, fault: str) -> None:
    points = past.points(fault)
    struck = past.readings(fault, struck=True)
    assert [number for number, reading in enumerate(struck, 1) if reading.time_ns not in points] == list(
        range(10, len(struck) + 1, 10)
    )


def test_what_was_lost_before_the_broker_leaves_no_trace(past: Past) -> None:
    assert past.letters("lost") == []


def test_a_truncated_message_is_a_dead_letter_with_its_bytes(past: Past) -> None:
    letters = past.letters("truncated")
    told = {said(reading)[: len(said(reading)) // 2] for reading in past.readings("truncated", struck=True)[9::10]}
    assert {letter.payload for letter in letters} == told
    assert {(letter.kind.value, letter.reason) for letter in letters} == {("undecodable", "not JSON")}


def said(reading: Reading) -> bytes:
    """Return what is said of a reading in a unified namespace."""
    (action,) = NestedJson([reading.station]).tell(reading)
    assert isinstance(action, Publication)
    return action.payload


def test_a_giant_message_is_a_dead_letter_with_its_beginning(past: Past) -> None:
    letters = past.letters("giant")
    struck = past.readings("giant", struck=True)[9::10]
    assert {json.loads(letter.payload)["ts"] * 1_000_000 for letter in letters} == {each.time_ns for each in struck}
    assert {(letter.kind.value, len(letter.payload)) for letter in letters} == {("unreadable", _MAX_KEPT)}
    assert all("max_packet" in letter.reason and str(SIZE)[:3] in letter.reason for letter in letters)
    sources = cast("dict[str, dict[str, int]]", past.status["sources"])
    assert sources["plant"]["oversized"] == len(struck)


def test_a_giant_message_does_not_end_the_connection(past: Past) -> None:
    assert {name: source["connects"] for name, source in sources(past.gateway).items()} == {"plant": 1, "sparkplug": 1}


def sources(gateway: Gateway) -> dict[str, dict[str, int]]:
    """Return what the gateway says of its sources."""
    status = gateway.status()
    assert status is not None
    return cast("dict[str, dict[str, int]]", status["sources"])


def test_a_clock_that_is_a_little_ahead_is_believed(past: Past) -> None:
    points = past.points("clock_skew")
    ahead = 90 * SECOND_NS
    struck = past.readings("clock_skew", struck=True)
    apart = [reading for reading in struck if reading.time_ns + ahead < struck[-1].time_ns]
    assert apart
    assert all(holds(points[reading.time_ns + ahead], reading.values) for reading in apart)
    assert not any("time_status" in fields for fields in points.values())


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("clock_jump", "in the future"),
        ("daylight_saving", "1:00 h ahead, as if local time were sent as UTC"),
    ],
)
def test_a_time_that_is_not_believed_becomes_that_of_receipt_and_says_why(past: Past, fault: str, status: str) -> None:
    struck = past.readings(fault, struck=True)
    assert past.counts("corrected")[f"time: {status}"] == len(struck)
    fields_by_receipt = {
        time: fields for time, fields in past.points(fault).items() if time % SECOND_NS and "state" in fields
    }
    received = [fields for _, fields in sorted(fields_by_receipt.items())]
    assert [fields["time_status"] for fields in received if "time_status" in fields] == [status]
    assert [fields["energy"] for fields in received] == [reading.values["energy"] for reading in struck]
    back = past.points(fault)[struck[-1].time_ns + SECOND_NS]
    assert back["time_status"] == "source"


def test_a_counter_that_begins_anew_is_stored_as_it_says(past: Past) -> None:
    struck = past.readings("counter_reset", struck=True)
    points, first = past.points("counter_reset"), struck[0]
    shown = [points[reading.time_ns]["part_count"] for reading in struck]
    assert shown == [count(reading) - count(first) for reading in struck]
    assert shown[0] == 0 < count(first)


@pytest.mark.parametrize("bits", [16, 32])
def test_a_counter_rolls_over_in_the_store_as_in_the_machine(past: Past, bits: int) -> None:
    fault = f"counter_rollover_{bits}"
    struck = past.readings(fault, struck=True)
    points, first = past.points(fault), struck[0]
    shown = [points[reading.time_ns]["part_count"] for reading in struck]
    assert shown == [(2**bits - 3 + count(reading) - count(first)) % 2**bits for reading in struck]
    assert 0 in shown
    assert 2**bits - 1 in shown


def count(reading: Reading) -> int:
    """Return the parts that were counted."""
    parts = reading.values["part_count"]
    assert isinstance(parts, int)
    return parts


def test_a_number_that_changes_its_type_stays_in_one_field_of_one_type(past: Past) -> None:
    points = past.points("int_float_flip")
    names = {name for fields in points.values() for name in fields if name.startswith(("tool", "part", "spindle"))}
    assert not any(name.endswith(("_int", "_text")) for name in names)
    assert {type(fields["part_count"]) for fields in points.values() if "part_count" in fields} == {int}
    assert {type(fields["spindle_speed"]) for fields in points.values() if "spindle_speed" in fields} == {float}


@pytest.mark.parametrize("fault", ["nan", "null"])
def test_no_value_is_never_a_number_and_bad_once(past: Past, fault: str) -> None:
    points, struck = past.points(fault), past.readings(fault, struck=True)
    (sensor,) = set(struck[0].values) - set(points[struck[0].time_ns])
    assert all(sensor not in points[reading.time_ns] for reading in struck)
    assert all(points[reading.time_ns]["energy"] == reading.values["energy"] for reading in struck)
    assert qualities(past, fault, sensor) == [(struck[0].time_ns, BAD), (struck[-1].time_ns + SECOND_NS, GOOD)]


def qualities(past: Past, fault: str, sensor: str) -> list[tuple[int, Value]]:
    """Return the qualities of a value behind its first that came with readings, which are taken at whole seconds."""
    return [mark for mark in marks(past.points(fault), sensor)[1:] if not mark[0] % SECOND_NS]


def test_a_value_that_the_machine_calls_bad_is_stored_with_its_quality(past: Past) -> None:
    struck = past.readings("bad_quality", struck=True)
    first = past.points("bad_quality")[struck[0].time_ns]
    (sensor,) = [name.removesuffix("_q") for name in first if name.endswith("_q")]
    assert qualities(past, "bad_quality", sensor) == [
        (struck[0].time_ns, BAD),
        (struck[-1].time_ns + SECOND_NS, GOOD),
    ]


def test_a_stuck_value_is_stored_as_it_comes_and_as_good(past: Past) -> None:
    points, struck = past.points("stuck_value"), past.readings("stuck_value", struck=True)
    still = [name for name in struck[0].values if len({points[each.time_ns][name] for each in struck}) == 1]
    (sensor,) = [name for name in still if len({reading.values[name] for reading in struck}) > 1]
    assert qualities(past, "stuck_value", sensor) == []


def test_a_renamed_machine_is_another_one_and_the_old_one_turns_stale(past: Past) -> None:
    struck = past.readings("renamed_topic", struck=True)
    renamed = past.stored[machine_of("renamed_topic") + SUFFIX]
    assert all(is_exact(renamed, reading) for reading in struck)
    assert not any(reading.time_ns in past.points("renamed_topic") for reading in struck)


def test_a_will_says_that_the_machine_is_offline_until_it_is_back(past: Past) -> None:
    points = past.points("disconnect_with_will")
    online = [fields["online_bool"] for _, fields in sorted(points.items()) if "online_bool" in fields]
    assert online == [True, False, True]


def test_without_a_will_nothing_says_that_a_machine_is_offline(past: Past) -> None:
    points = past.points("disconnect_without_will")
    online = [fields["online_bool"] for _, fields in sorted(points.items()) if "online_bool" in fields]
    assert online == [True, True]


@pytest.mark.parametrize("fault", [*SILENT, "half_open"])
def test_values_of_who_is_silent_turn_stale_and_good_again(past: Past, fault: str) -> None:
    levels = marks(past.points(fault), "energy")
    stale = [time for time, level in levels if level == STALE]
    assert past.began_ns < stale[0]  # they really were silent then, whatever time it was in the plant
    measured = {reading.time_ns for reading in past.readings(fault)}
    assert [level for time, level in levels if time in measured] == [GOOD, GOOD]


@pytest.mark.parametrize("fault", SILENT)
def test_a_machine_without_memory_has_a_gap(past: Past, fault: str) -> None:
    points = past.points(fault)
    assert [reading for reading in past.readings(fault, struck=True)[1:] if reading.time_ns in points] == []


def test_data_before_its_birth_waits_and_is_stored_under_its_names(past: Past) -> None:
    found = past.node("alias_before_birth")
    assert cast("dict[str, int]", found["rebirth_reasons"])["a message before the birth"] == 3
    assert found["held"] == 0
    assert past.letters("alias_before_birth") == []
    points = past.points("alias_before_birth")
    assert all(is_exact(points, reading) for reading in past.readings("alias_before_birth"))


def test_a_gap_in_the_sequence_is_counted_and_a_rebirth_asked_for(past: Past) -> None:
    found = past.node("seq_gap")
    assert cast("int", found["gaps"]) >= 1
    assert cast("int", found["rebirths_answered"]) >= 1
    assert "a gap in the sequence" in cast("dict[str, int]", found["rebirth_reasons"])
    points, struck = past.points("seq_gap"), past.readings("seq_gap", struck=True)
    missing = [number for number, reading in enumerate(struck, 1) if not is_exact(points, reading)]
    assert missing == list(range(10, len(struck) + 1, 10))


def test_a_death_of_another_session_is_not_believed_but_asked_about(past: Past) -> None:
    found = past.node("wrong_bdseq")
    assert cast("dict[str, int]", found["rebirth_reasons"])["the death of another session"] == 1
    assert found["deaths"] == 2  # when it was cut off with a Will that was right, and when it left at the end
    points = past.points("wrong_bdseq")
    assert all(is_exact(points, reading) for reading in past.readings("wrong_bdseq"))


def test_an_old_retained_message_is_history_for_who_subscribes_later(past: Past, tmp_path: Path) -> None:
    later = Gateway(tmp_path, faulty_plant.document(PLANT, past.broker, "second"))
    try:
        later.start()
        assert later.until_settled(1)["stored"] == 1
        last = past.readings("stale_retained", struck=True)[-1]
        points = faulty_plant.stored(later)[machine_of("stale_retained")]
        assert list(points) == [last.time_ns]
        assert is_exact(points, last)
        assert marks(points, "energy") == []  # it says nothing about the present
    finally:
        later.kill()


def test_after_a_restart_of_the_broker_all_come_back_and_the_gap_is_counted(past: Past) -> None:
    before = sources(past.gateway)["plant"]
    start_ns = past.start_ns - 7_200 * SECOND_NS
    running = faulty_plant.conductor(RESTARTED, past.broker, Pace(SPEED, None, start_ns))
    asyncio.run(restart(running, past, before["received"] + 500))
    measured = faulty_plant.readings(RESTARTED, start_ns, running.course.seconds)[machine_of("broker_restart")]
    wait_until(lambda: faulty_plant.has(past.gateway, measured[-1]), "the last reading is stored")
    after = sources(past.gateway)["plant"]
    assert after["connects"] == before["connects"] + 1
    assert after["gaps"] == before["gaps"] + 1
    assert running.forgotten == 0


async def restart(running: Conductor, past: Past, received: int) -> None:
    """Let the plant live, restart the broker while machines are away, and stop when so much has been received."""
    async with asyncio.TaskGroup() as group:
        group.create_task(running.run(), name="plant")
        await asyncio.to_thread(wait_until, lambda: any(each.is_away for each in running.speakers), "they are away")
        await asyncio.to_thread(past.broker.restart, kill=True)
        await asyncio.to_thread(
            wait_until, lambda: sources(past.gateway)["plant"]["received"] > received, "the gateway hears them again"
        )
        running.stop()
