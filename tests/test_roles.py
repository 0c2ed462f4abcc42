"""The syntax in which roles are granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.errors import BadRole
from jupyter_sessions.roles import ALL, Roles, expand, from_names, parse

ORDER = ("read", "write", "execute", "admin")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", ["read"]),
        (" ", ["read"]),
        ("read", ["read"]),
        ("WRITE", ["write"]),
        ("write|execute", ["write", "execute"]),
        ("execute+write", ["write", "execute"]),
        (" write | read ", ["read", "write"]),
        ("rwx", ["read", "write", "execute"]),
        ("rwe", ["read", "write", "execute"]),
        ("XWR", ["read", "write", "execute"]),
        ("a", ["admin"]),
        ("r|admin", ["read", "admin"]),
        ("rr", ["read"]),
    ],
)
def test_roles_are_read_as_people_write_them(written, meant):
    assert parse(written) == meant


@pytest.mark.parametrize(
    "written",
    ["owner", "o", "rwo", "reed", "|", "read|", "|read", "+", "read+", "read||write", "rw x",
     "read,write", "0", "-r", "ｒead", "r\0", "аdmin"],
)  # fmt: skip
def test_what_is_no_role_is_refused_with_a_hint(written):
    with pytest.raises(BadRole) as refusal:
        parse(written)
    assert refusal.value.message
    assert refusal.value.hint


@given(st.text(max_size=30) | st.text("rwxea|+ ORIDMN", max_size=12))
def test_any_text_is_either_roles_or_refused(text):
    try:
        names = parse(text)
    except BadRole:
        return
    assert names == [name for name in ORDER if name in names] != []
    assert Roles.OWNER not in from_names(names)


@given(st.sets(st.sampled_from(ORDER), min_size=1), st.sampled_from("|+"))
def test_what_parse_gives_can_be_written_and_read_again(names, joint):
    ordered = [name for name in ORDER if name in names]
    assert parse(joint.join(ordered)) == ordered
    assert parse("".join(name[0] for name in ordered)) == ordered


def test_an_owner_holds_all_and_says_so_in_order():
    assert ALL.names == [*ORDER, "owner"]
    assert expand(ALL) == ALL
    assert Roles.NONE.names == []
