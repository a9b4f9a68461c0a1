"""The memory that is filled with what was worked out once: bounded by bytes, since names may be long or short."""

from __future__ import annotations

from typing import Protocol
from weakref import WeakSet

MAX_BYTES = 128 * 2**20
"""For all kinds of messages of a route. What 100,000 names and their types take, of 100 characters each."""


class Tenant(Protocol):
    """Who remembers what can be worked out again."""

    def forget(self) -> None:
        """Forget all of it."""


class Room:
    """Room for what can be worked out again; when it is full, all of it is forgotten.

    A device that invents names costs time then, and no memory.

    Args:
        limit: In bytes.
    """

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._used = 0
        self._tenants: WeakSet[Tenant] = WeakSet()

    def __len__(self) -> int:
        return self._used

    def move_in(self, tenant: Tenant) -> None:
        """Know who fills the room."""
        self._tenants.add(tenant)

    def take(self, size: int) -> None:
        """Take so many bytes, before they are filled."""
        self._used += size
        if self._used > self._limit:
            self._used = size
            for tenant in self._tenants:
                tenant.forget()
