"""Serve a session's log as readable sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_sessions import api, schemas
from jupyter_sessions.formatting import format_roles
from jupyter_sessions.server.pages.history import PAGE_SIZE
from jupyter_sessions.server.pages.sessions import SessionPage


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """The description of an event that follows the user's name; `command` and `path` become links.

    `outcome` is how a command ended if it did not succeed.
    """

    words: str
    command: int | None = None
    path: str | None = None
    outcome: str = ""
    detail: str = ""


def sentence(event: schemas.Event) -> Sentence:
    """Describe an event in words; for an unknown kind, show its kind and data."""
    say = _SENTENCES.get(event.kind)
    if say is not None:
        return say(event)
    noun, _, verb = event.kind.partition(".")
    detail = ", ".join(f"{name} {_plain(value)}" for name, value in event.data.items())
    return Sentence(words=f"{noun} {verb}".strip(), detail=detail)


#: The kinds of events that report a command's progress.
_STEPS = frozenset(("command.started", "command.updated"))


def folded(events: list[schemas.Event]) -> list[schemas.Event]:
    """Omit older progress events of commands that have a newer one; events come newest first."""
    told: set[object] = set()
    kept = []
    for each in events:
        of_command = each.kind.startswith("command.")
        number = each.data.get("number") if of_command else None
        if each.kind not in _STEPS or number not in told:
            kept.append(each)
        told.add(number)
    return kept


class ActivityPage(SessionPage):
    """The page of everything that happened in a session, newest first."""

    async def show(self, code: str, rest: str) -> None:  # noqa: ARG002  # nothing
        """Show one page of the log."""
        after = self.get_query_argument("after", "")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else None
        request = self.ask(
            schemas.ListEvents, code=code, order="newest", limit=PAGE_SIZE, after=number
        )
        (page,) = await self.open(code, (api.LIST_EVENTS, request))
        older = page.items[-1].number if page.next and page.items else None
        await self.finish_tab(
            "activity.html",
            tab="activity",
            lines=[(event, sentence(event)) for event in folded(page.items)],
            older=older and self.links.activity(self.session.code, after=older),
            paged=number is not None,
        )


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    return str(value)


def _fixed(words: str) -> Callable[[schemas.Event], Sentence]:
    return lambda _event: Sentence(words=words)


def _about(words: str, *fields: str) -> Callable[[schemas.Event], Sentence]:
    """Return `words`, then the values of those fields that the event has."""

    def describe(event: schemas.Event) -> Sentence:
        values: list[Any] = [
            format_roles(event.data[name], none="") if name == "roles" else event.data[name]
            for name in fields
            if name in event.data
        ]
        return Sentence(words=words, detail=" · ".join(_plain(v) for v in values if v))

    return describe


def _invitation(words: str) -> Callable[[schemas.Event], Sentence]:
    def describe(event: schemas.Event) -> Sentence:
        roles = event.data.get("roles", [])
        detail = " · ".join(
            filter(None, [event.data.get("name", ""), format_roles(roles, none="")])
        )
        return Sentence(words=f"{words} invitation {event.data.get('id')}", detail=detail)

    return describe


def _command(words: str) -> Callable[[schemas.Event], Sentence]:
    def describe(event: schemas.Event) -> Sentence:
        number = event.command.number if event.command else event.data.get("number")
        source = event.command.source.strip() if event.command else ""
        first = source.splitlines()[0] if source else ""
        status = event.command.status if event.command else ""
        outcome = _OUTCOMES.get(status, "") if event.kind == "command.recorded" else ""
        return Sentence(words=words, command=number, outcome=outcome, detail=first[:120])

    return describe


def _file(words: str) -> Callable[[schemas.Event], Sentence]:
    return lambda event: Sentence(words=words, path=str(event.data.get("path", "")))


_OUTCOMES = {"error": "failed", "aborted": "aborted"}
_DESCRIBED = ("label", "message", "agent")
_SENTENCES: dict[str, Callable[[schemas.Event], Sentence]] = {
    "session.created": _about("created the session", "group", "roles"),
    "session.described": _about("described the session", *_DESCRIBED),
    "session.timed": _about("changed the time-outs"),
    "session.disabled": _fixed("disabled the session"),
    "session.enabled": _fixed("enabled the session"),
    "session.closed": _fixed("closed the session"),
    "session.removed": _fixed("removed the session"),
    "session.restored": _fixed("restored the session"),
    "session.transferred": _about("transferred the session to", "user"),
    "session.resumed": _about("resumed the session", "agent"),
    "member.granted": _about("granted roles to", "user", "roles"),
    "member.revoked": _about("revoked all roles of", "user"),
    "member.joined": _about("joined by an invitation", "roles"),
    "member.left": _about("ended the stay of", "user"),
    "invitation.created": _invitation("made"),
    "invitation.revoked": _invitation("withdrew"),
    "command.started": _command("started"),
    "command.recorded": _command("ran"),
    "command.updated": _command("got later outputs of"),
    "command.forgotten": _command("erased the content of"),
    "file.published": _file("published"),
    "file.unpublished": _file("unpublished"),
    "scratch.set": _about("set the scratch value", "name"),
    "scratch.deleted": _about("deleted the scratch value", "name"),
}
