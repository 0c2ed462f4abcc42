"""Looking at members, and changing their roles."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.widgets import MemberTable
from tests.widgets.conftest import WidgetStore, on_a_loop, until


@pytest.fixture
def shared(store: WidgetStore) -> schemas.Session:
    """Make a session that bar may read."""
    store.account("bar")
    session = store.new("Shared")
    grants = [schemas.Grant(user="bar", roles=["read"])]
    store.transport.call(api.GRANT_ROLES, schemas.GrantRoles(code=session.code, grants=grants))
    return session


def held(table: MemberTable, user: str) -> list[str]:
    return next(each.roles for each in table.members if each.user == user)


def test_a_toggle_gives_a_role_and_another_click_takes_it(shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    table.roles["bar"]["write"].value = True
    assert held(table, "bar") == ["read", "write"]
    assert "bar holds write" in table.notice.value
    assert table.roles["bar"]["read"].disabled  # write includes it
    table.roles["bar"]["execute"].value = True
    assert held(table, "bar") == ["read", "write", "execute"]
    table.roles["bar"]["write"].value = False
    assert held(table, "bar") == ["execute"]
    table.close()


def test_an_admins_other_roles_are_not_taken_by_themselves(shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    table.roles["bar"]["admin"].value = True
    toggles = table.roles["bar"]
    assert [toggles[role].disabled for role in toggles] == [True, True, True, False]
    assert all(toggle.value for toggle in toggles.values())


def test_the_last_role_is_not_taken_by_a_toggle(shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    table.roles["bar"]["read"].value = False
    assert "Press Revoke" in table.notice.value
    assert table.roles["bar"]["read"].value
    assert held(table, "bar") == ["read"]


def test_someone_is_added_and_revoked(store: WidgetStore, shared: schemas.Session) -> None:
    store.account("baz")
    table = MemberTable(shared, live=False)
    table.user_field.value = " baz "
    table.role_field.value = "write"
    table.add.click()
    assert held(table, "baz") == ["read", "write"]
    assert table.user_field.value == ""
    table.revokes["baz"].click()
    assert "baz" not in {each.user for each in table.members}


def test_rows_stay_where_they_are_while_members_come_and_go(
    store: WidgetStore, shared: schemas.Session
) -> None:
    # What the browser shows of a widget goes with it, and with that a click that has begun on it.
    for name in ("aaron", "zoe"):
        store.account(name)
    table = MemberTable(shared, live=False)
    before = table.table.children
    bars, revoke = table.roles["bar"], table.revokes["bar"]
    table.grant("aaron", "write")
    table.grant("zoe", "read")
    assert table.table.children[: len(before)] == before
    grown = table.table.children
    table.revoke("aaron")
    assert "aaron" not in table.roles
    assert "aaron" not in table.revokes
    assert table.table.children == grown
    assert [cell.layout.display for cell in grown].count("none") == len(grown) // 4
    assert table.roles["bar"] is bars
    assert table.revokes["bar"] is revoke
    table.grant("aaron", "read")  # back in the row that was theirs
    assert table.table.children == grown
    assert {cell.layout.display for cell in grown} == {""}
    assert [toggle.value for toggle in table.roles["aaron"].values()] == [True, False, False, False]


def test_a_click_that_begins_before_the_members_change_counts_for_its_member(
    store: WidgetStore, shared: schemas.Session
) -> None:
    store.account("aaron")
    table = MemberTable(shared, live=False)
    clicked = table.roles["bar"]["execute"]
    table.grant("aaron", "read")
    table.grant("bar", "write")
    clicked.value = True
    assert held(table, "bar") == ["read", "write", "execute"]
    assert held(table, "aaron") == ["read"]


def test_another_session_has_rows_of_its_own(store: WidgetStore, shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    table.show(store.new("Another"))
    assert set(table.roles) == {shared.owner}
    assert len(table.table.children) == 6


def test_a_user_that_is_none_is_told(shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    table.user_field.value = "<b>nobody"
    table.add.click()
    assert 'role="alert"' in table.notice.value
    assert "<b>nobody" not in table.notice.value
    assert table.user_field.value == "<b>nobody"


def test_the_owners_roles_are_not_for_changing(shared: schemas.Session) -> None:
    table = MemberTable(shared, live=False)
    assert shared.owner not in table.revokes
    assert all(toggle.disabled for toggle in table.roles[shared.owner].values())


def test_who_is_no_admin_is_told_which_role_it_needs(shared: schemas.Session) -> None:
    shared.roles = ["read"]
    table = MemberTable(shared, live=False)
    assert table.form.layout.display == "none"
    toggle = table.roles["bar"]["write"]
    assert toggle.disabled
    assert "admin" in toggle.tooltip
    assert table.revokes["bar"].disabled
    assert "needs the role admin" in table.empty.value


def test_a_grant_by_someone_else_appears(store: WidgetStore, shared: schemas.Session) -> None:
    async def look() -> None:
        table = MemberTable(shared.code)
        grants = [schemas.Grant(user="bar", roles=["admin"])]
        request = schemas.GrantRoles(code=shared.code, grants=grants)
        store.transport.call(api.GRANT_ROLES, request)
        await until(lambda: "admin" in held(table, "bar"), "the grant did not come")
        table.close()

    on_a_loop(look)


def test_without_a_session_there_is_nothing_to_grant(store: WidgetStore) -> None:
    table = MemberTable(transport=store.transport)
    with pytest.raises(errors.NothingAttached):
        table.grant("bar")
