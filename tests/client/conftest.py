from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.logins.conftest import Accounts
from tests.client.scripted_server import ScriptedServer


@pytest.fixture
def state(home: Path) -> Path:
    """Where this user's logins, outbox and store stand."""
    return home / "data" / "sessions"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def accounts(server: ScriptedServer) -> Accounts:
    return Accounts(server)
