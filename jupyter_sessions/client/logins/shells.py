"""Which shell a process belongs to: the terminal, or the script, that it was started in."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from pathlib import Path

import msgspec

from jupyter_sessions import schemas


class Shell(msgspec.Struct, frozen=True):
    """A shell, told apart from all others.

    Its number alone would name another shell later, or on another machine with the same home.

    Attributes
    ----------
    machine
        The machine, as of its last start.
    number
        The number of the session of processes, which is that of the process that leads it.
    started
        When that process was started, in a form of the system's own. Empty where it can't be seen
        from here: it has ended before what it started, or lives outside of this container.
    """

    machine: str
    number: int
    started: str

    @property
    def name(self) -> str:
        """A name for files."""
        told = f"{self.machine}\n{self.number}\n{self.started}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def ended(self) -> bool:
        """Whether it is known to have ended."""
        return self.machine == _machine() and _started(self.number) != self.started


schemas.ready(Shell)


def this_shell() -> Shell | None:
    """Return the shell of this process, the same for all that it starts; None where there is none.

    A kernel that a Jupyter server starts is one of its own.
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
    # The program's name stands in parentheses, and may hold any character.
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
