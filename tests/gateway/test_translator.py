"""Whatever an adapter does, a message ends as records, held, quarantined with its bytes, or counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest

from gateway.catalogue import Catalogue
from gateway.interfaces import Unreadable
from gateway.lanes import Path
from gateway.line_protocol import Encoder
from gateway.models import Command, Decoded, Definition, Hold, Message, Observation, Reject, Release, Remember
from gateway.normalize import Checked, Normalized, Normalizer, Place, SeriesStates, UsualMessages
from gateway.routing import Router, TopicPattern
from gateway.spool import Group, Kind, Redelivery
from gateway.spool.redelivery import RECENT
from gateway.status import Status
from gateway.translator import TURN_BYTES, TURN_MESSAGES, Translator
from gateway.waiting import Waiting
from tests.gateway.configurations import NOW_NS, message, route, settings
from tests.gateway.fakes import FakeAdapter


class Bench:
    """A translator with one route and a fake adapter."""

    def __init__(self, decode: Callable[[Message], Iterable[Decoded]] | None = None, max_held: int = 10_000) -> None:
        self.settings = settings([route()])
        self.status = Status()
        self.adapter = FakeAdapter(decode)
        self.pattern = TopicPattern(self.settings.routes[0].topic)
        states = SeriesStates(100)
        normalizer = Normalizer(
            self.settings.routes[0], self.pattern.names, self.settings, states, self.status, names_asset=False
        )
        self.waiting = Waiting(max_held)
        self.translator = Translator(
            "plant",
            Router({0: self.pattern}),
            {0: Path(self.pattern.text, self.adapter, normalizer, ("cmd/+",))},
            Encoder(),
            Redelivery(),
            self.waiting,
            Catalogue({}),
            self.status,
        )

    def take(self, *messages: Message | Unreadable) -> Group:
        group = Group("plant")
        self.translator.translate(messages, group)
        assert group.received == len(messages)
        return group

    def advance(self) -> Group:
        group = Group("plant")
        self.translator.advance(NOW_NS, group)
        return group


def values(records: list[str]) -> list[str]:
    return [record.split(" ")[1].split(",")[0] for record in records]


def test_a_message_becomes_records() -> None:
    bench = Bench()
    group = bench.take(message(payload=b"1"), message(payload=b"2"))
    assert values(group.lines) == ["x=1.0", "x=2.0"]
    assert (group.messages, bench.status.messages.received, bench.status.messages.waiting) == (2, 2, 2)


def test_a_message_that_no_route_takes_is_counted_with_its_topic() -> None:
    bench = Bench()
    assert bench.take(message("elsewhere")).empty
    assert bench.status.unmatched == {"elsewhere": 1}
    assert bench.status.messages.ignored == 1


def test_a_message_that_cannot_be_understood_is_quarantined_with_its_bytes() -> None:
    bench = Bench()
    group = bench.take(message(payload=b"\xffnot a number"), message(payload=b"1"))
    (letter,) = group.dead_letters
    assert (letter.kind, letter.payload, letter.topic) == (Kind.UNDECODABLE, b"\xffnot a number", "s1/m1/telemetry")
    assert letter.reason == "could not convert string to float"
    assert values(group.lines) == ["x=1.0"]
    assert bench.status.messages.quarantined == 1


def test_a_defect_of_an_adapter_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    def decode(message: Message) -> Iterable[Decoded]:
        yield Observation({"x": 1.0})
        if message.payload == b"bad":
            raise KeyError("oops")

    bench = Bench(decode)
    group = bench.take(message(payload=b"bad"), message(payload=b"good"))
    assert group.dead_letters[0].reason == "defect of the gateway or the adapter"
    assert len(group.lines) == 1, "output of an adapter that fails does not count"
    assert "KeyError" in "".join(capsys.readouterr())


def test_a_defect_behind_the_adapter_stops_nobody_either(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.take(message(payload=b"1"))
    normalizer = bench.translator._paths[0].normalizer
    normalize = normalizer.normalize

    def fail(place: Place, one: Message, observations: Sequence[Observation]) -> Normalized:
        if one.payload == b"2":
            raise ZeroDivisionError
        return normalize(place, one, observations)

    monkeypatch.setattr(normalizer, "normalize", fail)
    monkeypatch.setattr(normalizer, "quick", lambda *_: False)
    bench.translator._lanes.clear()
    group = bench.take(message(payload=b"2"), message(payload=b"3"))
    assert [letter.payload for letter in group.dead_letters] == [b"2"]
    assert values(group.lines) == ["x=3.0"]


def test_what_is_usual_and_what_is_not_keep_their_order() -> None:
    bench = Bench()
    payloads = [b"1", b"2", b"nan", b"3", b"4", b"inf", b"5"]
    group = bench.take(*(message(payload=payload) for payload in payloads))
    assert [line.split(" ")[1].split(",")[0] for line in group.lines] == [
        "x=1.0",
        "x=2.0",
        "x_q=0i",
        "x=3.0",
        "x=4.0",
        "x_q=0i",
        "x=5.0",
    ]


def test_what_is_unusual_of_one_machine_is_told_in_order_and_costs_no_other_anything() -> None:
    bench = Bench()
    bench.take(message("s1/m1/telemetry", b"0"), message("s1/m2/telemetry", b"0"))
    bench.translator._usual = counted = _Counted()
    payloads = [b"1", b"nan", b"2", b"3"]
    group = bench.take(
        *(message(f"s1/m{machine}/telemetry", payload) for payload in payloads for machine in (1, 2, 1)),
        message("s1/m3/telemetry", b"7"),
    )
    of_machine = {
        number: [line.split(" ")[1].partition(",")[0] for line in group.lines if f"asset=m{number}," in line]
        for number in (1, 2, 3)
    }
    assert of_machine[2] == ["x=1.0", "x_q=0i", "x=2.0", "x=3.0"]
    assert of_machine[1] == ["x=1.0"] * 2 + ["x_q=0i"] + ["x=2.0"] * 2 + ["x=3.0"] * 2
    assert of_machine[3] == ["x=7.0"]
    assert counted.checks >= 1


class _Counted(UsualMessages):
    checks = 0

    def check(self) -> Checked:
        self.checks += 1
        return super().check()


def test_an_unreadable_packet_is_quarantined() -> None:
    bench = Bench()
    group = bench.take(Unreadable("t", b"abc", NOW_NS, 7, "too large: 20 MB"))
    assert (group.dead_letters[0].payload, group.dead_letters[0].reason) == (b"abc", "too large")
    assert bench.status.messages.quarantined == 1


def test_a_value_that_cannot_be_taken_costs_only_itself_and_its_message_is_kept() -> None:
    bench = Bench(lambda _: [Observation({"x": 1.0}), Reject("y", "not a number: z")])
    group = bench.take(message(payload=b"all of it"))
    assert values(group.lines) == ["x=1.0"]
    assert (group.dead_letters[0].kind, group.dead_letters[0].payload) == (Kind.VALUE, b"all of it")
    assert bench.status.rejected == {"not a number": 1}
    assert bench.status.messages.quarantined == 0


def test_a_message_without_a_single_good_value_is_quarantined_whole() -> None:
    bench = Bench(lambda _: [Reject("y", "not a number")])
    assert bench.take(message()).dead_letters[0].kind is Kind.UNDECODABLE
    assert bench.status.messages.quarantined == 1


def test_a_message_that_says_nothing_is_ignored_with_a_reason() -> None:
    bench = Bench(lambda _: [])
    assert bench.take(message()).empty
    assert bench.status.ignored == {"it says nothing that is stored": 1}


def births(message: Message) -> Iterable[Decoded]:
    """Hold data until a birth comes, then understand it."""
    text = message.payload.decode()
    if text == "birth":
        births.known = True  # type: ignore[attr-defined]
        yield Remember("node")
        yield Release("node")
    elif not getattr(births, "known", False):
        yield Hold("node")
    else:
        yield Observation({"x": float(text)})


@pytest.fixture(autouse=True)
def _no_births_yet() -> None:
    births.known = False  # type: ignore[attr-defined]


def test_held_messages_are_committed_and_given_again_in_order_once_they_can_be_understood() -> None:
    bench = Bench(births)
    held = bench.take(message(payload=b"1"), message(payload=b"2"))
    assert [kept.payload for _, kept in held.held] == [b"1", b"2"]
    assert held.lines == []
    group = bench.take(message(payload=b"birth"), message(payload=b"3"))
    assert values(group.lines) == ["x=1.0", "x=2.0", "x=3.0"]
    assert group.released == ["node"]
    assert group.remembered["node"].payload == b"birth"
    assert len(bench.waiting) == 0


def test_of_many_that_are_released_only_some_are_translated_at_once() -> None:
    bench = Bench(births, max_held=10**6)
    bench.take(*(message(payload=str(number).encode()) for number in range(1000)))
    group = bench.take(message(payload=b"birth"), message(payload=b"1000"))
    portions = [len(group.lines)]
    while bench.translator.behind:
        bench.translator.go_on(group)
        portions.append(len(group.lines) - sum(portions))
    assert max(portions) <= TURN_MESSAGES
    assert values(group.lines) == [f"x={number}.0" for number in range(1001)], "in order, before the next new one"
    assert group.released == ["node"]


def test_of_large_messages_fewer_are_translated_at_once() -> None:
    bench = Bench(births, max_held=10**7)
    bench.take(*(message(payload=b"1" + b" " * TURN_BYTES) for _ in range(10)))
    assert len(bench.take(message(payload=b"birth")).lines) == 1


def test_what_cannot_be_read_waits_for_its_turn_behind_what_was_released() -> None:
    bench = Bench(births, max_held=10**6)
    bench.take(*(message(payload=b"1") for _ in range(TURN_MESSAGES + 1)))
    group = bench.take(message(payload=b"birth"), Unreadable("a", b"", 1, 7, "broken"))
    assert group.dead_letters == []
    bench.translator.go_on(group)
    assert [letter.reason for letter in group.dead_letters] == ["broken"]


def test_a_message_that_is_decoded_again_is_translated_with_all_that_it_releases() -> None:
    bench, group = Bench(births, max_held=10**6), Group("plant")
    bench.take(*(message(payload=b"1") for _ in range(1000)))
    bench.translator.decode_again(message(payload=b"birth"), group)
    assert len(group.lines) == 1000


def test_what_is_held_and_released_in_one_group_is_not_held_any_more() -> None:
    group = Bench(births).take(message(payload=b"1"), message(payload=b"birth"))
    assert group.held == []
    assert values(group.lines) == ["x=1.0"]


def test_what_there_is_no_room_to_hold_is_quarantined() -> None:
    bench = Bench(births, max_held=20)
    group = bench.take(message(payload=b"1"), message(payload=b"2"))
    assert len(group.held) == 1
    assert group.dead_letters[0].reason == "no room to hold it"


def test_what_only_lets_others_go_first_needs_no_room() -> None:
    def decode(one: Message) -> Iterable[Decoded]:
        if one.payload == b"last" and not last:
            last.append(one)
            return [Hold("node"), Release("node")]
        if one.payload == b"first" and not last:
            return [Hold("node")]
        return [Observation({"x": 1.0 if one.payload == b"first" else 2.0})]

    last: list[Message] = []
    bench = Bench(decode, max_held=20)
    group = bench.take(message(payload=b"first"), message(payload=b"last"))
    assert values(group.lines) == ["x=1.0", "x=2.0"]
    assert (group.held, group.dead_letters, len(bench.waiting), bench.waiting.size) == ([], [], 0, 0)


def test_remembered_messages_are_seen_again_and_say_nothing() -> None:
    bench = Bench(births)
    bench.translator.recall([message(payload=b"birth")])
    assert bench.status.messages.received == 0
    assert values(bench.take(message(payload=b"1")).lines) == ["x=1.0"]


def test_an_adapter_to_which_remembered_messages_mean_less_is_told_so() -> None:
    class Recalling(FakeAdapter):
        def recall(self, message: Message) -> None:
            recalled.append(message.payload)

    recalled: list[bytes] = []
    bench = Bench(births)
    path = bench.translator._paths[0]
    bench.translator._paths = {0: replace(path, adapter=Recalling(births))}
    bench.translator.recall([message(payload=b"birth")])
    assert recalled == [b"birth"]
    assert bench.take(message(payload=b"1")).held


def test_commands_are_sent_only_where_the_route_allows() -> None:
    bench = Bench(lambda _: [Command("cmd/a", b""), Command("other/a", b"")])
    assert [command.topic for command in bench.take(message()).commands] == ["cmd/a"]
    assert bench.status.refused_commands == {"other/a": 1}


def test_a_definition_is_told_once_to_the_catalogue_and_the_sinks() -> None:
    bench = Bench(lambda _: [Observation({"x": 1.0}), Definition("x", "degC", low=0.0)])
    first, second = bench.take(message()), bench.take(message())
    assert [(known.asset, known.name, known.unit) for known in first.definitions] == [("m1", "x", "°C")]
    assert first.further[0].startswith("metric_catalogue,asset=m1,metric=x,of=cnc ")
    assert 'unit_text="°C"' in first.further[0]
    assert (second.definitions, second.further) == ([], [])


def test_a_timeless_message_sent_again_after_its_commit_is_not_stored_twice() -> None:
    bench = Bench()
    assert bench.take(message(payload=b"1", packet_id=5)).redelivery
    group = bench.take(message(payload=b"1", packet_id=5, duplicate=True))
    assert group.lines == []
    assert bench.status.messages.ignored == 1
    assert bench.take(message(payload=b"2", packet_id=5, duplicate=True)).lines, "another message: in doubt keep it"


def test_an_unusual_value_does_not_make_identifiers_look_used_again_too_soon() -> None:
    bench = Bench()
    payloads = [b"1", b"2", b"1e300", b"3"]  # the third is no usual number, and goes the long way in the end
    messages = [message(payload=payload, packet_id=number) for number, payload in enumerate(payloads, start=1)]
    assert len(bench.take(*messages).lines) == 4
    assert bench.take(*(one._replace(duplicate=True) for one in messages)).empty


def test_a_released_message_does_not_take_the_packet_identifier_of_a_later_one() -> None:
    births: list[Message] = []

    def decode(said: Message) -> Iterable[Decoded]:
        if said.payload == b"birth":
            births.append(said)
            yield Release("m1")
        elif said.payload == b"held" and not births:
            yield Hold("m1")
        else:
            yield Observation({"x": 1.0})

    bench = Bench(decode)
    bench.take(message(payload=b"held", packet_id=5))
    bench.translator._redelivery.passed(RECENT)  # the identifiers have come round
    later = message(payload=b"later", packet_id=5)
    bench.take(later)
    assert len(bench.take(message(payload=b"birth", packet_id=6)).lines) == 1
    assert bench.take(later._replace(duplicate=True)).empty


def test_a_message_with_a_time_of_its_own_needs_no_key() -> None:
    bench = Bench(lambda _: [Observation({"x": 1.0}, time=NOW_NS)])
    assert bench.take(message(packet_id=5)).redelivery == b""


def test_what_adapters_say_as_time_passes_is_taken() -> None:
    bench = Bench()
    bench.adapter.due = [Command("cmd/a", b"")]
    assert [command.topic for command in bench.advance().commands] == ["cmd/a"]
    assert bench.advance().commands == []


def test_an_adapter_that_fails_as_time_passes_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench()

    def fail(now_ns: int) -> Iterable[Decoded]:
        raise KeyError(now_ns)

    monkeypatch.setattr(bench.adapter, "advance", fail)
    assert bench.advance().empty
    assert "An adapter failed as time passed" in "".join(capsys.readouterr())
    assert bench.take(message(payload=b"1")).lines


def test_topics_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.translator.MAX_TOPICS", 10)
    bench = Bench()
    for number in range(50):
        bench.take(message(f"s{number}/m1/telemetry", b"1"))
    assert len(bench.translator._lanes) <= 10


def test_the_words_of_an_adapter_name_the_machine() -> None:
    class Placing(FakeAdapter):
        place_names, further_words = ("machine",), ()

        def place(self, topic: str) -> dict[str, str]:
            return {"machine": topic.split("/")[1].upper()}

    bench = Bench()
    path = bench.translator._paths[0]
    bench.translator._paths = {0: replace(path, places=Placing())}
    assert bench.take(message(payload=b"1")).lines[0].startswith("cnc,asset=M1,")


def test_an_adapter_that_fails_to_say_whose_a_topic_is_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    class Failing(FakeAdapter):
        place_names, further_words = ("machine",), ()

        def place(self, topic: str) -> dict[str, str]:
            raise KeyError(topic)

    bench = Bench()
    bench.translator._paths = {0: replace(bench.translator._paths[0], places=Failing())}
    assert bench.take(message(payload=b"1")).lines[0].startswith("cnc,asset=m1,")
    assert "failed to say whose" in "".join(capsys.readouterr())
