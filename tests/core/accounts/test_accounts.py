"""Accounts: made, disabled and removed by an administrator, and what becomes of what they had."""

from __future__ import annotations

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Identified, SystemUser
from jupyter_sessions.store.tables import sessions
from tests.conftest import PASSWORD
from tests.core.asking import commands, counted, do, join, log, members, pages, publish, refused


def test_an_account_is_made_with_a_name_that_nobody_could_be_taken_for(house):
    made = do(house, "root", api.ADD_ACCOUNT, name="bob", password=PASSWORD, display_name="Bob B.")
    assert (made.name, made.display_name, made.disabled) == ("bob", "Bob B.", False)
    assert not made.administrator
    for alike in ("bob", "Bob", "ｂｏｂ"):
        with refused(errors.Conflict, match="bob"):
            do(house, "root", api.ADD_ACCOUNT, name=alike, password=PASSWORD)
    for bad in ("a\0b", "", "x" * 255, "\u202ebob", "bоb"):
        with refused(errors.BadName):
            do(house, "root", api.ADD_ACCOUNT, name=bad, password=PASSWORD)
    assert [a.name for a in do(house, "root", api.LIST_ACCOUNTS).items] == ["bob", "root"]


def test_nobody_can_log_in_to_a_new_store_by_a_password(house):
    assert do(house, "root", api.LIST_ACCOUNTS).items == []
    for password in ("", "root", "admin", "password", PASSWORD):
        for name in ("root", "admin"):
            with refused(errors.WrongPassword):
                do(house, "nobody", api.LOG_IN, user=name, password=password)


def test_only_an_administrator_deals_with_accounts(house):
    join(house, "bob")
    for who, error in (("bob", errors.Forbidden), ("nobody", errors.NotLoggedIn)):
        for operation, fields in (
            (api.ADD_ACCOUNT, {"name": "x", "password": PASSWORD}),
            (api.LIST_ACCOUNTS, {}),
            (api.SET_PASSWORD, {"name": "bob", "password": PASSWORD}),
            (api.DISABLE_ACCOUNT, {"name": "root"}),
            (api.ENABLE_ACCOUNT, {"name": "bob"}),
            (api.REMOVE_ACCOUNT, {"name": "root"}),
        ):
            with refused(error):
                do(house, who, operation, **fields)


def test_an_account_that_is_not_there_is_not_found(house):
    for name in ("unheard-of", "\0", "x" * 255):
        for operation in (api.DISABLE_ACCOUNT, api.ENABLE_ACCOUNT, api.REMOVE_ACCOUNT):
            with refused(errors.NotFound):
                do(house, "root", operation, name=name)


def test_all_pages_together_are_the_accounts_by_name(house):
    join(house, "bob", "Ann", "cleo", "Zoe", "émile")
    found = pages(lambda after: do(house, "root", api.LIST_ACCOUNTS, limit=2, after=after))
    names = [account.name for page in found for account in page]
    assert names == ["Ann", "bob", "cleo", "Zoe", "émile"]
    with refused(errors.BadRequest):
        do(house, "root", api.LIST_ACCOUNTS, after="\0")


def test_a_disabled_account_is_shut_out_at_once_and_keeps_its_roles(house):
    house.add("bob")
    house.keys["hub"] = Identified("bob")
    code = house.new("ann").code
    house.grant(code, "bob", "write", by="ann")
    do(house, "root", api.DISABLE_ACCOUNT, name="bob")
    for who, error in (("bob", errors.LoginRevoked), ("hub", errors.NotLoggedIn)):
        with refused(error):
            do(house, who, api.GET_SESSION, code=code)
        with refused(error):
            house.record(code, "1", by=who)
    assert members(house, code, "ann")["bob"] == ["read", "write"]
    do(house, "root", api.ENABLE_ACCOUNT, name="bob")
    assert do(house, "hub", api.GET_SESSION, code=code).code == code
    with refused(errors.LoginRevoked):
        do(house, "bob", api.GET_SESSION, code=code)


