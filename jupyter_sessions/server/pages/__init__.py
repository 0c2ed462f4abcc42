"""Web pages: login and joining, the list of sessions, and each session's four tabs."""

from __future__ import annotations

from typing import Any

from jupyter_sessions.server.pages.static import FOLDER, StaticHandler
from jupyter_sessions.urls import JOIN_PAGE, ROOT, SESSION_ROUTE

# No command has a longer number, and Python refuses to read numbers of some thousand digits.
_NUMBER = r"([0-9]{1,18})"


def page_routes() -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes of all pages below the base URL as pattern, handler and arguments.

    They follow the routes of the API and of the capability URLs: the last one answers every other
    address below ``/sessions``.
    """
    from jupyter_sessions.server.pages import (
        account,
        activity,
        base,
        files,
        history,
        join,
        login,
        sessions,
    )

    routes: list[tuple[str, type]] = [
        (f"{ROOT}?", sessions.SessionsPage),
        (f"{ROOT}login", login.LoginPage),
        (f"{ROOT}logout", login.LogoutPage),
        (f"{ROOT}account", account.AccountPage),
        (f"{ROOT}enter", login.EntryPage),
        (JOIN_PAGE, join.JoinPage),
        (rf"{SESSION_ROUTE}/?", history.HistoryPage),
        (rf"{SESSION_ROUTE}/commands/{_NUMBER}", history.CommandPage),
        (rf"{SESSION_ROUTE}/commands/{_NUMBER}/outputs/{_NUMBER}", history.OutputRedirect),
        (rf"{SESSION_ROUTE}/json/(request|response)/{_NUMBER}\.json", history.CommandJson),
        (rf"{SESSION_ROUTE}/files(?:/(.*))?", files.WebSpacePage),
        (rf"{SESSION_ROUTE}/raw/(.+)", files.RawRedirect),
        (rf"{SESSION_ROUTE}/preview/(.+)", files.PreviewRedirect),
        (rf"{SESSION_ROUTE}/members", sessions.MembersPage),
        (rf"{SESSION_ROUTE}/activity", activity.ActivityPage),
        (f"{ROOT}([0-9]+|default)/?", sessions.SessionRedirect),
        (f"{ROOT}.*", base.MissingPage),
    ]
    static = (f"{ROOT}static/[0-9a-f]{{16}}/(.*)", StaticHandler, {"path": str(FOLDER)})
    return [static, *((pattern, handler, {}) for pattern, handler in routes)]
