"""Serve the page of the visitor's own account."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.server.pages.base import Page


class AccountPage(Page):
    """The visitor's account: forms for a new password and for a second factor."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the account."""
        await self._show()

    @allow_unauthenticated
    async def post(self) -> None:
        """Carry out the submitted form."""
        acts = {
            "password": self._change_password,
            "set-up": self._set_up,
            "enable": self._enable,
            "remove": self._remove,
        }
        what = self.get_body_argument("what", "")
        if what not in acts:
            raise errors.BadRequest(
                "The form does not say what to do.", hint="Open the page again."
            )
        try:
            shown = await acts[what]()
        except (errors.NotLoggedIn, errors.InternalError, errors.StoreUnusable):
            raise
        except errors.SessionsError as failure:
            self.set_status(failure.status)
            self.set_error_headers(failure)
            await self._show(failed=what, failure=f"{failure.message} {failure.hint}".strip())
        else:
            await self._show(**shown)

    def _secret(self, name: str) -> str:
        # Spaces are part of a password.
        return self.get_body_argument(name, "", strip=False)

    async def _change_password(self) -> dict[str, Any]:
        new = self._secret("new")
        if new != self._secret("again"):
            raise errors.BadRequest(
                "The two new passwords differ.", hint="Nothing was changed. Try again."
            )
        request = self.ask(
            schemas.ChangePassword,
            current=self._secret("current"),
            password=new,
            code=self._secret("code"),
        )
        return {"ended": (await self.call(api.CHANGE_PASSWORD, request)).ended}

    async def _set_up(self) -> dict[str, Any]:
        request = self.ask(schemas.SetUpSecondFactor, password=self._secret("current"))
        made = await self.call(api.SET_UP_SECOND_FACTOR, request)
        return {"secret": made.secret, "picture": await self.in_thread(_draw, made.uri)}

    async def _enable(self) -> dict[str, Any]:
        request = self.ask(schemas.ConfirmSecondFactor, code=self._secret("code"))
        return {"codes": (await self.call(api.CONFIRM_SECOND_FACTOR, request)).codes}

    async def _remove(self) -> dict[str, Any]:
        request = self.ask(
            schemas.RemoveSecondFactor, password=self._secret("current"), code=self._secret("code")
        )
        await self.call(api.REMOVE_SECOND_FACTOR, request)
        return {"removed": True}

    async def _show(self, **values: Any) -> None:
        factor = None
        me = self.visitor or await self._who()
        if me.via == "key" and not me.guest:
            try:
                factor = await self.call(api.SHOW_SECOND_FACTOR, schemas.Nothing())
            except errors.Forbidden:  # the login is limited to one group, or acts for another
                factor = None
        values = {"failed": "", "failure": "", **values}
        await self.finish_page("account.html", factor=factor, **values)


def _draw(uri: str) -> str:
    """Return a QR code as an image URL."""
    import segno

    return str(segno.make(uri, micro=False).svg_data_uri(scale=4, border=2, light="#fff"))