def test_nobody_disables_or_removes_themselves(house):
    join(house, "bob")
    house.new("root")
    for operation in (api.DISABLE_ACCOUNT, api.REMOVE_ACCOUNT):
        with refused(errors.Conflict, match="your own"):
            do(house, "root", operation, name="root")


def test_a_name_that_is_used_again_inherits_nothing(house):
    house.add("bob")
    code = house.new("ann").code
    house.grant(code, "bob", "admin", by="ann")
    house.record(code, "old", by="bob")
    publish(house, code, "old.txt", by="bob")
    old = house.keys["bob"]
    do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    assert list(members(house, code, "ann")) == ["ann"]
    assert log(house, code, "ann")[-1].kind == "member.revoked"

    do(house, "root", api.ADD_ACCOUNT, name="bob", password="another password")
    with refused(errors.WrongPassword):
        do(house, "nobody", api.LOG_IN, user="bob", password=PASSWORD)
    house.keys["old"], house.keys["bob"] = old, Identified("bob")
    with refused(errors.LoginRevoked):
        do(house, "old", api.WHO_AM_I)
    with refused(errors.NoSuchSession):
        do(house, "bob", api.GET_SESSION, code=code)
    house.grant(code, "bob", "write", by="ann")
    with refused(errors.RoleMissing, match="admin"):
        do(house, "bob", api.FORGET_COMMAND, code=code, number=1)
    (entry,) = commands(house, code, "ann")
    assert (entry.user, entry.source) == ("bob", "old"), "the name stays on what was done"


def test_who_is_vouched_for_again_after_removal_starts_from_nothing(house):
    join(house, "bob")
    code = house.new("ann").code
    house.grant(code, "bob", "write", by="ann")
    do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    assert do(house, "bob", api.LIST_SESSIONS).items == []
    house.new("bob")
    with refused(errors.NoSuchSession):
        do(house, "bob", api.GET_SESSION, code=code)


def test_who_owns_a_session_is_not_removed(house):
    join(house, "bob", "cleo")
    code = house.new("bob").code
    with refused(errors.Conflict, match="owns 1 session,"):
        do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    do(house, "bob", api.TRANSFER_SESSION, code=code, user="cleo")
    do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    assert list(members(house, code, "cleo")) == ["cleo"]


def test_a_default_session_goes_with_its_account(house):
    join(house, "ann", "bob")
    code = do(house, "bob", api.GET_SESSION, code="default").code
    house.grant(code, "ann", by="bob")
    do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    with refused(errors.NoSuchSession):
        do(house, "ann", api.GET_SESSION, code=code)
    join(house, "bob")
    fresh = do(house, "bob", api.GET_SESSION, code="default").code
    assert fresh != code
    house.clock.forward(days=31)
    house.dispatcher.tidy()
    assert counted(house, sessions) == {"sessions": 1}
    assert do(house, "bob", api.GET_SESSION, code="default").code == fresh


def test_a_display_name_is_one_line(house):
    with refused(errors.BadName):
        do(house, "root", api.ADD_ACCOUNT, name="x", password=PASSWORD, display_name="a\nb")


def test_the_system_user_is_an_administrator_and_whom_others_vouch_for_is_not(house):
    assert do(house, "root", api.WHO_AM_I).administrator
    join(house, "bob")
    assert not do(house, "bob", api.WHO_AM_I).administrator
    house.keys["hub"] = Identified("hub", "Hub", administrator=True)
    told = do(house, "hub", api.WHO_AM_I)
    assert (told.name, told.display_name, told.administrator) == ("hub", "Hub", True)
    assert told.via == "identity"


def test_whom_nobody_could_be_called_makes_nothing_here(house):
    for name in ["a\0b", "", "x" * 300, "\u202ebob", "bоb"]:
        for credentials in (Identified(name), SystemUser(name)):
            house.keys["odd"] = credentials
            assert do(house, "odd", api.LIST_SESSIONS).items == []
            with refused(errors.BadName):
                house.new("odd")
