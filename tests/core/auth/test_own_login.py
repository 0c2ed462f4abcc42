"""The life of a login: what it is, when it ends, for whom it is made, as whom it acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert, select, update

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.accounts import passwords
from jupyter_sessions.core.auth import principals
from jupyter_sessions.core.types import Identified, KeyHolder
from jupyter_sessions.store.tables import group_users, groups, keys, users
from tests.conftest import PASSWORD, Store
from tests.core.asking import do, join, log, refused
from tests.server.serving import key_for
from tests.waiting import until


def log_in(store: Store, user: str, password: str = PASSWORD, **more) -> schemas.NewLogin:
    """Log someone in, and have them asked for by their name."""
    made: schemas.NewLogin = do(store, "nobody", api.LOG_IN, user=user, password=password, **more)
    store.keys[more.get("sudo") or user] = KeyHolder(made.key)
    return made


def own(store: Store, who: str) -> schemas.Login:
    login: schemas.Login = do(store, who, api.CHECK_LOGIN)
    return login


@pytest.fixture
def people(store):
    """Have bar and cleo with accounts, a group ``physics`` that bar owns with cleo in it."""
    names = ("bar", "cleo", "dan", "boss")
    join(store, *names)

    def work(transaction):
        connection = transaction.connection
        connection.execute(update(users).values(password_hash=passwords.make_hash(PASSWORD)))
        connection.execute(update(users).where(users.c.name == "boss").values(administrator=True))
        numbers = {row.name: row.id for row in connection.execute(select(users))}
        for name in ("physics", "chemistry"):
            group = connection.execute(
                insert(groups)
                .values(name=name, folded=name, description="", roles=0, created=store.clock())
                .returning(groups.c.id)
            ).scalar_one()
            for user in ("bar", "cleo") if name == "physics" else ("cleo",):
                connection.execute(
                    insert(group_users).values(
                        group_id=group,
                        user_id=numbers[user],
                        owner=user == "bar",
                        since=store.clock(),
                    )
                )

    store.dispatcher.database.write(work).result()
    for name in names:
        store.keys[name] = KeyHolder(key_for(store, name))
    return store


# ---- what a login is ---------------------------------------------------------------------------


def test_a_login_says_what_it_is(people):
    made = log_in(
        people, "cleo", group="physics", idle_timeout=30, agent="a script", label="on a laptop"
    )
    login = made.login
    assert (made.user, made.display_name, made.clamped) == ("cleo", "", False)
    assert (login.user, login.real_user, login.made_by) == ("cleo", None, None)
    assert (login.group, login.confined) == ("physics", False)
    assert (login.agent, login.label, login.idle_timeout) == ("a script", "on a laptop", 30)
    assert login.created == login.last_used == people.clock()
    assert login.expires == people.clock() + people.dispatcher.limits.login
    assert (login.current, login.state) == (False, "active")
    assert own(people, "cleo") == msgspec.structs.replace(login, current=True)


def test_without_more_a_login_has_the_servers_time_out_and_no_group(people):
    login = log_in(people, "cleo").login
    assert login.idle_timeout == people.dispatcher.limits.login_idle / timedelta(minutes=1)
    assert login.group is None


def test_who_is_known_without_a_key_has_a_login_without_an_end(store):
    login = own(store, "root")
    assert (login.id, login.user, login.state, login.current) == (None, "root", "active", True)
    assert login.expires is login.idle_timeout is login.created is None
    assert do(store, "root", api.REFRESH_LOGIN) == login
    with refused(errors.Conflict, match="not logged in with a key"):
        do(store, "root", api.SET_LOGIN_TIMEOUT, idle_timeout=5)


def test_a_group_that_one_is_not_in_is_refused_as_such_and_tells_not_whether_it_is_there(people):
    with refused(errors.Forbidden, match="bar is not in the group 'chemistry'"):
        log_in(people, "bar", group="chemistry")
    with refused(errors.Forbidden, match="bar is not in the group 'astronomy'"):
        log_in(people, "bar", group="astronomy")
    assert log_in(people, "bar", group="@Physics").login.group == "physics"


def test_a_login_switches_its_group_and_sessions_are_made_in_it(people):
    assert do(people, "cleo", api.SWITCH_GROUP, group="physics").group == "physics"
    assert own(people, "cleo").group == "physics"
    assert do(people, "cleo", api.SWITCH_GROUP, group=None).group is None
    for name in ("biology", "x\0"):
        with refused(errors.Forbidden):
            do(people, "cleo", api.SWITCH_GROUP, group=name)
    with refused(errors.Forbidden):
        do(people, "dan", api.SWITCH_GROUP, group="physics")


def test_without_a_key_the_default_group_is_switched_for_good(people):
    people.keys["hub"] = Identified("cleo")
    assert do(people, "hub", api.SWITCH_GROUP, group="physics").group == "physics"
    assert own(people, "hub").group == "physics"
    assert log_in(people, "cleo").login.group == "physics"
    # The login that was there keeps its own.
    assert do(people, "hub", api.SWITCH_GROUP, group=None).group is None
    assert own(people, "cleo").group == "physics"


# ---- how long it lives -------------------------------------------------------------------------


def test_looking_at_a_login_resets_no_idle_clock_and_keeping_it_does(people):
    log_in(people, "cleo", idle_timeout=20)
    began = own(people, "cleo").last_used
    for _ in range(3):
        people.clock.forward(minutes=5)
        assert own(people, "cleo").last_used == began
    assert do(people, "cleo", api.REFRESH_LOGIN).last_used == people.clock()
    people.clock.forward(minutes=19)
    assert own(people, "cleo").state == "active"
    people.clock.forward(minutes=1)
    with refused(errors.LoginExpired):
        own(people, "cleo")


def test_keeping_a_login_alive_does_not_take_it_past_its_end(people):
    log_in(people, "cleo")
    for _ in range(29):
        people.clock.forward(days=1)
        do(people, "cleo", api.REFRESH_LOGIN)
    people.clock.forward(days=1)
    with refused(errors.LoginExpired):
        do(people, "cleo", api.REFRESH_LOGIN)


def test_who_only_reads_with_a_short_time_out_stays_logged_in(people):
    log_in(people, "cleo", idle_timeout=2)
    for _ in range(10):
        people.clock.forward(minutes=1)
        do(people, "cleo", api.LIST_SESSIONS)
        # What reading notes is written beside it; looking at a login notes nothing.
        until(lambda: own(people, "cleo").last_used == people.clock(), "the note")


def test_who_only_writes_with_a_short_time_out_stays_logged_in(people):
    log_in(people, "cleo", idle_timeout=1)
    for _ in range(10):
        people.clock.forward(seconds=50)
        people.new("cleo")


def test_a_time_out_that_is_clamped_is_told_as_such(people):
    longest = people.dispatcher.limits.longest_login_idle // timedelta(minutes=1)
    made = log_in(people, "cleo", idle_timeout=longest + 1)
    assert (made.clamped, made.login.idle_timeout) == (True, longest)
    for asked, clamped in ((longest + 1, True), (longest, False), (1, False)):
        timed = do(people, "cleo", api.SET_LOGIN_TIMEOUT, idle_timeout=asked)
        assert (timed.clamped, timed.login.idle_timeout) == (clamped, min(asked, longest))
        assert own(people, "cleo").idle_timeout == min(asked, longest)


def test_an_administrator_is_not_clamped_before_the_end_that_all_logins_have(people, store):
    limits = replace(store.dispatcher.limits, longest_login_idle=timedelta(minutes=10))
    store.dispatcher._services = replace(store.dispatcher._services, limits=limits)
    assert log_in(people, "cleo", idle_timeout=60).login.idle_timeout == 10
    assert log_in(people, "boss", idle_timeout=60).login.idle_timeout == 60
    made = log_in(people, "boss", idle_timeout=5_256_000)
    assert (made.clamped, made.login.idle_timeout) == (True, 30 * 24 * 60)


def test_which_end_a_dead_key_came_to_is_told_to_its_holder(people):
    log_in(people, "cleo", idle_timeout=5)
    do(people, "root", api.DISABLE_ACCOUNT, name="bar")
    people.clock.forward(minutes=5)
    people.keys["thief"] = KeyHolder("jses_guessed")
    for who, error in (
        ("cleo", errors.LoginExpired),
        ("bar", errors.LoginRevoked),
        ("thief", errors.LoginUnknown),
    ):
        for operation in (api.CHECK_LOGIN, api.REFRESH_LOGIN, api.LIST_SESSIONS):
            with refused(error):
                do(people, who, operation)


# ---- lists, and ends ---------------------------------------------------------------------------


def listed(store: Store, who: str, **query) -> list[str]:
    return [login.label for login in do(store, who, api.LIST_LOGINS, **query).items]


def test_one_lists_ones_own_live_logins_the_newest_first(people):
    log_in(people, "bar", label="of another")
    log_in(people, "cleo", label="idle", idle_timeout=1)
    ended = log_in(people, "cleo", label="ended").login
    log_in(people, "cleo", label="second")
    people.clock.forward(minutes=1)
    log_in(people, "cleo", label="third")
    do(people, "cleo", api.REVOKE_LOGIN, id=ended.id)
    assert listed(people, "cleo") == ["third", "second", ""]
    assert [login.current for login in do(people, "cleo", api.LIST_LOGINS).items] == [1, 0, 0]
    first = do(people, "cleo", api.LIST_LOGINS, limit=2)
    assert [login.label for login in first.items] == ["third", "second"]
    assert listed(people, "cleo", limit=2, after=first.next) == [""]
    assert listed(people, "cleo", user="bar") == []


def test_an_administrator_lists_the_logins_of_all_or_of_one(people):
    log_in(people, "cleo", label="of cleo")
    assert "of cleo" in listed(people, "root")
    assert listed(people, "root", user="cleo") == ["of cleo", ""]
    with refused(errors.NotFound):
        listed(people, "root", user="nobody-here")


def test_one_ends_ones_own_logins_and_nobody_elses(people):
    others = log_in(people, "bar").login
    mine = log_in(people, "cleo").login
    with refused(errors.NotFound):
        do(people, "cleo", api.REVOKE_LOGIN, id=others.id)
    with refused(errors.NotFound):
        do(people, "cleo", api.REVOKE_LOGIN, id=10**9)
    assert own(people, "bar").state == "active"
    assert do(people, "cleo", api.REVOKE_LOGIN, id=mine.id).state == "revoked"
    with refused(errors.LoginRevoked):
        own(people, "cleo")
    assert do(people, "root", api.REVOKE_LOGIN, id=others.id).state == "revoked"
    assert do(people, "root", api.REVOKE_LOGIN, id=others.id).state == "revoked"
    with refused(errors.LoginRevoked):
        own(people, "bar")


# ---- logins for others -------------------------------------------------------------------------


def open_for(store: Store, who: str, user: str, **more) -> schemas.NewLogin:
    made: schemas.NewLogin = do(store, who, api.ISSUE_LOGIN, user=user, **more)
    store.keys[f"{user} by {who}"] = KeyHolder(made.key)
    return made


def test_an_administrator_makes_a_login_for_someone_and_it_has_two_ends(people):
    made = open_for(people, "root", "cleo", label="robot", group="chemistry")
    login = made.login
    assert (login.user, login.made_by, login.real_user) == ("cleo", "root", None)
    assert (login.group, login.confined) == ("chemistry", False)
    assert login.expires is not None and login.idle_timeout is not None
    assert listed(people, "cleo") == ["robot", ""]
    people.clock.now = login.created + timedelta(minutes=login.idle_timeout)
    with refused(errors.LoginExpired):
        own(people, "cleo by root")


def test_what_a_login_made_by_another_does_names_who_made_it(people):
    open_for(people, "root", "cleo")
    code = people.new("cleo by root").code
    people.record(code, "1", by="cleo by root")
    assert {(e.user, e.real_user) for e in log(people, code, "cleo")} == {("cleo", "root")}
    command = do(people, "cleo", api.LIST_COMMANDS, code=code).items[0]
    assert (command.user, command.real_user) == ("cleo", "root")


def test_an_owner_of_a_group_makes_logins_within_it(people):
    login = open_for(people, "bar", "cleo").login
    assert (login.group, login.confined, login.made_by) == ("physics", True, "bar")
    for user, group in (("cleo", "chemistry"), ("dan", None), ("boss", None), ("dan", "physics")):
        with refused(errors.Forbidden):
            open_for(people, "bar", user, group=group)
    with refused(errors.Forbidden):
        open_for(people, "cleo", "bar")
    assert do(people, "bar", api.REVOKE_LOGIN, id=login.id).state == "revoked"


def test_a_login_confined_to_a_group_knows_of_no_other_group(people):
    open_for(people, "bar", "cleo")
    code = people.new("cleo by bar").code

    def give(who, group):
        do(
            people,
            who,
            api.GRANT_ROLES,
            code=code,
            grants=[schemas.Grant(user=group, roles=["read"])],
        )

    for unshown in ("@chemistry", "@nowhere"):
        with refused(errors.NotFound, match=f"no group {unshown[1:]!r}"):
            give("cleo by bar", unshown)
    give("cleo by bar", "@physics")
    give("cleo", "@chemistry")


def test_a_login_that_acts_for_another_makes_no_logins(people):
    open_for(people, "root", "bar")
    log_in(people, "boss", sudo="bar")
    for who in ("bar by root", "bar"):
        with refused(errors.Forbidden, match="acts for somebody else"):
            open_for(people, who, "cleo")


def test_nobody_acts_as_an_administrator_but_themselves(people):
    do(people, "root", api.MAKE_TICKET)
    with refused(errors.Forbidden, match="administers"):
        open_for(people, "root", "boss")
    with refused(errors.Forbidden, match="administers"):
        log_in(people, "boss", sudo="root")
    assert open_for(people, "root", "root").login.made_by is None


# ---- sudo --------------------------------------------------------------------------------------


def test_an_administrator_acts_as_someone_and_both_are_named(people):
    made = log_in(people, "boss", sudo="cleo")
    assert (made.user, made.login.real_user) == ("cleo", "boss")
    code = people.new("cleo").code
    assert do(people, "cleo", api.GET_SESSION, code=code).owner == "cleo"
    assert {(e.user, e.real_user) for e in log(people, code, "cleo")} == {("cleo", "boss")}
    with refused(errors.NoSuchSession):
        people.keys["boss"] = KeyHolder(log_in(people, "boss").key)
        do(people, "boss", api.GET_SESSION, code=code)


def test_under_sudo_nobody_administers(people):
    log_in(people, "boss", sudo="cleo")
    with refused(errors.Forbidden):
        do(people, "cleo", api.LIST_ACCOUNTS)
    people.dispatcher.database.write(
        lambda tx: tx.connection.execute(
            update(users).where(users.c.name == "cleo").values(administrator=True)
        )
    ).result()
    with refused(errors.Forbidden):
        do(people, "cleo", api.LIST_ACCOUNTS)


def test_an_owner_of_a_group_acts_as_its_members_in_its_sessions_alone(people):
    private = people.new("cleo").code
    do(people, "cleo", api.SWITCH_GROUP, group="physics")
    within = people.new("cleo").code
    people.keys["cleo herself"] = people.keys["cleo"]
    made = log_in(people, "bar", sudo="cleo")
    assert (made.login.group, made.login.confined) == ("physics", True)
    assert do(people, "cleo", api.GET_SESSION, code=within).code == within
    assert [s.code for s in do(people, "cleo", api.LIST_SESSIONS).items] == [within]
    assert not do(people, "cleo", api.SESSION_EXISTS, code=private).exists
    for code in (private, "default"):
        with refused(errors.NoSuchSession):
            do(people, "cleo", api.GET_SESSION, code=code)
    mine = people.new("cleo").code
    assert {s.code for s in do(people, "cleo", api.LIST_SESSIONS).items} == {within, mine}
    for operation, fields in (
        (api.SWITCH_GROUP, {"group": None}),
        (api.LIST_LOGINS, {}),
        (api.REVOKE_LOGIN, {"id": 1}),
        (api.ISSUE_LOGIN, {"user": "bar"}),
    ):
        with refused(errors.Forbidden):
            do(people, "cleo", operation, **fields)


def test_nobody_else_acts_as_others(people):
    for who, user in (("cleo", "bar"), ("bar", "dan"), ("dan", "cleo"), ("bar", "boss")):
        with refused(errors.Forbidden):
            log_in(people, who, sudo=user)
    with refused(errors.NotFound):
        log_in(people, "boss", sudo="nobody-here")
    do(people, "root", api.DISABLE_ACCOUNT, name="dan")
    with refused(errors.Forbidden, match="disabled"):
        log_in(people, "boss", sudo="dan")


def test_a_wrong_password_opens_no_sudo(people):
    with refused(errors.WrongPassword):
        log_in(people, "boss", "wrong", sudo="cleo")


def test_what_acts_for_others_ends_with_who_acts(people):
    open_for(people, "bar", "cleo")
    log_in(people, "bar", sudo="cleo")
    do(people, "root", api.DISABLE_ACCOUNT, name="bar")
    for who in ("cleo", "cleo by bar"):
        with refused(errors.LoginRevoked):
            own(people, who)


@pytest.mark.parametrize("way", ["sudo", "made"])
def test_a_ticket_is_no_freer_than_the_login_that_it_was_made_with(people, way):
    if way == "sudo":
        parent = log_in(people, "bar", sudo="cleo").login
        who = "cleo"
    else:
        parent = open_for(people, "bar", "cleo").login
        who = "cleo by bar"
    people.clock.forward(days=1)
    ticket = do(people, who, api.MAKE_TICKET).ticket
    login = do(people, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket).login
    for name in ("user", "real_user", "made_by", "group", "confined", "expires"):
        assert getattr(login, name) == getattr(parent, name), name
    later = do(people, who, api.MAKE_TICKET).ticket
    do(people, "root", api.REVOKE_LOGIN, id=parent.id)
    with refused(errors.NotLoggedIn):
        do(people, "nobody", api.LOG_IN_WITH_TICKET, ticket=later)


def test_a_key_is_stored_as_a_hash_alone(people):
    made = log_in(people, "cleo")
    rows = people.dispatcher.database.read(
        lambda tx: [tuple(row) for row in tx.connection.execute(select(keys))]
    ).result()
    assert made.key not in repr(rows)
    assert principals.digest(made.key) in repr(rows)
    assert made.key not in repr(made.login)


# ---- what came of a login ----------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["closed", "left"])
def test_what_came_of_a_login_ends_with_it(people, ending):
    login = log_in(people, "cleo").login
    for earlier, later in (("cleo", "browser"), ("browser", "another browser")):
        ticket = do(people, earlier, api.MAKE_TICKET).ticket
        made = do(people, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
        people.keys[later] = KeyHolder(made.key)
    unused = do(people, "cleo", api.MAKE_TICKET).ticket
    if ending == "closed":
        do(people, "root", api.REVOKE_LOGIN, id=login.id)
    else:
        do(people, "cleo", api.LOG_OUT)
    for who in ("cleo", "browser", "another browser"):
        with refused(errors.LoginRevoked):
            own(people, who)
    with refused(errors.NotLoggedIn):
        do(people, "nobody", api.LOG_IN_WITH_TICKET, ticket=unused)


def test_a_login_that_came_of_another_ends_alone(people):
    log_in(people, "cleo")
    ticket = do(people, "cleo", api.MAKE_TICKET).ticket
    made = do(people, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    people.keys["browser"] = KeyHolder(made.key)
    do(people, "browser", api.LOG_OUT)
    assert own(people, "cleo").state == "active"


@pytest.mark.parametrize("ending", ["the login", "the ownership"])
def test_who_acted_for_another_leaves_no_way_in_behind(people, ending):
    log_in(people, "bar", sudo="cleo")
    code = do(people, "cleo", api.CREATE_SESSION, label="Cleo's").code
    key = do(people, "cleo", api.INVITE, code=code, roles=["admin"], uses=50).key
    do(people, "dan", api.JOIN, key=key)
    if ending == "the login":
        do(people, "cleo", api.LOG_OUT)
    else:
        do(people, "root", api.SET_GROUP_OWNERS, name="physics", users=["bar"], owner=False)
    with refused(errors.InvitationUnusable):
        do(people, "bar", api.JOIN, key=key)
