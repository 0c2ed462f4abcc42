"""What a group gives in sessions: those made in it, and those that it was granted roles in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, event

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.store import statements
from tests.conftest import Store
from tests.core.asking import do, join, log, members, pages, refused, running

LEVELS = {"private": [], "read-only": ["read"], "read-write": ["read", "write"]}


@pytest.fixture
def people(store):
    """Have ann, bob and cleo in the group ``lab``, which gives them nothing, and dan in none."""
    join(store, "ann", "bob", "cleo", "dan")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["ann"])
    do(store, "ann", api.ADD_GROUP_USERS, name="lab", users=["bob", "cleo"])
    do(store, "bob", api.SET_DEFAULT_GROUP, group="lab")
    return store


def level(store: Store, roles: list[str], name: str = "lab") -> None:
    """Change what a group gives."""
    do(store, "root", api.CHANGE_GROUP, name=name, roles=roles)


def out(store: Store, *users: str) -> None:
    """Take users out of the group."""
    do(store, "ann", api.REMOVE_GROUP_USERS, name="lab", users=list(users))


def roles_of(store: Store, code: str, who: str) -> list[str]:
    """Return someone's roles in a session."""
    return list(do(store, who, api.GET_SESSION, code=code).roles)


@pytest.mark.parametrize("roles", [*LEVELS.values(), ["read", "execute"]])
def test_a_session_made_in_a_group_is_open_to_its_users_as_the_groups_level_says(people, roles):
    level(people, roles)
    session = people.new("bob")
    assert session.group == "lab"
    assert members(people, session.code, "bob") == {
        "bob": ["read", "write", "execute", "admin", "owner"]
    } | ({"@lab": roles} if roles else {})
    assert session.members == (2 if roles else 1)
    assert log(people, session.code, "bob")[0].data == {"label": "", "group": "lab", "roles": roles}
    if roles:
        assert roles_of(people, session.code, "cleo") == roles
    else:
        with refused(errors.NoSuchSession):
            roles_of(people, session.code, "cleo")
    with refused(errors.NoSuchSession):
        roles_of(people, session.code, "dan")


def test_a_level_that_is_changed_later_counts_for_sessions_made_from_then_on(people):
    level(people, ["read"])
    before = people.new("bob").code
    level(people, ["read", "write"])
    between = people.new("bob").code
    level(people, [])
    after = people.new("bob").code
    assert roles_of(people, before, "cleo") == ["read"]
    assert roles_of(people, between, "cleo") == ["read", "write"]
    with refused(errors.NoSuchSession):
        roles_of(people, after, "cleo")


def test_an_owner_of_a_group_has_no_more_in_its_sessions_than_others_in_it(people):
    code = people.new("bob").code
    with refused(errors.NoSuchSession):
        roles_of(people, code, "ann")
    level(people, ["read"])
    code = people.new("bob").code
    assert roles_of(people, code, "ann") == ["read"]
    with refused(errors.RoleMissing):
        do(people, "ann", api.GRANT_ROLES, code=code, grants=[{"user": "dan", "roles": []}])


def grant(store: Store, by: str, code: str, **roles: list[str]) -> Any:
    """Grant roles; an underscore before a name makes it a group's."""
    wanted = [
        schemas.Grant(user=name.replace("_", "@", 1), roles=given) for name, given in roles.items()
    ]
    return do(store, by, api.GRANT_ROLES, code=code, grants=wanted)


def test_a_group_is_granted_roles_and_they_are_taken_away_again(people):
    code = people.new("ann").code
    answer = grant(people, "ann", code, _LAB=["write"], dan=[])
    assert [(each.user, each.group, each.owner) for each in answer.members] == [
        ("ann", False, True), ("@lab", True, False), ("dan", False, False),
    ]  # fmt: skip
    assert answer.members[1].granted_by == "ann"
    assert do(people, "ann", api.GET_SESSION, code=code).members == 3
    assert roles_of(people, code, "cleo") == ["read", "write"]
    grant(people, "ann", code, _lab=["execute"])
    assert members(people, code, "ann")["@lab"] == ["execute"]
    do(people, "ann", api.REVOKE_ROLES, code=code, users=["@lab"])
    with refused(errors.NoSuchSession):
        roles_of(people, code, "cleo")
    assert do(people, "ann", api.GET_SESSION, code=code).members == 2
    told = [(each.kind, each.data) for each in log(people, code, "ann")[1:]]
    assert told == [
        ("member.granted", {"user": "@lab", "roles": ["read", "write"]}),
        ("member.granted", {"user": "dan", "roles": ["read"]}),
        ("member.granted", {"user": "@lab", "roles": ["execute"]}),
        ("member.revoked", {"user": "@lab"}),
    ]


