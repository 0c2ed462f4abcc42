"""The visitor's own account."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, model
from jupyter_sessions.server.pages.page import Page


class AccountPage(Page):
    """The visitor's account: a form for another password."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the account."""
        await self._show()

    @allow_unauthenticated
    async def post(self) -> None:
        """Change the password."""
        # A password's spaces are its own.
        current, new, again = (
            self.get_body_argument(name, "", strip=False) for name in ("current", "new", "again")
        )
        try:
            if new != again:
                raise errors.BadRequest(
                    "The two new passwords differ.", hint="Nothing is changed; try again."
                )
            request = self.ask(model.ChangePassword, current=current, password=new)
            changed = await self.call(api.CHANGE_PASSWORD, request)
        except (errors.NotSignedIn, errors.InternalError, errors.StoreUnusable):
            raise
        except errors.SessionsError as failure:
            self.set_status(failure.status)
            await self._show(failure=f"{failure.message} {failure.hint}".strip())
        else:
            await self._show(ended=changed.ended)

    async def _show(self, *, failure: str = "", ended: int | None = None) -> None:
        await self.finish_page("account.html", failure=failure, ended=ended)
