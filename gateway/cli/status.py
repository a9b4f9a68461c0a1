"""`gateway status`."""

from __future__ import annotations

import time
from typing import Annotated, cast

import typer
from rich.table import Table

from gateway.cli.console import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    out,
    print_json,
    show_age,
    show_text,
    show_time,
)
from gateway.cli.sparkplug.table import count, count_forgotten, count_states, introduce
from gateway.control import ask, socket_of
from gateway.settings import load
from gateway.settings.quantities import show_size
from gateway.status import JSON

_COLOURS = {"connected": "green", "ready": "green", "held": "red", "full": "red", "stopped": "red"}


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also when a source or sink is not connected.")
    ] = False,
) -> None:
    """Ask the running gateway how it is: connections, messages, spool and sinks.

    Exits with 0 if it runs and takes messages, with 1 if none runs or its spool is full: the health check of a
    container. A broker or database that is away does not make the gateway ill: it waits, and loses nothing.
    """
    answer = ask(socket_of(load(config).spool.path))
    sources, sinks = _tables(answer, "sources"), _tables(answer, "sinks")
    spool = cast("dict[str, JSON]", answer["spool"])
    connected = all(one["state"] in ("connected", "paused") for one in sources.values()) and all(
        one["state"] == "ready" for one in sinks.values()
    )
    if json:
        print_json(answer)
    else:
        _show(answer, sources, sinks, spool)
    if spool["state"] == "full" or (strict and not connected):
        raise typer.Exit(1)


def _tables(answer: dict[str, JSON], key: str) -> dict[str, dict[str, JSON]]:
    return cast("dict[str, dict[str, JSON]]", answer[key])


def _number(value: JSON) -> int:
    return value if isinstance(value, int) else 0


def _state(one: dict[str, JSON]) -> str:
    colour = _COLOURS.get(str(one["state"]), "yellow")
    return f"[{colour}]{one['state']}[/]"


def _print_reasons(tables: dict[str, dict[str, JSON]], now_ns: int) -> None:
    """Say below a table why something is as it is, for a line of it would be too narrow."""
    for name, one in tables.items():
        if one.get("reason"):
            since = show_age(now_ns - _number(one["since_ns"]))
            out.print(
                f"  [yellow]{name}[/], {one['state']} for {since}: {show_text(str(one['reason']))}", soft_wrap=True
            )


def _show(
    answer: dict[str, JSON],
    sources: dict[str, dict[str, JSON]],
    sinks: dict[str, dict[str, JSON]],
    spool: dict[str, JSON],
) -> None:
    now_ns = time.time_ns()
    up = show_age(now_ns - _number(answer["started_ns"]))
    out.print(f"[bold]{answer['id']}[/]  version {answer['version']}, up {up}, {answer['series']} series")
    table = Table("source", "state", "MQTT", "QoS", "received", "acknowledged", "gaps", "last message", box=None)
    for name, one in sources.items():
        granted = cast("dict[str, int]", one["granted_qos"])
        last = _number(one["last_message_ns"])
        table.add_row(
            name,
            _state(one),
            str(one["protocol"] or "-"),
            ", ".join(sorted({"refused" if qos >= 128 else str(qos) for qos in granted.values()})) or "-",  # noqa: PLR2004
            f"{one['received']:,}",
            f"{one['acknowledged']:,}",
            str(one["gaps"]),
            f"{show_age(now_ns - last)} ago" if last else "-",
        )
    out.print(table)
    _print_reasons(sources, now_ns)
    for name, host in _tables({"sparkplug": {}, **answer}, "sparkplug").items():  # an older gateway says nothing of it
        nodes = count_states(cast("dict[str, int]", host["nodes"])) or "no nodes yet"
        who = introduce(name, str(host["role"]), str(host["host_id"]), online=bool(host["online"]))
        asked, held = count(_number(host["rebirths_asked"]), "rebirth"), count(_number(host["held"]), "message")
        out.print(f"{who}: {nodes}; {asked} asked, {held} held{count_forgotten(host)}")
    table = Table("sink", "state", "points", "points/s", "rejected", "retries", "waiting", "has all in", box=None)
    for name, one in sinks.items():
        gone = one["gone_in_s"]
        table.add_row(
            name,
            _state(one),
            f"{one['points']:,}",
            f"{one['points_per_second']:,.0f}",
            str(one["rejected"]),
            str(one["retries"]),
            f"{one['waiting_messages']:,}",
            show_age(int(gone * 1e9)) if isinstance(gone, float) else "-",
        )
    out.print(table)
    _print_reasons(sinks, now_ns)
    oldest = _number(spool["oldest_ns"])
    age = f", the oldest {show_age(now_ns - oldest)} old" if oldest else ""
    room = show_size(_number(spool["max_bytes"]))
    out.print(
        f"[bold]spool[/]  {_state(spool)}: {spool['messages']:,} messages wait{age}; "
        f"{show_size(_number(spool['bytes']))} of {room}"
        + (f", enough for {spool['hours_left']:,.1f} h as it fills now" if spool["hours_left"] is not None else "")
    )
    if isinstance(damage := spool["damage"], dict):
        when, why = show_time(_number(damage["last_ns"])), show_text(str(damage["reason"]))
        out.print(
            f"  [red]it was found damaged[/] {damage['times']} times, last {when}: {why}; {damage['rows']:,} rows "
            f"could be read, {damage['missing']:,} are missing; see {damage['aside']}",
            soft_wrap=True,
        )
    counts = cast("dict[str, int]", answer["messages"])
    out.print("[bold]messages[/]  " + ", ".join(f"{number:,} {name}" for name, number in counts.items()))
    if steps := _number(answer["clock_steps"]):
        out.print(f"[yellow]The system clock was set {steps:,} times[/]")
    for title in ("quarantined", "rejected", "ignored", "corrected", "unmatched", "refused_commands"):
        reasons = cast("dict[str, int]", answer[title])
        for reason, number in sorted(reasons.items(), key=lambda item: -item[1])[:10]:
            out.print(f"  {title}: {number:,} x {show_text(reason)}")
    out.print(f"[dim]as of {show_time(now_ns)}[/]")
