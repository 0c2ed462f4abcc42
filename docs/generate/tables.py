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
    logins.SERVER_VARIABLE: "The server that commands go to. A Jupyter server with the "
    "extension whose store is not the user's own sets it for its kernels.",
    login.PASSWORD_VARIABLE: "The password for `login`, where nobody can be asked.",
    attachment.LIMIT_VARIABLE: "How many bytes of outputs are kept of one command that a kernel "
    "with this variable records; past them they are cut, with a note. By default 268435456.",
    DATABASE_VARIABLE: "The database of the own store, as an SQLAlchemy URL. An administrator's "
    "shell and the server name the same store by it.",
    BLOBS_VARIABLE: "Where the blobs of the own store are kept.",
    logins.FOLDER_VARIABLE: "The folder of stored logins; by default one in Jupyter's data folder.",
    logins.USER_FOLDER_VARIABLE: "A folder whose `logins` is the folder of stored logins, where "
    f"`{logins.FOLDER_VARIABLE}` names none.",
    logins.LOGIN_VARIABLE: "The id of the stored login that is current in this shell or kernel, "
    "and in all that it starts.",
    logins.KEYRING_VARIABLE: "Set to `yes`, it has the keys of new logins kept in the user's "
    'keyring (`pip install "jupyter_sessions[keyring]"`).',
}


def roles_page() -> Iterator[str]:
    """Show which role may do which operation."""
    yield "\n# Roles and operations\n"
    yield "A member holds any of read, write, execute and admin. Write implies read; admin implies"
    yield "all three; execute alone implies neither. *Own* means what one did oneself. To one"
    yield "without any role a session does not exist: the same 404 as for a code never given out.\n"
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
    yield "A disabled session is its owner's alone, whatever it says above.\n"
    yield "## Outside of sessions\n"
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
    yield "Over HTTP an error is `{code, message, hint}` with a status; in Python it is the"
    yield "exception of `jupyter_sessions.errors`; a shell's command prints message and hint on"
    yield "stderr (with `--json` the same JSON) and ends with the exit code. `exists` ends with 1"
    yield "where there is none; Ctrl-C ends a command with 130.\n"
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
    yield "For `jupyter lab` and `jupyter server` in `jupyter_server_config.py`, for"
    yield "`jupyter sessions serve` in `jupyter_sessions_config.py`, both in a folder that"
    yield "`jupyter --paths` lists under config; or on the command line:"
    yield "`--SessionsExtension.login_days=1`.\n"
    yield from table(
        ("option of `SessionsExtension`", "default", "meaning"),
        (
            (f"`{name}`", f"`{trait.default_value_repr()}`", trait.help)
            for name, trait in sorted(traits().items())
        ),
    )
    yield "Where `database` and `blobs` are empty, the environment names them, else they are in"
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
