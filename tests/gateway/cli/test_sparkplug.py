"""`gateway sparkplug nodes` and `rebirth`, and what `gateway status` says of Sparkplug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.errors import GatewayError
from tests.gateway.cli.test_check import BASE
from tests.gateway.sparkplug_host import NOW_NS, FakeHost, answering, device, node

HOSTILE = "\x1b[31m[red]evil[/red]"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(BASE)
    return file


@pytest.fixture
def host() -> FakeHost:
    """Return a host that knows three nodes."""
    return FakeHost(
        node("plant2/oven", state="unknown", online=False, births=0, held=7, latency_ms=None, last_seen_ns=0),
        node(
            "plant1/press-2",
            gaps=2,
            rebirths_asked=3,
            last_rebirth_reason="a gap in seq",
            devices=[device("axis"), device("gripper", online=False, deaths=1)],
        ),
        node("plant1/press-1", state="offline", online=False, deaths=4, metrics=1234),
    )


def sparkplug(config: Path, *arguments: str, code: int = 0) -> Result:
    """Run a command about Sparkplug in this process."""
    result = CliRunner().invoke(
        app, ["sparkplug", *arguments, "-c", str(config)], catch_exceptions=False, env={"COLUMNS": "200"}
    )
    assert result.exit_code == code, result.output
    return result


def names(config: Path, *arguments: str) -> list[str]:
    """Return the nodes that are told with these options."""
    answer = json.loads(sparkplug(config, "nodes", "--json", *arguments).stdout)
    return [f"{one['group']}/{one['node']}" for host in answer["hosts"].values() for one in host["nodes"]]


def test_nodes_are_shown_by_name_with_what_is_known_of_them(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        lines = sparkplug(config, "nodes").stdout.splitlines()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "plant1/press-1 ○ offline 3 min - 1,234 1 4 0 0 5 s 12 ms",
        "plant1/press-2 ● online 3 min 1/2 50 1 0 3 2 5 s 12 ms a gap in seq",
        "plant2/oven ? no birth 3 min - 50 0 0 0 0 - -",
    ]


def test_below_the_nodes_stands_what_they_come_to(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        shown = sparkplug(config, "nodes").stdout
    assert shown.splitlines()[-1] == (
        "plant  primary Sparkplug host scada, online: 3 nodes (1 online, 1 offline, 1 waiting for a birth), "
        "1 of 2 devices online, 1,334 metrics, 3 rebirths asked, 2 gaps, 7 messages held"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["plant1/press-1", "plant1/press-2", "plant2/oven"]),
        (["--group", "plant1"], ["plant1/press-1", "plant1/press-2"]),
        (["--node", "press-*"], ["plant1/press-1", "plant1/press-2"]),
        (["--node", "plant?/oven"], ["plant2/oven"]),
        (["--node", "press-*", "--group", "plant2"], []),
        (["--offline"], ["plant1/press-1", "plant1/press-2", "plant2/oven"]),
        (["--source", "plant", "--node", "OVEN"], []),
    ],
)
def test_options_say_which_nodes(config: Path, host: FakeHost, options: list[str], expected: list[str]) -> None:
    with answering(config, plant=host):
        assert names(config, *options) == expected


def test_a_node_with_all_devices_online_is_not_offline(config: Path) -> None:
    with answering(config, plant=FakeHost(node("g/a", devices=[device("d")]))):
        assert names(config, "--offline") == []


def test_it_is_said_when_not_all_nodes_are_counted(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        assert "1 of 3 nodes are shown" in sparkplug(config, "nodes", "--node", "oven").stdout
        assert "are shown" not in sparkplug(config, "nodes").stdout


def test_devices_stand_below_their_node(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        lines = sparkplug(config, "nodes", "--devices").stdout.splitlines()
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["plant1/press-2", "●", "online"],
        ["axis", "●", "online"],
        ["gripper", "○", "offline"],
    ]


def test_json_tells_the_nodes_as_the_gateway_told_them(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        answer = json.loads(sparkplug(config, "nodes", "--json", "--node", "oven").stdout)
    assert answer == {
        "now_ns": NOW_NS,
        "hosts": {
            "plant": {"role": "primary", "host_id": "scada", "online": True, "nodes": [host.nodes["plant2/oven"]]}
        },
    }


def test_the_source_of_a_node_is_shown_where_there_are_several(config: Path) -> None:
    with answering(config, north=FakeHost(node("g/a")), south=FakeHost(node("g/a"))):
        shown = sparkplug(config, "nodes").stdout
    assert "north g/a" in shown
    assert "south g/a" in shown


def test_two_sessions_under_one_name_are_pointed_out(config: Path) -> None:
    with answering(config, plant=FakeHost(node("g/a", duplicate_sessions=True), node("g/b"))):
        shown = sparkplug(config, "nodes").stdout
    assert "! g/a: two sessions speak under this name" in shown
    assert "! g/b" not in shown


def test_a_terminal_is_not_at_the_mercy_of_a_node(config: Path) -> None:
    one = node(f"g/{HOSTILE}", last_rebirth_reason=HOSTILE, duplicate_sessions=True, devices=[device(HOSTILE)])
    with answering(config, plant=FakeHost(one)):
        shown = sparkplug(config, "nodes", "--devices").stdout
    assert "\x1b[31m" not in shown
    assert shown.count("[red]evil") == 4


def test_an_answer_that_cannot_be_read_is_told_as_another_version(config: Path) -> None:
    host = FakeHost(node("g/a", births="many"))
    with answering(config, plant=host), pytest.raises(GatewayError, match="another version"):
        sparkplug(config, "nodes")


def test_no_gateway_and_no_sparkplug_source_are_errors(config: Path) -> None:
    with pytest.raises(GatewayError, match="is it running"):
        sparkplug(config, "nodes")
    with answering(config), pytest.raises(GatewayError, match="no source of this gateway"):
        sparkplug(config, "nodes")


def test_a_node_is_asked_for_a_rebirth(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        assert "plant1/press-1 is asked within a second" in sparkplug(config, "rebirth", "plant1/press-1").stdout
    assert host.asked == ["plant1/press-1"]


def test_a_rebirth_of_a_node_that_is_not_known_is_an_error(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host), pytest.raises(GatewayError, match="there is no node plant1/saw"):
        sparkplug(config, "rebirth", "plant1/saw")


def test_a_rebirth_is_asked_of_the_host_of_the_source(config: Path) -> None:
    north, south = FakeHost(node("g/a")), FakeHost(node("g/a"))
    with answering(config, north=north, south=south):
        answer = json.loads(sparkplug(config, "rebirth", "g/a", "--source", "south", "--json").stdout)
    assert answer == {"source": "south", "node": "g/a", "outcome": "g/a is asked within a second"}
    assert (north.asked, south.asked) == ([], ["g/a"])


def test_all_means_every_node_but_those_that_are_offline(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        assert "a rebirth of 2 nodes was asked for" in sparkplug(config, "rebirth", "--all").stdout
    assert sorted(host.asked) == ["plant1/press-2", "plant2/oven"]


def test_what_a_passive_host_refuses_is_told_once(config: Path) -> None:
    with answering(config, plant=FakeHost(node("g/a"), node("g/b"), role="passive")):
        result = sparkplug(config, "rebirth", "--all", code=1)
    assert "2 nodes not asked: a passive host publishes nothing" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["g/a", "--all"]])
def test_a_rebirth_needs_one_node_or_all(config: Path, arguments: list[str]) -> None:
    sparkplug(config, "rebirth", *arguments, code=2)


def test_the_status_has_a_line_for_each_host(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host, spare=FakeHost(role="passive")):
        result = CliRunner().invoke(app, ["status", "-c", str(config)], catch_exceptions=False, env={"COLUMNS": "200"})
    assert (
        "plant  primary Sparkplug host scada, online: 1 online, 1 offline, 1 waiting for a birth; "
        "3 rebirths asked, 7 messages held\n"
        "spare  passive Sparkplug host, online: no nodes yet; 0 rebirths asked, 0 messages held\n"
    ) in result.stdout


def test_the_status_tells_who_made_room_for_others(config: Path, host: FakeHost) -> None:
    host.forgotten = {"nodes_forgotten": 1200, "devices_forgotten": 1}
    with answering(config, plant=host):
        result = CliRunner().invoke(app, ["status", "-c", str(config)], catch_exceptions=False, env={"COLUMNS": "200"})
    assert "7 messages held; 1,200 nodes and 1 device forgotten to make room\n" in result.stdout


def test_a_metric_is_written(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host):
        said = sparkplug(config, "write", "plant1/press-2/axis", "Setpoint", "21.5").stdout
    assert "Setpoint = 21.5 is sent to plant1/press-2/axis" in said
    assert host.written == [("plant1/press-2/axis", "Setpoint", "21.5")]


def test_what_may_not_be_written_is_an_error(config: Path, host: FakeHost) -> None:
    with answering(config, plant=host), pytest.raises(GatewayError, match="may not be written"):
        sparkplug(config, "write", "plant1/press-2", "Mode", "1")
