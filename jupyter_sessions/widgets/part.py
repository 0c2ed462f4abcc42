"""What all parts of the panel have in common: the session, the way there, notices, a live view."""

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
    """A part of the panel, which is of use by itself too.

    Parameters
    ----------
    session
        The session to show: a code, a URL, or the session itself; none for now if left out.
    transport
        The way to it; by default the one that a command would take.
    owns_transport
        Whether to close the transport with the part.
    live
        Whether to follow the session while it is shown.

    Attributes
    ----------
    session
        The session that is shown, or None; set it to show another one.
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
        """Make the part's widgets, before there is a session."""
        raise NotImplementedError

    def begin(self) -> None:
        """Show another session, or that there is none."""
        self.refresh()

    def refresh(self) -> None:
        """Fetch and show what the session holds now."""
        raise NotImplementedError

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Take in what happened in the session."""
        raise NotImplementedError

    def text(self) -> str:
        """Say in plain text what is shown: where there are no widgets, and in the record."""
        raise NotImplementedError

    # ---- the session and the way to it

    @property
    def transport(self) -> Transport:
        """The way to the session's server, or to the store of this machine."""
        if self._transport is None:
            self._transport = resolve.transport()
        return self._transport

    @property
    def code(self) -> str:
        """The session's code.

        Raises
        ------
        NothingAttached
            When no session is shown.
        """
        if self.session is None:
            raise errors.NothingAttached(
                "No session is shown here.", hint="Pick one, or make one, first."
            )
        return self.session.code

    def show(self, session: str | schemas.Session, transport: Transport | None = None) -> None:
        """Show a session.

        Parameters
        ----------
        session
            Its code, its URL, or itself.
        transport
            The way to it, where it is another one.

        Raises
        ------
        SessionsError
            When it can't be shown; what was shown stays.
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
        """Tell whether the roles that I have in the session allow it, as it is now."""
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
        with self.telling():
            self.begin()
            self._follow()

    def described(self) -> None:
        """Show the session's new attributes, and what one's new roles allow."""

    # ---- what is said

    @contextmanager
    def telling(self, *, keep: bool = False) -> Iterator[None]:
        """Say in the widget what fails within this: a traceback would go to a log.

        What was said before goes, unless it is to be kept.
        """
        if not keep:
            self.tell()
        try:
            yield
        except errors.SessionsError as error:
            self.notice.value = ui.failure(error)

    def tell(self, said: str = "", hint: str = "", tone: str = "done") -> None:
        """Say something below the part, in place of what stood there."""
        self.notice.value = ui.notice(said, hint, tone) if said else ""

    # ---- live

    def _follow(self) -> None:
        loop = kernel_loop()
        if self._live and self.session is not None and loop is not None:
            self._following = Following(
                self.transport, self.session, take=self._took, ended=self._ended, loop=loop
            )

    def stop_following(self) -> None:
        """End the live view."""
        if self._following is not None:
            self._following.close()
            self._following = None

    def _took(self, events: Sequence[schemas.Event]) -> None:
        with self.telling(keep=True):
            if any(event.kind.startswith(("session.", "member.")) for event in events):
                named = schemas.SessionNamed(code=self.code)
                self.session = self.call(api.GET_SESSION, named)
            self.learn(events)

    def _ended(self, failure: errors.SessionsError | None) -> None:
        self.session = None
        if failure is not None:
            self.notice.value = ui.failure(failure)
        else:
            self.tell(
                "This session is not open to you any more.", "Its owner can tell why.", "warning"
            )

    # ---- the end

    def close(self) -> None:
        """Let go of the session, the connection and the widgets."""
        self._let_go()
        _close_below(self)
        super().close()

    def _let_go(self) -> None:
        self.stop_following()
        if self._own_transport and self._transport is not None:
            self._transport.close()
            self._transport = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text()}>"

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        bundle = super()._repr_mimebundle_(**asked)
        shown = bundle[0] if isinstance(bundle, tuple) else bundle
        if shown is not None:
            shown["text/plain"] = self.text()
        return bundle


def _close_below(widget: ipywidgets.Widget) -> None:
    for child in getattr(widget, "children", ()):
        _close_below(child)
        child.close()
