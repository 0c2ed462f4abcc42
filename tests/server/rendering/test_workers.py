"""Workers render within their limits, in turn by person, and are replaced when they die."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_sessions.server.rendering.workers.cache import RenderingCache, job_key
from jupyter_sessions.server.rendering.workers.pool import PoolLimits, WorkerPool
from jupyter_sessions.server.rendering.workers.protocol import KILLED, Job, Rendered
from tests.waiting import STARTED_WITHIN

QUICK = Job("code", b"x = 1", "python")
SLOW = Job("code", b"\n" * 50_000, "python")


def asking(number: int) -> Job:
    return Job("code", f"y = {number}".encode(), "python")


def in_pool(work: Callable[[WorkerPool], Awaitable[Any]], **limits: Any) -> Any:
    """Do something with a pool of its own."""

    async def run() -> Any:
        pool = WorkerPool(PoolLimits(**limits))
        try:
            async with asyncio.timeout(STARTED_WITHIN):
                return await work(pool)
        finally:
            await pool.stop()

    return asyncio.run(run())


def render(pool: WorkerPool, *jobs: Job, person: str = "anna") -> Awaitable[list[Rendered]]:
    return pool.render(person, lambda: list(jobs), 100)


def failures(rendered: list[Rendered]) -> list[str]:
    return [each.failure for each in rendered]


async def running(pool: WorkerPool) -> int:
    """Wait until a worker renders, and return its process id."""
    while True:
        for request in pool._running:
            if request.worker is not None and request.worker.ready:
                return request.worker.pid
        await asyncio.sleep(0.01)


def test_what_takes_too_long_costs_the_others_of_its_page_nothing() -> None:
    async def work(pool: WorkerPool) -> None:
        assert failures(await render(pool, QUICK, SLOW, QUICK)) == ["", "slow", ""]

    in_pool(work, job_seconds=0.3)


def test_a_page_has_a_budget_for_all_that_it_shows() -> None:
    async def work(pool: WorkerPool) -> None:
        found = failures(await render(pool, SLOW, SLOW, SLOW, QUICK))
        assert found == ["slow", "slow", "slow", "slow"]

    in_pool(work, job_seconds=0.2, page_seconds=0.35)


def test_a_worker_that_does_not_end_by_itself_is_ended() -> None:
    async def work(pool: WorkerPool) -> None:
        first = await render(pool, SLOW)
        assert [(each.failure, each.detail) for each in first] == [("slow", KILLED)]
        assert failures(await render(pool, QUICK)) == [""]

    # Its own clock would let it run for ever.
    in_pool(work, job_seconds=1e6, page_seconds=1e6, wall_seconds=3.0)


#: A library whose code does not return to the interpreter, so that no signal handler runs.
SPINNING = """
from collections import deque
from itertools import repeat
from xml.etree.ElementTree import Element

class Converter:
    def __init__(self, display):
        pass

    def convert_to_element(self, source):
        if "spin" in source:
            deque(repeat(0), maxlen=0)
        return Element("math")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there, only the wall clock ends a worker")
