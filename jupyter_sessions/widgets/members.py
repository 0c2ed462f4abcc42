"""The members of a session and their roles, to look at and to change."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets
import traitlets

from jupyter_sessions import api, errors, model, roles
from jupyter_sessions.widgets import look
from jupyter_sessions.widgets.part import Part
from jupyter_sessions.widgets.pieces import button, field, row, shown

ROLES = ("read", "write", "execute", "admin")
_NEEDS = "Changing roles needs the role admin"
_COLUMNS = "minmax(9em, 1fr) repeat(4, minmax(5.6em, max-content)) minmax(6.5em, max-content)"


class MemberTable(Part):
    """The members of a session; who is an admin changes roles with one click each.

    Attributes
    ----------
    members
        The members, as they are now.
    """

    members: traitlets.List[model.Member] = traitlets.List(traitlets.Instance(model.Member))

    def built(self) -> Sequence[ipywidgets.Widget]:
        """Make the widgets."""
        self.table = ipywidgets.GridBox(layout={"grid_template_columns": _COLUMNS})
        self.roles: dict[str, dict[str, ipywidgets.ToggleButton]] = {}
        self.revokes: dict[str, ipywidgets.Button] = {}
        self.empty = ipywidgets.HTML()
        self.user_field = field("User or @group", "14em", at_once=True)
        self.role_field = ipywidgets.Dropdown(options=ROLES, layout={"width": "8em"})
        self.add = button("Add", "user-plus", self._add)
        self.observe(lambda _: self._draw(), "members")
        self.form = row(self.user_field, self.role_field, self.add)
        return (self.table, self.empty, self.form)

    def refresh(self) -> None:
        """Fetch the members anew."""
        if self.session is None:
            self.members = []
        else:
            named = model.SessionNamed(code=self.code)
            self.members = self.call(api.LIST_MEMBERS, named).members
        self._draw()

    def described(self) -> None:
        """Show what one's new roles allow."""
        self._draw()

    def learn(self, events: Sequence[model.Event]) -> None:
        """Take in new members and roles."""
        about = ("member.", "session.transferred")
        if any(event.kind.startswith(about) for event in events):
            self.refresh()

    def grant(self, user: str, *names: str) -> None:
        """Give someone roles, in place of those that they hold.

        Parameters
        ----------
        user
            A user, or ``@group``.
        names
            The roles; none means ``read``.
        """
        grants = [model.Grant(user=user, roles=list(names))]
        request = model.GrantRoles(code=self.code, grants=grants)
        self.members = self.call(api.GRANT_ROLES, request).members

    def revoke(self, user: str) -> None:
        """Take all roles from someone."""
        request = model.RevokeRoles(code=self.code, users=[user])
        self.members = self.call(api.REVOKE_ROLES, request).members

    def text(self) -> str:
        """Name the members and their roles."""
        if self.session is None:
            return "members of no session"
        return ", ".join(f"{each.user}: {'|'.join(each.roles)}" for each in self.members)

    # ---- the table

    def _draw(self) -> None:
        old = self.table.children
        self.roles, self.revokes = {}, {}
        allowed = self.may("admin")
        cells: list[ipywidgets.Widget] = []
        for member in self.members:
            cells += self._row(member, allowed=allowed)
        self.table.children = cells
        for cell in old:
            cell.close()
        shown(self.form, allowed)
        self.empty.value = look.empty(self._said(allowed=allowed))

    def _said(self, *, allowed: bool) -> str:
        if self.session is None:
            return "Pick a session to see its members."
        if allowed:
            return "write includes read; admin includes all three. A change takes effect at once."
        if self.session.state != "active":
            return f"The session is {self.session.state}, so roles stay as they are."
        return f"{_NEEDS}; you hold {', '.join(self.session.roles) or 'none'}."

    def _row(self, member: model.Member, *, allowed: bool) -> list[ipywidgets.Widget]:
        changes = allowed and not member.owner
        toggles = {
            role: self._toggle(member, role, disabled=not changes or self._implied(member, role))
            for role in ROLES
        }
        self.roles[member.user] = toggles
        last: ipywidgets.Widget = ipywidgets.HTML("owner" if member.owner else "")
        if not member.owner:
            last = button("Revoke", "user-times", lambda: self._revoke(member.user))
            last.disabled = not allowed
            last.tooltip = f"Take all roles from {member.user}" if allowed else _NEEDS
            self.revokes[member.user] = last
        return [ipywidgets.HTML(_name(member)), *toggles.values(), last]

    def _implied(self, member: model.Member, role: str) -> bool:
        """Tell whether a role is held because of another, so that it can't be taken by itself."""
        others = roles.expand(_held(each for each in _granted(member.roles) if each != role))
        return role in others.names

    def _toggle(self, member: model.Member, role: str, *, disabled: bool) -> Any:
        held = role in member.roles
        does = f"{'Take' if held else 'Give'} the role {role} {'from' if held else 'to'}"
        toggle = ipywidgets.ToggleButton(
            value=held,
            description=role,
            disabled=disabled,
            tooltip=f"{does} {member.user}" if self.may("admin") else _NEEDS,
            layout={"width": "auto"},
        )
        toggle.add_class(look.ROLE)
        toggle.observe(lambda change: self._toggled(member, role, given=change["new"]), "value")
        return toggle

    def _toggled(self, member: model.Member, role: str, *, given: bool) -> None:
        wanted = [each for each in _granted(member.roles) if each != role]
        if given:
            wanted.append(role)
        try:
            with self.telling():
                if not wanted:
                    raise errors.BadRequest(
                        f"{member.user} would hold no role.",
                        hint="Press Revoke to take them out of the session.",
                    )
                self.grant(member.user, *wanted)
                self.tell(f"{member.user} holds {', '.join(self._now(member.user))}.")
        finally:
            self._draw()  # a toggle that was refused goes back

    def _now(self, user: str) -> list[model.RoleName]:
        return next((each.roles for each in self.members if each.user == user), [])

    def _revoke(self, user: str) -> None:
        with self.telling():
            self.revoke(user)
            self.tell(f"{user} is not a member any more.")

    def _add(self) -> None:
        with self.telling():
            user = self.user_field.value.strip()
            self.grant(user, self.role_field.value)
            self.user_field.value = ""
            self.tell(f"{user} holds {', '.join(self._now(user))}.")


def _held(names: Any) -> roles.Roles:
    held = roles.Roles.NONE
    for name in names:
        held |= roles.Roles[name.upper()]
    return held


def _granted(names: Sequence[str]) -> list[str]:
    """Leave out the roles that others among them imply."""
    kept = [name for name in names if name in ROLES]
    return [
        name
        for name in kept
        if name not in roles.expand(_held(each for each in kept if each != name)).names
    ]


def _name(member: model.Member) -> str:
    full = member.display_name if member.display_name != member.user else ""
    marks = [full, "group" if member.group else "", "guest" if member.guest else ""]
    about = " · ".join(mark for mark in marks if mark)
    more = f'<div style="opacity:.72;font-size:.92em">{escape(about)}</div>' if about else ""
    return f'<div style="line-height:1.3"><b>{escape(member.user)}</b>{more}</div>'
