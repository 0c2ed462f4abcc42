"""Accounts: made, disabled and removed by an administrator, and what becomes of what they had."""

from __future__ import annotations

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Identified, SystemUser
from jupyter_sessions.store.tables import sessions
from tests.conftest import PASSWORD
from tests.core.asking import commands, counted, do, join, log, members, pages, publish, refused


def test_an_account_is_made_with_a_name_that_nobody_could_be_taken_for(store):
    made = do(store, "root", api.ADD_ACCOUNT, name="bob", password=PASSWORD, display_name="Bob B.")
    assert (made.name, made.display_name, made.disabled) == ("bob", "Bob B.", False)
    assert not made.administrator
    for alike in ("bob", "Bob", "ｂｏｂ"):
        with refused(errors.Conflict, match="bob"):
            do(store, "root", api.ADD_ACCOUNT, name=alike, password=PASSWORD)
    for bad in ("a\0b", "", "x" * 255, "\u202ebob", "bоb"):
        with refused(errors.BadName):
            do(store, "root", api.ADD_ACCOUNT, name=bad, password=PASSWORD)
    assert [a.name for a in do(store, "root", api.LIST_ACCOUNTS).items] == ["bob", "root"]


def test_nobody_can_log_in_to_a_new_store_by_a_password(store):
    assert do(store, "root", api.LIST_ACCOUNTS).items == []
    for password in ("", "root", "admin", "password", PASSWORD):
        for name in ("root", "admin"):
            with refused(errors.WrongPassword):
                do(store, "nobody", api.LOG_IN, user=name, password=password)


def test_only_an_administrator_deals_with_accounts(store):
    join(store, "bob")
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
                do(store, who, operation, **fields)


def test_an_account_that_is_not_there_is_not_found(store):
    for name in ("unheard-of", "\0", "x" * 255):
        for operation in (api.DISABLE_ACCOUNT, api.ENABLE_ACCOUNT, api.REMOVE_ACCOUNT):
            with refused(errors.NotFound):
                do(store, "root", operation, name=name)


def test_all_pages_together_are_the_accounts_by_name(store):
    join(store, "bob", "Ann", "cleo", "Zoe", "émile")
    found = pages(lambda after: do(store, "root", api.LIST_ACCOUNTS, limit=2, after=after))
    names = [account.name for page in found for account in page]
    assert names == ["Ann", "bob", "cleo", "Zoe", "émile"]
    with refused(errors.BadRequest):
        do(store, "root", api.LIST_ACCOUNTS, after="\0")


def test_a_disabled_account_is_shut_out_at_once_and_keeps_its_roles(store):
    store.add("bob")
    store.keys["hub"] = Identified("bob")
    code = store.new("ann").code
    store.grant(code, "bob", "write", by="ann")
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    for who, error in (("bob", errors.LoginRevoked), ("hub", errors.NotLoggedIn)):
        with refused(error):
            do(store, who, api.GET_SESSION, code=code)
        with refused(error):
            store.record(code, "1", by=who)
    assert members(store, code, "ann")["bob"] == ["read", "write"]
    do(store, "root", api.ENABLE_ACCOUNT, name="bob")
    assert do(store, "hub", api.GET_SESSION, code=code).code == code
    with refused(errors.LoginRevoked):
        do(store, "bob", api.GET_SESSION, code=code)


def test_nobody_disables_or_removes_themselves(store):
    join(store, "bob")
    store.new("root")
    for operation in (api.DISABLE_ACCOUNT, api.REMOVE_ACCOUNT):
        with refused(errors.Conflict, match="your own"):
            do(store, "root", operation, name="root")


def test_a_name_that_is_used_again_inherits_nothing(store):
    store.add("bob")
    code = store.new("ann").code
    store.grant(code, "bob", "admin", by="ann")
    store.record(code, "old", by="bob")
    publish(store, code, "old.txt", by="bob")
    old = store.keys["bob"]
    do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    assert list(members(store, code, "ann")) == ["ann"]
    assert log(store, code, "ann")[-1].kind == "member.revoked"

    do(store, "root", api.ADD_ACCOUNT, name="bob", password="another password")
    with refused(errors.WrongPassword):
        do(store, "nobody", api.LOG_IN, user="bob", password=PASSWORD)
    store.keys["old"], store.keys["bob"] = old, Identified("bob")
    with refused(errors.LoginRevoked):
        do(store, "old", api.WHO_AM_I)
    with refused(errors.NoSuchSession):
        do(store, "bob", api.GET_SESSION, code=code)
    store.grant(code, "bob", "write", by="ann")
    with refused(errors.RoleMissing, match="admin"):
        do(store, "bob", api.FORGET_COMMAND, code=code, number=1)
    (entry,) = commands(store, code, "ann")
    assert (entry.user, entry.source) == ("bob", "old"), "the name stays on what was done"


def test_who_is_vouched_for_again_after_removal_starts_from_nothing(store):
    join(store, "bob")
    code = store.new("ann").code
    store.grant(code, "bob", "write", by="ann")
    do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    assert do(store, "bob", api.LIST_SESSIONS).items == []
    store.new("bob")
    with refused(errors.NoSuchSession):
        do(store, "bob", api.GET_SESSION, code=code)


def test_who_owns_a_session_is_not_removed(store):
    join(store, "bob", "cleo")
    code = store.new("bob").code
    with refused(errors.Conflict, match="owns 1 session,"):
        do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    do(store, "bob", api.TRANSFER_SESSION, code=code, user="cleo")
    do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    assert list(members(store, code, "cleo")) == ["cleo"]


def test_a_default_session_goes_with_its_account(store):
    join(store, "ann", "bob")
    code = do(store, "bob", api.GET_SESSION, code="default").code
    store.grant(code, "ann", by="bob")
    do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    with refused(errors.NoSuchSession):
        do(store, "ann", api.GET_SESSION, code=code)
    join(store, "bob")
    fresh = do(store, "bob", api.GET_SESSION, code="default").code
    assert fresh != code
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    assert counted(store, sessions) == {"sessions": 1}
    assert do(store, "bob", api.GET_SESSION, code="default").code == fresh


def test_a_display_name_is_one_line(store):
    with refused(errors.BadName):
        do(store, "root", api.ADD_ACCOUNT, name="x", password=PASSWORD, display_name="a\nb")


def test_the_system_user_is_an_administrator_and_whom_others_vouch_for_is_not(store):
    assert do(store, "root", api.WHO_AM_I).administrator
    join(store, "bob")
    assert not do(store, "bob", api.WHO_AM_I).administrator
    store.keys["hub"] = Identified("hub", "Hub", administrator=True)
    told = do(store, "hub", api.WHO_AM_I)
    assert (told.name, told.display_name, told.administrator) == ("hub", "Hub", True)
    assert told.via == "identity"


def test_whom_nobody_could_be_called_makes_nothing_here(store):
    for name in ["a\0b", "", "x" * 300, "\u202ebob", "bоb"]:
        for credentials in (Identified(name), SystemUser(name)):
            store.keys["odd"] = credentials
            assert do(store, "odd", api.LIST_SESSIONS).items == []
            with refused(errors.BadName):
                store.new("odd")
