"""The picker widget: select a session, or create one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import traitlets

from jupyter_sessions import api, schemas
from jupyter_sessions.client.addresses import parse_reference
from jupyter_sessions.client.transports import resolve
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.ui import button, field, lines, row, session_line, set_visible

_ROWS = 8
_PAGE = 100
_WHICH = (("All", "all"), ("Mine", "mine"), ("Shared with me", "shared"))


class SessionPicker(Part):
    """The sessions that you have a role in, for selection, and a form to create another.

    Parameters
    ----------
    transport
        The transport to the sessions; by default the one that commands use.

    Attributes
    ----------
    sessions
        The listed sessions.
    selected
        The selected session, or None. Setting it selects a session.
    search
        The search text.
    """

    sessions: traitlets.List[schemas.Session] = traitlets.List(traitlets.Instance(schemas.Session))
    selected = traitlets.Instance(schemas.Session, allow_none=True)
    search = traitlets.Unicode()

    def __init__(self, *, transport: Transport | None = None) -> None:
        self._next: str | None = None
        self._picking = False
        super().__init__(transport=transport, live=False)
        self.try_refresh()

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the widgets."""
        self.where = ipywidgets.HTML()
        self.search_field = field("Search label and description", "18em")
        self.which = ipywidgets.ToggleButtons(
            options=_WHICH, style={"button_width": "auto"}, tooltips=[name for name, _ in _WHICH]
        )
        self.reload = button("Refresh", "refresh", self.try_refresh)
        self.list = lines(_ROWS)
        self.empty = ipywidgets.HTML()
        self.more = button("More", "chevron-down", self._load_more)
        self.label_field = field("Label of a new session", "18em")
        self.new = button("New session", "plus", self._make)
        self.address_field = field("Code or session URL", "22em")
        self.open = button("Open", "folder-open", self._open_address)
        ipywidgets.link((self, "search"), (self.search_field, "value"))
        self.observe(lambda _: self.try_refresh(), "search")
        self.which.observe(lambda _: self.try_refresh(), "value")
        self.list.observe(self._picked, "value")
        self.observe(self._show_selected, "selected")
        find = row(self.search_field, self.which, self.reload)
        make = row(self.label_field, self.new, self.address_field, self.open)
        return (self.where, find, self.list, self.empty, self.more, make)

    def try_refresh(self) -> None:
        """Reload the list; errors are shown in the widget."""
        with self.show_errors():
            self.refresh()

    def refresh(self) -> None:
        """Reload the list.

        Raises
        ------
        SessionsError
            When the request fails; the listed sessions then stay.
        """
        self.where.value = ui.empty(self._place())
        page = self._page(None)
        self._list(page.items, page.next)

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Ignore events: the picker does not follow sessions."""

    def text(self) -> str:
        """Describe the selected session, and how many are listed."""
        count = f"{len(self.sessions)}{'+' if self._next else ''} sessions"
        picked = self.selected
        return f"{count}, {picked.label or picked.code} selected" if picked else count

    def make(self, label: str) -> schemas.Session:
        """Create a session, and select it.

        Parameters
        ----------
        label
            Its label.
        """
        session = self.call(api.CREATE_SESSION, schemas.NewSession(label=label))
        self._list([session, *self.sessions], self._next)
        self.selected = session
        return session

    def open_session(self, reference: str) -> schemas.Session:
        """Select a session by its code or URL, also on another server for which there is a login.

        Parameters
        ----------
        reference
            The code, or the URL.
        """
        read = parse_reference(reference)
        transport = self.transport
        if read.server not in (None, transport.server):
            transport = resolve.transport_for(read)
        try:
            session = transport.call(api.GET_SESSION, schemas.SessionNamed(code=read.code))
        except BaseException:
            if transport is not self.transport:
                transport.close()
            raise
        if transport is not self.transport:
            self._let_go()
            self._transport, self._own_transport = transport, True
            self.refresh()
        if session.code not in {each.code for each in self.sessions}:
            self._list([session, *self.sessions], self._next)
        self.selected = session
        return session

    def _place(self) -> str:
        server = self.transport.server
        return f"Sessions of {self.transport.user} {f'at {server}' if server else 'on this disk'}"

    def _page(self, after: str | None) -> schemas.Page[schemas.Session]:
        request = schemas.ListSessions(
            which=self.which.value, search=self.search.strip(), limit=_PAGE, after=after
        )
        return self.call(api.LIST_SESSIONS, request)

    def _list(self, sessions: list[schemas.Session], more: str | None) -> None:
        self.sessions, self._next = sessions, more
        self._picking = True
        try:
            self.list.options = [(session_line(each), each.code) for each in sessions]
            self.list.value = self._listed(self.selected)
        finally:
            self._picking = False
        set_visible(self.list, bool(sessions))
        set_visible(self.more, more is not None)
        self.empty.value = "" if sessions else ui.empty(self._describe_empty())

    def _describe_empty(self) -> str:
        if self.search.strip():
            return "No matching sessions. The search covers labels and descriptions."
        if self.which.value == "shared":
            return "Nobody has shared a session with you yet."
        return "No sessions yet. To create one, type a label and press New session."

    def _listed(self, session: schemas.Session | None) -> str | None:
        codes = {each.code for each in self.sessions}
        return session.code if session is not None and session.code in codes else None

    def _picked(self, change: dict[str, Any]) -> None:
        if not self._picking and change["new"] is not None:
            self.selected = next(each for each in self.sessions if each.code == change["new"])

    def _show_selected(self, _: dict[str, Any]) -> None:
        self._picking = True
        try:
            self.list.value = self._listed(self.selected)
        finally:
            self._picking = False

    def _load_more(self) -> None:
        with self.show_errors():
            page = self._page(self._next)
            self._list([*self.sessions, *page.items], page.next)

    def _make(self) -> None:
        with self.show_errors():
            self.make(self.label_field.value.strip())
            self.label_field.value = ""

    def _open_address(self) -> None:
        with self.show_errors():
            self.open_session(self.address_field.value)
            self.address_field.value = ""
