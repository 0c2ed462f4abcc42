"""The model of a disk that loses its power, which tests of the store rely on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.power import Disk, compile_shim

PROGRAM = """
import os, sys
folder = sys.argv[1]


def write(name, synced, named):
    with open(f"{folder}/{name}", "xb", buffering=0) as file:
        file.write(b"a" * 1024)
        file.write(b"b" * 1024)
        if synced:
            os.fsync(file.fileno())
        file.write(b"c" * 1024)
    if named:
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)


write("synced", True, True)
write("torn", False, True)
os.rename(f"{folder}/old", f"{folder}/new")
write("nameless", True, False)
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the shim."""
    return compile_shim(tmp_path_factory.mktemp("shim"))


def test_what_is_synced_is_there_and_of_the_rest_anything_may_be(
    shim: Path, tmp_path: Path
) -> None:
    left: dict[str, set[bytes | None]] = {}
    for seed in range(25):
        folder, log = tmp_path / f"disk{seed}", tmp_path / f"log{seed}"
        folder.mkdir()
        (folder / "old").write_bytes(b"old")
        disk = Disk(folder)
        watched = {"LD_PRELOAD": str(shim), "FAULTS_DIR": str(folder), "FAULTS_LOG": str(log)}
        subprocess.run(
            [sys.executable, "-c", PROGRAM, folder], check=True, env=os.environ | watched
        )
        disk.lose_power(log, random.Random(seed))
        for name in ("synced", "torn", "nameless", "old", "new"):
            path = folder / name
            left.setdefault(name, set()).add(path.read_bytes() if path.exists() else None)
    whole = b"a" * 1024 + b"b" * 1024
    assert all(content is not None and content.startswith(whole) for content in left["synced"])
    assert len(left["synced"]) > 1  # its last write was not synced
    assert None not in left["torn"]
    assert b"" in left["torn"] and len(left["torn"]) > 3
    assert None in left["nameless"] and len(left["nameless"]) > 1
    assert left["old"] == left["new"] == {b"old", None}
