"""Opens the sources of a configuration: ordinary ones, and those whose connection an adapter owns."""

from __future__ import annotations

from collections.abc import Callable

from gateway.app.assembly import Assembly
from gateway.clock import Clock
from gateway.interfaces import Session, Subscription
from gateway.mqtt import MqttSource
from gateway.routing import filter_covers, filters_overlap
from gateway.safekeeping import Safekeeping
from gateway.settings.sources import MqttSource as SourceSettings
from gateway.status import SourceStatus


def open_source(
    assembly: Assembly,
    table: SourceSettings,
    clock: Clock,
    safekeeping: Safekeeping,
    remember: Callable[[str], None],
    session_lost: Callable[[], None],
) -> MqttSource:
    """Return the source of a table.

    Args:
        assembly: The parts of the configuration.
        table: The table.
        clock: Tells when messages arrive.
        safekeeping: Knows of earlier sessions, and tells a session when the spool is short of room.
        remember: Called with its name when the broker keeps a session for it, to be kept on disk.
        session_lost: Called when the broker has forgotten the session.
    """
    session = assembly.sessions.get(table.name)
    if session is not None:
        return _owned(assembly, table, session, clock, safekeeping, session_lost)
    router = assembly.routers[table.name]
    return MqttSource(
        table,
        client_id=f"{assembly.settings.id}-{table.name}",
        subscriptions=router.subscriptions,
        status=assembly.status.sources.setdefault(table.name, SourceStatus(url=table.url)),
        had_session=safekeeping.spool.state(f"session:{table.name}") == "yes",
        remember_session=lambda: remember(table.name),
        winner=router.winner if router.overlapping else None,
        clock=clock,
        session_lost=session_lost,
    )


def open_companions(assembly: Assembly, clock: Clock, safekeeping: Safekeeping) -> list[MqttSource]:
    """Return the second connections that sessions want beside their own: they publish, and receive nothing.

    Each is shown as a source of its own, `NAME (companion)`, and has the client id of the first with `-2` behind it.
    """
    companions: list[MqttSource] = []
    for table in assembly.settings.sources:
        session = assembly.sessions.get(table.name)
        companion = None if session is None else session.companion()
        if companion is not None:
            second = table.model_copy(update={"name": f"{table.name} (companion)"})
            client_id = f"{assembly.settings.id}-{table.name}-2"
            companions.append(
                _owned(assembly, second, companion, clock, safekeeping, lambda: None, client_id, deaf=True)
            )
    return companions


def _owned(
    assembly: Assembly,
    table: SourceSettings,
    session: Session,
    clock: Clock,
    safekeeping: Safekeeping,
    session_lost: Callable[[], None],
    client_id: str = "",
    *,
    deaf: bool = False,
) -> MqttSource:
    wanted = [] if deaf else session.subscriptions()
    filters = [topic_filter for topic_filter, _ in wanted]
    source = MqttSource(
        table,
        client_id=client_id or f"{assembly.settings.id}-{table.name}",
        subscriptions=[Subscription(topic_filter, number) for number, topic_filter in enumerate(filters, 1)],
        status=assembly.status.sources.setdefault(table.name, SourceStatus(url=table.url)),
        had_session=False,
        remember_session=lambda: None,
        winner=_first_of(filters),
        clock=clock,
        session_lost=session_lost,
        session=session,
        qos=dict(wanted),
    )
    safekeeping.tell_of_room(source.accepting)
    return source


def _first_of(filters: list[str]) -> Callable[[str], int] | None:
    """Return what says by which subscription a message is taken where several match; None if none do."""
    if not any(filters_overlap(one, other) for number, one in enumerate(filters) for other in filters[:number]):
        return None
    return lambda topic: next((number for number, wide in enumerate(filters, 1) if filter_covers(wide, topic)), 0)
