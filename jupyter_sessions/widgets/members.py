"""The members widget: show and change a session's members and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import ipywidgets
import traitlets

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.formatting import format_roles, simplify_roles
from jupyter_sessions.widgets import ui
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.ui import button, field, row, set_visible

ROLES = ("read", "write", "execute", "admin")
_NEEDS = "Changing roles needs the role admin"
_COLUMNS = "minmax(9em, 1fr) repeat(4, minmax(5.6em, max-content)) minmax(6.5em, max-content)"


@dataclass
class _Row:
    """The widgets of one member in the table."""

    name: ipywidgets.HTML
    toggles: dict[str, ipywidgets.ToggleButton]
    owner: ipywidgets.HTML
    revoke: ipywidgets.Button

    @cached_property
    def cells(self) -> tuple[ipywidgets.Widget, ...]:
        """One cell for each column."""
        return (self.name, *self.toggles.values(), ipywidgets.HBox([self.owner, self.revoke]))


class MemberTable(Part):
    """The members of a session; an admin changes roles with one click each.

    Attributes
    ----------
    members
        The current members.
    """

    members: traitlets.List[schemas.Member] = traitlets.List(traitlets.Instance(schemas.Member))

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Create the widgets."""
        self.table = ipywidgets.GridBox(layout={"grid_template_columns": _COLUMNS})
        self.roles: dict[str, dict[str, ipywidgets.ToggleButton]] = {}
        self.revokes: dict[str, ipywidgets.Button] = {}
        self._rows: dict[str, _Row] = {}
        self._drawn = ""  # code of the session whose members have rows
        self._updating = False
        self.empty = ipywidgets.HTML()
        self.user_field = field("User or @group", "14em", at_once=True)
        self.role_field = ipywidgets.Dropdown(options=ROLES, layout={"width": "8em"})
        self.add = button("Add", "user-plus", self._add)
        self.observe(lambda _: self._draw(), "members")
        self.form = row(self.user_field, self.role_field, self.add)
        return (self.table, self.empty, self.form)

    def refresh(self) -> None:
        """Reload the members."""
        if self.session is None:
            self.members = []
        else:
            named = schemas.SessionNamed(code=self.code)
            self.members = self.call(api.LIST_MEMBERS, named).members
        self._draw()

    def described(self) -> None:
        """Apply changes of the user's own roles."""
        self._draw()

    def learn(self, events: Sequence[schemas.Event]) -> None:
        """Handle new members and roles."""
        about = ("member.", "session.transferred")
        if any(event.kind.startswith(about) for event in events):
            self.refresh()

    def grant(self, user: str, *names: str) -> None:
        """Give a user or group roles in place of their present ones.

        Parameters
        ----------
        user
            A user, or ``@group``.
        names
            The roles; an empty list means ``read``.
        """
        grants = [schemas.Grant(user=user, roles=list(names))]
        request = schemas.GrantRoles(code=self.code, grants=grants)
        self.members = self.call(api.GRANT_ROLES, request).members

    def revoke(self, user: str) -> None:
        """Take all roles from a user or group."""
        request = schemas.RevokeRoles(code=self.code, users=[user])
        self.members = self.call(api.REVOKE_ROLES, request).members

    def text(self) -> str:
        """Describe the members and their roles."""
        if self.session is None:
            return "members, no session selected"
        return ", ".join(f"{each.user}: {'|'.join(each.roles)}" for each in self.members)

    # ---- the table

    def _draw(self) -> None:
        """Update the rows in place, so that a pending click still finds its button."""
        code = "" if self.session is None else self.session.code
        if code != self._drawn:
            self._clear(code)
        allowed = self.may("admin")
        self.roles, self.revokes = {}, {}
        for member in self.members:
            if member.user not in self._rows:
                # The browser recreates everything after a new cell, so rows come last.
                self._rows[member.user] = drawn = self._row(member.user)
                self.table.children = (*self.table.children, *drawn.cells)
            self._update(self._rows[member.user], member, allowed=allowed)
        for user, gone in self._rows.items():
            for cell in gone.cells:
                set_visible(cell, any(member.user == user for member in self.members))
        set_visible(self.form, allowed)
        self.empty.value = ui.empty(self._describe_access(allowed=allowed))

    def _clear(self, code: str) -> None:
        old, self.table.children = self.table.children, ()
        for cell in old:
            cell.close()
        self.roles, self.revokes, self._rows, self._drawn = {}, {}, {}, code

    def _describe_access(self, *, allowed: bool) -> str:
        if self.session is None:
            return "Select a session to see its members."
        if allowed:
            return "write includes read; admin includes all three. A change takes effect at once."
        if self.session.state != "active":
            return f"The session is {self.session.state}, so its roles can't be changed."
        return f"{_NEEDS}; you hold {format_roles(self.session.roles)}."

    def _row(self, user: str) -> _Row:
        revoke = button("Revoke", "user-times", lambda: self._revoke(user))
        toggles = {role: self._toggle(user, role) for role in ROLES}
        return _Row(ipywidgets.HTML(), toggles, ipywidgets.HTML("owner"), revoke)

    def _toggle(self, user: str, role: str) -> Any:
        toggle = ipywidgets.ToggleButton(description=role, layout={"width": "auto"})
        toggle.add_class(ui.ROLE)
        toggle.observe(lambda change: self._toggled(user, role, granted=change["new"]), "value")
        return toggle

    def _update(self, drawn: _Row, member: schemas.Member, *, allowed: bool) -> None:
        drawn.name.value = _name(member)
        changes = allowed and not member.owner
        for role, toggle in drawn.toggles.items():
            held = role in member.roles
            does = f"{'Take' if held else 'Give'} the role {role} {'from' if held else 'to'}"
            toggle.disabled = not changes or self._implied(member, role)
            toggle.tooltip = f"{does} {member.user}" if allowed else _NEEDS
            self._updating = True  # the change does not come from a click
            try:
                toggle.value = held
            finally:
                self._updating = False
        self.roles[member.user] = drawn.toggles
        drawn.revoke.disabled = not allowed
        drawn.revoke.tooltip = f"Revoke all roles of {member.user}" if allowed else _NEEDS
        set_visible(drawn.owner, member.owner)
        set_visible(drawn.revoke, not member.owner)
        if not member.owner:
            self.revokes[member.user] = drawn.revoke

    def _implied(self, member: schemas.Member, role: str) -> bool:
        """Tell whether a role is implied by another, so that it can't be removed separately."""
        others = roles.expand(_held(each for each in _changeable(member.roles) if each != role))
        return role in others.names

    def _toggled(self, user: str, role: str, *, granted: bool) -> None:
        if self._updating:
            return
        wanted = [each for each in _changeable(self._now(user)) if each != role]
        if granted:
            wanted.append(role)
        try:
            with self.show_errors():
                if not wanted:
                    raise errors.BadRequest(
                        f"{user} would not have any role left.",
                        hint="Press Revoke to remove them from the session.",
                    )
                self.grant(user, *wanted)
                self.show_notice(f"{user} holds {format_roles(self._now(user))}.")
        finally:
            self._draw()  # reset a toggle whose change was refused

    def _now(self, user: str) -> list[schemas.RoleName]:
        return next((each.roles for each in self.members if each.user == user), [])

    def _revoke(self, user: str) -> None:
        with self.show_errors():
            self.revoke(user)
            self.show_notice(f"{user} is no longer a member.")

    def _add(self) -> None:
        with self.show_errors():
            user = self.user_field.value.strip()
            self.grant(user, self.role_field.value)
            self.user_field.value = ""
            self.show_notice(f"{user} holds {format_roles(self._now(user))}.")


def _held(names: Any) -> roles.Roles:
    held = roles.Roles.NONE
    for name in names:
        held |= roles.Roles[name.upper()]
    return held


def _changeable(names: Sequence[str]) -> list[str]:
    return simplify_roles(name for name in names if name in ROLES)


def _name(member: schemas.Member) -> str:
    full = member.display_name if member.display_name != member.user else ""
    marks = [full, "group" if member.group else "", "guest" if member.guest else ""]
    about = " · ".join(mark for mark in marks if mark)
    more = f'<div style="opacity:.72;font-size:.92em">{escape(about)}</div>' if about else ""
    return f'<div style="line-height:1.3"><b>{escape(member.user)}</b>{more}</div>'
