"""Disks that fill up, turn read-only, fail at syncs, or lose what was not synced."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import missing
from tests.faults.oracle import Counts
from tests.faults.power import Disk, compile_shim
from tests.faults.stage import Stage, stage

_WRITERS = 3
_SMALL_DISK = "24m"


@contextmanager
def _watched(kind: str, seed: int) -> Iterator[tuple[Stage, Path]]:
    """Give a store whose servers write through the shim, and the folder of its log and control."""
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        missing("A C compiler")
    with tempfile.TemporaryDirectory() as folder:
        tools, home = Path(folder, "tools"), Path(folder, "home")
        tools.mkdir()
        home.mkdir()
        environment = {
            "LD_PRELOAD": str(compile_shim(tools)),
            "FAULTS_DIR": str(home / "data" / "sessions"),
            "FAULTS_LOG": str(tools / "log"),
            "FAULTS_CONTROL": str(tools / "control"),
        }
        _fail(tools)
        with stage(kind, seed, home, environment=environment) as made:
            yield made, tools


def _fail(tools: Path, syncs: int = 0, writes: int = 0) -> None:
    """Have so many of a thousand syncs and writes fail from now on."""
    with (tools / "control").open("r+b" if (tools / "control").exists() else "w+b") as control:
        control.write(struct.pack("=ii", syncs, writes))


def lose_power(rounds: int, seed: int) -> Counts:
    """Have the machine lose its power so many times, while some syncs and writes fail."""
    with _watched("lost power", seed) as (made, tools):
        disk = Disk(made.place.store)
        (port,) = made.ports
        with made.writing(_WRITERS):
            for _ in range(rounds):
                failing = made.random.choice([(0, 0), (0, 0), (100, 0), (0, 20)])
                made.start(port)
                made.until_more()
                _fail(tools, *failing)
                time.sleep(made.random.uniform(0, 0.15))
                made.kill(port)
                _fail(tools)
                if any(failing):
                    made.oracle.note_fault("lost power while syncs or writes fail")
                else:
                    made.oracle.note_fault("lost power")
                disk.lose_power(tools / "log", made.random)
                if made.oracle.counts.wrong:
                    break
        made.oracle.counts.seen["file with unsynced writes"] += disk.torn
        return made.compare()


def fail_syncs(rounds: int, seed: int) -> Counts:
    """Have syncs and writes fail for a while so often, under one server that goes on."""
    with _watched("failing syncs", seed) as (made, tools):
        made.start(made.ports[0])
        with made.writing(_WRITERS):
            made.until_more()
            for _ in range(rounds):
                syncs, writes = made.random.choice([(400, 0), (1000, 0), (0, 100), (0, 1000)])
                _fail(tools, syncs, writes)
                made.oracle.note_fault(f"failing {'syncs' if syncs else 'writes'} for a while")
                made.until_refused()
                time.sleep(made.random.uniform(0.05, 0.3))
                _fail(tools)
                made.until_more(2)
                if made.oracle.counts.wrong:
                    break
        return made.compare()


@contextmanager
def _small_disk(at: Path) -> Iterator[Path]:
    at.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "none", at]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        missing("The right to mount a small disk (run as root)")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=True)


def _fill(made: Stage, ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(made.random.choice([1_000, 50_000])))
    made.oracle.note_fault("full disk")
    made.until_refused()
    time.sleep(made.random.uniform(0.05, 0.4))
    ballast.unlink()


def _forbid_writing(made: Stage, disk: Path) -> None:
    # No disk turns read-only as long as somebody has a file open for writing.
    (port,) = made.ports
    made.kill(port)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    made.start(port)
    made.oracle.note_fault("read-only disk")
    time.sleep(made.random.uniform(0.5, 1.5))
    made.kill(port)
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    made.start(port)


def fill_disk(rounds: int, seed: int) -> Counts:
    """Fill the store's disk, or make it read-only, for a while so often, under one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _small_disk(Path(folder, "data", "sessions")) as disk,
        stage("full and read-only disks", seed, Path(folder)) as made,
    ):
        made.start(made.ports[0])
        with made.writing(_WRITERS, files=False, pause=0.02):
            made.until_more()
            for _ in range(rounds):
                if made.random.random() < 0.6:
                    _fill(made, disk / "ballast")
                else:
                    _forbid_writing(made, disk)
                made.until_more(2)
                if made.oracle.counts.wrong:
                    break
        return made.compare()
