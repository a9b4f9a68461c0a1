"""A request is done in portions, and goes on where it was after any end of the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.dead_letters import ask, follow, letters, look_up, requests, tallies, withdraw
from gateway.errors import GatewayError, SpoolError
from gateway.spool import Action, DeadLetter, Kept, Kind, Portion, Request, Results, Selection, Settlement, Spool
from gateway.spool import requests as requests_module


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    with closing(Spool(path, ["a"])) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_module, "LETTERS", 3)
    monkeypatch.setattr(requests_module, "PURGED", 4)
    monkeypatch.setattr(requests_module, "WINDOW", 5)


def letter(topic: str = "t", **fields: object) -> DeadLetter:
    made = DeadLetter(Kind.UNDECODABLE, "plant", topic, b"xyz", "not JSON", received_ns=1000)
    return made._replace(**fields)  # type: ignore[arg-type]


Settle = Callable[[Request, Portion], Settlement]


def cure(request: Request, portion: Portion) -> Settlement:
    return Settlement(request, portion, Results(stored=len(portion.letters)), [one.id for one in portion.letters])


def purge(request: Request, portion: Portion) -> Settlement:
    return Settlement(request, portion, Results(purged=len(portion.letters)), [one.id for one in portion.letters])


def do_all(spool: Spool, settle: Settle) -> list[Kept]:
    """Do all that is asked for; return the letters in the order in which they were taken."""
    taken: list[Kept] = []
    while (request := spool.requests.next()) is not None:
        portion = spool.requests.portion(request)
        taken += portion.letters
        spool.settle(settle(request, portion))
    return taken


def test_every_letter_that_is_meant_is_taken_once_source_by_source(spool: Spool, path: Path) -> None:
    spool.reject([letter(f"t{number}", source=f"source{number % 2}") for number in range(23)])
    request = ask(path, Action.RETRY, Selection())
    spool.reject([letter("later")])
    taken = do_all(spool, cure)
    assert [one.topic for one in taken] == [f"t{number}" for number in [*range(0, 23, 2), *range(1, 23, 2)]]
    assert taken[0].payload == b"xyz"
    after = look_up(path, request.id)
    assert (after.done, after.results.stored, after.missing) == (True, 23, 0)
    assert [one.topic for one in letters(path)] == ["later"], "what came after the request is not meant"
    assert [(one.topic, one.seen) for one in tallies(path)] == [("later", 1)], "what is cured is not counted any more"


@pytest.mark.parametrize(
    ("chosen", "topics"),
    [
        (Selection(topic="/b/"), ["a/b/c", "x/b/c"]),
        (Selection(topic="a/+/c"), ["a/b/c", "a/d/c"]),
        (Selection(topic="+/d/#"), ["a/d/c"]),
        (Selection(kind=Kind.VALUE), ["x/b/c"]),
        (Selection(reason="NOT js"), ["a/b/c", "a/d/c"]),
        (Selection(source="other"), ["x/b/c"]),
        (Selection(sink="db"), []),
        (Selection(since_ns=1001), ["x/b/c"]),
        (Selection(until_ns=1001), ["a/b/c", "a/d/c"]),
        (Selection(numbers=(2, 3, 99)), ["a/d/c", "x/b/c"]),
        (Selection(limit=2), ["x/b/c", "a/b/c"]),
    ],
)
def test_filters_mean_what_they_say(spool: Spool, path: Path, chosen: Selection, topics: list[str]) -> None:
    spool.reject(
        [
            letter("a/b/c"),
            letter("a/d/c"),
            letter("x/b/c", kind=Kind.VALUE, reason="not an int", source="other", received_ns=2000),
        ]
    )
    request = ask(path, Action.RETRY, chosen)
    assert sorted(one.topic for one in do_all(spool, cure)) == sorted(topics)
    assert look_up(path, request.id).missing == (1 if 99 in chosen.numbers else 0)


def test_a_limit_is_kept_over_several_portions(spool: Spool, path: Path) -> None:
    spool.reject([letter(f"t{number}") for number in range(20)])
    request = ask(path, Action.RETRY, Selection(limit=7))
    assert [one.id for one in do_all(spool, cure)] == [*range(1, 8)]
    assert (look_up(path, request.id).expected, look_up(path, request.id).missing) == (7, 0)


def test_a_portion_is_bounded_in_bytes(spool: Spool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_module, "BYTES", 1000)
    spool.reject([letter(payload=b"x" * 600)] * 3)
    request = ask(path, Action.RETRY, Selection())
    assert len(spool.requests.portion(request).letters) == 1
    assert len(do_all(spool, cure)) == 3


def test_a_request_goes_on_where_it_was_after_a_restart(path: Path) -> None:
    with closing(Spool(path, ["a"])) as spool:
        spool.reject([letter(f"t{number}") for number in range(10)])
        request = ask(path, Action.RETRY, Selection())
        spool.settle(cure(request, spool.requests.portion(request)))
    with closing(Spool(path, ["a"])) as spool:
        again = spool.requests.next()
        assert again is not None
        assert (again.id, again.results.stored) == (request.id, 3)
        assert [one.id for one in do_all(spool, cure)] == [*range(4, 11)]


def test_what_fails_again_keeps_its_number_and_gets_its_new_reason(spool: Spool, path: Path) -> None:
    spool.reject([letter(), letter()])
    request = ask(path, Action.RETRY, Selection(numbers=(2,)))

    def fail(request: Request, portion: Portion) -> Settlement:
        replaced = [(one.id, letter(reason="a new reason", detail="a new reason: y")) for one in portion.letters]
        return Settlement(request, portion, Results(failed=1, reasons={"a new reason": 1}), [], replaced)

    do_all(spool, fail)
    second, first = letters(path)
    assert (second.id, second.reason, second.detail, second.retries) == (2, "a new reason", "a new reason: y", 1)
    assert (first.reason, first.retries) == ("not JSON", 0)
    assert {(one.reason, one.seen, one.kept) for one in tallies(path)} == {("not JSON", 1, 1), ("a new reason", 1, 1)}
    assert look_up(path, request.id).results.reasons == {"a new reason": 1}


def test_purging_frees_the_room_and_keeps_the_counts_unless_they_are_purged_too(path: Path) -> None:
    with closing(Spool(path, ["a"], max_dead_letters=3000, keep_per_reason=2)) as spool:
        spool.reject([letter()] * 50)
        ask(path, Action.PURGE, Selection())
        do_all(spool, purge)
        assert [(one.seen, one.kept) for one in tallies(path)] == [(50, 0)]
        spool.reject([letter()] * 5)
        assert [(one.seen, one.kept) for one in tallies(path)] == [(55, 5)]
        spool.reject([letter(reason="another")])
        ask(path, Action.PURGE, Selection(reason="not json"), counts=True)
        do_all(spool, purge)
        assert [(one.reason, one.seen) for one in tallies(path)] == [("another", 1)]
        spool.reject([letter()])
        assert {(one.reason, one.seen) for one in tallies(path)} == {("another", 1), ("not JSON", 1)}


def test_letters_to_be_purged_are_not_read(spool: Spool, path: Path) -> None:
    spool.reject([letter()])
    assert spool.requests.portion(ask(path, Action.PURGE, Selection())).letters[0].payload == b""


def test_requests_that_are_done_are_remembered_for_a_while(
    spool: Spool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_module, "REMEMBERED", 3)
    for _ in range(10):
        ask(path, Action.RETRY, Selection())
    do_all(spool, cure)
    assert [request.id for request in requests(path)] == [10, 9, 8]


def test_a_request_of_another_version_stops_nobody(
    spool: Spool, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = ask(path, Action.RETRY, Selection())
    spool._connection.execute("UPDATE dead_letter_requests SET chosen = ?", (json.dumps({"colour": "red"}),))
    usual = ask(path, Action.RETRY, Selection())
    found = spool.requests.next()
    assert found is not None
    assert found.id == usual.id
    assert "not understood" in "".join(capsys.readouterr())
    with pytest.raises(GatewayError, match=f"request {strange.id} is no longer"):
        look_up(path, strange.id)


def test_asking_needs_a_spool(path: Path) -> None:
    with pytest.raises(SpoolError, match="there is no spool"):
        ask(path, Action.RETRY, Selection())


def test_following_ends_when_it_is_done_and_when_nobody_is_there_to_do_it(
    spool: Spool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.dead_letters.asking.PATIENCE", 0.0)
    spool.reject([letter()])
    request = ask(path, Action.RETRY, Selection())
    with pytest.raises(GatewayError, match="the gateway has stopped: 0 of 1 letters are done"):
        list(follow(path, request.id))
    do_all(spool, cure)
    assert [one.done for one in follow(path, request.id)] == [True]
    withdraw(path, request.id)
    with pytest.raises(GatewayError, match="is no longer"):
        list(follow(path, request.id))