def test_code_that_never_returns_is_ended_by_its_processor_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "latex2mathml"
    library.mkdir()
    (library / "__init__.py").touch()
    (library / "converter.py").write_text(SPINNING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spinning = Job("output", b'{"text/latex":"$spin$"}', "[]")

    async def work(pool: WorkerPool) -> None:
        rendered = await render(pool, QUICK, spinning, QUICK)
        assert failures(rendered) == ["", "slow", ""]
        assert rendered[1].detail != KILLED  # so the result is cached
        # A worker has as much time for the next page, however much it has used before.
        for _ in range(4):
            assert failures(await render(pool, Job("output", b'{"text/latex":"$x$"}', "[]"))) == [
                ""
            ]

    in_pool(work, job_seconds=0.3, page_seconds=60.0, wall_seconds=3600.0)


def test_a_job_that_its_worker_dies_of_costs_the_others_nothing() -> None:
    async def work(pool: WorkerPool) -> None:
        answer = asyncio.ensure_future(render(pool, QUICK, SLOW, QUICK))
        pid = await running(pool)
        await asyncio.sleep(0.5)
        os.kill(pid, signal.SIGSEGV if hasattr(signal, "SIGSEGV") else signal.SIGTERM)
        assert failures(await answer) == ["", "failed", ""]

    in_pool(work, job_seconds=60.0, page_seconds=60.0)


def test_a_worker_that_died_while_it_waited_is_no_trouble() -> None:
    async def work(pool: WorkerPool) -> None:
        await render(pool, QUICK)
        (worker,) = pool._idle
        worker.kill()
        worker._process.wait()
        assert failures(await render(pool, asking(1))) == [""]

    in_pool(work)


def test_the_workers_of_a_large_server_are_kept() -> None:
    async def work(pool: WorkerPool) -> None:
        hoard = bytearray(600_000_000)
        hoard[::4096] = b"x" * len(hoard[::4096])
        await render(pool, QUICK)
        assert len(pool._idle) == 1

    in_pool(work)


def test_memory_is_limited() -> None:
    async def work(pool: WorkerPool) -> None:
        hungry = Job("output", b'{"application/json":[' + b"[{}]," * 8_000_000 + b"1]}", "[]")
        assert failures(await render(pool, QUICK, hungry, QUICK)) == ["", "memory", ""]
        assert failures(await render(pool, QUICK)) == [""]

    in_pool(work, job_seconds=60.0, page_seconds=60.0)


def test_whoever_renders_what_is_slow_leaves_a_worker_to_the_others() -> None:
    async def work(pool: WorkerPool) -> None:
        slow = [asyncio.ensure_future(render(pool, SLOW)) for _ in range(6)]
        await running(pool)
        assert failures(await render(pool, QUICK, person="ben")) == [""]
        assert sum(each.done() for each in slow) < 6
        for each in slow:
            each.cancel()

    in_pool(work, workers=2, job_seconds=2.0)


def test_the_queue_of_a_person_is_bounded() -> None:
    async def work(pool: WorkerPool) -> None:
        slow = [asyncio.ensure_future(render(pool, SLOW)) for _ in range(9)]
        await running(pool)
        assert await render(pool, QUICK) == []
        assert failures(await render(pool, QUICK, person="ben")) == [""]
        for each in slow:
            each.cancel()

    in_pool(work, workers=2, queued=8, job_seconds=5.0, page_seconds=5.0)


def test_what_is_taken_back_is_not_rendered() -> None:
    async def work(pool: WorkerPool) -> None:
        slow = [asyncio.ensure_future(render(pool, SLOW)) for _ in range(5)]
        pid = await running(pool)
        for each in slow:
            each.cancel()
        assert failures(await render(pool, QUICK)) == [""]
        assert not pool._waiting
        with pytest.raises(OSError, match="No such process"):
            os.kill(pid, 0)

    in_pool(work, job_seconds=1e6, page_seconds=1e6)


def test_workers_end_when_nobody_needs_them() -> None:
    async def work(pool: WorkerPool) -> None:
        await render(pool, QUICK)
        (worker,) = pool._idle
        await asyncio.to_thread(worker._process.wait)
        assert failures(await render(pool, QUICK)) == [""]

    in_pool(work, idle_seconds=1.0)


def test_a_worker_gets_none_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "secret")

    async def work(pool: WorkerPool) -> dict[str, str]:
        await render(pool, QUICK)
        (worker,) = pool._idle
        return psutil.Process(worker.pid).environ()

    environment = in_pool(work)
    assert environment["PATH"]
    assert "secret" not in environment.values()


@pytest.fixture
def cache() -> Iterator[RenderingCache[Rendered]]:
    yield RenderingCache(room=10_000)


def test_the_cache_is_bounded_in_bytes_and_keeps_what_was_used_last(
    cache: RenderingCache[Rendered],
) -> None:
    for number in range(100):
        cache.put(job_key(asking(number)), Rendered(html="x" * 800))
        cache.get(job_key(asking(0)))
    kept = [number for number in range(100) if cache.get(job_key(asking(number)))]
    assert kept == [0, *range(91, 100)]
    cache.put(b"large", Rendered(html="x" * 20_000))
    assert cache.get(b"large") is None


def test_what_failed_as_the_server_was_busy_is_tried_again(cache: RenderingCache[Rendered]) -> None:
    cache.put(b"busy", Rendered(failure="busy"))
    cache.put(b"killed", Rendered(failure="slow", detail=KILLED))
    cache.put(b"slow", Rendered(failure="slow"))
    assert cache.get(b"busy") is cache.get(b"killed") is None
    assert cache.get(b"slow") is not None
