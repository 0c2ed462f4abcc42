"""Ask for proof of identity: the code of a second factor, or the password again."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jupyter_sessions import api, errors, schemas

if TYPE_CHECKING:
    from jupyter_sessions.cli.frontend import Frontend
    from jupyter_sessions.client.transports.base import Transport

T = TypeVar("T")

PASSWORD_VARIABLE = "JUPYTER_SESSIONS_PASSWORD"  # noqa: S105  # the variable's name


def ask_code(frontend: Frontend) -> str:
    """Ask for the code of a second factor."""
    return frontend.ask_password(
        "Code of your second factor, or a recovery code: ",
        otherwise="Pass it with --code, or do this in a terminal or notebook.",
    )


def with_code(frontend: Frontend, code: str, ask: Callable[[str], T]) -> T:
    """Run an action that may need the code of a second factor; ask for it if it is missing."""
    try:
        return ask(code)
    except errors.SecondFactorNeeded:
        if code:
            raise
    return ask(ask_code(frontend))


def confirm_login(
    frontend: Frontend, transport: Transport, needed: errors.ConfirmationNeeded
) -> None:
    """Confirm with the password that the holder of the login is its user."""
    password = os.environ.get(PASSWORD_VARIABLE) or frontend.ask_password(
        f"Password of {transport.user}, to confirm that it is you: ", otherwise=needed.hint
    )

    def confirm(code: str) -> schemas.Login:
        return transport.call(api.CONFIRM_LOGIN, schemas.ConfirmLogin(password=password, code=code))

    with_code(frontend, "", confirm)
