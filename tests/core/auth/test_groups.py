"""Groups: who makes them, who is in one, who manages it, and who sees it at all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import KeyHolder
from jupyter_sessions.store.tables import server_events
from tests.conftest import Store
from tests.core.asking import do, join, pages, refused


@pytest.fixture
def lab(store):
    """Have people here, a group ``lab`` of ann, who owns it, and bob, and one of eve's."""
    join(store, "ann", "bob", "cleo", "dan", "eve")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["ann"])
    do(store, "root", api.ADD_GROUP, name="others", owners=["eve"], roles=["read"])
    do(store, "ann", api.ADD_GROUP_USERS, name="lab", users=["bob"])
    return store


def users(store: Store, name: str = "lab", by: str = "root") -> dict[str, bool]:
    """Return who is in a group, and whether they own it."""
    page = do(store, by, api.LIST_GROUP_USERS, name=name)
    return {each.user: each.owner for each in page.items}


def audit(store: Store) -> list[str]:
    """Return the kinds of the server's events that concern groups, the oldest first."""

    def read(transaction: Any) -> list[str]:
        kinds = transaction.connection.execute(
            select(server_events.c.kind).order_by(server_events.c.id)
        )
        return [kind for kind in kinds.scalars() if kind.startswith("group.")]

    return list(store.dispatcher.database.read(read).result())


def test_an_administrator_makes_a_group_and_nobody_is_in_it_but_its_owners(store):
    join(store, "ann")
    made = do(store, "root", api.ADD_GROUP, name="Lab", description="Rain", owners=["ann"])
    assert (made.name, made.description, made.roles) == ("Lab", "Rain", [])
    assert (made.users, made.owners, made.member, made.default) == (1, ["ann"], False, False)
    with refused(errors.Forbidden, match="administrator"):
        do(store, "ann", api.ADD_GROUP, name="mine")
    assert do(store, "ann", api.GET_GROUP, name="@lab").member


@pytest.mark.parametrize("name", ["lab", "LAB", "@Lab", "ｌａｂ"])
def test_two_groups_can_not_have_names_that_look_alike(lab, name):
    like = "" if name == "lab" else ", and '.*' could be taken for that"
    with refused(errors.Conflict, match=rf"'lab' already{like}\."):
        do(lab, "root", api.ADD_GROUP, name=name)


@pytest.mark.parametrize("name", ["", "@", " lab", "a/b", "a\0", "@@lab", ".lab", "lаb2"])
def test_a_group_is_called_as_a_user_can_be(store, name):
    with refused(errors.BadName, match="group name"):
        do(store, "root", api.ADD_GROUP, name=name)
    assert do(store, "root", api.LIST_GROUPS).items == []


def test_a_group_with_an_owner_or_a_role_that_is_none_is_not_made(lab):
    with refused(errors.NotFound, match="no user 'nobody-here'"):
        do(lab, "root", api.ADD_GROUP, name="new", owners=["ann", "nobody-here"])
    with refused(errors.BadRole):
        do(lab, "root", api.ADD_GROUP, name="new", roles=["owner"])
    with refused(errors.NotFound):
        do(lab, "root", api.GET_GROUP, name="new")


def test_one_sees_the_groups_that_one_is_in_and_an_administrator_all(lab):
    def listed(who: str) -> list[str]:
        return [group.name for group in do(lab, who, api.LIST_GROUPS).items]

    assert (listed("ann"), listed("bob"), listed("eve")) == (["lab"], ["lab"], ["others"])
    assert (listed("cleo"), listed("root")) == ([], ["lab", "others"])


def test_a_group_that_one_is_not_in_is_told_as_one_that_is_none(lab):
    operations = {
        api.GET_GROUP: {},
        api.LIST_GROUP_USERS: {},
        api.CHANGE_GROUP: {"description": "mine"},
        api.ADD_GROUP_USERS: {"users": ["cleo"]},
        api.REMOVE_GROUP_USERS: {"users": ["bob"]},
        api.SET_GROUP_OWNERS: {"users": ["bob"]},
    }
    for operation, fields in operations.items():
        told = []
        for name in ("lab", "bal"):
            with pytest.raises(errors.NotFound) as failure:
                do(lab, "eve", operation, name=name, **fields)
            told.append(str(failure.value.to_wire()).replace(name, "NAME"))
        assert told[0] == told[1], operation.name
    assert users(lab) == {"ann": True, "bob": False}


def test_who_is_in_a_group_and_does_not_own_it_looks_and_changes_nothing(lab):
    assert do(lab, "bob", api.GET_GROUP, name="lab").owners == ["ann"]
    assert users(lab, by="bob") == {"ann": True, "bob": False}
    for operation, fields in {
        api.CHANGE_GROUP: {"roles": ["read"]},
        api.ADD_GROUP_USERS: {"users": ["cleo"]},
        api.REMOVE_GROUP_USERS: {"users": ["ann"]},
        api.SET_GROUP_OWNERS: {"users": ["bob"]},
    }.items():
        with refused(errors.Forbidden, match="an owner of the group lab"):
            do(lab, "bob", operation, name="lab", **fields)
    assert users(lab) == {"ann": True, "bob": False}