def test_roles_are_the_union_of_ones_own_and_those_of_all_groups(people):
    do(people, "root", api.ADD_GROUP, name="runners", owners=["ann", "cleo"])
    code = people.new("ann").code
    grant(people, "ann", code, _lab=["read"], _runners=["execute"], cleo=["write"])
    assert roles_of(people, code, "cleo") == ["read", "write", "execute"]
    assert roles_of(people, code, "bob") == ["read"]
    answer = do(people, "ann", api.REVOKE_ROLES, code=code, users=["cleo"])
    assert roles_of(people, code, "cleo") == ["read", "execute"]
    [kept] = answer.through_groups
    assert (kept.user, kept.roles, kept.groups) == (
        "cleo", ["read", "execute"], ["@lab", "@runners"]
    )  # fmt: skip


def test_who_has_roles_through_a_group_alone_can_not_be_revoked_and_it_is_said_why(people):
    code = people.new("ann").code
    grant(people, "ann", code, _lab=["read"])
    with refused(errors.Conflict, match="cleo has read only through @lab"):
        do(people, "ann", api.REVOKE_ROLES, code=code, users=["cleo"])
    with refused(errors.NotFound, match="dan has no role"):
        do(people, "ann", api.REVOKE_ROLES, code=code, users=["dan"])
    assert list(members(people, code, "ann")) == ["ann", "@lab"]


def test_a_group_is_granted_by_who_sees_it_and_no_more_than_they_hold(people):
    code = people.new("dan").code
    told = []
    for name in ("_lab", "_none"):
        with pytest.raises(errors.NotFound) as failure:
            grant(people, "dan", code, **{name: ["read"]})
        told.append(str(failure.value.to_wire()).replace(name[1:], "NAME"))
    assert told[0] == told[1]
    for name in ("@lab", "@none"):
        with refused(errors.NotFound, match="has no role in this session"):
            do(people, "dan", api.REVOKE_ROLES, code=code, users=[name])
    grant(people, "dan", code, ann=["admin"])
    grant(people, "ann", code, _lab=["admin"])
    # It is a member now, which every member sees.
    grant(people, "dan", code, _lab=["read"])
    do(people, "dan", api.REVOKE_ROLES, code=code, users=["@lab"])
    grant(people, "dan", code, ann=["read"])


def test_no_group_is_granted_what_the_granter_does_not_hold(people):
    do(people, "root", api.ADD_GROUP, name="runners", owners=["cleo", "dan"])
    code = people.new("ann").code
    grant(people, "ann", code, bob=["admin"], _lab=["write"])
    with refused(errors.BadRole):
        grant(people, "bob", code, _lab=["owner"])
    with refused(errors.RoleMissing):
        grant(people, "cleo", code, _runners=["read"])
    assert "@runners" not in members(people, code, "ann")
    # Admin may come from a group, and is as good as one's own.
    grant(people, "ann", code, _lab=["admin"])
    grant(people, "cleo", code, _runners=["execute"])
    assert members(people, code, "ann")["@runners"] == ["execute"]


def test_grants_to_users_and_groups_take_effect_together_or_not_at_all(people):
    code = people.new("ann").code
    with refused(errors.NotFound):
        grant(people, "ann", code, _lab=["read"], _none=["read"])
    with refused(errors.Conflict, match="@lab is named twice"):
        grant(people, "ann", code, _lab=["read"], _LAB=["write"])
    assert list(members(people, code, "ann")) == ["ann"]
    grant(people, "ann", code, _lab=["read"])
    with refused(errors.NotFound):
        do(people, "ann", api.REVOKE_ROLES, code=code, users=["@lab", "dan"])
    assert list(members(people, code, "ann")) == ["ann", "@lab"]


def test_lists_have_the_sessions_that_groups_open_once_each_and_in_pages(people):
    level(people, ["read"])
    codes = []
    for n in range(7):
        people.clock.forward(minutes=1)
        codes.insert(0, people.new("bob", label=f"Rain {n}").code)
    grant(people, "bob", codes[0], cleo=["write"])
    people.new("ann")

    def listed(who: str, **query: Any) -> list[str]:
        found = pages(
            lambda after: do(people, who, api.LIST_SESSIONS, limit=2, after=after, **query)
        )
        return [session.code for page in found for session in page]

    assert listed("cleo", which="shared") == listed("cleo", search="rain") == codes
    assert listed("cleo", which="mine") == listed("dan") == []
    assert listed("cleo", search="lab rain") == codes, "the group's name is searched too"
    assert len(listed("bob", which="mine")) == 7
    page = do(people, "cleo", api.LIST_SESSIONS, which="shared")
    assert {session.group for session in page.items} == {"lab"}
    assert [session.roles for session in page.items] == [["read", "write"], *[["read"]] * 6]


