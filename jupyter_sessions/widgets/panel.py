"""The panel widget: select a session and show its parts, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from jupyter_sessions import schemas
from jupyter_sessions.cli.commands.sessions import card
from jupyter_sessions.cli.rendering import html
from jupyter_sessions.cli.results import Line, Result
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.history import HistoryBrowser
from jupyter_sessions.widgets.members import MemberTable
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.picker import SessionPicker
from jupyter_sessions.widgets.ui import button, row, set_visible
from jupyter_sessions.widgets.webspace import WebSpace

#: Makes the kernel record into a session, and returns messages about the result.
Record = Callable[[schemas.Session, Transport], Sequence[Line]]


class SessionPanel(Part):
    """A panel to select or create a session and to browse its history, files and members.

    Parameters
    ----------
    session
        The initial session: a code, a URL, or the session itself.
    transport
        The transport to it; by default the one that commands use.
    record
        Makes this kernel record into a session; without it there is no button for that.
    owns_transport
        Whether to close the transport with the panel.
    live
        Whether to follow the session while it is displayed.

    Attributes
    ----------
    session
        The displayed session, or None.
    picker, browser, webspace, members
        The panel's parts.
    """

    def __init__(
        self,
        session: str | schemas.Session | None = None,
        *,
        transport: Transport | None = None,
        record: Record | None = None,
        owns_transport: bool = False,
        live: bool = True,
    ) -> None:
        self._record = record
        super().__init__(session, transport=transport, owns_transport=owns_transport, live=live)

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the parts."""
        self.picker = SessionPicker(transport=self.transport)
        self.browser = HistoryBrowser(transport=self.transport, live=False)
        self.webspace = WebSpace(transport=self.transport, live=False)
        self.members = MemberTable(transport=self.transport, live=False)
        self.picker.observe(self._picked, "selected")
        self.title = ipywidgets.HTML()
        self.about = ipywidgets.HTML()
        self.record_here = button(
            "Record here", "circle", self._record_here, tooltip="Record this notebook's commands"
        )
        self.tabs = ipywidgets.Tab(
            [self.browser, self.webspace, self.members, self.about],
            titles=("History", "Web space", "Members", "About"),
        )
        self.choose = ipywidgets.Accordion([self.picker], titles=("Sessions",), selected_index=0)
        self.head = row(self.title, self.record_here)
        self._show_head()
        return (self.choose, self.head, self.tabs)

    @property
    def _parts(self) -> tuple[Part, ...]:
        return self.browser, self.webspace, self.members

    def begin(self) -> None:
        """Show another session in all parts."""
        self._show_head()
        for part in self._parts:
            with part.show_errors():
                if self.session is None:
                    part.session = None
                else:
                    part.show(self.session, self.transport)
        self.picker.selected = self.session
        self.choose.selected_index = 0 if self.session is None else None

    def refresh(self) -> None:
        """Reload everything."""
        self.picker.refresh()
        for part in self._parts:
            part.refresh()

    def described(self) -> None:
        """Show the session's new attributes."""
        self._show_head()
        for part in self._parts:
            part.session = self.session

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Pass events to all parts."""
        for part in self._parts:
            with part.show_errors(keep=True):
                part.learn(events)

    def text(self) -> str:
        """Describe the displayed session; in a record, this replaces the panel."""
        if self.session is None:
            return "session panel, no session selected"
        return f"session panel: {self.session.label or self.session.code}"

    def _picked(self, change: dict[str, Any]) -> None:
        picked = change["new"]
        if picked is None or (self.session is not None and picked.code == self.session.code):
            return
        with self.show_errors():
            self.show(picked.code, self.picker.transport)

    def _show_head(self) -> None:
        session = self.session
        set_visible(self.tabs, session is not None)
        set_visible(self.record_here, self._record is not None and self.may("write"))
        if session is None:
            self.title.value = ui.empty("Select a session above, or create one.")
            self.about.value = ""
            return
        self.title.value = ui.title(session)
        self.about.value = html.render(Result(None, (card(session),)))

    def _record_here(self) -> None:
        if self._record is None or self.session is None:
            return
        with self.show_errors():
            said = self._record(self.session, self.transport.clone())
            self.notice.value = html.render(Result(None, tuple(said)))

    def close(self) -> None:
        """Close the session, the connections and all widgets."""
        for part in (self.picker, *self._parts):
            part.close()
        super().close()
