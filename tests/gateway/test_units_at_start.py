"""What units take is loaded when the gateway starts, if its sources will name some; nobody else pays for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import asyncio, sys, time
from pathlib import Path
from gateway.app.assembly import assemble
from gateway.app.run import run
from gateway.settings import load

async def main():
    path = Path(sys.argv[1])
    assembly, stop = assemble(load(path), str(path)), asyncio.Event()
    until = time.monotonic() + float(sys.argv[2])

    async def wait():
        while "pint.registry" not in sys.modules and time.monotonic() < until:
            await asyncio.sleep(0.01)
        stop.set()

    await asyncio.gather(run(assembly, stop), wait())

asyncio.run(main())
print("pint.registry" in sys.modules)
"""
_CONFIGURATION = """
id = "gw"
[[sources]]
name = "plant"
url = "mqtt://127.0.0.1:1"
{source}
[spool]
path = "spool.db"
[[sinks]]
name = "store"
type = "historian"
path = "store.db"
"""
_SESSION = 'session = "sparkplug"\n[sources.sparkplug]\nrole = "active"'
_ROUTE = '[[routes]]\ntopic = "plant/{machine}"\nadapter = "json"\nmeasurement = "cnc"'


@pytest.mark.parametrize(("source", "seconds", "loaded"), [(_SESSION, 30, "True"), (_ROUTE, 0.5, "False")])
def test_units_are_loaded_at_the_start_of_a_gateway_with_a_session(
    source: str, seconds: float, loaded: str, tmp_path: Path
) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(_CONFIGURATION.format(source=source))
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, str(path), str(seconds)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.splitlines()[-1] == loaded
