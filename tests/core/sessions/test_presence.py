"""Who is connected: told by clients and servers, seen by members, and never an act."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Follower
from tests.conftest import Store
from tests.core.asking import do, join, log, refused


@pytest.fixture
def code(store):
    """Give the code of ann's session, which bob reads; cleo is known here, and not in it."""
    join(store, "ann", "bob", "cleo")
    code = store.new("ann").code
    store.grant(code, "bob", "read", by="ann")
    return code


def keep(store: Store, who: str, code: str, client: str = "one", **more) -> None:
    """Say that a client has the session open."""
    do(store, who, api.KEEP_PRESENCE, code=code, client=client, **more)


def here(store: Store, code: str, by: str = "ann") -> list[tuple[str, str]]:
    """Tell who has the session open, and by what."""
    return [(one.user, one.kind) for one in do(store, by, api.LIST_PRESENCE, code=code).here]


def everywhere(store: Store, by: str) -> list[schemas.Presence]:
    """Return who is connected at all, as someone may know."""
    return list(do(store, by, api.WHO).here)


def test_two_clients_share_a_session_and_both_are_counted(store, code):
    keep(store, "ann", code, "laptop", kind="kernel", agent="ipython on a laptop")
    store.clock.forward(seconds=10)
    keep(store, "ann", code, "desk", kind="kernel")
    keep(store, "bob", code)
    assert here(store, code, "bob") == [("ann", "kernel"), ("ann", "kernel"), ("bob", "program")]
    first = do(store, "bob", api.LIST_PRESENCE, code=code).here[0]
    assert (first.agent, first.session, first.mine) == ("ipython on a laptop", code, False)
    do(store, "ann", api.END_PRESENCE, code=code, client="laptop")
    assert here(store, code) == [("ann", "kernel"), ("bob", "program")]


def test_who_says_nothing_more_is_gone_and_who_goes_on_saying_stays(store, code):
    keep(store, "ann", code)
    keep(store, "bob", code)
    since = store.clock()
    for _ in range(3):
        store.clock.forward(seconds=60)
        keep(store, "ann", code)
    (only,) = do(store, "ann", api.LIST_PRESENCE, code=code).here
    assert (only.user, only.since, only.mine) == ("ann", since, True)


def test_being_there_is_no_act_and_no_event_and_keeps_no_login_alive(store, code):
    store.add("dora")
    store.grant(code, "dora", "read", by="ann")
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=code, idle_timeout=60)
    before = len(log(store, code, "ann"))
    used = do(store, "ann", api.GET_SESSION, code=code).last_used
    last = do(store, "dora", api.CHECK_LOGIN).last_used
    for _ in range(59):
        store.clock.forward(minutes=1)
        keep(store, "dora", code)
        do(store, "dora", api.LIST_PRESENCE, code=code)
    assert do(store, "ann", api.GET_SESSION, code=code).last_used == used
    assert do(store, "dora", api.CHECK_LOGIN).last_used == last
    assert len(log(store, code, "ann")) == before
    store.clock.forward(minutes=1)
    keep(store, "dora", code)
    assert do(store, "ann", api.GET_SESSION, code=code).state == "closed"


def test_the_last_act_is_the_newest_command(store, code):
    keep(store, "ann", code)
    (told,) = do(store, "ann", api.LIST_PRESENCE, code=code).here
    assert told.last_act is None
    store.clock.forward(seconds=30)
    store.record(code, "1", by="ann")
    (told,) = do(store, "ann", api.LIST_PRESENCE, code=code).here
    assert told.last_act == store.clock()


def test_presence_is_the_members_alone_to_know_and_to_tell(store, code):
    for operation, more in [
        (api.LIST_PRESENCE, {}),
        (api.KEEP_PRESENCE, {"client": "x"}),
        (api.END_PRESENCE, {"client": "x"}),
    ]:
        with refused(errors.NoSuchSession):
            do(store, "cleo", operation, code=code, **more)
    store.grant(code, "cleo", "execute", by="ann")
    with refused(errors.RoleMissing):
        do(store, "cleo", api.LIST_PRESENCE, code=code)


