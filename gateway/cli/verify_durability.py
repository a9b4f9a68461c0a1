"""`gateway verify-durability`: kills a gateway again and again, and proves from the database what became of it all."""

from __future__ import annotations

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.console import JsonOption, print_json
from gateway.cli.verification_words import explain, progress_of, say_what_is_left, show
from gateway.embedded_broker import broker, free_port
from gateway.errors import GatewayError
from gateway.settings import load
from gateway.verification import Kind, Outcome, Setup, Stream, draw, run
from gateway.verification.report import Report
from gateway.verification.run import Mode
from gateway.verification.targets import PATIENCE, PLANT_PATIENCE, embedded, new_run, plant

KILLS = 20
RATE, HIGHEST_RATE = 2000.0, 20_000.0
PLANT_RATE, HIGHEST_PLANT_RATE = 100.0, 1000.0
SECONDS_A_KILL = 0.5
"""How long is published for each fault, by default."""


class Modes(StrEnum):
    """When the gateway acknowledges, or both ways one after the other."""

    AFTER_COMMIT = "after_commit"
    AFTER_SINK = "after_sink"
    BOTH = "both"


def verify_durability(
    messages: Annotated[
        int | None,
        typer.Option(min=1, help="Messages to publish, in each mode. By default half a second's for a kill."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=1, help="Messages a second: 2000; on a plant's broker 100, and 1000 at most.")
    ] = None,
    kills: Annotated[int, typer.Option(min=1, help="Times that the gateway is made to die, in each mode.")] = KILLS,
    seed: Annotated[int | None, typer.Option(help="Draws the same faults in the same order again.")] = None,
    mode: Annotated[
        Modes | None,
        typer.Option(help="`[spool] acknowledge`. By default both; with a configuration, what it says."),
    ] = None,
    patience: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="Seconds without any progress after which what is missing counts as lost: 20; with a "
            "configuration 60.",
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep configuration, log, spool and historian in this new folder.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "-c",
            "--config",
            help="Use a broker and an InfluxDB of this configuration, on topics and in a bucket for this alone.",
        ),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Which source of the configuration, if it has several.")] = None,
    sink: Annotated[str | None, typer.Option(help="Which InfluxDB of the configuration, if it has several.")] = None,
    target: Annotated[
        str | None,
        typer.Option("--bucket", "--database", help="With a configuration: the bucket or database for this alone."),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="With a configuration: do not ask before it starts.")] = False,
    json: JsonOption = False,
) -> None:
    """Prove that nothing is lost: publish, kill the gateway at random and at its weakest places, count what arrived.

    Without a configuration it brings a broker and a store of its own. The verdict comes from the database alone, and
    counts what the broker acknowledged. Exit code 1 if anything was lost.
    """
    own = config is not None
    if not own and (source or sink or target or yes):
        raise typer.BadParameter("--source, --sink, --bucket, --database and --yes go with a configuration (-c)")
    highest = HIGHEST_PLANT_RATE if own else HIGHEST_RATE
    rate = rate or (PLANT_RATE if own else RATE)
    if rate > highest:
        raise typer.BadParameter(f"at most {highest:.0f} messages a second {'on a broker of a plant' if own else ''}")
    messages = messages or round(kills * rate * SECONDS_A_KILL)
    if messages < kills:
        raise typer.BadParameter("there must be a message for each kill at least: more --messages, or fewer --kills")
    seed = random.randrange(2**32) if seed is None else seed
    with _folder(keep) as folder:
        began = time.monotonic()
        if config is None:
            modes: Sequence[Mode] = _modes(mode or Modes.BOTH)
            outcomes = _run(_embedded(folder, modes, messages, rate, patience or PATIENCE, kills, seed))
        else:
            setups = _plant(config, folder, source, sink, target, mode, messages, rate, patience or PLANT_PATIENCE)
            explain(setups, kills, target or "", yes=yes)
            outcomes = _run(_all(setups, kills, seed))
            say_what_is_left(setups, target or "")
        report = Report(outcomes, seed, time.monotonic() - began)
    if json:
        print_json(report.as_json())
    else:
        show(report, keep)
    if report.failed:
        raise typer.Exit(1)


def _modes(mode: Modes) -> Sequence[Mode]:
    both: Sequence[Mode] = ("after_commit", "after_sink")
    return [one for one in both if mode in (Modes.BOTH, one)]


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="gateway-verification-") as temporary:
            yield Path(temporary)
        return
    try:
        keep.mkdir(parents=True)
    except FileExistsError:
        raise typer.BadParameter(f"--keep: {keep} is there already: name a new folder") from None
    yield keep.absolute()


async def _embedded(
    folder: Path, modes: Sequence[Mode], messages: int, rate: float, patience: float, kills: int, seed: int
) -> list[Outcome]:
    port, name = free_port(), new_run()
    setups = []
    for mode in modes:
        of_mode = folder / mode.replace("_", "-")
        of_mode.mkdir()
        setups.append(embedded(f"{name}-{mode.replace('_', '-')}", of_mode, port, mode, messages, rate, patience))
    async with broker(port, folder):
        return await _all(setups, kills, seed)


def _plant(
    config: Path,
    folder: Path,
    source: str | None,
    sink: str | None,
    target: str | None,
    mode: Modes | None,
    messages: int,
    rate: float,
    patience: float,
) -> list[Setup]:
    if not target:
        raise typer.BadParameter("--bucket or --database: name one that is there for this alone, and exists")
    settings, name, setups = load(config), new_run(), []
    for one in _modes(mode or Modes(settings.spool.acknowledge)):
        of_mode = folder / one.replace("_", "-")
        of_mode.mkdir()
        setups.append(
            plant(
                settings,
                config,
                f"{name}-{one.replace('_', '-')}",
                of_mode,
                source=source,
                sink=sink,
                target=target,
                mode=one,
                messages=messages,
                rate=rate,
                patience=patience,
            )
        )
    for setup in setups:  # better now than after all the messages
        setup.reader.read(setup.run, [Stream(Kind.TIMED, "m0")])
    return setups


async def _all(setups: Sequence[Setup], kills: int, seed: int) -> list[Outcome]:
    outcomes = []
    with progress_of(setups, kills) as tellers:
        for setup, tell in zip(setups, tellers, strict=True):
            generator = random.Random(seed)
            outcomes.append(await run(setup, draw(kills, generator), generator, tell))
    return outcomes


def _run(work: Coroutine[None, None, list[Outcome]]) -> list[Outcome]:
    """Run to the end; what was started is stopped at SIGTERM as at Ctrl-C.

    Raises:
        GatewayError: It was told to end.
    """

    async def until_told() -> list[Outcome]:
        if (task := asyncio.current_task()) is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(until_told())
    except asyncio.CancelledError:
        raise GatewayError("told to end: there is no verdict") from None
