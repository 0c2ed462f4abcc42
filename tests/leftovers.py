"""Find what a module's tests have left behind: processes and threads that disturb later tests.

A plugin of the tests: the hooks of a `conftest` are not called for fixtures of the whole run.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

#: In the environment of all that tests start, and of what that starts: the process they run in.
_MARK = "PYTEST_STARTED_BY"
#: What ends with a fixture of a package or of the whole run.
_LASTS = "lasts"
_TEST = b"PYTEST_CURRENT_TEST="
#: How long something may take to end by itself.
_ENDED_WITHIN = 30.0  # seconds


def pytest_configure() -> None:
    """Mark all that this process starts from now on."""
    os.environ[_MARK] = str(os.getpid())


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[Any]:
    """Mark what a fixture of several modules starts."""
    if fixturedef.scope not in {"package", "session"}:
        return (yield)
    with lasting():
        return (yield)


@pytest.fixture(scope="module", autouse=True)
def _nothing_left() -> Iterator[None]:
    """Keep what a module's tests leave behind from the tests after them."""
    with nothing_left():
        yield


@contextmanager
def lasting() -> Iterator[None]:
    """Mark what is started meanwhile as something that outlives its module."""
    with pytest.MonkeyPatch.context() as patch:  # programs without a mark use these helpers, too
        patch.setenv(_MARK, _LASTS)
        yield


def find_processes() -> dict[int, str]:
    """Return the processes that tests of this process have started, with what started them."""
    found = {}
    mark_of_ours = f"{_MARK}={os.getpid()}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended, or is another user's
            continue
        if mark_of_ours not in environment or int(folder.name) == os.getpid():
            continue
        if "from multiprocessing" in command:  # helpers of Python's, which end with this process
            continue
        test = next((e[20:].decode() for e in environment if e.startswith(_TEST)), "?")
        found[int(folder.name)] = f"process {folder.name} ({command.strip()[:200]}) of {test}"
    return found


def find_threads(before: set[threading.Thread]) -> list[str]:
    """Return the threads that keep this process from ending and were not there before.

    The pool of an event loop is left out: pytest-jupyter closes its loops without it, and its
    threads wait for work until the process ends.
    """
    return [
        f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread not in before and not thread.daemon and not thread.name.startswith("asyncio_")
    ]


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fail if something that was started meanwhile does not end; in any case it is gone then."""
    processes, threads = set(find_processes()), set(threading.enumerate())
    yield
    deadline = time.monotonic() + _ENDED_WITHIN
    while True:
        left = {pid: told for pid, told in find_processes().items() if pid not in processes}
        told = [*left.values(), *find_threads(threads)]
        if not told:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    raise AssertionError("Left behind by this module's tests:\n" + "\n".join(told))