def test_owners_of_a_group_manage_theirs_and_reach_no_other(lab):
    assert do(lab, "ann", api.CHANGE_GROUP, name="lab", description="Rain").description == "Rain"
    for operation, fields in {
        api.GET_GROUP: {},
        api.CHANGE_GROUP: {"roles": ["read"]},
        api.ADD_GROUP_USERS: {"users": ["ann"]},
        api.REMOVE_GROUP_USERS: {"users": ["eve"]},
        api.SET_GROUP_OWNERS: {"users": ["eve"], "owner": False},
    }.items():
        with refused(errors.NotFound, match="no group 'others'"):
            do(lab, "ann", operation, name="others", **fields)
    with refused(errors.Forbidden, match="administrator"):
        do(lab, "ann", api.REMOVE_GROUP, name="lab")
    with refused(errors.Forbidden, match="the default group of others"):
        do(lab, "ann", api.SET_DEFAULT_GROUP, group="lab", user="bob")
    assert users(lab, "others") == {"eve": True}


def test_several_users_are_added_and_taken_out_together_or_not_at_all(lab):
    with refused(errors.Conflict, match="In the group lab already: bob. Nobody was added."):
        do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo", "bob"])
    with refused(errors.NotFound, match="no user 'nobody-here'"):
        do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo", "nobody-here"])
    with refused(errors.Conflict, match="named twice"):
        do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo", "Cleo"])
    assert users(lab) == {"ann": True, "bob": False}
    assert do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo", "dan"]).users == 4
    with refused(errors.NotFound, match="Not in the group lab: eve"):
        do(lab, "ann", api.REMOVE_GROUP_USERS, name="lab", users=["cleo", "eve"])
    assert len(users(lab)) == 4
    assert do(lab, "ann", api.REMOVE_GROUP_USERS, name="lab", users=["cleo", "dan"]).users == 2


def test_owners_make_others_owners_and_end_it(lab):
    assert do(lab, "ann", api.SET_GROUP_OWNERS, name="lab", users=["bob"]).owners == ["ann", "bob"]
    with refused(errors.NotFound, match="Not in the group lab: cleo"):
        do(lab, "ann", api.SET_GROUP_OWNERS, name="lab", users=["bob", "cleo"], owner=False)
    ended = do(lab, "bob", api.SET_GROUP_OWNERS, name="lab", users=["ann"], owner=False)
    assert ended.owners == ["bob"]
    with refused(errors.Forbidden):
        do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo"])


def test_an_administrator_manages_every_group(lab):
    assert do(lab, "root", api.ADD_GROUP_USERS, name="others", users=["cleo"]).users == 2
    do(lab, "root", api.SET_GROUP_OWNERS, name="others", users=["cleo"])
    assert users(lab, "others") == {"cleo": True, "eve": True}


def test_new_logins_begin_in_the_default_group(lab):
    chosen = do(lab, "bob", api.SET_DEFAULT_GROUP, group="LAB")
    assert (chosen.user, chosen.group) == ("bob", "lab")
    assert do(lab, "bob", api.GET_GROUP, name="lab").default
    ticket = do(lab, "bob", api.MAKE_TICKET).ticket
    assert do(lab, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket).login.group == "lab"
    assert do(lab, "root", api.SET_DEFAULT_GROUP, group=None, user="bob").group is None
    assert not do(lab, "bob", api.GET_GROUP, name="lab").default


def test_a_default_group_is_one_that_the_user_is_in(lab):
    for name in ("others", "none"):
        with refused(errors.Forbidden, match=f"bob is not in the group '{name}'"):
            do(lab, "bob", api.SET_DEFAULT_GROUP, group=name)
    with refused(errors.Forbidden, match="cleo is not in the group 'lab'"):
        do(lab, "root", api.SET_DEFAULT_GROUP, group="lab", user="cleo")


def test_to_be_added_to_a_group_does_not_make_it_the_default(lab):
    do(lab, "ann", api.ADD_GROUP_USERS, name="lab", users=["cleo"])
    assert lab.new("cleo").group is None


def test_lists_of_groups_and_of_their_users_come_in_pages(store):
    names = [f"g{n:02}" for n in range(7)]
    join(store, *names)
    for name in names:
        do(store, "root", api.ADD_GROUP, name=name, owners=names)
    found = pages(lambda after: do(store, "g00", api.LIST_GROUPS, limit=3, after=after))
    assert [group.name for page in found for group in page] == names
    found = pages(
        lambda after: do(store, "g00", api.LIST_GROUP_USERS, name="g03", limit=3, after=after)
    )
    assert [each.user for page in found for each in page] == names


