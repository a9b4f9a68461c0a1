"""Whatever is heard, in whatever order: it is understood, waits, or is set aside; nothing is told that nobody said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sparkplug.codec import Metric, read
from gateway.models import Observation, Value
from tests.adapters.sparkplug.listening import Listening
from tests.adapters.sparkplug.speaking import Speaking, by_alias, number
from tests.adapters.sparkplug.stories import REAL, Hear, made, mutated, reconnect, speaking_topics, stories, topics

OPTIONS = [
    {},
    {"role": "passive"},
    {"role": "primary"},
    {"reorder_timeout": "0s"},
    {"strict_bdseq": True, "births": "all"},
    {"name_patterns": ("{line}/{metric...}",), "fruitless_rebirths": 1},
    {"max_metrics": 5, "max_devices": 1, "max_nodes": 1, "silence": "5s"},
]


def told(host: Listening) -> list[tuple[str, Value | None]]:
    """Return what a host told of metrics: names and values."""
    every = [one for one in host.said if isinstance(one, Observation) and not one.measurement]
    return [(name, value) for one in every for name, value in one.values.items()]


def live(options: dict[str, object], story: list[Hear]) -> Listening:
    """Let a host live through a story; it fails if anything but ValueError comes out of it."""
    host = Listening(**options)
    for happen in story:
        happen(host)
    host.pass_time(6_000, step=500)
    host.host.describe(host.now_ns)
    return host


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(OPTIONS), stories(st.binary(max_size=40), topics))
def test_anything_at_all_is_understood_waits_or_is_set_aside(options: dict[str, object], story: list[Hear]) -> None:
    live(options, story)


BOUNDS = [
    {"max_metrics": 5, "max_devices": 1, "max_nodes": 1},
    {"max_metrics": 12, "max_devices": 2, "max_nodes": 1, "fruitless_rebirths": 1},
    {"max_metrics": 8, "max_devices": 1, "name_patterns": ("{device}/{metric}",), "role": "passive"},
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BOUNDS), stories(made, speaking_topics))
def test_at_the_bounds_as_much_is_known_as_is_counted(options: dict[str, object], story: list[Hear]) -> None:
    host = Listening(**options)
    for happen in story:
        happen(host)
        adapter = host.host
        nodes, evidence, metrics = adapter._nodes, adapter._lifecycle.evidence, adapter._host._interpreter.metrics
        stations = [station for node in nodes for station in node.stations()]
        assert metrics == sum(len(station.by_name) for station in stations) <= adapter.max_metrics
        assert nodes.devices == sum(len(node.devices) for node in nodes) <= adapter.max_devices
        assert len(nodes) <= adapter.max_nodes
        recalled = sum(len(table) for table, _ in evidence._recalled.values())
        kept = sum(station.proofs for station in stations)
        assert evidence._metrics == recalled + kept <= adapter.max_metrics
        assert not any(thing.forgotten for thing in (*nodes, *stations))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(OPTIONS), stories(mutated(), speaking_topics))
def test_real_payloads_that_are_damaged_are_understood_wait_or_are_set_aside(
    options: dict[str, object], story: list[Hear]
) -> None:
    live(options, story)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OPTIONS), stories(made, speaking_topics))
def test_any_order_of_any_messages_tells_only_names_that_somebody_said(
    options: dict[str, object], story: list[Hear]
) -> None:
    for name, _ in told(live(options, story)):
        assert set(name.split("/")) <= {"x", "y", "a", "b", "bdSeq", "Node Control", "Rebirth", ""}


class Life:
    """An edge node with a device that gives its aliases to other names in each session; a value says for which it is.

    Attributes:
        host: Hears it.
        session: Until its death.
    """

    def __init__(self) -> None:
        self.host, self.session = Listening(), 0
        self._node = Speaking()

    def live(self, event: str, choice: int) -> None:
        """Let something happen."""
        node, self._node.time_ms = self._node, self.host.now_ns // 1_000_000
        value = self.session * 100.0 + choice % 3
        match event:
            case "birth":
                self.host.hear(*node.nbirth(*self._names("n", 0), bdseq=self.session))
            case "device":
                self.host.hear(*node.dbirth("D", *self._names("d", 10)))
            case "death":
                self.host.hear(*node.ndeath(self.session))
                self.session += 1
            case "device death":
                self.host.hear(*node.ddeath("D"))
            case "data":
                self.host.hear(*node.data(by_alias(choice % 3, value), seq=None if choice < 5 else choice * 7))
            case "device data":
                self.host.hear(*node.data(by_alias(choice % 3 + 10, value), device="D"))

    def be_born_unheard(self) -> None:
        """Begin a new session while the host is not there."""
        self.session += 1
        self._node.nbirth(bdseq=self.session)
        self.host.restart()

    def _names(self, kind: str, first: int) -> list[Metric]:
        return [number(f"{kind}{self.session * 100 + one}", None, first + one) for one in range(3)]


events = st.tuples(
    st.sampled_from(
        ["birth", "death", "data", "device", "device data", "device death", "wait", "lose", "restart", "unheard"]
    ),
    st.integers(0, 6),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(events, max_size=40))
def test_a_value_is_never_told_under_the_name_of_another(order: list[tuple[str, int]]) -> None:
    life = Life()
    for event, choice in order:
        if event == "wait":
            life.host.pass_time(choice)
        elif event == "lose":
            reconnect(life.host)
        elif event == "restart":
            life.host.restart()
        elif event == "unheard":
            life.be_born_unheard()
        else:
            life.live(event, choice)
    for name, value in told(life.host):
        assert value is None or float(name[1:]) == value


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 3)), max_size=150))
def test_whatever_the_numbers_no_value_is_lost_and_none_is_doubled(numbers: list[tuple[int, int]]) -> None:
    host, node = Listening(), Speaking()
    host.hear(*node.nbirth(number("x", -1.0, 1)))
    for count, (seq, wait) in enumerate(numbers):
        host.hear(*node.data(by_alias(1, float(count)), seq=seq))
        host.pass_time(wait)
    host.pass_time(1_200, step=5)
    assert sorted(float(str(value)) for _, value in told(host)) == [-1.0, *map(float, range(len(numbers)))]
    assert (host.waiting, host.quarantined) == (0, [])


def test_real_payloads_are_read() -> None:
    for payload in REAL:
        assert read(payload).metrics
