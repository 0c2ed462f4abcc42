"""What Python writes to its standard streams, where no file descriptors lie behind them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jupyter_sessions.recorder.streams.passthrough import TakeText
from jupyter_sessions.recorder.streams.patching import replace


class Tee:
    """Takes what is written to `sys.stdout` and `sys.stderr` between `enter` and `leave`.

    Parameters
    ----------
    take_text
        Called with a stream's name and a piece of its text, by the one who writes.
    """

    def __init__(self, take_text: TakeText) -> None:
        self._take_text = take_text
        self._restore: list[Callable[[], None]] = []

    def enter(self) -> None:
        """Begin to take what is written."""
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
        """Let the streams go their own way again."""
        while self._restore:
            self._restore.pop()()

    def at_this_point(self, function: Callable[[], Any]) -> None:
        """Call `function`: all that was written before has been taken."""
        function()

    def close(self) -> None:
        """End for good."""
        self.leave()
