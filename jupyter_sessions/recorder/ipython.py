"""Record commands in plain IPython, which has no iopub channel.

The recording has what a notebook would show. A terminal can't take back what it has printed, so it
differs in two cases: for a display that is updated, the terminal shows each version and the
recording has the last one; for outputs that `clear_output` removed, the terminal keeps the text and
the recording has only what came after. Text that a program overwrites itself (a progress bar) is
recorded in its final state; see `ScreenText`.

What IPython's command line runs (`ipython -c`, a script) is one command, even if recording starts
within it, since otherwise nothing of it would be recorded.
"""

from __future__ import annotations

import atexit
import builtins
import logging
import os
import re
import socket
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol

from jupyter_sessions import forking, schemas
from jupyter_sessions.recorder import command_line
from jupyter_sessions.recorder.delivery import Delivery, Sink, settle_delivered
from jupyter_sessions.recorder.displays import DisplayReporter
from jupyter_sessions.recorder.iopub.message_log import note as entry_of
from jupyter_sessions.recorder.screen import NO_TERMINAL, ScreenText
from jupyter_sessions.recorder.streams.passthrough import TakeText
from jupyter_sessions.recorder.streams.patching import replace
from jupyter_sessions.recorder.tracker import Ending, Tracker
from jupyter_sessions.schemas.commands import KERNEL_ENDED, STOPPED_HERE

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from jupyter_sessions.recorder.iopub.message_log import Log


_SWITCH = re.compile(r"\x1b\[\?(?:1049|1047|47)([hl])")

_BEGUN = re.compile(r"\x1b(?:\[(?:\?[0-9]{0,4})?)?\Z")


# What ends IPython at its prompt, and does nothing else.
_EXIT = re.compile(r"\s*(?:exit|quit)\s*(?:\(\s*\))?\s*;?\s*")


class ScreenFilter:
    """Removes what is written to a terminal's alternate screen.

    When the program has ended, the terminal shows nothing of it any more.
    """

    def __init__(self) -> None:
        self._away = False
        self._rest = ""

    def filter(self, text: str) -> str:
        """Return the part of `text`, the next piece, that stays on the terminal."""
        text = self._rest + text
        begun = _BEGUN.search(text)
        self._rest = begun.group() if begun else ""
        kept, start = [], 0
        for switch in _SWITCH.finditer(text):
            if not self._away:
                kept.append(text[start : switch.start()])
            self._away, start = switch.group(1) == "h", switch.end()
        if not self._away:
            kept.append(text[start : len(text) - len(self._rest)])
        return "".join(kept)

    def end(self) -> str:
        """Return the text held back as a possible switch of screens, and reset the filter."""
        rest, self._rest = self._rest, ""
        self._away = False
        return rest


#: Seconds to wait at the end of the program until the last commands are delivered.
STOPPED_WITHIN = 5.0


_log = logging.getLogger(__name__)


P = ParamSpec("P")


