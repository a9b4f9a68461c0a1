"""The scripted broker as a fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.mqtt.scripted_broker import ScriptedBroker, scripted_broker


@pytest.fixture
async def broker() -> AsyncIterator[ScriptedBroker]:
    """Listen until the test ends."""
    async with scripted_broker() as listening:
        yield listening