def test_a_list_asks_the_database_as_often_for_many_sessions_as_for_few(people, monkeypatch):
    level(people, ["read"])
    asked: list[str] = []
    plain = statements._cursor

    def count_compiled(connection: Any, sql: str) -> Any:
        asked.append(sql)
        return plain(connection, sql)

    monkeypatch.setattr(statements, "_cursor", count_compiled)

    def count(*heard: Any) -> None:
        asked.append(heard[2])

    event.listen(Engine, "before_cursor_execute", count)
    counts = []
    for n in (1, 20):
        for _ in range(n):
            people.new("bob")
        asked.clear()
        assert len(do(people, "cleo", api.LIST_SESSIONS).items) >= n
        counts.append(len(asked))
    event.remove(Engine, "before_cursor_execute", count)
    assert counts[0] == counts[1] > 0


def test_who_is_taken_out_of_a_group_is_out_of_its_sessions_at_once(people):
    level(people, ["admin"])
    code = people.new("bob").code
    do(people, "cleo", api.RESUME_SESSION, code=code)
    out(people, "cleo")
    for operation in (api.GET_SESSION, api.LIST_COMMANDS, api.RESUME_SESSION):
        with refused(errors.NoSuchSession):
            do(people, "cleo", operation, code=code)
    assert do(people, "cleo", api.LIST_SESSIONS).items == []
    assert not do(people, "cleo", api.SESSION_EXISTS, code=code).exists


def test_who_owns_a_session_keeps_it_when_they_leave_the_group_that_it_was_made_in(people):
    level(people, ["read"])
    code = people.new("bob").code
    out(people, "bob")
    assert do(people, "bob", api.GET_SESSION, code=code).group == "lab"
    assert roles_of(people, code, "cleo") == ["read"]
    do(people, "bob", api.REVOKE_ROLES, code=code, users=["@lab"])
    with refused(errors.NoSuchSession):
        roles_of(people, code, "cleo")


def test_a_capability_url_dies_with_ones_place_in_the_group(people):
    level(people, ["read"])
    code = people.new("bob").code
    do(people, "bob", api.PUBLISH_FILE, code=code, path="a.txt", upload=b"a")
    view = do(people, "cleo", api.CREATE_CAPABILITY_URL, code=code, path="a.txt")
    token = view.url.split("/")[-2]
    assert people.dispatcher.view(token, "a.txt").result().file.path == "a.txt"
    out(people, "cleo")
    with refused(errors.NoSuchSession):
        people.dispatcher.view(token, "a.txt").result()


def test_a_follower_is_cut_off_even_when_only_commands_are_new(people):
    level(people, ["read"])
    code = people.new("bob").code
    cleo, bob = people.credentials("cleo"), people.credentials("bob")
    session_id, after, _ = people.dispatcher.follow(schemas.Follow(code=code), cleo).result()

    def advance() -> Any:
        return people.dispatcher.advance(session_id, code, after, [bob, cleo], check=False).result()

    do(people, "bob", api.RECORD_COMMANDS, code=code, commands=[running(people, "1")])
    progress = advance()
    assert ([each.kind for each in progress.events], progress.refused) == (["command.started"], {})
    out(people, "cleo")
    do(people, "bob", api.RECORD_COMMANDS, code=code, commands=[running(people, "2")])
    progress = advance()
    assert [each.kind for each in progress.events] == ["command.started"] * 2
    assert list(progress.refused) == [cleo]


def test_a_group_that_is_removed_leaves_the_sessions_to_their_owners(people):
    level(people, ["read"])
    code = people.new("bob").code
    do(people, "root", api.REMOVE_GROUP, name="lab")
    session = do(people, "bob", api.GET_SESSION, code=code)
    assert (session.group, session.members) == (None, 1)
    last = log(people, code, "bob")[-1]
    assert (last.kind, last.user, last.data) == ("member.revoked", "root", {"user": "@lab"})
    with refused(errors.NoSuchSession):
        roles_of(people, code, "cleo")
    # A group of the same name is another one.
    do(people, "root", api.ADD_GROUP, name="lab", owners=["cleo"], roles=["admin"])
    with refused(errors.NoSuchSession):
        roles_of(people, code, "cleo")


def test_the_default_session_is_in_no_group(people):
    level(people, ["read"])
    assert do(people, "bob", api.GET_SESSION, code="default").group is None


def test_an_owner_who_transfers_a_session_stays_admin_and_the_group_what_it_was(people):
    level(people, ["read"])
    code = people.new("bob").code
    do(people, "bob", api.TRANSFER_SESSION, code=code, user="cleo")
    assert members(people, code, "cleo") == {
        "cleo": ["read", "write", "execute", "admin", "owner"],
        "@lab": ["read"],
        "bob": ["read", "write", "execute", "admin"],
    }
    assert do(people, "cleo", api.GET_SESSION, code=code).members == 3


def test_a_session_that_time_has_closed_counts_groups_as_before(people):
    level(people, ["read"])
    code = people.new("bob", lifetime=5).code
    people.clock.forward(minutes=6)
    people.dispatcher.tidy()
    session = do(people, "cleo", api.GET_SESSION, code=code)
    assert (session.state, session.members) == ("closed", 2)
