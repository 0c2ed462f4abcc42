"""A server checks what it holds by itself, and its health page tells how it went."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_sessions import api
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Limits
from jupyter_sessions.server import service
from jupyter_sessions.server.extension import SessionsExtension
from jupyter_sessions.server.service import Service
from tests.conftest import Store
from tests.server.serving import Place, publish
from tests.waiting import until

SHORT = "--SessionsExtension.check_hours=0.00002"  # every 72 ms
PROBLEM = "The file 'x.bin' in session"


def test_damage_stands_on_the_health_page_until_it_is_mended(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.serve(SHORT) as server, place.open_store() as store:

        def health() -> dict[str, Any]:
            answer: dict[str, Any] = httpx.get(f"{server.url}{api.PREFIX}/health").json()
            return answer

        until(lambda: health()["checked"], "the first check")
        assert health()["damaged"] == 0
        code = store.new().code
        file = publish(store, code, "x.bin", os.urandom(50_000), by="root")
        blob = place.store / "blobs" / file.sha256[:2] / file.sha256[2:]
        sound = blob.read_bytes()
        blob.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
        until(lambda: health()["damaged"] == 1, "the damage")
        assert f"{PROBLEM} {code} is damaged." in server.log.read_text()
        blob.write_bytes(sound)
        until(lambda: health()["damaged"] == 0, "the check after it was mended")


class Started:
    """A service whose store is opened by nobody yet, and the checks that its server makes."""

    def __init__(self, folder: Path, pauses: list[float]) -> None:
        self.opened = 0
        self._folder = folder
        self.pauses = pauses
        limits = Limits()
        self.service = Service(self._open, limits=limits, public_url="", administrators=frozenset())
        self.extension = SessionsExtension(check_hours=24.0, check_rate=2.0)
        self.extension._service = self.service

    def _open(self) -> Dispatcher:
        self.opened += 1
        return Dispatcher(f"sqlite:///{self._folder / 'sessions.db'}", self._folder / "blobs")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Started:
    """Have waiting take no time, and be written down."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return Started(tmp_path, pauses)


def test_the_check_waits_for_the_store_goes_at_its_rate_and_comes_again_each_day(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    check_next = Dispatcher.check_next

    def noted(self: Dispatcher, after: str) -> Any:
        found = check_next(self, after)
        sizes.append(found.size)
        return found

    monkeypatch.setattr(Dispatcher, "check_next", noted)
    days: list[tuple[list[float], list[int]]] = []

    async def live() -> None:
        checks = asyncio.create_task(started.extension._check())
        for _ in range(100):
            await asyncio.sleep(0)
        assert not started.opened, "the check does not open the store itself"
        started.pauses.clear()
        dispatcher = await started.service.dispatcher()
        store = Store(dispatcher, dispatcher._clock)
        publish(store, store.new().code, "x.bin", os.urandom(3_000_000), by="root")
        done = asyncio.Event()
        check_store = Service.check_store

        async def kept(self: Service, rate: float) -> None:
            await check_store(self, rate)
            days.append((started.pauses.copy(), sizes.copy()))
            started.pauses.clear()
            sizes.clear()
            if len(days) == 2:
                done.set()

        monkeypatch.setattr(Service, "check_store", kept)
        await done.wait()
        checks.cancel()
        await started.service.stop()

    asyncio.run(live())
    (first, read), (second, _) = days
    assert first[0] == 600, "soon after the store was opened"
    assert second[0] == 86_400, "and then each day"
    assert sum(read) == 3_000_000
    assert first[1:] == [max(service._LEAST_PAUSE, size / 2e6) for size in read]


def test_a_check_that_could_not_be_done_is_tried_again_soon(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Dispatcher, after: str) -> Any:
        if len(started.pauses) < 3:
            raise OSError("the disk is away")
        return check_next(self, after)

    check_next = Dispatcher.check_next
    monkeypatch.setattr(Dispatcher, "check_next", fails)

    async def live() -> None:
        await started.service.dispatcher()
        checks = asyncio.create_task(started.extension._check())
        while 86_400 not in started.pauses:
            await asyncio.to_thread(lambda: None)
        checks.cancel()
        await started.service.stop()

    asyncio.run(live())
    assert started.pauses[:3] == [600, 600, 600]
