"""What someone sees who looks at a spool beside the gateway that owns it."""

from __future__ import annotations

import threading
from pathlib import Path

from gateway.spool import Group, Spool, survey


def test_a_look_shows_one_moment_though_rows_come_and_go_meanwhile(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", ["a"])
    looked = threading.Event()

    def come_and_go() -> None:
        group = Group("plant")
        group.add("t", ["m,asset=t x=1 1"])
        while not looked.is_set():
            row = spool.commit(group)
            assert row is not None
            spool.confirm("a", [row])
            spool.save_positions()

    gateway = threading.Thread(target=come_and_go)
    gateway.start()
    try:
        for _ in range(300):
            found = survey(spool.path, 2**30, 10**18)
            assert found.behind["a"] == found.waiting
            assert (found.waiting.rows, bool(found.oldest_ns)) in ((0, False), (1, True))
    finally:
        looked.set()
        gateway.join()
        spool.close()