def _harmless(
    method: Callable[Concatenate[TerminalRecorder, P], None],
) -> Callable[Concatenate[TerminalRecorder, P], None]:
    """Keep our defects out of the user's command: log them, and stop recording."""

    @wraps(method)
    def guarded(self: TerminalRecorder, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:  # noqa: BLE001 - the one edge between our code and the user's command
            _log.exception("Recording has stopped, due to a defect of jupyter_sessions")
            self.give_up()

    return guarded


class TextSource(Protocol):
    """Where the text of the standard streams is captured: `Capture`, or `Tee` in its place."""

    def enter(self) -> None:
        """Start to capture text."""

    def leave(self) -> None:
        """Restore the streams; all text written before has been captured."""

    def call_in_order(self, function: Callable[[], None]) -> None:
        """Call `function` once all text written before has been captured."""

    def close(self) -> None:
        """Stop permanently."""


class TerminalRecorder:
    """Records the commands of the IPython in this process; see `record`."""

    def __init__(
        self,
        shell: InteractiveShell,
        sink: Sink,
        *,
        limit: int,
        log: Log | None,
        leaves_out: Callable[[str], bool],
    ) -> None:
        self._shell: Any = shell
        self._log = log
        self._leaves_out = leaves_out
        self._tracker = Tracker(limit, new_text=_new_text)
        self._delivery = Delivery(self._settling(sink), self._tracker)
        self._text = _text_source(self._take_text)
        self._displays = DisplayReporter(shell, self)
        self._screens = ScreenFilter()
        self._running: list[ExecutionInfo | command_line.Run] = []
        self._failure: object = None
        self._command = ""
        self._hidden = False
        self._paused = False
        self._stopped = False
        self._where = {"kernel": f"{socket.gethostname()}:{os.getpid()}", "notebook": _program()}
        self._restore_input: Callable[[], None] = lambda: None
        self._restore_prompt = self._watch_prompt()
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        self._restore_runs = replace(
            shell,
            run_cell=self._watching_script_cells(self._shell.run_cell),
            safe_execfile=self._watching_scripts(
                self._shell.safe_execfile, command_line.read_script
            ),
            safe_run_module=self._watching_scripts(
                self._shell.safe_run_module, command_line.name_module
            ),
            mainloop=self._ending_command_line(getattr(shell, "mainloop", _no_loop)),
        )
        atexit.register(self._stop, STOPPED_WITHIN, KERNEL_ENDED)
        forking.reset_in_child(self)
        source = command_line.find_source()
        if source is not None and not leaves_out(source):
            self._before(command_line.Run(source))

    def reset_in_child(self) -> None:
        """Stop recording: what a forked process writes is output of the parent's command."""
        self._paused = self._stopped = True
        self._running = []
        atexit.unregister(self._stop)
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)

    @property
    def paused(self) -> bool:
        """Whether commands that start from now on are left out."""
        return self._paused

    def pause(self) -> None:
        """Leave out later commands; the calling command is still recorded."""
        self._paused = True

    def unpause(self) -> None:
        """Record later commands; the calling command is left out."""
        self._paused = False

    def skip_current_cell(self) -> None:
        """Leave out the calling command."""
        if self._running:
            self._tracker.drop(self._command, time.monotonic())
            if self._log is not None:
                self._log.strike_off(self._command)

    def stop(self, timeout: float) -> bool:
        """Stop permanently, once everything so far is delivered or after `timeout` seconds."""
        return self._stop(timeout, STOPPED_HERE)

    def give_up(self) -> None:
        """Stop permanently after a defect; what is known by now is still delivered."""
        try:
            self._stop(0, "")
        except Exception:  # noqa: BLE001 - it has been told that recording is broken
            _log.debug("and could not be ended in order", exc_info=True)

    def _stop(self, timeout: float, note: str) -> bool:
        if not self._stopped:
            self._stopped = True
            atexit.unregister(self._stop)
            self._restore_prompt()
            self._shell.events.unregister("pre_run_cell", self._before)
            self._shell.events.unregister("post_run_cell", self._after)
            self._restore_runs()
            self._end_command_line()
            if self._running:
                self._end("aborted" if note == KERNEL_ENDED else "completed", note)
            self._text.close()
        closed = self._delivery.close(timeout)
        if self._log is not None:
            self._log.close()
        return closed

    def _settling(self, sink: Sink) -> Sink:
        """Return a sink that also removes delivered commands from the log."""
        log = self._log
        if log is None:
            return sink
        return settle_delivered(sink, lambda recording: log.strike_off(recording.id))

    @_harmless
    def _before(self, info: ExecutionInfo | command_line.Run) -> None:
        if self._running:
            # A command that runs another (%rerun, a macro) is a single command.
            self._running.append(info)
        elif not self._paused and not _EXIT.fullmatch(info.raw_cell or ""):
            self._begin(info)

    def _watching_script_cells(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Record the cells of a script too, which IPython runs silently, without an event."""

        @wraps(run)
        def run_cell(raw_cell: str, *args: Any, **kwargs: Any) -> Any:
            silent = kwargs.get("silent", args[1] if len(args) > 1 else False)
            if not silent or not command_line.is_outermost():
                return run(raw_cell, *args, **kwargs)
            self._end_command_line(finished=True)
            info, result = command_line.Run(raw_cell), None
            self._before(info)
            try:
                result = run(raw_cell, *args, **kwargs)
            finally:
                if self._running[:1] == [info]:
                    self._end("completed" if result is not None and result.success else "error", "")
            return result

        return run_cell

    def _watching_scripts(
        self, run: Callable[..., Any], get_source: Callable[[Any], str]
    ) -> Callable[..., Any]:
        """Record a script; it ends with IPython's next action, which follows its traceback."""

        @wraps(run)
        def run_script(what: Any, *args: Any, **kwargs: Any) -> Any:
            if command_line.is_outermost():
                self._before(command_line.Run(get_source(what)))
            return run(what, *args, **kwargs)

        return run_script

    def _ending_command_line(self, loop: Callable[..., Any]) -> Callable[..., Any]:
        """End the command line's command before the first prompt (`ipython -i`)."""

        @wraps(loop)
        def mainloop(*args: Any, **kwargs: Any) -> Any:
            self._end_command_line()
            return loop(*args, **kwargs)

        return mainloop

    @_harmless
    def _end_command_line(self, *, finished: bool = False) -> None:
        """End the command line's command if its run is over."""
        runs = bool(self._running) and isinstance(self._running[0], command_line.Run)
        if runs and (finished or not command_line.is_running()):
            failed = getattr(sys, "last_value", None) is not self._failure
            self._end("error" if failed else "completed", "")

    def _begin(self, info: ExecutionInfo | command_line.Run) -> None:
        self._running = [info]
        self._failure = getattr(sys, "last_value", None)
        self._command = uuid.uuid4().hex
        counted = self._shell.execution_count - 1 if info.store_history else None
        request = schemas.CommandRequest(
            source=info.raw_cell or "",
            started=datetime.now(UTC),
            execution_count=counted,
            **self._where,
        )
        if self._log is not None and not self._leaves_out(request.source):
            opened = schemas.Recording(id=self._command, request=request)
            self._log.begin(self._command, entry_of(opened=opened))
        self._tracker.open(self._command, request, time.monotonic())
        self._delivery.poke()
        self._text.enter()
        self._displays.begin()
        self._restore_input = replace(builtins, input=self._echoing(input))

    @_harmless
    def _after(self, result: ExecutionResult | None) -> None:
        if not self._running or not _belongs_to(result, self._running[-1]):
            return
        if len(self._running) > 1:
            self._running.pop()
        else:
            self._end("completed" if result is not None and result.success else "error", "")

    def _end(self, status: Ending, note: str) -> None:
        ended = time.monotonic()
        self._running = []
        try:
            self._restore_input()
            self._displays.end()
            self._text.leave()
        finally:
            self._hidden = False
            self._tracker.write(self._command, "stdout", self._screens.end())
            self._tracker.end(self._command, ended, status=status, note=note)
            self._delivery.poke()

    def _take_text(self, stream: str, text: str) -> None:
        text = self._screens.filter(text)
        if text and not self._hidden:
            self._tracker.write(self._command, stream, text)
            if not self._running:
                self._delivery.poke()

    def _watch_prompt(self) -> Callable[[], None]:
        """Capture what threads print while the prompt waits, if that text appears above it."""
        session = getattr(self._shell, "pt_app", None)
        if session is None:
            return lambda: None
        return replace(session, prompt=self._while_waiting(session.prompt))

    def _while_waiting(self, prompt: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(prompt)
        def prompt_and_take(*args: Any, **kwargs: Any) -> Any:
            above = sys.stdout
            write = above.write

            def write_and_take(text: str) -> int:
                self._take_text("stdout", text)
                return write(text)

            restore = replace(above, write=write_and_take)
            try:
                return prompt(*args, **kwargs)
            finally:
                restore()

        return prompt_and_take

    def _echoing(self, read: Callable[..., str]) -> Callable[..., str]:
        """Capture what the user types, which the terminal itself displays."""

        @wraps(read)
        def read_and_take(*args: Any) -> str:
            line = read(*args)
            # GNU readline echoes what is typed, so that text has been captured already.
            if "readline" not in sys.modules and sys.stdin.isatty():
                self._put(partial(self._tracker.write, self._command, "stdout", line + "\n"))
            return line

        return read_and_take

    def hide_text(self) -> None:
        """Treat the text written from now on as the text form of an output."""
        self._put(lambda: self._set_hidden(True))

    def show_text(self) -> None:
        """Treat the text written from now on as a stream's text again."""
        self._put(lambda: self._set_hidden(False))

    def _set_hidden(self, hidden: bool) -> None:
        self._hidden = hidden

    def add(self, output: schemas.Output | None, size: int, display_id: str | None) -> None:
        """Add an output here; None stands for one that can't be stored."""
        if output is None:
            self._put(partial(self._tracker.add_unreadable, self._command))
        else:
            self._put(partial(self._tracker.add, self._command, output, size, display_id))

    def update(self, output: schemas.Output | None, size: int, display_id: str) -> None:
        """Replace the outputs displayed under `display_id`."""
        if isinstance(output, schemas.DisplayData):
            self._put(partial(self._tracker.update, display_id, output, size))

    def clear(self, *, wait: bool) -> None:
        """Clear the command's outputs."""
        self._put(partial(self._tracker.clear, self._command, wait=wait))

    @_harmless
    def _put(self, function: Callable[[], None]) -> None:
        self._text.call_in_order(function)


def _new_text(stream: str) -> ScreenText:
    """Return the object that keeps a stream's text as a terminal shows it, with both streams."""
    try:
        size = os.get_terminal_size(1)
        return ScreenText((size.columns, size.lines), None if os.isatty(2) else stream)
    except (OSError, ValueError):
        return ScreenText(NO_TERMINAL, stream)


def _no_loop() -> None:
    """Stand in for the loop of a shell that has none."""


def _text_source(take_text: TakeText) -> TextSource:
    try:
        from jupyter_sessions.recorder.streams.capture import Capture

        if sys.stdout.fileno() == 1 and sys.stderr.fileno() == 2:
            return Capture(take_text)
    except (ImportError, AttributeError, OSError, ValueError):
        # This system has no terminal control, or there are no descriptors behind the streams.
        _log.info("Only text of Python's streams is recorded, not that of subprocesses")
    from jupyter_sessions.recorder.streams.capture import Tee

    return Tee(take_text)


def _belongs_to(result: ExecutionResult | None, info: ExecutionInfo | command_line.Run) -> bool:
    """Return whether a result belongs to the run that `info` began.

    IPython creates another info for the result of an interrupted run, and returns a result for an
    empty source, which never began.
    """
    given = result.info if result else None
    return given is None or given is info or given.raw_cell == info.raw_cell


def _program() -> str:
    return Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "ipython"
