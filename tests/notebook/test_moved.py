"""The folder of the store is moved or removed under a kernel that records into it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.notebook.conftest import Start
from tests.waiting import until


def test_the_notebook_says_so_and_what_ran_meanwhile_arrives_when_the_store_is_back(
    start: Start, tmp_path: Path
) -> None:
    kernel = start("one")
    kernel.good("%session new x")
    kernel.good("'before'")
    assert "'before'" in kernel.good("%session history").text
    store, away = tmp_path / "one" / "data" / "sessions", tmp_path / "away"
    store.rename(away)
    told: list[str] = []

    def cell() -> bool:
        told.append(kernel.good("'meanwhile'").text)
        return "moved" in told[-1]

    until(cell, "the notebook to say so")
    assert "kept in the outbox" in told[-1]
    assert "moved" in kernel.good("%session").text
    # The outbox has a place again; the rest is put back beside it.
    assert list((store / "outbox").iterdir())
    for each in away.iterdir():
        if each.name != "outbox":
            shutil.rmtree(store / each.name, ignore_errors=True)
            each.rename(store / each.name)
    kernel.good("%session outbox --deliver")
    listed = kernel.good("%session history -n 100").text
    assert "'before'" in listed
    assert listed.count("'meanwhile'") == len(told)


def test_what_runs_after_the_folder_was_removed_is_on_the_disk_when_the_kernel_ends(
    start: Start, tmp_path: Path
) -> None:
    kernel = start("one")
    kernel.good("%session new x")
    kernel.good("'before'")
    assert "'before'" in kernel.good("%session history").text
    store = tmp_path / "one" / "data" / "sessions"
    # At once, as nothing else could be that the kernel may write into at this moment.
    store.rename(tmp_path / "removed")
    shutil.rmtree(tmp_path / "removed", ignore_errors=True)
    kernel.good("'after'")

    def kept() -> bool:
        files = (store / "outbox").glob("*")
        return any(b"'after'" in file.read_bytes() for file in files if file.is_file())

    until(kept, "the outbox")
    assert "moved, removed or replaced" in kernel.good("%session").text
