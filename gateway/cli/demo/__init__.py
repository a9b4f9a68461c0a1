"""`gateway demo`."""

from gateway.cli.demo.command import demo

__all__ = ["demo"]
