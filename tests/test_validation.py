"""What is said of a request that is not of its operation's form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_sessions import errors, schemas
from jupyter_sessions.validation import refused

CODE = "1" * 22


def said(kind: type[schemas.Request], **fields: Any) -> errors.SessionsError:
    with pytest.raises(msgspec.ValidationError) as met:
        msgspec.convert(fields, kind)
    return refused(met.value)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (
            schemas.NewAccount,
            {"name": "foo", "password": "short"},
            "A password must have at least 8 characters.",
        ),
        (
            schemas.NewAccount,
            {"name": "", "password": "long enough"},
            "A user name can't be empty.",
        ),
        (schemas.NewSession, {"label": "x" * 10_000}, "A label must have at most 200 characters."),
        (
            schemas.NewSession,
            {"description": "x" * 10_001},
            "A description must have at most 10,000 characters.",
        ),
        (
            schemas.NewSession,
            {"lifetime": 10**10},
            "A lifetime, in minutes, must be at most 5,256,000.",
        ),
        (
            schemas.CommandNamed,
            {"code": "1" * 22, "number": 2**63},
            "A command's number must be at most 9,007,199,254,740,992.",
        ),
        (schemas.RevokeRoles, {"code": CODE, "users": ["foo", ""]}, "A user name can't be empty."),
        (
            schemas.RevokeRoles,
            {"code": CODE, "users": ["foo"] * 201},
            "The field `users` must have at most 200 entries.",
        ),
        (schemas.ListSessions, {"limit": 0}, "The length of a page must be at least 1."),
    ],
)
def test_a_limit_is_told_in_words(
    kind: type[schemas.Request], fields: dict[str, Any], message: str
) -> None:
    told = said(kind, **fields)
    assert isinstance(told, errors.BadRequest)
    assert told.message == message
    assert told.hint == "Nothing was changed. Choose another value."


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (schemas.NewAccount, {"name": "foo"}, "The field `password` is missing."),
        (schemas.NewSession, {"colour": "red"}, "There is no field `colour`."),
        (schemas.NewSession, {"label": 3}, "The field `label` must be text, not a whole number."),
        (schemas.ListSessions, {"which": "his"}, "The field `which` can't be 'his'."),
        (
            schemas.ListCommands,
            {"code": CODE, "since": "soon"},
            "The field `since` must be an instant like 2026-11-20T14:30:00Z.",
        ),
        (
            schemas.GrantRoles,
            {"code": CODE, "grants": [{"user": "foo"}, {"user": "bar", "roles": ["read", 3]}]},
            "Entry 2 must be text, not a whole number, in grants, entry 2, roles.",
        ),
        (
            schemas.RecordCommands,
            {"code": CODE, "commands": [{"id": "a b"}]},
            "The field `id` is too long, or contains characters that are not allowed, "
            "in commands, entry 1.",
        ),
    ],
)
def test_what_a_program_sends_wrongly_is_told_with_its_place(
    kind: type[schemas.Request], fields: dict[str, Any], message: str
) -> None:
    told = said(kind, **fields)
    assert told.message == message
    assert "openapi.json" in told.hint


def test_what_is_no_code_is_no_session() -> None:
    assert isinstance(said(schemas.SessionNamed, code="x"), errors.NoSuchSession)
    # Only where it is the code that is wrong.
    assert not isinstance(said(schemas.ListSessions, which="` - at `$.code`"), errors.NoSuchSession)
