"""Who is in a session: members, invitations, who is connected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.client.handles.handle import Handle
from jupyter_sessions.client.transports.paging import every


class People(Handle):
    """Members, invitations and who is connected."""

    def members(self) -> list[schemas.Member]:
        """List the members and their roles, the owner first."""
        return self._do(api.LIST_MEMBERS).members

    def grant(self, users: str | Iterable[str], *role: str) -> schemas.Members:
        """Give users, or groups as ``@group``, roles in place of those they hold.

        Parameters
        ----------
        users
            One name, or several: all of them get the roles, or none does.
        role
            ``read``, ``write``, ``execute``, ``admin``, or their letters; without any it is
            ``read``.
        """
        names = [users] if isinstance(users, str) else list(users)
        wanted = roles.parse("|".join(role)) if role else []
        grants = [schemas.Grant(user=name, roles=wanted) for name in names]
        return self._do(api.GRANT_ROLES, grants=grants)

    def revoke(self, *users: str) -> schemas.Members:
        """Take all roles from users: from all of them, or from none."""
        return self._do(api.REVOKE_ROLES, users=list(users))

    def invite(
        self, *role: str, uses: int = 1, expires: int | None = None, name: str = ""
    ) -> schemas.NewInvitation:
        """Make an invitation, whose key lets its holders join; `expires` is in minutes."""
        wanted = roles.parse("|".join(role)) if role else []
        return self._do(api.INVITE, roles=wanted, uses=uses, expires=expires, name=name)

    def invitations(self) -> Iterator[schemas.Invitation]:
        """Yield the invitations, the newest first."""
        return every(self._transport, api.LIST_INVITATIONS, code=self.code)

    def uninvite(self, invitation: int) -> schemas.Invitation:
        """End an invitation, named by its `id`."""
        return self._do(api.UNINVITE, id=invitation)

    def who(self) -> list[schemas.Presence]:
        """List who is connected to it."""
        return self._do(api.LIST_PRESENCE).here
