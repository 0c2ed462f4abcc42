"""The members of a session."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, schemas
from jupyter_sessions.server.pages.sessions import SessionPage


class MembersPage(SessionPage):
    """Who has which roles, the owner first."""

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Show the members."""
        session = await self.session(code)
        answer = await self.call(
            api.LIST_MEMBERS, self.ask(schemas.SessionNamed, code=session.code)
        )
        await self.finish_tab("members.html", session, tab="members", members=answer.members)
