"""Detect what IPython runs from its command line: ``ipython -c``, a script or a module.

IPython has no event for a script, and none for the cells of an ``.ipy`` file. While one of them
runs, the function that runs it is on the stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.shellapp import InteractiveShellApp


@dataclass(frozen=True)
class Run:
    """A run of a source from the command line; stands in for IPython's `ExecutionInfo`."""

    raw_cell: str
    store_history: bool = False


def find_source() -> str | None:
    """Return the source that IPython is running from the command line, or None."""
    frames = _list_inner_frames()
    if frames is None:
        return None
    for frame in reversed(frames):  # the outermost frame stands for the whole run
        run = _RUNS.get(frame.f_code)
        if run is not None:
            argument, source_of = run
            return source_of(frame.f_locals[argument])
    return None


def is_outermost() -> bool:
    """Return whether the next run is started by the command line itself, not by what it runs."""
    frames = _list_inner_frames()
    return frames is not None and all(frame.f_code not in _RUNS for frame in frames)


def is_running() -> bool:
    """Return whether IPython is still running the source from its command line."""
    return _list_inner_frames() is not None


def _list_inner_frames() -> list[FrameType] | None:
    """Return the frames below the command line's run, the innermost first."""
    starts = {_code(InteractiveShellApp._run_cmd_line_code), _code(InteractiveShellApp._run_module)}
    frames: list[FrameType] = []
    for frame in _stack():
        if frame.f_code in starts:
            return frames
        frames.append(frame)
    return None


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe()  # public in all but its name
    while frame is not None:
        yield frame
        frame = frame.f_back


def _code(function: Any) -> CodeType | None:
    return getattr(function, "__code__", None)


def read_script(name: Any) -> str:
    """Return the source of a script or, if it can't be read, the line that would run it."""
    try:
        return Path(name).expanduser().read_text("utf-8", "replace")
    except OSError:
        return f"%run {name}"


def name_module(name: Any) -> str:
    """Return the line that would run a module."""
    return f"%run -m {name}"


#: The functions that run a source, the argument that names it, and how to get its text.
_RUNS: dict[CodeType, tuple[str, Callable[[Any], str]]] = {
    InteractiveShell.run_cell.__code__: ("raw_cell", str),
    InteractiveShell.safe_execfile.__code__: ("fname", read_script),
    InteractiveShell.safe_run_module.__code__: ("mod_name", name_module),
}
