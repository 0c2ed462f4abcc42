"""Translate Ophidia's statements, ``key=value;key=value;``, to our commands.

Users of Ophidia paste what its manual shows: OPH_MANAGE_SESSION and OPH_RESUME with their
arguments, and values joined by ``|`` where the manual has several. Arguments that all of Ophidia's
operators take, and that mean nothing here, are ignored.
"""

from __future__ import annotations

import re

from jupyter_sessions.errors import BadRequest

_EVERYWHERE = {
    "cdd", "cube", "cwd", "exec_mode", "host_partition", "hostpartition", "ncores", "nhost",
    "nthreads", "objkey_filter", "schedule", "sessionid",
}  # fmt: skip
_MANAGE = {"action", "session", "key", "value", "save", "label_filter", "user_filter", "exec_mode"}
_RESUME = {
    "session", "id", "id_type", "document_type", "level", "user", "status_filter", "save",
    "execute", "checkpoint",
}  # fmt: skip
_STATUSES = {
    "running": "running",
    "completed": "completed",
    "error": "error",
    "aborted": "aborted",
    "skipped": "aborted",
}
# Our commands never wait, so requests to list waiting ones find none.
_NEVER = {"pending", "waiting", "unselected"}
_WORDS = {"user", "active", "autoremove", "label"}
_FIRST_NAME = re.compile(r"\s*(?:oph_[a-z_]+)\s+(?=\w+\s*=)", re.IGNORECASE)
_PAGE = "20"
_JSON_LEVEL = 3


def parse(statement: str, known: set[str]) -> dict[str, str]:
    """Parse ``key=value;`` pairs.

    Raises
    ------
    BadRequest
        When a part is not a pair, names an unknown argument, or repeats one.
    """
    found: dict[str, str] = {}
    for part in _FIRST_NAME.sub("", statement).split(";"):
        if not part.strip():
            continue
        key, equals, value = part.partition("=")
        key = key.strip().lower()
        if not equals or not key:
            raise BadRequest(
                f"{part.strip()!r} does not have the form argument=value.",
                hint="Write a statement such as action=grant;key=user;value=foo:write|execute;",
            )
        if key not in known | _EVERYWHERE:
            raise BadRequest(
                f"There is no argument {key!r}.",
                hint=f"The valid ones are {', '.join(sorted(known))}.",
            )
        if key in found:
            raise BadRequest(f"The argument {key!r} is given twice.", hint="Leave one out.")
        found[key] = value.strip().strip('"')
    return found


def manage_session(statement: str) -> list[str]:
    """Translate an OPH_MANAGE_SESSION statement to the arguments of ``%session``.

    Raises
    ------
    BadRequest
        When the statement can't be parsed, or has no equivalent.
    """
    given = parse(statement, _MANAGE)
    action = given.get("action", "list").lower()
    key, value = given.get("key", ""), given.get("value", "")
    session = _session(given)
    match action:
        case "list":
            return ["list", *_search(given)]
        case "new":
            return ["new", *([value] if key == "label" and value else [])]
        case "env":
            return ["show", *session]
        case "listusers":
            return ["members", *session]
        case "disable" | "enable":
            return [action, *session]
        case "remove":
            return ["remove", "--yes", *session]
        case "setenv":
            return [*_set(key, value), *session]
        case "grant":
            return ["grant", *session, "--", *_grants(key, value)]
        case "revoke":
            return ["revoke", *session, "--", *_users(value or _user_key(key))]
    raise BadRequest(
        f"There is no action {action!r}.",
        hint="The valid ones are list, new, env, setenv, listusers, grant, revoke, "
        "disable, enable and remove.",
    )


