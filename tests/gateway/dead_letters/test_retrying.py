"""What a letter comes to with a configuration that is right: the same points that it would have been at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.app import assemble
from gateway.app.retrying import retrying
from gateway.catalogue import Catalogue
from gateway.dead_letters import ask, do_all, letters, look_up, tallies
from gateway.models import Message
from gateway.settings.models import Settings
from gateway.spool import Action, DeadLetter, Group, Kind, Redelivery, Results, Selection, Spool
from gateway.translator import Translator
from gateway.waiting import Waiting
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number
from tests.gateway.configurations import NOW_NS, message, route, settings
from tests.gateway.dead_letters.letters import fixed, records_of, rejected, undecodable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    with closing(Spool(path, ["store0"])) as opened:
        yield opened


def retry(spool: Spool, *given: DeadLetter, configuration: Settings | None = None) -> Results:
    """Set letters aside, and try them again under a configuration."""
    spool.reject(given)
    request = ask(spool.path, Action.RETRY, Selection())
    for _ in do_all(spool, ["plant"], lambda past: retrying(configuration or fixed(), past)):
        pass
    return look_up(spool.path, request.id).results


def live(configuration: Settings, *messages: Message) -> Group:
    """Return what messages come to when they arrive under a configuration."""
    assembly = assemble(configuration, "")
    parts = assembly.routers["plant"], assembly.paths["plant"], assembly.encoder
    group = Group("plant")
    Translator("plant", *parts, Redelivery(), Waiting(1000), Catalogue({}), assembly.status).translate(messages, group)
    return group


def test_a_message_that_is_understood_now_is_stored_under_its_own_time(spool: Spool) -> None:
    results = retry(spool, undecodable(json.dumps({"ts": NOW_NS // 10**6 - 5, "x": 1.5}).encode()))
    assert results == Results(stored=1)
    assert records_of(spool) == [f"cnc,asset=m1,site=s1 x=1.5,x_q=192i {NOW_NS - 5_000_000}"]
    assert (letters(spool.path), tallies(spool.path)) == ([], [])


def test_a_message_without_a_time_is_stored_under_the_time_of_its_receipt(spool: Spool) -> None:
    assert retry(spool, undecodable()) == Results(stored=1)
    assert records_of(spool)[0].endswith(f" {NOW_NS}")


def test_a_message_that_fails_again_stays_with_its_new_reason(spool: Spool) -> None:
    results = retry(spool, undecodable(b'{"x": '), undecodable(b'{"x": 2}'))
    assert (results.stored, results.failed) == (1, 1)
    (kept,) = letters(spool.path)
    assert (kept.payload, kept.retries, kept.id) == (b'{"x": ', 1, 1)
    assert kept.reason != "not understood"
    assert results.reasons == {kept.reason: 1}
    assert len(records_of(spool)) == 1


def test_the_rest_of_a_message_overwrites_itself_when_its_bad_value_is_taken(spool: Spool) -> None:
    strict = settings([route()], measurements={"cnc": {"metrics": {"count": {"type": "int"}}}})
    payload = b'{"a": 1.5, "count": 2.5}'
    first = live(strict, message(payload=payload))
    spool.commit(first)
    assert first.dead_letters[0].kind is Kind.VALUE
    lax = settings([route()], measurements={"cnc": {"metrics": {"count": {"type": "float"}}}})
    assert retry(spool, configuration=lax) == Results(stored=1)
    before, after = records_of(spool)
    assert before.split(" ")[0] == after.split(" ")[0]
    assert before.split(" ")[2] == after.split(" ")[2], "the same series and the same time: a write over itself"
    assert "a=1.5," in before
    assert "count" not in before
    assert "a=1.5,count=2.5," in after


def test_a_value_that_fails_again_leaves_the_letter_one_of_a_value(spool: Spool) -> None:
    strict = settings([route()], measurements={"cnc": {"metrics": {"count": {"type": "int"}}}})
    results = retry(spool, undecodable(b'{"a": 1.5, "count": 2.5}'), configuration=strict)
    assert (results.failed, len(records_of(spool))) == (1, 1)
    (kept,) = letters(spool.path)
    assert (kept.kind, kept.subject) == (Kind.VALUE, "count")
    assert retry(spool, configuration=settings([route(topic="{site}/{machine}/elsewhere")])).failed == 1
    (kept,) = letters(spool.path)
    assert (kept.kind, kept.reason) == (Kind.VALUE, "no route takes its topic"), "a part of it is stored all the same"


def test_a_rejected_record_is_sent_again_as_it_is(spool: Spool) -> None:
    assert retry(spool, rejected(b'cnc,asset=m1 x=1,t="\xc3\xa4" 1')) == Results(sent=1)
    assert records_of(spool) == ['cnc,asset=m1 x=1,t="ä" 1']
    assert letters(spool.path) == []


def test_what_no_route_takes_stays_a_letter(spool: Spool) -> None:
    results = retry(spool, undecodable(topic="elsewhere"))
    assert results == Results(failed=1, reasons={"no route takes its topic": 1})
    assert [one.topic for one in letters(spool.path)] == ["elsewhere"]


def test_what_came_from_a_source_that_is_gone_stays_a_letter(spool: Spool) -> None:
    assert retry(spool, undecodable(source="gone")).reasons == {"its source is not in the configuration": 1}


def test_a_packet_that_was_no_message_is_never_decoded(spool: Spool) -> None:
    results = retry(spool, undecodable(b'{"x": 1}', kind=Kind.UNREADABLE, reason="too large"))
    assert results == Results(failed=1, reasons={"too large": 1})
    assert records_of(spool) == []


def test_a_message_of_which_nothing_is_to_be_stored_is_done(spool: Spool) -> None:
    ignoring = settings([route(metrics={"x": {"ignore": True}})])
    payload = json.dumps({"ts": NOW_NS // 10**6, "x": 1}).encode()
    assert retry(spool, undecodable(payload), configuration=ignoring) == Results(ignored=1)
    assert (letters(spool.path), records_of(spool)) == ([], [])


def test_each_letter_is_taken_as_if_the_machine_were_new(spool: Spool) -> None:
    banded = settings([route()], measurements={"cnc": {"metrics": {"x": {"deadband": 10.0}}}})
    given = [undecodable(b'{"x": %d}' % number, received_ns=NOW_NS + number) for number in range(3)]
    retry(spool, *given, configuration=banded)
    said = [record.split(" ")[1].split(",")[:2] for record in records_of(spool)]
    assert said == [[f"x={number}.0", "x_q=192i"] for number in range(3)]


def test_what_mqtt_said_beside_the_payload_is_said_again(spool: Spool) -> None:
    retained = live(fixed(), message(payload=b'{"x": 1', retained=True, content_type="application/json"))
    spool.commit(retained)
    assert retry(spool).failed == 1
    kept = letters(spool.path)[0]
    assert json.loads(kept.properties) == ["application/json", [], True]


FOREIGN = "tests.gateway.dead_letters.births:Births"


def test_what_waits_for_a_birth_stays_a_letter_and_is_not_held(spool: Spool) -> None:
    births = settings([route(adapter=FOREIGN)])
    results = retry(spool, undecodable(b"5"), configuration=births)
    assert results == Results(failed=1, reasons={"it cannot be understood yet": 1})
    assert spool.held() == []
    assert letters(spool.path)[0].detail.startswith("it waits for node: nothing that is remembered proves")


def test_what_the_spool_remembers_helps_to_understand(spool: Spool) -> None:
    group = Group("plant")
    group.remembered["node"] = message(payload=b"birth")
    spool.commit(group)
    births = settings([route(adapter=FOREIGN)])
    assert retry(spool, undecodable(b"5"), configuration=births) == Results(stored=1)
    assert " x=5.0," in records_of(spool)[0]


def test_letters_help_each_other_to_be_understood_and_change_nothing_that_is_remembered(spool: Spool) -> None:
    births = settings([route(adapter=FOREIGN)])
    results = retry(spool, undecodable(b"birth"), undecodable(b"6"), configuration=births)
    assert (results.ignored, results.stored) == (1, 1)
    assert spool.remembered("plant") == [], "an old birth must not stand for a new one"


def sparkplug() -> Settings:
    """Return settings with a Sparkplug host."""
    source = {"name": "plant", "url": "mqtt://127.0.0.1:1", "session": "sparkplug"}
    return settings([route(source="plant", topic="spBv1.0/#", adapter="sparkplug")], sources=[source])


@pytest.mark.parametrize("proved", [True, False])
def test_aliases_are_understood_if_births_that_the_spool_remembers_prove_them(spool: Spool, *, proved: bool) -> None:
    node = Speaking()
    given = [node.nbirth(number("x", 1.0, 1)), node.data(by_alias(1, 5.0)), node.nbirth(number("x", 2.0, 1))]
    birth, data, again = (message(*one, received_ns=NOW_NS + second) for second, one in enumerate(given))
    spool.commit(live(sparkplug(), birth, *([again] if proved else [])))
    before = len(records_of(spool))
    results = retry(
        spool, undecodable(data.payload, topic=data.topic, received_ns=data.received_ns), configuration=sparkplug()
    )
    assert (results.stored, results.failed) == ((1, 0) if proved else (0, 1))
    said = records_of(spool)[before:]
    assert [record.split(" ")[1].split(",")[0] for record in said] == (["x=5.0"] if proved else [])
    assert len(letters(spool.path)) == results.failed


DYING = """
import sys
from pathlib import Path
from gateway import fail_points
from gateway.dead_letters import do_all
from gateway.spool import Spool, requests
from tests.gateway.dead_letters.letters import make
requests.LETTERS = 2
spool = Spool(Path(sys.argv[1]), ["store0"])
fail_points.arm(sys.argv[2])
for _ in do_all(spool, ["plant"], make):
    pass
"""


def test_a_process_that_dies_in_a_portion_leaves_each_letter_or_its_records(path: Path) -> None:
    with closing(Spool(path, ["store0"])) as spool:
        spool.reject([undecodable(b'{"x": %d}' % number, received_ns=NOW_NS + number) for number in range(9)])
        request = ask(path, Action.RETRY, Selection())
    for dies_in in ("in_commit:1", "in_commit:2", "in_commit:3"):
        process = subprocess.run([sys.executable, "-c", DYING, str(path), dies_in], check=False, timeout=60)
        assert process.returncode == -signal.SIGKILL
        with closing(Spool(path, ["store0"])) as spool:
            stored = [int(float(record.split(" x=")[1].split(",")[0])) for record in records_of(spool)]
            kept = [int(letter.payload[6:-1]) for letter in letters(path)]
        assert sorted(stored + kept) == list(range(9)), "none is lost and none is doubled"
    subprocess.run([sys.executable, "-c", DYING, str(path), ""], check=True, timeout=60)
    assert (letters(path), look_up(path, request.id).results) == ([], Results(stored=9))
