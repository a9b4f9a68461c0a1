"""`gateway sparkplug write`."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.console import DEFAULT_CONFIG, ConfigOption, JsonOption, done, print_json
from gateway.cli.sparkplug.choosing import SourceOption
from gateway.control import ask, socket_of
from gateway.settings import load


def write(
    node: Annotated[str, typer.Argument(help="Whose metric: GROUP/NODE, or GROUP/NODE/DEVICE.")],
    metric: Annotated[str, typer.Argument(help="Its name, as its birth tells it.")],
    value: Annotated[str, typer.Argument(help="What to write: 21.5, true, a text, as its type asks.")],
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Write a metric of a node or a device: only those that `may_write` of the source names.

    The command goes out at QoS 0 and is not confirmed: the next data of the device tell whether it was done.
    """
    question = {"ask": "write", "node": node, "metric": metric, "value": value, "source": source}
    answer = ask(socket_of(load(config).spool.path), question)
    if json:
        print_json(answer)
    else:
        done(str(answer["outcome"]))
