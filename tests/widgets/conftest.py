"""Widgets without a browser: their traits, and what a click does; on a real store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.local import LocalTransport
from tests.waiting import STARTED_WITHIN


@dataclass
class WidgetStore:
    """The user's own store, and what tests do to it besides."""

    transport: Transport

    def new(self, label: str = "A session") -> schemas.Session:
        """Make a session."""
        return self.transport.call(api.CREATE_SESSION, schemas.NewSession(label=label))

    def record(self, code: str, *sources: str, **response: Any) -> list[int]:
        """Record commands."""
        now = datetime.now(UTC)
        commands = [
            schemas.Recording(
                id=f"{time.monotonic_ns()}-{place}",
                request=schemas.CommandRequest(source=source, started=now),
                response=schemas.CommandResponse(
                    status=response.get("status", "completed"),
                    outputs=response.get("outputs", [schemas.Stream(name="stdout", text="out\n")]),
                    finished=now + timedelta(seconds=1),
                    duration=1.0,
                ),
            )
            for place, source in enumerate(sources)
        ]
        request = schemas.RecordCommands(code=code, commands=commands)
        return self.transport.call(api.RECORD_COMMANDS, request).numbers

    def publish(self, code: str, path: str, content: bytes, media_type: str = "") -> schemas.File:
        """Publish a file."""
        request = schemas.PublishFile(code=code, path=path, media_type=media_type)
        return self.transport.call(api.PUBLISH_FILE, request, content)

    def account(self, *names: str) -> None:
        """Make accounts."""
        for name in names:
            account = schemas.NewAccount(name=name, password="correct horse battery")
            self.transport.call(api.ADD_ACCOUNT, account)


@pytest.fixture
def store(own_store: None) -> Iterator[WidgetStore]:
    """Give the store of this test's home."""
    transport = LocalTransport()
    yield WidgetStore(transport)
    transport.close()


def on_a_loop(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test as a kernel runs a cell: on a loop, on which widgets come to life."""
    asyncio.run(test())  # type: ignore[arg-type]


async def until(holds: Callable[[], object], what: str) -> None:
    """Let the loop run until something holds."""
    deadline = time.monotonic() + STARTED_WITHIN
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)
