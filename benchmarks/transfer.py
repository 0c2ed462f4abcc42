"""Row 17: to publish a large file and to download it, beside `cp` and `sha256sum`."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_PIECE = 1 << 20


def measure(effort: Effort, folder: Path) -> Row:
    """Publish and download the same file over and over, each time a new content for the server."""
    size = (16 if effort.quick else 1024) * _PIECE
    source, copy = folder / "source.bin", folder / "copy.bin"
    _write(source, size)
    with servers.sessions(folder) as sessions:
        process, code = sessions.server.process, sessions.new_session()
        address = f"/sessions/api/sessions/{code}/content/source.bin"
        idle = process.memory_info().rss
        peaks: list[float] = []

        def publish() -> float:
            _change(source)
            return _cpu_of(process, lambda: _publish(sessions, address, source), peaks)

        def download() -> float:
            return _cpu_of(process, lambda: _download(sessions, address), peaks)

        def copied() -> float:
            copy.unlink(missing_ok=True)
            return _cpu_of_program("cp", str(source), str(copy))

        def hashed() -> float:
            return _cpu_of_program("sha256sum", str(source))

        sides = {"publish": publish, "download": download, "cp": copied, "sha256sum": hashed}
        found = alternate(sides, effort.rounds, warm_up=not effort.quick)
        sessions.ask("DELETE", f"/sessions/{code}/files/source.bin")
    row = Row(f"17. Publish and download {size >> 20} MiB")
    row.figures = [Figure(f"{name}, CPU", values, "s") for name, values in found.items()]
    both = [one + other for one, other in zip(found["cp"], found["sha256sum"], strict=True)]
    total = [one + other for one, other in zip(found["publish"], found["download"], strict=True)]
    row.goals = [
        Goal("publish and download : cp + sha256sum, CPU", ratios(total, both), "", 1.2),
        Goal("the server's memory above its idle", [(max(peaks) - idle) / 1e6], "MB", 70),
    ]
    row.notes.append(
        "CPU of the server's process. Every byte is hashed when it comes, and verified when it "
        "goes; the file is new each time, and on the disk before the answer, which cp leaves out."
    )
    return row


def _publish(sessions: servers.Sessions, address: str, source: Path) -> None:
    with source.open("rb") as content:
        pieces = iter(lambda: content.read(_PIECE), b"")
        headers = {"Content-Length": str(source.stat().st_size)}
        sessions.client.put(
            address, content=pieces, headers=headers, timeout=300
        ).raise_for_status()


def _download(sessions: servers.Sessions, address: str) -> None:
    with sessions.client.stream("GET", address) as response:
        response.raise_for_status()
        for _ in response.iter_raw(_PIECE):
            pass


def _cpu_of(process: psutil.Process, act: Callable[[], None], peaks: list[float]) -> float:
    _reset_peak(process)
    before = process.cpu_times()
    act()
    after = process.cpu_times()
    peaks.append(_peak(process))
    return after.user + after.system - before.user - before.system


def _reset_peak(process: psutil.Process) -> None:
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def _peak(process: psutil.Process) -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not tell how much memory a process has needed")


def _cpu_of_program(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // _PIECE):
            file.write(os.urandom(_PIECE))


def _change(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(16))