def test_what_becomes_of_groups_stands_in_the_servers_log(lab):
    do(lab, "ann", api.CHANGE_GROUP, name="lab", roles=["read"])
    do(lab, "ann", api.SET_GROUP_OWNERS, name="lab", users=["bob"])
    do(lab, "bob", api.SET_DEFAULT_GROUP, group="lab")
    do(lab, "ann", api.REMOVE_GROUP_USERS, name="lab", users=["bob"])
    do(lab, "root", api.REMOVE_GROUP, name="lab")
    assert audit(lab) == [
        "group.added", "group.added", "group.users_added", "group.changed", "group.owners_set",
        "group.default_set", "group.users_removed", "group.removed",
    ]  # fmt: skip


def test_a_removed_account_is_in_no_group_and_whoever_takes_its_name_neither(store):
    store.add("foo")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["foo"], roles=["read"])
    do(store, "root", api.REMOVE_ACCOUNT, name="foo")
    assert users(store) == {}
    store.add("foo")
    assert do(store, "foo", api.LIST_GROUPS).items == []


# ---- what ends with one's place in a group


def acting(store: Store, by: str, user: str, group: str | None = "lab") -> KeyHolder:
    """Make a login for someone."""
    return KeyHolder(do(store, by, api.ISSUE_LOGIN, user=user, group=group).key)


def test_who_is_taken_out_of_a_group_works_in_none_with_the_logins_they_have(lab):
    do(lab, "bob", api.SET_DEFAULT_GROUP, group="lab")
    ticket = do(lab, "bob", api.MAKE_TICKET).ticket
    lab.keys["bob's key"] = KeyHolder(do(lab, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket).key)
    assert lab.new("bob's key").group == "lab"
    do(lab, "ann", api.REMOVE_GROUP_USERS, name="lab", users=["bob"])
    assert do(lab, "bob's key", api.CHECK_LOGIN).group is None
    assert lab.new("bob's key").group is None
    assert lab.new("bob").group is None


def test_logins_as_a_user_end_when_the_user_leaves_the_group(lab):
    lab.keys["ann as bob"] = acting(lab, "ann", "bob")
    assert do(lab, "ann as bob", api.WHO_AM_I).name == "bob"
    do(lab, "root", api.REMOVE_GROUP_USERS, name="lab", users=["bob"])
    with refused(errors.LoginRevoked):
        do(lab, "ann as bob", api.WHO_AM_I)


@pytest.mark.parametrize("how", ["removed", "owner no more", "group gone"])
def test_logins_that_an_owner_made_end_when_the_owner_is_one_no_more(lab, how):
    do(lab, "root", api.ADD_GROUP_USERS, name="others", users=["bob"])
    lab.keys["ann as bob"] = acting(lab, "ann", "bob")
    lab.keys["eve as bob"] = acting(lab, "eve", "bob", "others")
    lab.keys["root as bob"] = acting(lab, "root", "bob")
    if how == "removed":
        do(lab, "root", api.REMOVE_GROUP_USERS, name="lab", users=["ann"])
    elif how == "owner no more":
        do(lab, "root", api.SET_GROUP_OWNERS, name="lab", users=["ann"], owner=False)
    else:
        do(lab, "root", api.REMOVE_GROUP, name="lab")
    with refused(errors.LoginRevoked):
        do(lab, "ann as bob", api.WHO_AM_I)
    # Those of another group's owner, and of an administrator, are none of lab's.
    assert do(lab, "eve as bob", api.WHO_AM_I).name == "bob"
    assert do(lab, "root as bob", api.WHO_AM_I).name == "bob"


def test_a_login_of_a_group_alone_reaches_nothing_of_a_group_that_is_gone(lab):
    do(lab, "bob", api.SET_DEFAULT_GROUP, group="lab")
    inside, outside = lab.new("bob").code, None
    do(lab, "bob", api.SET_DEFAULT_GROUP, group=None)
    outside = lab.new("bob").code
    lab.keys["ann as bob"] = acting(lab, "ann", "bob")
    assert do(lab, "ann as bob", api.GET_SESSION, code=inside).group == "lab"
    do(lab, "root", api.REMOVE_GROUP, name="lab")
    for code in (inside, outside):
        with refused(errors.LoginRevoked):
            do(lab, "ann as bob", api.GET_SESSION, code=code)
        assert do(lab, "bob", api.GET_SESSION, code=code).group is None


def test_a_login_of_a_group_alone_does_nothing_with_groups(lab):
    lab.keys["ann as bob"] = acting(lab, "ann", "bob")
    for operation in api.OPERATIONS.values():
        if (
            operation.name.startswith(("groups.", "groupusers."))
            and operation.needs is not api.Needs.SERVER_ADMIN
        ):
            fields = {"name": "lab", "users": ["cleo"], "group": None}
            known = operation.request.__struct_fields__
            given = {name: value for name, value in fields.items() if name in known}
            with refused(errors.Forbidden, match="of its group"):
                do(lab, "ann as bob", operation, **given)
