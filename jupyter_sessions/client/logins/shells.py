"""Identify the shell of a process: the terminal or script in which it was started."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from pathlib import Path

import msgspec

from jupyter_sessions import schemas


class Shell(msgspec.Struct, frozen=True):
    """A uniquely identified shell.

    Its number could later identify another shell, or a shell on another machine with the same home
    folder, so more is needed.

    Attributes
    ----------
    machine
        The machine, since its last boot.
    number
        The process session ID, which is the process ID of its leader.
    started
        When the leader was started, in a system-specific form. Empty if it can't be seen from here:
        it has ended before its children, or runs outside of this container.
    """

    machine: str
    number: int
    started: str

    @property
    def name(self) -> str:
        """A name for use in file names."""
        told = f"{self.machine}\n{self.number}\n{self.started}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def ended(self) -> bool:
        """Whether the shell is known to have ended."""
        return self.machine == _machine() and _started(self.number) != self.started


schemas.ready(Shell)


def this_shell() -> Shell | None:
    """Return the shell of this process, shared with all its children; None if there is none.

    A kernel that a Jupyter server starts counts as a shell of its own.
    """
    if not hasattr(os, "getsid"):
        return None
    number = os.getsid(0)
    return Shell(_machine(), number, _started(number))


def _started(process: int) -> str:
    # A shell outside of a container has the number 0 inside.
    if process <= 0:
        return ""
    if not Path("/proc/self/stat").exists():
        return _started_as_ps_tells(process)
    try:
        told = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return ""
    # The program's name is in parentheses, and may contain any character.
    return told.rpartition(")")[2].split()[19]


def _started_as_ps_tells(process: int) -> str:
    command = ["ps", "-o", "lstart=", "-p", str(process)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()


def _machine() -> str:
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        pass
    return " ".join(parts)
