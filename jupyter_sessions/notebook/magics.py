"""The IPython magics ``%session`` and ``%%session off``, and those of Ophidia."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from IPython.core.extensions import ExtensionManager

from jupyter_sessions import errors
from jupyter_sessions.cli import run
from jupyter_sessions.cli.rendering import rich_display
from jupyter_sessions.cli.results import Block, Line, Result
from jupyter_sessions.cli.table import BY_NAME, CommandGroup
from jupyter_sessions.notebook import ophidia
from jupyter_sessions.notebook.completion import Completion
from jupyter_sessions.notebook.frontend import Notebook, wants_colours
from jupyter_sessions.notebook.server_attachment import why_unattached
from jupyter_sessions.session_lines import split_line, turns_recording_off

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_loaded: WeakKeyDictionary[InteractiveShell, SessionMagics] = WeakKeyDictionary()
# The code of the session that a shell was in when the extension was unloaded.
_detached: WeakKeyDictionary[InteractiveShell, str] = WeakKeyDictionary()


class SessionMagics:
    """The magics of one shell.

    Parameters
    ----------
    shell
        The IPython shell to which they belong.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.frontend = Notebook(shell)
        self.completion = Completion(self.frontend)
        self._group = CommandGroup(all_commands=False)

    @property
    def magics(self) -> Iterable[tuple[str, str, Callable[..., None]]]:
        """The kind, name and function of each magic."""
        return (
            ("line", "session", self.session),
            ("cell", "session", self.session_cell),
            ("line", "oph_manage_session", self.oph_manage_session),
            ("line", "oph_resume", self.oph_resume),
        )

    def session(self, line: str) -> None:
        """Work with shared sessions: ``%session NAME …``.

        Alone, and as ``status``, it shows the attached session; ``%session --help`` lists the
        commands.
        """
        with _show_errors(self.frontend.shell):
            self.frontend.refresh()
            try:
                typed = split_line(line)
            except ValueError as error:
                raise errors.BadRequest(
                    f"The line can't be read: {error}.", hint="Close the quotation mark."
                ) from error
            if typed and typed != ["status"]:
                self._run(typed)
            else:
                self._show_attached()

    def session_cell(self, line: str, cell: str) -> None:
        """Run a cell without recording it: ``%%session off``."""
        with _show_errors(self.frontend.shell):
            if not turns_recording_off(f"%%session {line}"):
                raise errors.BadRequest(
                    "The only %%session cell magic is %%session off.",
                    hint="Write other commands on their own line, with one %.",
                )
            self.frontend.refresh()
            self.frontend.skip_current_cell()
        result = self.frontend.execute(cell)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            _draw(error, [])  # the inner cell has displayed it
            raise error

    def oph_manage_session(self, line: str) -> None:
        """Manage sessions as Ophidia's operator does: ``action=…;key=…;value=…;``."""
        with _show_errors(self.frontend.shell):
            self._run(ophidia.manage_session(line))

    def oph_resume(self, line: str) -> None:
        """Take up a session as Ophidia's operator does: ``session=URL;id=N;…``."""
        with _show_errors(self.frontend.shell):
            for typed in ophidia.resume(line):
                self._run(typed)

    def _run(self, typed: list[str]) -> None:
        entry = BY_NAME.get(typed[0])
        if entry is not None and entry.secret:
            self.frontend.skip_current_cell()
        run.run(self._group, typed, self.frontend)

    def _show_attached(self) -> None:
        from jupyter_sessions.cli.commands import outbox
        from jupyter_sessions.cli.commands.sessions import card

        attachment = self.frontend.attachment
        if attachment is None:
            how = "Create one: %session new LABEL\nSwitch to one: %session resume CODE or URL"
            said = f"{why_unattached(self.frontend.shell)}\n{how}\nAll commands: %session --help"
            self.frontend.show(Result(None, (Line(said), *outbox.hint(self.frontend))))
            return
        attachment.settle()  # so that all commands are counted
        try:
            session = attachment.session()
        except errors.SessionsError as error:
            why = self.frontend.explain_shut_out(error)
            lines = why or [
                Line(f"Session {attachment.code}"),
                *attachment.status(failure=error),
            ]
            hint = outbox.hint(self.frontend, explained=attachment.code if why else "")
            self.frontend.show(Result(None, (*lines, *hint)))
            return
        if session.state == "closed":  # permanently, while this kernel did not check
            attachment.adapt(session)
        told: list[Block] = [card(session), *attachment.status(session)]
        self.frontend.show(Result(session, [*told, *outbox.hint(self.frontend)]))

    def close(self) -> str | None:
        """Leave the session; what can't be delivered now waits on disk.

        Returns
        -------
        str or None
            The sentence that says so to the user; None where there was no session.
        """
        self.frontend.stop_keeping_alive()
        self.frontend.panels.close()
        attachment, self.frontend.attachment = self.frontend.attachment, None
        if attachment is None:
            return None
        waiting = attachment.leave()
        _detached[self.frontend.shell] = attachment.code
        said = f"Recording into session {attachment.code} has ended"
        return f"{said}; {waiting} commands wait on disk for it." if waiting else f"{said}."


@contextmanager
def _show_errors(shell: Any) -> Iterator[None]:
    """Show errors in two lines instead of a traceback; the cell stops all the same."""
    try:
        yield
    except errors.SessionsError as error:
        name = type(error).__name__
        if wants_colours(shell):
            name = f"\x1b[0;31m{name}\x1b[0m"
        lines = [f"{name}: {error.message}", error.hint]
        _draw(error, [line for line in lines if line])
        raise


def _draw(error: BaseException, lines: list[str]) -> None:
    # IPython calls this on an exception instead of drawing its own traceback.
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]


def load(shell: InteractiveShell) -> None:
    """Register the magics in a shell; a second call changes nothing.

    Loading does not attach to a session. If unloading has left one, it says that nothing is
    recorded.
    """
    if shell in _loaded:
        return
    magics = _loaded[shell] = SessionMagics(shell)
    register: Any = shell.register_magic_function  # its types don't know that it is a method
    for kind, name, function in magics.magics:
        register(function, magic_kind=kind, magic_name=name)
    shell.Completer.custom_matchers.insert(0, magics.completion.matcher)
    shell.events.register("post_run_cell", magics.frontend.report_shut_out)
    rich_display.register(shell)
    left = _detached.pop(shell, None)
    if left is not None:
        said = (
            f"Nothing is recorded now. To continue in session {left}, type %session resume {left}"
        )
        magics.frontend.show(Result(None, (Line(said),)))


def unload(shell: InteractiveShell) -> None:
    """Stop recording, and remove the magics from a shell.

    ``%reload_ext`` unloads and loads again: in that case nothing changes, and recording continues.
    """
    if _is_reloading():
        return
    magics = _loaded.pop(shell, None)
    if magics is None:
        return
    said = magics.close()
    rich_display.unregister(shell)
    shell.Completer.custom_matchers.remove(magics.completion.matcher)
    shell.events.unregister("post_run_cell", magics.frontend.report_shut_out)
    for kind, name, _ in magics.magics:
        shell.magics_manager.magics[kind].pop(name, None)
    if said is not None:
        magics.frontend.show(Result(None, (Line(said),)))


def _is_reloading() -> bool:
    """Tell whether IPython unloads the extension only to reload it, which it does not announce."""
    frame: FrameType | None = sys._getframe()  # public except for its name
    while frame is not None:
        if frame.f_code is ExtensionManager.reload_extension.__code__:
            return True
        frame = frame.f_back
    return False
