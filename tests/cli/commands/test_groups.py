"""`group`, `groups`, and groups in `grant`, `members` and `list`, as one types them in a shell."""

from __future__ import annotations

import getpass

import pytest

from jupyter_sessions import errors
from tests.cli.conftest import Program

ME = getpass.getuser()


def accounts(program: Program, *names: str) -> None:
    """Make accounts."""
    for name in names:
        program.good("account", "add", name, "--password-stdin", input="a good password\n")


def group(program: Program, name: str = "lab", level: str = "private", *users: str) -> None:
    """Make a group that the system user owns."""
    program.good("groups", "add", name, "--level", level, "--owner", ME)
    if users:
        program.good("groups", "add-user", name, *users)


@pytest.mark.parametrize(
    ("level", "roles", "shown"),
    [
        (None, [], "private"),
        ("private", [], "private"),
        ("Read-Only", ["read"], "read-only"),
        ("read-write", ["read", "write"], "read-write"),
        ("read|execute", ["read", "execute"], "read|execute"),
        ("rx", ["read", "execute"], "read|execute"),
        ("write", ["read", "write"], "read-write"),
    ],
)
def test_a_group_is_made_with_a_level(
    program: Program, level: str | None, roles: list[str], shown: str
) -> None:
    typed = ["groups", "add", "lab", *(["--level", level] if level else [])]
    assert "Group lab created." in program.good(*typed)
    assert program("groups", "info", "@LAB", "--json").json["roles"] == roles
    assert shown in program.good("groups", "list")


def test_a_level_that_is_none_is_an_error_that_says_what_there_is(program: Program) -> None:
    ran = program("groups", "add", "lab", "--level", "secret")
    assert ran.code == errors.BadRole.exit_code
    assert "read, write, execute or admin" in ran.err
    assert "You are not in a group." in program.good("groups", "list")


def test_the_group_is_shown_and_switched_and_new_sessions_belong_to_it(program: Program) -> None:
    group(program, "lab", "read-only")
    assert program.good("group") == "You are not working in a group.\n"
    assert "to the group lab" in program.good("group", "@lab")
    assert program.good("group") == "You are working in the group lab.\n"
    assert "already" in program.good("group", "lab")
    program.good("new", "Weather")
    assert program("show", "--json").json["group"] == "lab"
    assert "Group" in program.good("show")
    assert "lab" in program.good("list")
    members = program("members", "--json").json["members"]
    assert [(each["user"], each["group"]) for each in members] == [(ME, False), ("@lab", True)]
    assert program("group", "--none", "--json").json["group"] is None
    program.good("new", "Mine")
    assert program("show", "--json").json["group"] is None


def test_a_list_without_groups_has_no_column_for_them(program: Program) -> None:
    program.good("new", "Weather")
    assert "Group" not in program.good("list")


def test_a_group_that_one_is_not_in_is_refused_and_never_called_not_found(program: Program) -> None:
    program.good("groups", "add", "lab")
    for name in ("lab", "none"):
        ran = program("group", name)
        assert ran.code == errors.Forbidden.exit_code
        assert "not found" not in ran.err.lower()
        assert f"is not in the group '{name}'" in ran.err
    assert program.good("group") == "You are not working in a group.\n"


def test_users_come_and_go_all_or_none_and_it_is_shown_who_is_in(program: Program) -> None:
    accounts(program, "bar", "baz", "qux")
    group(program, "lab", "private", "bar")
    ran = program("groups", "add-user", "lab", "baz", "bar")
    assert ran.code == errors.Conflict.exit_code
    assert "Nobody was added" in ran.err
    assert "bar, baz" not in program.good("groups", "members", "lab")
    assert "Added to the group lab: baz, qux." in program.good(
        "groups", "add-user", "lab", "baz", "qux"
    )
    program.good("groups", "set-owner", "lab", "baz")
    listed = program("groups", "members", "lab", "--json").json["items"]
    owners = {each["user"]: each["owner"] for each in listed}
    assert owners == {"bar": False, "baz": True, "qux": False, ME: True}
    program.good("groups", "set-owner", "lab", "baz", "--no")
    assert "Removed from the group lab" in program.good(
        "groups", "remove-user", "lab", "baz", "qux"
    )
    assert program("groups", "info", "lab", "--json").json["users"] == 2
    assert program("groups", "info", "lab", "--json").json["owners"] == [ME]


def test_lists_of_groups_tell_how_to_go_on(program: Program) -> None:
    for name in ("a", "b", "c"):
        group(program, name)
    assert "groups list --after b" in program.good("groups", "list", "-n", "2")
    page = program("groups", "list", "--after", "b", "--json").json["items"]
    assert [each["name"] for each in page] == ["c"]
    accounts(program, "bar")
    program.good("groups", "add-user", "a", "bar")
    assert "groups members a --after bar" in program.good("groups", "members", "@a", "-n", "1")


def test_a_group_is_changed_and_it_is_said_from_when_its_level_counts(program: Program) -> None:
    group(program)
    assert "from now on" in program.good("groups", "change", "lab", "--level", "read-write")
    said = program.good("groups", "change", "lab", "--description", "Rain")
    assert "from now on" not in said
    assert "Rain" in said
    changed = program("groups", "info", "lab", "--json").json
    assert (changed["roles"], changed["description"]) == (["read", "write"], "Rain")
    assert program("groups", "change", "lab").code == 2
    program.good("groups", "change", "lab", "--level", "private")
    assert program("groups", "info", "lab", "--json").json["roles"] == []


def test_a_default_group_is_chosen_for_oneself_or_for_another(program: Program) -> None:
    accounts(program, "bar")
    group(program, "lab", "private", "bar")
    assert f"New logins of {ME} start in the group lab." in program.good(
        "groups", "set-default", "lab"
    )
    assert program.good("group") == "You are working in the group lab.\n"
    chosen = program("groups", "set-default", "lab", "--user", "bar", "--json").json
    assert chosen == {"user": "bar", "group": "lab"}
    assert "start without a group" in program.good("groups", "set-default", "--none")
    assert program("groups", "set-default").code == 2
    assert program("groups", "set-default", "lab", "--none").code == 2


def test_a_group_is_removed_once_one_has_said_so(program: Program) -> None:
    group(program)
    assert program("groups", "remove", "lab").code != 0
    assert program("groups", "info", "lab").code == 0
    assert "removed" in program.good("groups", "remove", "lab", "--yes")
    assert program("groups", "info", "lab").code == errors.NotFound.exit_code


def test_a_group_is_granted_and_revoked_like_a_user_and_what_stays_is_said(
    program: Program,
) -> None:
    accounts(program, "bar")
    group(program, "lab", "private", "bar")
    program.good("new", "Weather")
    said = program.good("grant", "@lab:write", "bar:execute")
    assert "Granted to @lab, bar." in said
    assert "bar has write through @lab." in said
    said = program.good("revoke", "bar")
    assert "Revoked bar's roles." in said
    assert "bar has write through @lab." in said
    ran = program("revoke", "bar")
    assert ran.code == errors.Conflict.exit_code
    assert "through @lab" in ran.err
    answer = program("revoke", "@lab", "--json").json
    assert [each["user"] for each in answer["members"]] == [ME]
