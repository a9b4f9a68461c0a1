"""The table of requirements in docs/sparkplug.md is whole, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/sparkplug.md").read_text()
ROW = re.compile(r"^\| `([a-zA-Z0-9-]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

REQUIRED = [
    # STATE certificates.
    *(f"host-topic-phid-birth-{one}" for one in ("message", "topic", "qos", "retain", "sub-required", "required")),
    *("host-topic-phid-birth-payload", "host-topic-phid-birth-payload-timestamp"),
    *(f"host-topic-phid-death-{one}" for one in ("topic", "qos", "retain", "required", "payload")),
    "host-topic-phid-death-payload-timestamp-connect",
    "host-topic-phid-death-payload-timestamp-disconnect-clean",
    "host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet",
    *("intro-sparkplug-host-state", "components-ph-state", "conformance-primary-host"),
    # Sessions.
    "message-flow-phid-sparkplug-clean-session-311",
    "message-flow-phid-sparkplug-clean-session-50",
    "message-flow-phid-sparkplug-subscription",
    "message-flow-phid-sparkplug-state-publish",
    "message-flow-phid-sparkplug-state-publish-payload",
    "message-flow-phid-sparkplug-state-publish-payload-timestamp",
    "message-flow-hid-sparkplug-state-message-delivered",
    "principles-birth-certificates-order",
    "operational-behavior-host-application-host-id",
    "operational-behavior-host-application-connect-will",
    *(f"operational-behavior-host-application-connect-will-{one}" for one in ("topic", "payload", "qos", "retained")),
    "operational-behavior-host-application-connect-birth",
    *(f"operational-behavior-host-application-connect-birth-{one}" for one in ("topic", "payload", "qos", "retained")),
    "operational-behavior-host-application-multi-server-timestamp",
    *("payloads-state-will-message", "payloads-state-will-message-qos", "payloads-state-will-message-retain"),
    *("payloads-state-will-message-payload", "payloads-state-subscribe"),
    *("payloads-state-birth", "payloads-state-birth-payload"),
    # The end of a session, and several servers.
    "operational-behavior-host-application-termination",
    *(f"operational-behavior-host-application-death-{one}" for one in ("topic", "payload", "qos", "retained")),
    "operational-behavior-host-application-disconnect-intentional",
    "operational-behavior-primary-application-state-with-multiple-servers-state-subs",
    "operational-behavior-primary-application-state-with-multiple-servers-state",
    # Deaths of edge nodes and devices.
    *(
        f"operational-behavior-edge-node-termination-host-action-{one}"
        for one in (
            *("ndeath-node-offline", "ndeath-node-tags-stale", "ndeath-devices-offline", "ndeath-devices-tags-stale"),
            *("ddeath-devices-offline", "ddeath-devices-tags-stale"),
        )
    ),
    # Order.
    *(f"operational-behavior-host-reordering-{one}" for one in ("param", "start", "rebirth", "success")),
    # Commands.
    *(f"topics-{command}-{one}" for command in ("ncmd", "dcmd") for one in ("topic", "mqtt", "timestamp", "payload")),
    *(f"payloads-{command}-{one}" for command in ("ncmd", "dcmd") for one in ("qos", "retain", "timestamp", "seq")),
    *(f"operational-behavior-data-commands-ncmd-rebirth-{one}" for one in ("verb", "name", "value")),
    *(
        f"operational-behavior-data-commands-{command}-{one}"
        for command in ("ncmd", "dcmd")
        for one in ("verb", "metric-name", "metric-value")
    ),
    *("payloads-name-cmd-requirement", "payloads-metric-datatype-not-req", "payloads-alias-data-cmd-requirement"),
    *("payloads-timestamp-in-UTC", "payloads-metric-timestamp-in-UTC"),
    # Topics.
    *("topic-structure", "topic-structure-namespace-a"),
    *(f"topic-structure-namespace-valid-{one}" for one in ("group-id", "edge-node-id", "device-id")),
    *(f"intro-{one}" for one in ("group-id-string", "group-id-chars", "edge-node-id-string", "edge-node-id-chars")),
    *("intro-device-id-string", "intro-device-id-chars"),
    "topic-structure-namespace-device-id-associated-message-types",
    "topic-structure-namespace-device-id-non-associated-message-types",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "topic-structure-namespace-unique-device-id",
    "topic-structure-namespace-duplicate-device-id-across-edge-node",
    *("case-sensitivity-sparkplug-ids", "case-sensitivity-metric-names"),
]
ROWS = {name: proofs for name, _, proofs in ROW.findall(PAGE)}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_requirement_has_a_test(name: str) -> None:
    assert NAMED.findall(ROWS[name])


def test_the_table_has_each_requirement_once_and_no_others() -> None:
    assert sorted(name for name, _, _ in ROW.findall(PAGE)) == sorted(REQUIRED)


@pytest.mark.parametrize(("path", "test"), sorted(set(NAMED.findall(PAGE))))
def test_a_test_that_is_named_exists(path: str, test: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    assert test in {one.name for one in tree.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