def resume(statement: str) -> list[list[str]]:
    """Translate an OPH_RESUME statement to commands, each as arguments of ``%session``.

    Raises
    ------
    BadRequest
        When the statement can't be parsed, or has no equivalent.
    """
    given = parse(statement, _RESUME)
    session = _session(given)
    number = _number(given, "id")
    commands: list[list[str]] = []
    if session and _yes(given, "save", default=True):
        commands.append(["resume", session[1]])
        session = []
        if set(given) <= {"session", "sessionid", "save"}:
            return commands
    if number:
        commands.append([*_one(given, number), *session])
    else:
        verbose = ["-v"] if _number(given, "level") else []
        filters = [
            part for user in _several(given.get("user", "")) for part in ("--user", user)
        ] + _status_filter(given.get("status_filter", ""))
        commands.append(["history", "-n", _PAGE, *verbose, *filters, *session])
    return commands


def _one(arguments: dict[str, str], number: int) -> list[str]:
    if _yes(arguments, "execute", default=False):
        return ["replay", f"{number}"]
    document = arguments.get("document_type", "response").lower()
    if document not in {"request", "response"}:
        raise BadRequest(
            f"There is no document_type {document!r}.",
            hint="The valid ones are request and response.",
        )
    if document == "request" or _number(arguments, "level") >= _JSON_LEVEL:
        return [document, f"{number}"]
    return ["view", f"{number}"]


def _session(arguments: dict[str, str]) -> list[str]:
    named = arguments.get("session") or arguments.get("sessionid") or "this"
    return [] if named.lower() in {"this", "-", ""} else ["-S", named]


def _search(arguments: dict[str, str]) -> list[str]:
    words = [
        word
        for name in ("label_filter", "user_filter")
        for word in _several(arguments.get(name, ""))
    ]
    return ["--search", " ".join(words)] if words else []


def _several(value: str) -> list[str]:
    return [each.strip() for each in value.split("|") if each.strip() not in {"", "all", "-"}]


def _set(key: str, value: str) -> list[str]:
    match key:
        case "label":
            return ["set", "label", value]
        case "active":
            return ["set", "active", value]
        case "autoremove":
            raise BadRequest(
                "Sessions do not remove themselves here.",
                hint="To close them after a time-out, type %session set idle-timeout 7d",
            )
    raise BadRequest(
        f"There is no key {key!r} to set.", hint="The valid ones are label and active."
    )


def _grants(key: str, value: str) -> list[str]:
    """Parse ``u1:role|role,u2``, or the user in `key` and only the roles in `value`."""
    user = _user_key(key)
    if user:
        return [f"{user}:{value}" if value else user]
    if not value:
        raise BadRequest("You did not name a user.", hint="Write value=foo:write|execute;")
    return [each.strip() for each in value.split(",") if each.strip()]


def _user_key(key: str) -> str:
    return "" if key.lower() in _WORDS else key


def _users(value: str) -> list[str]:
    users = [each.strip() for each in re.split(r"[,|]", value) if each.strip()]
    if not users:
        raise BadRequest("You did not name a user.", hint="Write value=foo,bar;")
    return users


def _status_filter(value: str) -> list[str]:
    chosen = {each.lower() for each in _several(value)}
    unknown = chosen - set(_STATUSES) - _NEVER
    if unknown:
        raise BadRequest(
            f"There is no status {', '.join(sorted(unknown))}.",
            hint=f"The valid ones are {', '.join(_STATUSES)}.",
        )
    if chosen and not chosen - _NEVER:
        raise BadRequest(
            f"No command ever has the status {' or '.join(sorted(chosen))}.",
            hint=f"The valid ones are {', '.join(sorted(set(_STATUSES.values())))}.",
        )
    return [
        part
        for status in sorted({_STATUSES[each] for each in chosen - _NEVER})
        for part in ("--status", status)
    ]


def _number(arguments: dict[str, str], argument: str) -> int:
    value = arguments.get(argument, "0") or "0"
    if not re.fullmatch(r"\d{1,15}", value):
        raise BadRequest(f"{argument}={value} is not a number.", hint=f"Write {argument}=3;")
    return int(value)


def _yes(arguments: dict[str, str], argument: str, *, default: bool) -> bool:
    value = arguments.get(argument, "").lower()
    if value not in {"", "yes", "no"}:
        raise BadRequest(
            f"{argument} must be yes or no, not {value!r}.", hint=f"Write {argument}=yes;"
        )
    return default if not value else value == "yes"
