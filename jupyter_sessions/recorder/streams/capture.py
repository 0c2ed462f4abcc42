"""Capture what a process writes to its standard streams: by descriptor, or in Python only.

`Capture` works at the level of file descriptors, so it includes the text of threads, extension
modules and subprocesses. The terminal (or pipe, or file) still receives the same bytes in the same
order. If the target is a terminal, the streams go through a pseudo-terminal of the same size, so
that programs find a terminal; otherwise they go through a pipe. Streams with the same target share
a passage, since two passages would lose the order of their texts. `Tee` captures only what Python
writes to its own stream objects.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from jupyter_sessions.recorder.streams.passthrough import Marks, Passage, TakeText
from jupyter_sessions.recorder.streams.patching import replace

#: Seconds between two checks of the terminal's size while a command runs.
SIZE_CHECKED_EVERY = 0.25


#: Seconds after which the possible beginning of a mark is treated as text.
MARK_COMPLETE_WITHIN = 0.05


_STDOUT, _STDERR = 1, 2


_log = logging.getLogger(__name__)


class Capture:
    """Captures what is written to file descriptors 1 and 2 between `enter` and `leave`.

    Processes that were started in between and still run keep writing through it afterwards.

    Parameters
    ----------
    take_text
        Called with a stream's name and a piece of its text, from the capture's own thread.

    Raises
    ------
    OSError
        If a standard stream is closed.
    """

    def __init__(self, take_text: TakeText) -> None:
        self._marks = Marks()
        self._passages = [
            Passage(descriptors, self._marks, take_text) for descriptors in _by_target()
        ]
        self._wake_read, self._wake_write = os.pipe()
        self._inside = False
        self._closing = False
        self._unwrap: list[Callable[[], None]] = []
        self._pid = os.getpid()
        self._thread = Thread(target=self._run, name="jupyter-sessions capture", daemon=True)
        self._thread.start()

    def enter(self) -> None:
        """Start to capture text."""
        if not self._thread.is_alive():
            return
        _flush()
        for passage in self._passages:
            passage.enter()
        if len(self._passages) == 1:
            self._separate_stderr(self._passages[0])
        self._inside = True
        os.write(self._wake_write, b"\0")

    def leave(self) -> None:
        """Restore the streams; all text written before has been captured."""
        _flush()
        self._inside = False
        while self._unwrap:
            self._unwrap.pop()()
        for passage in self._passages:
            passage.leave()
        self._wait_until_through()

    def call_in_order(self, function: Callable[[], None]) -> None:
        """Call `function` once all text written to stdout before has been captured."""
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        if self._thread.is_alive():
            self._passages[0].mark(function)
        else:
            function()

    def close(self) -> None:
        """Stop permanently."""
        if os.getpid() != self._pid:
            return
        if self._inside:
            self.leave()
        self._closing = True
        os.write(self._wake_write, b"\0")
        self._thread.join()
        for passage in self._passages:
            passage.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _wait_until_through(self) -> None:
        if not self._thread.is_alive():
            return
        events = [Event() for _ in self._passages]
        for passage, event in zip(self._passages, events, strict=True):
            passage.mark(event.set)
        for event in events:
            event.wait()

    def _separate_stderr(self, passage: Passage) -> None:
        """Mark what Python writes to stderr, if both streams share a passage.

        A subprocess's text counts as stdout there: its order is certain, its stream is not.
        """
        stream: Any = sys.stderr
        if stream is None or _descriptor(stream) != _STDERR:
            return
        write, flush = stream.write, stream.flush

        def marked(function: Callable[..., Any], *args: Any) -> Any:
            passage.switch(_STDERR)
            try:
                return function(*args)
            finally:
                passage.switch(_STDOUT)

        def write_marked(text: str) -> Any:
            # Other text stays in Python's buffer until the stream is flushed.
            ended = isinstance(text, str) and ("\n" in text or "\r" in text)
            return marked(write, text) if ended or stream.write_through else write(text)

        def flush_marked() -> None:
            marked(flush)

        self._unwrap.append(replace(stream, write=write_marked, flush=flush_marked))

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
        except Exception:  # noqa: BLE001 - the thread's edge: the streams must not stay led here
            _log.exception("Recording of text has stopped, due to a defect of jupyter_sessions")
            for passage in self._passages:
                passage.leave()

    def _turn(self) -> None:
        waiting = [passage for passage in self._passages if passage.holds_back]
        timeout = MARK_COMPLETE_WITHIN if waiting else SIZE_CHECKED_EVERY if self._inside else None
        ends = {passage.out: passage for passage in self._passages}
        ready = select.select([*ends, self._wake_read], [], [], timeout)[0]
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        for end in ready:
            if end in ends:
                ends[end].read()
        for passage in waiting:
            if passage.holds_back and time.monotonic() - passage.rest_since > MARK_COMPLETE_WITHIN:
                passage.release()
        if not ready and self._inside:
            for passage in self._passages:
                passage.check_size()


def _by_target() -> list[list[int]]:
    """Return the standard streams' descriptors, grouped by target."""
    out, err = os.fstat(_STDOUT), os.fstat(_STDERR)
    same = (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino)
    return [[_STDOUT, _STDERR]] if same else [[_STDOUT], [_STDERR]]


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


class Tee:
    """Captures what is written to `sys.stdout` and `sys.stderr` between `enter` and `leave`.

    Parameters
    ----------
    take_text
        Called with a stream's name and a piece of its text, in the writing thread.
    """

    def __init__(self, take_text: TakeText) -> None:
        self._take_text = take_text
        self._restore: list[Callable[[], None]] = []

    def enter(self) -> None:
        """Start to capture text."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None:
                self._restore.append(replace(stream, write=self._teed(name, stream.write)))

    def _teed(self, name: str, write: Callable[[str], int]) -> Callable[[str], int]:
        def write_and_take(text: str) -> int:
            written = write(text)
            self._take_text(name, text)
            return written

        return write_and_take

    def leave(self) -> None:
        """Restore the streams."""
        while self._restore:
            self._restore.pop()()

    def call_in_order(self, function: Callable[[], Any]) -> None:
        """Call `function` at once, since all text written before has been captured."""
        function()

    def close(self) -> None:
        """Stop permanently."""
        self.leave()
