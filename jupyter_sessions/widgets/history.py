"""The history widget: browse and search a session's commands, with their outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import msgspec
import traitlets

from jupyter_sessions import api, schemas
from jupyter_sessions.cli.rendering import html
from jupyter_sessions.cli.rendering.sandbox import contain_output as harmless
from jupyter_sessions.cli.results import Request, Result
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.ui import MARKS, button, command_line, field, lines, row, set_visible

_PAGE = 50
_ROWS = 12
_STATUSES = (
    ("Any status", None),
    ("Completed", "completed"),
    ("Error", "error"),
    ("Running", "running"),
    ("Aborted", "aborted"),
)


class HistoryBrowser(Part):
    """The commands of a session, newest first, and one of them with its outputs.

    Attributes
    ----------
    commands
        The summaries of the listed commands.
    selected
        The displayed command with its outputs, or None.
    number
        Its number, or 0; setting it selects a command, listed or not.
    search
        Words to search for in sources and outputs.
    status
        The status of the listed commands, None for any.
    user
        The user whose commands are listed, empty for all.
    """

    commands: traitlets.List[schemas.CommandSummary] = traitlets.List(
        traitlets.Instance(schemas.CommandSummary)
    )
    selected = traitlets.Instance(schemas.Command, allow_none=True)
    number = traitlets.Int(min=0)
    search = traitlets.Unicode()
    status = traitlets.Enum(list(MARKS), default_value=None, allow_none=True)
    user = traitlets.Unicode()

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the widgets."""
        self._listing = False
        self._pages: list[str | None] = [None]  # the cursors of the pages up to the displayed one
        self._next: str | None = None
        self.search_field = field("Search commands and outputs", "20em")
        self.user_field = field("User", "9em")
        self.status_field = ipywidgets.Dropdown(options=_STATUSES, layout={"width": "9em"})
        for trait, control in (
            ("search", self.search_field), ("user", self.user_field), ("status", self.status_field),
        ):  # fmt: skip
            ipywidgets.link((self, trait), (control, "value"))
        self.observe(lambda _: self._try_refresh(), ["search", "user", "status"])
        self.list = lines(_ROWS)
        self.list.observe(self._picked, "value")
        self.empty = ipywidgets.HTML()
        self.newer = button("Newer", "chevron-left", self.newer_page)
        self.older = button("Older", "chevron-right", self.older_page)
        self.request = ipywidgets.HTML()
        self.outputs = ipywidgets.Output()
        self.detail = ipywidgets.VBox([self.request, self.outputs])
        self.detail.add_class(ui.SCROLLS)
        self.observe(self._renumbered, "number")
        self.observe(self._show_selected, "selected")
        return (
            row(self.search_field, self.user_field, self.status_field, self.newer, self.older),
            self.list,
            self.empty,
            self.detail,
        )

    # ---- the list

    def begin(self) -> None:
        """Show the newest page of another session, and no selected command."""
        self.number = 0
        self.refresh()

    def refresh(self) -> None:
        """Reload the newest page."""
        self._pages = [None]
        if self.session is None:
            self._list([], None)
        else:
            self._load()

    def newer_page(self) -> None:
        """Show the previous page."""
        if len(self._pages) > 1:
            self._pages.pop()
            self._try_load()

    def older_page(self) -> None:
        """Show the next page."""
        if self._next is not None:
            self._pages.append(self._next)
            self._try_load()

    def _try_refresh(self) -> None:
        with self.show_errors():
            self.refresh()

    def _try_load(self) -> None:
        with self.show_errors():
            self._load()

    def _load(self) -> None:
        request = schemas.ListCommands(
            code=self.code,
            user=self.user.strip() or None,
            status=self.status,  # type: ignore[arg-type]  # the trait has validated the choice
            search=self.search.strip(),
            limit=_PAGE,
            after=self._pages[-1],
        )
        page = self.call(api.LIST_COMMANDS, request)
        self._list(page.items, page.next)

    def _list(self, commands: list[schemas.CommandSummary], more: str | None) -> None:
        self.commands, self._next = commands, more
        self._listing = True
        try:
            self.list.options = [(command_line(each), each.number) for each in commands]
            self._mark()
        finally:
            self._listing = False
        set_visible(self.list, bool(commands))
        self.newer.disabled = len(self._pages) == 1
        self.older.disabled = more is None
        self.empty.value = "" if commands else ui.empty(self._describe_empty())

    def _describe_empty(self) -> str:
        if self.session is None:
            return "Select a session to see its history."
        if self._filtered:
            return "No matching commands."
        return "No commands yet. Commands of a kernel that records into this session appear here."

    @property
    def _filtered(self) -> bool:
        return bool(self.search.strip() or self.user.strip() or self.status)

    def _mark(self) -> None:
        numbers = {each.number for each in self.commands}
        self.list.value = self.number if self.number in numbers else None

    # ---- the one that is looked at

    def _picked(self, change: dict[str, Any]) -> None:
        if not self._listing and change["new"] is not None:
            self.number = change["new"]

    def _renumbered(self, _: dict[str, Any]) -> None:
        self._listing = True
        try:
            self._mark()
        finally:
            self._listing = False
        with self.show_errors():
            self._get()

    def _get(self) -> None:
        if not self.number:
            self.selected = None
            return
        named = schemas.CommandNamed(code=self.code, number=self.number)
        self.selected = self.call(api.GET_COMMAND, named)

    def _show_selected(self, _: dict[str, Any]) -> None:
        command = self.selected
        if command is None:
            self.request.value = ""
            self.outputs.outputs = ()
            return
        self.request.value = html.render(Result(None, (Request(command),)))
        own = command.summary.user == self.transport.user and command.summary.real_user is None
        self.outputs.outputs = _build_outputs(command, own=own)

    # ---- live

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Handle new and changed commands."""
        changed = {
            event.command.number: event.command for event in events if event.command is not None
        }
        if not changed:
            return
        if self._filtered:
            if len(self._pages) == 1:
                self._load()
        else:
            self._merge(changed)
        if self.number in changed:
            self._get()

    def _merge(self, changed: dict[int, schemas.CommandSummary]) -> None:
        listed = {each.number for each in self.commands}
        known = [changed.get(each.number, each) for each in self.commands]
        new = [] if len(self._pages) > 1 else [n for n in changed if n not in listed]
        newest = max(listed, default=0)
        ahead = [changed[number] for number in sorted(new, reverse=True) if number > newest]
        merged = [*ahead, *known]
        more = self._next
        if len(merged) > _PAGE:
            merged = merged[:_PAGE]
            more = f"{merged[-1].number}"
        self._list(merged, more)

    def text(self) -> str:
        """Describe the session and its newest commands."""
        if self.session is None:
            return "history, no session selected"
        return f"{len(self.commands)} commands of {self.session.label or self.session.code}"


def _build_outputs(command: schemas.Command, *, own: bool) -> tuple[dict[str, Any], ...]:
    """Return a command's outputs for display, with those of other users sandboxed."""
    outputs = command.outputs
    made = []
    for output in outputs:
        as_json = msgspec.to_builtins(output)
        if "data" in as_json:
            as_json["data"] = harmless(as_json["data"], command.summary.user, own=own)
        made.append(as_json)
    if command.response is not None and command.response.note:
        said = f"{command.response.note}\n"
        made.append({"output_type": "stream", "name": "stderr", "text": said})
    return tuple(made)