def test_nobody_ends_the_presence_of_another(store, code):
    keep(store, "ann", code, "same")
    keep(store, "bob", code, "same")
    do(store, "bob", api.END_PRESENCE, code=code, client="same")
    assert here(store, code) == [("ann", "program")]


def test_who_is_revoked_or_logged_out_is_there_no_more(store, code):
    store.add("dora")
    store.grant(code, "dora", "read", by="ann")
    keep(store, "bob", code)
    keep(store, "dora", code)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    assert here(store, code) == [("dora", "program")]
    do(store, "dora", api.LOG_OUT)
    assert here(store, code) == []


def test_one_user_does_not_fill_the_table(store, code):
    for number in range(100):
        keep(store, "ann", code, f"client{number}")
    with refused(errors.TooLarge):
        keep(store, "ann", code, "one-more")
    keep(store, "ann", code, "client5")
    store.clock.forward(minutes=5)
    keep(store, "ann", code, "one-more")
    assert here(store, code) == [("ann", "program")]


def test_others_see_those_in_their_sessions_and_no_more_of_them_than_that(store, code):
    store.add("dora")
    private = store.new("dora").code
    keep(store, "dora", private, agent="secret project")
    keep(store, "ann", code, agent="ipython")
    seen = [one for one in everywhere(store, "bob") if not one.mine]
    assert [(one.user, one.session, one.agent, one.last_act) for one in seen] == [
        ("ann", code, "", None)
    ]
    assert [one.user for one in everywhere(store, "cleo") if not one.mine] == []
    own = everywhere(store, "ann")
    assert [(one.session, one.agent, one.mine) for one in own] == [(code, "ipython", True)]


def test_administrators_are_told_all_but_the_codes_of_sessions_that_are_not_theirs(store, code):
    store.add("dora", "emil")
    keep(store, "dora", store.new("dora").code, agent="ipython")
    told = {one.user: one for one in everywhere(store, "root")}
    assert (told["dora"].session, told["dora"].agent, told["dora"].kind) == (
        None, "ipython", "program",
    )  # fmt: skip
    assert (told["emil"].kind, told["emil"].session) == ("login", None)
    # A login that was not used for an hour is not connected.
    store.clock.forward(hours=2)
    assert not [one for one in everywhere(store, "root") if one.user in {"dora", "emil"}]


def test_ones_own_logins_are_listed_and_nobody_elses(store, code):
    store.add("dora", "emil")
    assert [(one.user, one.kind) for one in everywhere(store, "dora")] == [("dora", "login")]


def test_followers_are_kept_by_their_server_and_lapse_with_it(store, code):
    session_id, _, principal = store.dispatcher.follow(
        schemas.Follow(code=code), store.credentials("bob")
    ).result()

    def follower(client: str) -> Follower:
        return Follower(client, session_id, principal.user_id, None, None, "page", "")

    say = store.dispatcher.store_followers
    say("server1", [follower("a"), follower("b")], [], beat=False).result()
    say("server2", [follower("c")], [], beat=False).result()
    assert here(store, code) == [("bob", "page")] * 3
    say("server1", [], ["a", "c"], beat=False).result()
    assert len(here(store, code)) == 2, "a server speaks of its own followers alone"
    store.clock.forward(seconds=100)
    say("server1", [], [], beat=True).result()
    store.clock.forward(seconds=100)
    assert here(store, code) == [("bob", "page")]
    # A client can't pass for one whom the server keeps.
    do(store, "bob", api.END_PRESENCE, code=code, client="b")
    assert here(store, code) == [("bob", "page")]


def test_two_processes_on_one_postgresql_share_who_is_there(postgresql_database, tmp_path):
    both = [Dispatcher(postgresql_database, tmp_path / "blobs") for _ in range(2)]
    one, other = (Store(dispatcher, dispatcher._clock) for dispatcher in both)
    code = one.new("ann").code
    keep(one, "ann", code, "here")
    keep(other, "ann", code, "there")
    assert len(here(one, code)) == len(here(other, code)) == 2
    for dispatcher in both:
        dispatcher.close()
