"""Stories for hosts, as hypothesis makes them: any messages in any order, time, lost connections, people who ask."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from adapters.sparkplug.codec import DataType, Field, Metric, Payload, RawValue, Template, write
from tests.adapters.sparkplug import payloads as real
from tests.adapters.sparkplug.listening import Listening
from tests.adapters.sparkplug.speaking import SECOND_NS, START_MS

KINDS = ["NBIRTH", "NDEATH", "NDATA", "NCMD", "DBIRTH", "DDEATH", "DDATA", "DCMD", "STATE"]
REAL = [getattr(real, name) for name in dir(real) if isinstance(getattr(real, name), bytes)]
Hear = Callable[[Listening], None]

topics = st.lists(st.sampled_from(["spBv1.0", "G", "", "STATE", "test", "N", "D", *KINDS]), max_size=6).map("/".join)
speaking_topics = st.builds(
    lambda kind, node, device: f"spBv1.0/G/{kind}/{node}" + (f"/{device}" if kind.startswith("D") else ""),
    st.sampled_from(KINDS[:-1]),
    st.sampled_from(["N", "M"]),
    st.sampled_from(["D", "E"]),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A payload of a real library of which some bytes are others, or that is cut off."""
    content = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(0, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else bytes(content)


names = st.sampled_from(["x", "y", "a/b", "bdSeq", "Node Control/Rebirth", ""])
values: st.SearchStrategy[tuple[Field, RawValue]] = st.one_of(
    st.tuples(st.just("int_value"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("long_value"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("float_value"), st.floats(width=32)),
    st.tuples(st.just("double_value"), st.floats()),
    st.tuples(st.just("boolean_value"), st.booleans()),
    st.tuples(st.just("string_value"), st.text(max_size=3)),
    st.tuples(st.just("bytes_value"), st.binary(max_size=4)),
    st.tuples(st.just(""), st.none()),
)
simple = st.builds(
    lambda name, alias, time, datatype, value, flags: Metric(
        name,
        alias,
        time,
        datatype,
        value[1],
        value[0],
        is_historical=flags & 1 == 1,
        is_transient=flags & 2 == 2,
        is_null=flags & 4 == 4,
    ),
    names,
    st.none() | st.integers(0, 3) | st.just(2**64 - 1),
    st.none() | st.just(0) | st.integers(START_MS - 5, START_MS + 5) | st.just(2**64 - 1),
    st.none() | st.integers(0, 40),
    values,
    st.sampled_from([0, 0, 0, 0, 1, 2, 4, 7]),
)
metrics = st.recursive(
    simple,
    lambda inner: st.builds(
        lambda metric, members, definition: metric._replace(
            datatype=DataType.TEMPLATE, value=Template(members, is_definition=definition), field="template_value"
        ),
        simple,
        st.lists(inner, max_size=3),
        st.booleans(),
    ),
    max_leaves=4,
)


made = st.builds(
    lambda time, seq, told: write(Payload(time, seq, told)),
    st.none() | st.integers(START_MS - 5, START_MS + 5),
    st.none() | st.integers(0, 5),
    st.lists(metrics, max_size=4),
)


def heard(topic: str, payload: bytes, odds: int) -> Hear:
    """Let a message be heard; one of ten is retained."""

    def hear(host: Listening) -> None:
        host.hear(topic, payload, retained=odds == 9)

    return hear


def passes(seconds: float) -> Hear:
    """Let time pass, or set the clock back."""

    def go(host: Listening) -> None:
        if seconds < 0:
            host.now_ns += int(seconds * SECOND_NS)
            host.look()
        else:
            host.pass_time(seconds, step=max(0.5, seconds / 10))

    return go


def reconnect(host: Listening) -> None:
    """Let the connection break, and be made again."""
    host.lose_connection()
    host.connect()


def fill_spool(host: Listening) -> None:
    """Let the spool be full for a moment."""
    for accepting in (False, True):
        host.published += host.host.accepting(accepting, host.now_ns)


def ask(host: Listening) -> None:
    """Let a person ask for a rebirth, where that is possible."""
    if host.host.role != "passive" and host.host._nodes.get("G/N") is not None:
        host.host.ask_rebirth("G/N", host.now_ns)


def stories(payloads: st.SearchStrategy[bytes], where: st.SearchStrategy[str]) -> st.SearchStrategy[list[Hear]]:
    """Return what may happen to a host that hears such payloads on such topics."""
    message = st.builds(heard, where, payloads, st.integers(0, 9))
    time = st.sampled_from([0.1, 1.0, 3.0, 30.0, 4000.0, -5.0, -90_000.0]).map(passes)
    rare = st.sampled_from([Listening.lose_connection, reconnect, fill_spool, ask])
    return st.lists(st.one_of(message, message, message, time, rare), max_size=25)
