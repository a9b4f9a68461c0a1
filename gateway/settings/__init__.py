"""The configuration: its models, how it is read, and how its mistakes are told."""

from gateway.settings.load import load
from gateway.settings.models import Settings

__all__ = ["Settings", "load"]
