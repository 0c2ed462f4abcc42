"""The interface between commands and their front ends: a shell or a notebook."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar

from jupyter_sessions import errors

if TYPE_CHECKING:
    from jupyter_sessions import schemas
    from jupyter_sessions.cli.results import Line, Result
    from jupyter_sessions.client.logins import Login, Place
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from jupyter_sessions.client.transports.base import Transport


def supports_colours(stream: IO[str]) -> bool:
    """Tell whether a stream is a terminal whose user wants colours (see no-color.org)."""
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not unwanted


@dataclass(frozen=True)
class Current:
    """The current session, for commands without ``-S``, and its transport."""

    code: str
    transport: Transport


class Kernel(ABC):
    """The actions of commands on the kernel that they run in."""

    @abstractmethod
    def pause(self) -> Line:
        """Stop recording for a while."""

    @abstractmethod
    def unpause(self) -> Line:
        """Resume recording."""

    @abstractmethod
    def detach(self) -> Line:
        """Stop recording permanently."""

    @abstractmethod
    def next_cell(self, source: str) -> None:
        """Put a source into the next cell."""

    @abstractmethod
    def run(self, source: str) -> bool:
        """Run a source like a cell, and return whether it succeeded."""

    @abstractmethod
    def open_panel(self, session: schemas.Session | None, transport: Transport) -> None:
        """Display the sessions as widgets, with one selected; keep the transport.

        Raises
        ------
        BadRequest
            If there are no widgets.
        """


class Frontend(ABC):
    """A place where users type commands.

    Attributes
    ----------
    prefix
        The prefix of a command's name there.
    place
        The kind of place for which a separate current login can be chosen.
    """

    prefix: ClassVar[str]
    place: ClassVar[Place]

    @property
    def terminal(self) -> bool:
        """Whether output goes to a terminal, and is not recorded."""
        return False

    @abstractmethod
    def current(self) -> Current | None:
        """Return the attached session, or the shell's last one."""

    @property
    @abstractmethod
    def current_code(self) -> str | None:
        """The code of the current session, without a transport to it."""

    @abstractmethod
    def take_up(self, session: schemas.Session, transport: Transport) -> list[Line]:
        """Make a session the current one, keep its transport, and report the result."""

    @contextmanager
    def ending(self, code: str) -> Iterator[None]:  # noqa: ARG002  # a shell records nothing
        """Context for ending a session: on entry, everything recorded is delivered to it."""
        yield

    def changed(self, session: schemas.Session) -> list[Line]:  # noqa: ARG002  # as above
        """Handle a session's new state, and report what it means for recording."""
        return []

    def logged_out(self) -> list[Line]:
        """Handle ended logins, and report what that means for recording."""
        return []

    @abstractmethod
    def drop_session(self, code: str) -> None:
        """Handle a removed session, which can't be the current one."""

    @abstractmethod
    def show(self, result: Result) -> None:
        """Show a result to the user."""

    @abstractmethod
    def confirm(self, question: str) -> bool:
        """Ask a yes or no question; return False if nobody can be asked."""

    def make_sure(self, question: str, unchanged: str) -> None:
        """Ask for confirmation of an irreversible action.

        Raises
        ------
        BadRequest
            When the answer is no, with `unchanged` as its message.
        """
        if not self.confirm(question):
            raise errors.BadRequest(unchanged, hint="To confirm without a question, add --yes.")

    @abstractmethod
    def ask(self, what: str, default: str) -> str:
        """Ask for a value; return the default if nobody can be asked."""

    @abstractmethod
    def keep_alive(self, login: Login, interval: float) -> list[Line]:
        """Keep a login alive, here or in the background, and report the result."""

    @abstractmethod
    def stop_keeping_alive(self) -> list[Line]:
        """Stop background processes that keep logins alive."""

    @abstractmethod
    def ask_password(self, prompt: str, *, otherwise: str) -> str:
        """Ask for a secret without showing it; where nobody can be asked, say what to do."""

    def read_password(self) -> str:
        """Read a password from the standard input.

        Raises
        ------
        BadRequest
            In a notebook, into which nothing is piped.
        """
        raise errors.BadRequest(
            "Nothing is piped into a notebook, so --password-stdin has nothing to read.",
            hint="Leave it out. You are then asked for the password.",
        )

    @abstractmethod
    def open_browser(self, url: str) -> bool:
        """Open an address in a browser, where there is one that the user sees."""

    @property
    def delivery(self) -> OutboxDelivery | None:
        """What delivers the commands that are recorded here."""
        return None

    def name_current(self) -> str:
        """Name the current session; empty where its user sees which it is."""
        return ""

    def reached(self, transport: Transport) -> None:  # noqa: ARG002  # a kernel's delivery does it
        """Bring in what ended kernels left for a server, before it is asked anything."""
        return

    def variable(self, name: str) -> tuple[bool, Any]:  # noqa: ARG002  # a shell has none
        """Tell whether there is a variable with a name, and return its value."""
        return False, None

    def settle(self, code: str) -> bool:  # noqa: ARG002  # a shell has nothing under way
        """Wait until earlier commands are recorded; return False if they don't go into `code`."""
        return True

    def running_command(self, code: str) -> int | None:  # noqa: ARG002  # a shell runs none
        """Return the number of the running cell, if it is recorded into that session."""
        return None

    @property
    def kernel(self) -> Kernel:
        """The kernel in which the command runs.

        Raises
        ------
        BadRequest
            In a shell, which has no kernel.
        """
        raise errors.BadRequest(
            "This command needs a kernel, which a shell does not have.",
            hint="Type it in a notebook or in ipython, as %session …",
        )
