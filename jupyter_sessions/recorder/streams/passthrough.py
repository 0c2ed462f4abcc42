"""Pass the standard streams through this process to their original target."""

from __future__ import annotations

import codecs
import fcntl
import os
import secrets
import select
import signal
import struct
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count

TakeText = Callable[[str, str], None]

_NAMES = {1: "stdout", 2: "stderr"}
_MARK_END = b"\x1b\\"


class Marks:
    """Marks in a stream of bytes: escape sequences that are never sent to a terminal.

    Each stands for a function to call once all bytes written before it have passed.
    """

    def __init__(self) -> None:
        self._begin = b"\x1b_" + secrets.token_hex(8).encode() + b":"
        self._functions: dict[bytes, Callable[[], None]] = {}
        self._lasting: dict[bytes, Callable[[], None]] = {}
        self._count = count()

    def make(self, function: Callable[[], None]) -> bytes:
        """Return the bytes that cause one call of `function`, in this process."""
        name = b"%d-%d" % (os.getpid(), next(self._count))
        self._functions[name] = function
        return self._begin + name + _MARK_END

    def make_lasting(self, function: Callable[[], None]) -> bytes:
        """Return bytes that cause a call of `function` each time they occur."""
        name = b"%d" % next(self._count)
        self._lasting[name] = function
        return self._begin + name + _MARK_END

    def call(self, name: bytes) -> None:
        """Call the function of a mark; a mark from a forked process has no function here."""
        function = self._lasting.get(name) or self._functions.pop(name, None)
        if function:
            function()

    def split(self, data: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        """Split `data` at its marks: pairs of the bytes before a mark, and the mark's name.

        The last pair's name is None; its bytes may end with the beginning of a mark.
        """
        while (start := data.find(self._begin)) >= 0:
            end = data.find(_MARK_END, start)
            if end < 0:
                break
            yield data[:start], data[start + len(self._begin) : end]
            data = data[end + len(_MARK_END) :]
        yield data, None

    def held_back(self, data: bytes) -> int:
        """Return how many bytes at the end of `data` may be the beginning of a mark."""
        start = data.rfind(self._begin)
        if start >= 0 and _MARK_END not in data[start:]:
            return len(data) - start
        longest = min(len(self._begin) - 1, len(data))
        return next((n for n in range(longest, 0, -1) if self._begin.startswith(data[-n:])), 0)


class Passage:
    """The path of one or two standard streams to their common target.

    Parameters
    ----------
    descriptors
        The file descriptors of the streams.
    marks
        Recognizes marks.
    take_text
        Called with a stream's name and text after it was passed on.
    """

    def __init__(self, descriptors: list[int], marks: Marks, take_text: TakeText) -> None:
        self.descriptors = descriptors
        self.stream = _NAMES[descriptors[0]]
        self._marks = marks
        self._take_text = take_text
        self._target = os.dup(descriptors[0])
        self._terminal = Terminal(self._target) if os.isatty(self._target) else None
        self.out, self.entry = self._terminal.open() if self._terminal else os.pipe()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = b""
        self.rest_since = 0.0
        self._to_stream = {name: marks.make_lasting(partial(self._switch, name)) for name in _NAMES}

    def enter(self) -> None:
        """Redirect the streams through this object."""
        if self._terminal:
            self._terminal.adjust()
        for descriptor in self.descriptors:
            os.dup2(self.entry, descriptor)

    def leave(self) -> None:
        """Let the streams write to their target again."""
        for descriptor in self.descriptors:
            os.dup2(self._target, descriptor)

    def switch(self, descriptor: int) -> None:
        """Attribute the text written from now on to that standard stream."""
        os.write(self.entry, self._to_stream[descriptor])

    def _switch(self, descriptor: int) -> None:
        self.stream = _NAMES[descriptor]

    def mark(self, function: Callable[[], None]) -> None:
        """Call `function` once all that was written before has passed."""
        os.write(self.entry, self._marks.make(function))

    def read(self) -> None:
        """Pass on the available bytes."""
        try:
            data = os.read(self.out, 65536)
        except BlockingIOError:
            return
        if self._terminal:
            self._terminal.follow()
        pieces = self._rest + data
        for piece, name in self._marks.split(pieces):
            if name is None:
                held = self._marks.held_back(piece)
                self._pass_on(piece[: len(piece) - held])
                self._rest = piece[len(piece) - held :]
                self.rest_since = time.monotonic()
            else:
                self._pass_on(piece)
                self._marks.call(name)

    @property
    def holds_back(self) -> bool:
        """Whether bytes are held back that may become a mark."""
        return bool(self._rest)

    def release(self) -> None:
        """Treat bytes that were held back as text."""
        rest, self._rest = self._rest, b""
        self._pass_on(rest)

    def check_size(self) -> None:
        """Give the pseudo-terminal the size of the terminal, if that has changed."""
        if self._terminal:
            self._terminal.check_size()

    def _pass_on(self, data: bytes) -> None:
        # A target that is gone (a closed pipe) accepts nothing; the text is still recorded.
        with suppress(OSError):
            _write_all(self._target, data)
        text = self._decoder.decode(data)
        if text:
            self._take_text(self.stream, text)

    def close(self) -> None:
        """Close all that was opened."""
        for descriptor in (self._target, self.out, self.entry):
            os.close(descriptor)


class Terminal:
    """A terminal and the pseudo-terminal in front of it.

    Input goes to the terminal itself. A program that sets the modes of its output's terminal (as
    curses does) expects them to apply to its input too, so the terminal follows such changes.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._entry = -1

    def open(self) -> tuple[int, int]:
        """Open the pseudo-terminal; return its outer end and the end to write to."""
        out, self._entry = os.openpty()
        os.set_blocking(out, False)
        self.adjust()
        return out, self._entry

    def adjust(self) -> None:
        """Give the pseudo-terminal the modes and the size of the terminal.

        It does not process text, since the terminal will do so.
        """
        self._own = termios.tcgetattr(self._target)
        modes = termios.tcgetattr(self._target)
        modes[tty.OFLAG] &= ~termios.OPOST
        termios.tcsetattr(self._entry, termios.TCSANOW, modes)
        self._initial = self._last = termios.tcgetattr(self._entry)
        fcntl.ioctl(self._entry, termios.TIOCSWINSZ, _size(self._target))

    def follow(self) -> None:
        """Apply the modes that a program has set on the pseudo-terminal to the terminal."""
        modes = termios.tcgetattr(self._entry)
        if modes == self._last:
            return
        self._last = modes
        wanted = list(self._own)
        for place in (tty.IFLAG, tty.OFLAG, tty.CFLAG, tty.LFLAG):
            wanted[place] ^= self._initial[place] ^ modes[place]
        wanted[tty.CC] = modes[tty.CC]
        termios.tcsetattr(self._target, termios.TCSADRAIN, wanted)

    def check_size(self) -> None:
        """Give the pseudo-terminal the terminal's size, and notify programs of a change."""
        size = _size(self._target)
        if size != _size(self._entry):
            fcntl.ioctl(self._entry, termios.TIOCSWINSZ, size)
            # The terminal's own signal may have arrived before the new size was visible here.
            with suppress(OSError):
                os.killpg(os.tcgetpgrp(self._target), signal.SIGWINCH)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _size(descriptor: int) -> bytes:
    return fcntl.ioctl(descriptor, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
