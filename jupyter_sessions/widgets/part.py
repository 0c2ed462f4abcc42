"""Base class of the widgets: session, transport, notices and live view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.api import Ans, Operation, Req
from jupyter_sessions.client.addresses import parse_reference
from jupyter_sessions.client.transports import resolve
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.live import Following, kernel_loop


class Part(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A part of the panel, which can also be used separately.

    Parameters
    ----------
    session
        The session to show: a code, a URL, or the session itself; by default none.
    transport
        The transport to it; by default the one that commands use.
    owns_transport
        Whether to close the transport with the part.
    live
        Whether to follow the session while it is displayed.

    Attributes
    ----------
    session
        The displayed session, or None; set it to show another one.
    """

    session = traitlets.Instance(schemas.Session, allow_none=True)

    def __init__(
        self,
        session: str | schemas.Session | None = None,
        *,
        transport: Transport | None = None,
        owns_transport: bool = False,
        live: bool = True,
    ) -> None:
        self._own_transport = owns_transport or transport is None
        self._transport = transport
        self._live = live
        self._following: Following | None = None
        self.notice = ipywidgets.HTML()
        super().__init__()
        self.add_class(ui.NAME)
        self.children = (ipywidgets.HTML(ui.STYLE), *self.built(), self.notice)
        self.observe(self._switched, "session")
        if session is not None:
            self.show(session)

    # ---- what each part says of itself

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the part's widgets, before there is a session."""
        raise NotImplementedError

    def begin(self) -> None:
        """Show another session, or none."""
        self.refresh()

    def refresh(self) -> None:
        """Reload and show the session's present content."""
        raise NotImplementedError

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Handle events of the session."""
        raise NotImplementedError

    def text(self) -> str:
        """Describe the content as plain text: for records, and where widgets are not supported."""
        raise NotImplementedError

    # ---- the session and the way to it

    @property
    def transport(self) -> Transport:
        """The transport to the session's server, or to this machine's store."""
        if self._transport is None:
            self._transport = resolve.transport()
        return self._transport

    @property
    def code(self) -> str:
        """The session's code.

        Raises
        ------
        NothingAttached
            When no session is displayed.
        """
        if self.session is None:
            raise errors.NothingAttached(
                "No session is selected.", hint="Select or create one first."
            )
        return self.session.code

    def show(self, session: str | schemas.Session, transport: Transport | None = None) -> None:
        """Show a session.

        Parameters
        ----------
        session
            Its code, its URL, or the session itself.
        transport
            The transport to it, if that changes.

        Raises
        ------
        SessionsError
            When it can't be shown; the displayed session then stays.
        """
        opened = None
        if isinstance(session, str):
            reference = parse_reference(session)
            if transport is None and reference.server not in (None, self.transport.server):
                transport = opened = resolve.transport_for(reference)
            try:
                session = (transport or self.transport).call(
                    api.GET_SESSION, schemas.SessionNamed(code=reference.code)
                )
            except errors.SessionsError:
                if opened is not None:
                    opened.close()
                raise
        if transport is not None and transport is not self._transport:
            self._let_go()
            self._transport, self._own_transport = transport, opened is not None
            self.session = None
        self.session = session

    def may(self, role: str) -> bool:
        """Tell whether the user's roles and the session's state allow an action."""
        session = self.session
        return session is not None and role in session.roles and session.state == "active"

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Call an operation."""
        return self.transport.call(operation, request, content)

    def _switched(self, change: dict[str, Any]) -> None:
        old, new = change["old"], change["new"]
        if old is not None and new is not None and old.code == new.code:
            self.described()
            return
        self.stop_following()
        with self.show_errors():
            self.begin()
            self._follow()

    def described(self) -> None:
        """Show the session's new attributes, and apply changes of the user's roles."""

    # ---- what is said

    @contextmanager
    def show_errors(self, *, keep: bool = False) -> Iterator[None]:
        """Show errors of the enclosed code in the widget: a traceback would go to a log.

        The previous notice is removed, unless it is to be kept.
        """
        if not keep:
            self.show_notice()
        try:
            yield
        except errors.SessionsError as error:
            self.notice.value = ui.failure(error)

    def show_notice(self, text: str = "", hint: str = "", tone: str = "done") -> None:
        """Show a notice below the part, replacing the previous one."""
        self.notice.value = ui.notice(text, hint, tone) if text else ""

    # ---- live

    def _follow(self) -> None:
        loop = kernel_loop()
        if self._live and self.session is not None and loop is not None:
            self._following = Following(
                self.transport, self.session, take=self._took, ended=self._ended, loop=loop
            )

    def stop_following(self) -> None:
        """Stop the live view."""
        if self._following is not None:
            self._following.close()
            self._following = None

    def _took(self, events: Sequence[schemas.Event]) -> None:
        with self.show_errors(keep=True):
            if any(event.kind.startswith(("session.", "member.")) for event in events):
                named = schemas.SessionNamed(code=self.code)
                self.session = self.call(api.GET_SESSION, named)
            self.learn(events)

    def _ended(self, failure: errors.SessionsError | None) -> None:
        self.session = None
        if failure is not None:
            self.notice.value = ui.failure(failure)
        else:
            self.show_notice(
                "You no longer have access to this session.",
                "Ask its owner for the reason.",
                "warning",
            )

    # ---- the end

    def close(self) -> None:
        """Close the session, the connection and the widgets."""
        self._let_go()
        _close_children(self)
        super().close()

    def _let_go(self) -> None:
        self.stop_following()
        if self._own_transport and self._transport is not None:
            self._transport.close()
            self._transport = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text()}>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        shown = bundle[0] if isinstance(bundle, tuple) else bundle
        if shown is not None:
            shown["text/plain"] = self.text()
        return bundle


def _close_children(widget: ipywidgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close_children(child)
        child.close()
