"""What the gateway answers when it is asked through its socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from gateway.interfaces import Adapter, HostApplication
from gateway.status import JSON, Status


def host_applications(adapters: Mapping[str, Iterable[Adapter]]) -> dict[str, HostApplication]:
    """Return by source the adapter that keeps account of nodes, for the sources that have one.

    Args:
        adapters: By source: those of its routes.
    """
    return {
        source: adapter for source, mine in adapters.items() for adapter in mine if isinstance(adapter, HostApplication)
    }


class Answers:
    """Knows the answers of one gateway.

    Args:
        status: What it knows of itself.
        hosts: By source: who keeps account of nodes.
        now_ns: Its clock.
    """

    def __init__(self, status: Status, hosts: Mapping[str, HostApplication], now_ns: Callable[[], int]) -> None:
        self._status = status
        self._hosts = hosts
        self._now_ns = now_ns

    def __call__(self, question: Mapping[str, JSON]) -> dict[str, JSON]:
        """Answer a question.

        Raises:
            ValueError: There is no answer: with the reason.
        """
        source = question.get("source")
        match question:
            case {"ask": "status"}:
                return self._tell_status()
            case {"ask": "sparkplug"}:
                now_ns = self._now_ns()
                described = {name: dict(host.describe(now_ns)) for name, host in self._chosen(source).items()}
                return {"now_ns": now_ns, "hosts": cast("JSON", described)}
            case {"ask": "rebirth", "node": str(node)}:
                return self._ask_rebirth(node, source)
            case {"ask": "write", "node": str(whose), "metric": str(metric), "value": str(value)}:
                host = self._one_that_knows("/".join(whose.split("/")[:2]), source)
                outcome = self._hosts[host].ask_write(whose, metric, value, self._now_ns())
                return {"source": host, "node": whose, "outcome": outcome}
        raise ValueError("status, sparkplug, rebirth (of a node) and write (a metric) can be asked")

    def _tell_status(self) -> dict[str, JSON]:
        hosts = {name: dict(host.summary()) for name, host in self._hosts.items()}
        return {**self._status.snapshot(), "sparkplug": cast("JSON", hosts)}

    def _ask_rebirth(self, node: str, source: JSON) -> dict[str, JSON]:
        name = self._one_that_knows(node, source)
        return {"source": name, "node": node, "outcome": self._hosts[name].ask_rebirth(node, self._now_ns())}

    def _one_that_knows(self, node: str, source: JSON) -> str:
        hosts = self._chosen(source)
        names = list(hosts)
        if len(names) > 1:
            # If none knows the node, the first of them says so.
            names = [name for name in names if hosts[name].knows(node)] or names[:1]
        if len(names) > 1:
            raise ValueError(f"{node} is known to {' and '.join(names)}: say which source is meant")
        return names[0]

    def _chosen(self, source: JSON) -> Mapping[str, HostApplication]:
        if not self._hosts:
            raise ValueError('no source of this gateway has session = "sparkplug"')
        if source is None:
            return self._hosts
        if not isinstance(source, str) or source not in self._hosts:
            raise ValueError(f"{source!r} is no Sparkplug source; there are {', '.join(self._hosts)}")
        return {source: self._hosts[source]}
