"""Tab completion for ``%session``: commands, options, session codes, members and paths."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from IPython.core.completer import SimpleCompletion, context_matcher

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.cli.table import BY_NAME, CommandGroup
from jupyter_sessions.formatting import format_roles

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from jupyter_sessions.notebook.frontend import Notebook

#: The completions, each with its description.
Offers = Iterable[tuple[str, str]]

_LINE = re.compile(r"\s*%(?P<cell>%?)session[ \t]+(?P<words>.*)")
_PATIENCE = 0.4  # seconds that a completion may take
_FRESH = 10.0  # seconds for which an answer is cached

_ARGUMENTS = {
    "resume": "sessions",
    "exists": "sessions",
    "grant": "grantees",
    "revoke": "members",
    "transfer": "members",
    "get": "files",
    "files": "files",
    "unpublish": "files",
    "view": "commands",
    "request": "commands",
    "response": "commands",
    "replay": "commands",
    "load": "commands",
    "forget": "commands",
    "group": "groups",
    "switch": "logins",
}
_OPTIONS = {
    "-S": "sessions",
    "--session": "sessions",
    "--user": "members",
    "-g": "groups",
    "--group": "groups",
    "--owner": "users",
    "--sudo": "users",
}


_HELP = ("--help", "Show help for the command.")


class _Answer:
    """A cached answer of the server, refreshed in the background when it is old."""

    def __init__(self, ask: Callable[[], list[tuple[str, str]]]) -> None:
        self._ask = ask
        self._known: list[tuple[str, str]] = []
        self._refreshed = float("-inf")
        self._thread: threading.Thread | None = None

    def get(self) -> list[tuple[str, str]]:
        """Return the newest answer that arrives in time, or the previous one."""
        if self._thread is None or not self._thread.is_alive():
            if time.monotonic() < self._refreshed + _FRESH:
                return self._known
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._thread.join(_PATIENCE)
        return self._known

    def _run(self) -> None:
        try:
            self._known = self._ask()
        except errors.SessionsError:
            self._known = []
        self._refreshed = time.monotonic()


class Completion:
    """Completes the lines of one shell.

    Parameters
    ----------
    frontend
        The notebook's front end: its attachment determines the session.
    """

    def __init__(self, frontend: Notebook) -> None:
        self._frontend = frontend
        self._group = CommandGroup(all_commands=False)
        self.matcher = context_matcher(identifier="jupyter_sessions")(
            lambda context: self.complete(context)
        )
        self._answers = {
            "sessions": _Answer(self._sessions),
            "members": _Answer(self._members),
            "users": _Answer(self._users),
            "grantees": _Answer(self._grantees),
            "files": _Answer(self._files),
            "commands": _Answer(self._commands),
            "groups": _Answer(self._groups),
            "logins": _Answer(_logins),
        }

    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete a line, as an IPython matcher."""
        line = context.line_with_cursor[: context.cursor_position]
        found = _LINE.fullmatch(line)
        if found is None:
            return {"completions": []}
        *before, fragment = re.split(r"[ \t]+", found["words"])
        if found["cell"]:
            offers: Offers = [] if before else [("off", "do not record this cell")]
        else:
            # Without any completion, IPython would offer Python names.
            offers = self._offers(before, fragment) or [_HELP]
        return {
            "completions": [
                SimpleCompletion(text=text, type=beside or "session")
                for text, beside in offers
                if text.startswith(fragment)
            ],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    def _offers(self, before: list[str], fragment: str) -> Offers:
        if not before:
            return [*self._names(), ("--help", "all commands")]
        command = self._group.get_command(click.Context(self._group), before[0])
        words = before[1:]
        if isinstance(command, click.Group):
            if not words:
                return [(name, "") for name in command.commands]
            command, words = command.commands.get(words[0]), words[1:]
        if command is None:
            return []
        option = words[-1] if words else ""
        if option in _OPTIONS:
            return self._answers[_OPTIONS[option]].get()
        if fragment.startswith("-"):
            return _options(command)
        choices = _choices(command, option)
        if choices is not None:
            return [(choice, "") for choice in choices]
        if before[0] == "publish":
            return [*self._variables(), *_paths(fragment)]
        kind = _ARGUMENTS.get(before[0])
        if before[0] == "groups":
            kind = "users" if any(not word.startswith("-") for word in words) else "groups"
        if kind == "grantees" and ":" in fragment:
            return _with_roles(fragment)
        return self._answers[kind].get() if kind is not None else []

    def _names(self) -> Offers:
        return [
            (name, BY_NAME[name].summary)
            for name in self._group.list_commands(click.Context(self._group))
        ]

    def _variables(self) -> Offers:
        hidden = self._frontend.shell.user_ns_hidden
        return [
            (name, type(value).__name__)
            for name, value in sorted(self._frontend.shell.user_ns.items())
            if not name.startswith("_") and name not in hidden and not isinstance(value, ModuleType)
        ]

    # ---- what is asked of the server

    def _sessions(self) -> list[tuple[str, str]]:
        from jupyter_sessions.client.transports.resolve import transport

        asked = transport()
        try:
            page = asked.call(api.LIST_SESSIONS, schemas.ListSessions(limit=50))
        finally:
            asked.close()
        return [(each.code, each.label) for each in page.items]

    def _members(self) -> list[tuple[str, str]]:
        current = self._frontend.current()
        if current is None:
            return []
        named = schemas.SessionNamed(code=current.code)
        answer = current.transport.call(api.LIST_MEMBERS, named)
        return [(each.user, format_roles(each.roles)) for each in answer.members]

    def _groups(self) -> list[tuple[str, str]]:
        from jupyter_sessions.client.transports.resolve import transport

        asked = transport()
        try:
            page = asked.call(api.LIST_GROUPS, schemas.ListGroups(limit=200))
        finally:
            asked.close()
        return [(each.name, each.description) for each in page.items]

    def _users(self) -> list[tuple[str, str]]:
        """Return the members and, for users who may see them, accounts."""
        found = dict(self._members())
        current = self._frontend.current()
        if current is not None:
            try:
                page = current.transport.call(api.LIST_ACCOUNTS, schemas.ListAccounts(limit=200))
            except errors.Forbidden:
                return list(found.items())
            found |= {each.name: "account" for each in page.items if each.name not in found}
        return list(found.items())

    def _grantees(self) -> list[tuple[str, str]]:
        """Return users, and groups in the form of a grant."""
        found = dict(self._users())
        found |= {f"@{name}": "group" for name, _ in self._groups() if f"@{name}" not in found}
        return list(found.items())

    def _files(self) -> list[tuple[str, str]]:
        current = self._frontend.current()
        if current is None:
            return []
        request = schemas.ListFiles(code=current.code, deep=True, limit=200)
        page = current.transport.call(api.LIST_FILES, request)
        return [(each.path, each.media_type) for each in page.items]

    def _commands(self) -> list[tuple[str, str]]:
        current = self._frontend.current()
        if current is None:
            return []
        request = schemas.ListCommands(code=current.code, limit=50)
        page = current.transport.call(api.LIST_COMMANDS, request)
        return [(f"{each.number}", each.source.partition("\n")[0]) for each in page.items]


def _logins() -> list[tuple[str, str]]:
    from jupyter_sessions.client import logins

    return [(login.id, f"{login.who} at {login.server}") for login in logins.stored()]


def _paths(fragment: str) -> Offers:
    start = fragment[: fragment.rfind("/") + 1]
    try:
        return [
            (f"{start}{path.name}/", "folder") if path.is_dir() else (f"{start}{path.name}", "file")
            for path in sorted(Path(start).iterdir())
        ]
    except OSError:
        return []


def _with_roles(fragment: str) -> Offers:
    """Offer the roles that may follow in ``USER:ROLE|ROLE``."""
    given = re.split(r"[:|+]", fragment)[1:]
    start = fragment.removesuffix(given[-1])
    return [(f"{start}{name}", "role") for name in roles.GRANTABLE if name not in given[:-1]]


def _options(command: click.Command) -> Offers:
    return [
        (name, param.help or "")
        for param in command.params
        if isinstance(param, click.Option)
        for name in param.opts
        if name.startswith("--")
    ] + [_HELP]


def _choices(command: click.Command, option: str) -> Iterable[Any] | None:
    """Return the values of the preceding option, or of the first argument."""
    for param in command.params:
        if isinstance(param.type, click.Choice) and (
            option in param.opts or (isinstance(param, click.Argument) and not option)
        ):
            return param.type.choices
    return None
