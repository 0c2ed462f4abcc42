"""Whose a command is that was recorded for several people: its runner's, or nobody's."""

from __future__ import annotations

from typing import Any

from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.context import Context, Principal
from jupyter_sessions.errors import Conflict, NoSuchSession
from jupyter_sessions.roles import Roles


class Runners:
    """Tells the users of the commands that a principal records.

    Nobody is taken at their word about others: a command goes to the one named as its runner only
    if the principal vouches for it (the Jupyter server that has seen who sent the request), and
    only if that user may write in the session. It is recorded in any other case too, and its user
    is unknown; never is it the principal's, who has not run it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._numbers: dict[str | None, int] = {}

    def number(self, runner: str | None) -> int:
        """Return the number of the user to whom a command goes."""
        if runner not in self._numbers:
            self._numbers[runner] = self._find(runner)
        return self._numbers[runner]

    def check_own(self, command: Any) -> None:
        """See that a command recorded before may be completed by the principal.

        Raises
        ------
        Conflict
            When it is another user's.
        """
        principal = self._context.principal
        if command.user_id == principal.user_id or principal.vouches:
            return
        if command.user_id != users.unknown(self._context.connection, self._context.now):
            raise Conflict(
                f"Command {command.number} was recorded under this id by someone else.",
                hint="An id stands for one command of one user; use new ones.",
            )

    def _find(self, runner: str | None) -> int:
        context, principal = self._context, self._context.principal
        if runner is not None and normalize.fold(runner) == normalize.fold(principal.name):
            return principal.user_id
        row = users.find(context.connection, runner) if runner and principal.vouches else None
        if row is not None and not row.disabled and self._may_write(row):
            return int(row.id)
        return users.unknown(context.connection, context.now)

    def _may_write(self, row: Any) -> bool:
        as_runner = Principal(user_id=row.id, name=row.name, via="identity")
        try:
            session = permissions.load(
                self._context.connection,
                as_runner,
                self._context.session.code,
                now=self._context.now,
                lock=False,
            )
        except NoSuchSession:
            return False
        return Roles.WRITE in session.roles
