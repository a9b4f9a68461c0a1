"""`gateway check`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway import app
from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, fail, print_json, warn
from gateway.errors import ConfigurationError, Problem
from gateway.settings import load


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also try the brokers, their topics, the sinks and their credentials.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find what is wrong with a configuration: every mistake with its file, key, reason and remedy."""
    summary, found = _find(config)
    problems = [problem for problem in found if not problem.warning]
    warnings = [problem for problem in found if problem.warning]
    tried: list[tuple[str, str, Problem | None]] = []
    if connect and not problems:
        tried = asyncio.run(app.check_connections(app.assemble(load(config), str(config)), str(config)))
    unreachable = [problem for _, _, problem in tried if problem is not None]
    if json:
        good = [{"what": what, "found": text} for what, text, problem in tried if problem is None]
        bad = [asdict(problem) for problem in problems + unreachable]
        print_json({"ok": not bad, "problems": bad, "warnings": list(map(asdict, warnings)), "tried": good})
    else:
        _show(problems, warnings, tried)
        if not problems:
            done(f"{config}: {summary}")
    if problems:
        raise typer.Exit(2)
    if unreachable:
        raise typer.Exit(1)


def _find(config: Path) -> tuple[str, list[Problem]]:
    """Return what the configuration has, in words, and what is wrong with it."""
    problems: list[Problem] = []
    summary = ""
    try:
        settings = load(config)
        summary = f"{len(settings.sources)} sources, {len(settings.routes)} routes, {len(settings.sinks)} sinks"
        problems = app.check(settings, str(config))
        app.assemble(settings, str(config))
    except ConfigurationError as error:
        problems += error.problems
    return summary, problems


def _show(
    problems: Sequence[Problem], warnings: Sequence[Problem], tried: Sequence[tuple[str, str, Problem | None]]
) -> None:
    for problem in problems:
        fail(str(problem))
    for warning in warnings:
        warn(str(warning))
    for what, text, trouble in tried:
        if trouble is None:
            done(f"{what}: {text}")
        else:
            fail(f"{what}: {trouble}")
