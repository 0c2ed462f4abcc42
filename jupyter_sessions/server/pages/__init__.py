"""Web pages: login and joining, the list of sessions, and each session's four tabs."""

from __future__ import annotations

from typing import Any

from jupyter_sessions.server.pages.static import FOLDER, StaticHandler

# No command has a longer number, and Python refuses to read numbers of some thousand digits.
_NUMBER = r"([0-9]{1,18})"
_SESSION = r"/sessions/([^/]+)/experiment"


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
        (r"/sessions/?", sessions.SessionsPage),
        (r"/sessions/login", login.LoginPage),
        (r"/sessions/logout", login.LogoutPage),
        (r"/sessions/account", account.AccountPage),
        (r"/sessions/enter", login.EntryPage),
        (r"/sessions/join", join.JoinPage),
        (rf"{_SESSION}/?", history.HistoryPage),
        (rf"{_SESSION}/commands/{_NUMBER}", history.CommandPage),
        (rf"{_SESSION}/commands/{_NUMBER}/outputs/{_NUMBER}", history.OutputRedirect),
        (rf"{_SESSION}/json/(request|response)/{_NUMBER}\.json", history.CommandJson),
        (rf"{_SESSION}/files(?:/(.*))?", files.WebSpacePage),
        (rf"{_SESSION}/raw/(.+)", files.RawRedirect),
        (rf"{_SESSION}/preview/(.+)", files.PreviewRedirect),
        (rf"{_SESSION}/members", sessions.MembersPage),
        (rf"{_SESSION}/activity", activity.ActivityPage),
        (r"/sessions/([0-9]+|default)/?", sessions.SessionRedirect),
        (r"/sessions/.*", base.MissingPage),
    ]
    static = (r"/sessions/static/[0-9a-f]{16}/(.*)", StaticHandler, {"path": str(FOLDER)})
    return [static, *((pattern, handler, {}) for pattern, handler in routes)]
