"""`invite`, `join` and `who` as one types them, on one machine and on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_sessions import errors
from tests.cli.conftest import Program
from tests.conftest import PASSWORD, Serve, Served


@pytest.fixture
def server(serve: Serve) -> Served:
    return serve("--SessionsExtension.guests=True")


@pytest.fixture
def move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Go to another machine: another home, with other logins."""

    def to(name: str) -> None:
        for folder in ("DATA", "CONFIG", "RUNTIME"):
            monkeypatch.setenv(f"JUPYTER_{folder}_DIR", str(tmp_path / name / folder.lower()))

    return to


def invited(program: Program, *arguments: str) -> str:
    """Make a session's invitation, and return its key."""
    key: str = program("invite", *arguments, "--json").json["key"]
    return key


def test_an_invitation_is_made_listed_and_taken_back(program: Program) -> None:
    program.good("new", "Weather")
    said = program.good(
        "invite", "write+execute", "--uses", "3", "--expires", "2h", "--name", "lab"
    )
    assert "jinv_" in said
    listed = program.good("invitations")
    assert "lab" in listed
    assert "0 of 3" in listed
    assert "jinv_" not in listed
    number = program("invitations", "--json").json["items"][0]["id"]
    assert "can no longer be used" in program.good("uninvite", str(number))
    assert "revoked" in program.good("invitations")
    cut = program.good("invite", "--expires", "90d")
    assert "the server's limit" in cut


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (("invite", "owner"), errors.BadRole),
        (("invite", "--uses", "0"), errors.BadRequest),
        (("invite", "--expires", "never"), errors.BadRequest),
        (("uninvite", "99"), errors.NotFound),
        (("join", "nonsense"), errors.BadReference),
        (("join", "jinv_" + "x" * 43), errors.InvitationUnusable),
        (("join", "jinv_" + "x" * 43, "--as", "gail"), errors.BadRequest),
        (("join", "jinv_" + "x" * 43, "a.example", "--server", "b.example"), errors.BadRequest),
    ],
)
def test_what_is_typed_wrongly_is_said(
    program: Program, typed: tuple[str, ...], error: type[errors.SessionsError]
) -> None:
    program.good("new", "Weather")
    ran = program(*typed)
    assert ran.code == error.exit_code, ran.err
    assert "xxxxx" not in ran.err, "a key stands in no error"


def test_a_guest_joins_from_elsewhere_by_the_address_alone(
    program: Program, server: Served, move
) -> None:
    program.good("new", "Weather")
    key = invited(program, "write", "--uses", "5")
    move("elsewhere")
    joined = program.good("join", f"{server.url}/sessions/join#{key}", "--as", "gail")
    assert "as the guest guest~gail" in joined
    assert key not in joined
    assert "jses_" not in joined
    assert "Weather" in program.good("show")
    assert "guest~gail (*)" in program.good("who")
    assert program("new", "Another", "--server", server.url).code == errors.Forbidden.exit_code
    taken = program("join", key, server.url, "--as", "gail")
    assert taken.code == errors.Conflict.exit_code
    # The shell's exit ended nothing: the stored login goes on.
    assert "guest~gail" in program.good("members")


def test_who_has_an_account_goes_on_from_another_machine(
    program: Program, server: Served, move, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.good("account", "add", "bar", "--password-stdin", input=f"{PASSWORD}\n")
    program.good("new", "Weather")
    key = invited(program, "write")
    monkeypatch.setenv("JUPYTER_SESSIONS_PASSWORD", PASSWORD)
    address = f"bar@{server.url.removeprefix('http://')}"
    move("laptop")
    program.good("login", address)
    assert "You have joined Weather" in program.good("join", key)
    program.good("scratch", "set", "place", "laptop")
    move("desk")
    program.good("login", address)
    # The invitation is used up; who came by it is a member, and the key still leads there.
    assert "already" in program.good("join", key)
    assert "laptop" in program.good("scratch", "get", "place")
    move("laptop")
    assert "laptop" in program.good("scratch", "get", "place")
    told = program("who", "--json").json["here"]
    assert [(one["user"], one["mine"]) for one in told] == [("bar", True)] * 2


def test_without_a_login_and_without_guests_nobody_comes_in(
    program: Program, serve: Serve, move
) -> None:
    server = serve()
    program.good("new", "Weather")
    key = invited(program)
    move("elsewhere")
    ran = program("join", key, server.url)
    assert ran.code == errors.Forbidden.exit_code
    assert "Log in" in ran.err
    nowhere = program("join", key)
    assert nowhere.code == errors.InvitationUnusable.exit_code
    assert "The search was in your own store; to use another server" in nowhere.err
    assert "join KEY SERVER" in nowhere.err


def test_who_needs_a_session_or_none(program: Program) -> None:
    assert "Nobody is connected" in program.good("who")
    assert program("who", "-S").code == errors.NothingAttached.exit_code
    program.good("new", "Weather")
    assert "Nobody has the session open" in program.good("who", "-S")
    code = program("show", "--json").json["code"]
    assert program("who", "-S", code, "--json").json == {"here": [], "more": False}
