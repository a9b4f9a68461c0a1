"""What the gateway says of itself can be sent, and cannot be filled by a device."""

from __future__ import annotations

import json

from gateway.status import MAX_KEYS, OTHERS, BoundedCounter, SourceStatus, Status


def test_a_snapshot_is_json() -> None:
    status = Status()
    status.sources["plant"] = SourceStatus(granted_qos={"a/#": 1})
    status.ignored.count("no route")
    status.messages.received = 3
    status.messages.ignored = 1
    snapshot = json.loads(json.dumps(status.snapshot()))
    assert snapshot["ignored"] == {"no route": 1}
    assert snapshot["messages"]["waiting"] == 2
    assert snapshot["sources"]["plant"]["granted_qos"] == {"a/#": 1}


def test_names_in_a_counter_are_bounded() -> None:
    counter = BoundedCounter()
    for number in range(MAX_KEYS + 500):
        counter.count(f"topic {number}")
    counter.count("topic 0", 5)
    assert len(counter) == MAX_KEYS + 1
    assert counter[OTHERS] == 500
    assert counter["topic 0"] == 6
