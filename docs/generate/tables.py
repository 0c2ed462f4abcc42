"""The pages that are one table each: roles, errors, events, configuration."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from docs.generate.markdown import anchor, table
from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.cli.commands import login
from jupyter_sessions.client import logins
from jupyter_sessions.notebook import attachment
from jupyter_sessions.paths import BLOBS_VARIABLE, DATABASE_VARIABLE
from jupyter_sessions.server.app import ServedSessions
from jupyter_sessions.server.extension import SessionsExtension

#: What the environment can say, by variable.
ENVIRONMENT = {
    logins.SERVER_VARIABLE: "The server that commands go to. A Jupyter server sets it for its "
    "kernels if it has the extension and a store other than the user's own.",
    login.PASSWORD_VARIABLE: "The password for `login` where you can't be asked for it.",
    attachment.LIMIT_VARIABLE: "How many bytes of a command's outputs a kernel with this "
    "variable records. The rest is cut, with a note. By default 268435456.",
    DATABASE_VARIABLE: "The database of your own store, as an SQLAlchemy URL. Set it to the same "
    "value for the server and for an administrator's shell.",
    BLOBS_VARIABLE: "Where the blobs of your own store are kept.",
    logins.FOLDER_VARIABLE: "The folder of stored logins; by default one in Jupyter's data folder.",
    logins.USER_FOLDER_VARIABLE: "A folder with a subfolder `logins` for the stored logins, unless "
    f"`{logins.FOLDER_VARIABLE}` names another.",
    logins.LOGIN_VARIABLE: "The id of the stored login that is current in this shell or kernel, "
    "and in all that it starts.",
    logins.KEYRING_VARIABLE: "Set it to `yes` to keep the keys of new logins in your system's "
    'keyring (`pip install "jupyter_sessions[keyring]"`).',
}


def roles_page() -> Iterator[str]:
    """Show which role may do which operation."""
    yield "\n# Roles and operations\n"
    yield "A member holds any of read, write, execute and admin. Write implies read; admin implies"
    yield "all three; execute implies neither. *Own* means only what you did yourself. If you have"
    yield "no role in a session, you get the same 404 as for a code that does not exist.\n"
    held = [roles.expand(role) for role in roles.Roles if role is not roles.Roles.OWNER]
    columns = [*held, roles.ALL]
    names = [*(role.name.lower() for role in roles.Roles if role.name)]
    inside = [operation for operation in api.OPERATIONS.values() if operation.in_session]
    yield from table(
        ("operation", *names, "in a session that is"),
        (
            (
                f"[{operation.name}](operations.md#{anchor(operation.name)})",
                *(_may(operation, column) for column in columns),
                ", ".join(sorted(operation.states)),
            )
            for operation in inside
        ),
    )
    yield "Only its owner can reach a disabled session, whatever the table says.\n"
    yield "## Outside sessions\n"
    outside = [operation for operation in api.OPERATIONS.values() if not operation.in_session]
    yield from table(
        ("operation", "needs"),
        (
            (f"[{each.name}](operations.md#{anchor(each.name)})", each.needs.value)
            for each in outside
        ),
    )


def _may(operation: api.Operation[Any, Any], held: roles.Roles) -> str:
    if operation.needs.role is not None and operation.needs.role in held:
        return "yes"
    if (
        operation.author_needs is not None
        and operation.author_needs.role is not None
        and operation.author_needs.role in held
    ):
        return "own"
    return ""


def errors_page() -> Iterator[str]:
    """List every failure."""
    yield "\n# Errors and exit codes\n"
    yield "Over HTTP, an error is `{code, message, hint}` with a status. In Python, it is an"
    yield "exception of `jupyter_sessions.errors`. In a shell, a command prints the message and the"
    yield "hint on stderr (with `--json`, the same JSON) and ends with the exit code. `exists`"
    yield "exits with 1 if there is no such session. Ctrl-C ends a command with 130.\n"
    every = sorted(errors.list_error_classes(), key=lambda each: (each.exit_code, each.code))
    yield from table(
        ("exit code", "HTTP status", "code", "exception", "meaning"),
        (
            (
                str(each.exit_code),
                str(each.status),
                f"`{each.code}`",
                f"`{each.__name__}`",
                inspect.cleandoc(each.__doc__ or "").partition("\n\n")[0].replace("``", "`"),
            )
            for each in every
        ),
    )


def events_page() -> Iterator[str]:
    """List the kinds of events."""
    yield "\n# Events\n"
    yield "Every change in a session appends one [event](schemas.md#event) to its log, in the same"
    yield "transaction: who, when, which number. Anyone with the role read lists them"
    yield "([events.list](operations.md#eventslist)) or follows them live"
    yield "([events.follow](operations.md#eventsfollow)). `data` holds no secrets and no content.\n"
    yield from table(
        ("kind", "meaning"), ((f"`{kind}`", said) for kind, said in schemas.EVENT_KINDS.items())
    )


def configuration_page() -> Iterator[str]:
    """Describe what can be configured."""
    yield "\n# Configuration\n"
    yield "## The extension\n"
    yield "Configure `jupyter lab` and `jupyter server` in `jupyter_server_config.py`, and"
    yield "`jupyter sessions serve` in `jupyter_sessions_config.py`. Put the file into a folder"
    yield "that `jupyter --paths` lists under config. Or give an option on the command line:"
    yield "`--SessionsExtension.login_days=1`.\n"
    yield from table(
        ("option of `SessionsExtension`", "default", "meaning"),
        (
            (f"`{name}`", f"`{trait.default_value_repr()}`", trait.help)
            for name, trait in sorted(traits().items())
        ),
    )
    yield "If `database` or `blobs` is empty, the environment names it. Otherwise it is in"
    yield "Jupyter's data folder (`jupyter --data-dir`), in `sessions/`.\n"
    yield "## Options of serve\n"
    yield from table(
        ("option", "same as"),
        [
            *((f"`--{name}`", _flag(name)) for name in sorted(ServedSessions.flags)),
            *((f"`--{name}=…`", f"`{to}`") for name, to in sorted(ServedSessions.aliases.items())),
        ],
    )
    yield "## The environment\n"
    yield from table(("variable", "meaning"), ((f"`{k}`", v) for k, v in ENVIRONMENT.items()))


def traits() -> dict[str, Any]:
    """Return the extension's own configurable traits."""
    return SessionsExtension.class_own_traits(config=True)


def _flag(name: str) -> str:
    return str(ServedSessions.flags[name][1])
