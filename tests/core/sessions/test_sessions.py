"""Sessions: making, finding, describing, their states, their time-outs, and handing them over."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Anonymous
from tests.conftest import Store
from tests.core.asking import (
    commands,
    do,
    join,
    log,
    members,
    pages,
    publish,
    recorded,
    refused,
)

UNKNOWN = "1234567890123456789012"


def codes(store: Store, who: str, **query: object) -> list[str]:
    return [session.code for session in do(store, who, api.LIST_SESSIONS, **query).items]


# ---- making, finding, describing ---------------------------------------------------------------


def test_a_new_session_is_its_makers_alone_with_all_roles(store):
    made = store.new("ann", label="Weather", description="Rain\nand sun", idle_timeout=5)
    assert (made.owner, made.label, made.description) == ("ann", "Weather", "Rain\nand sun")
    assert made.roles == ["read", "write", "execute", "admin", "owner"]
    assert (made.state, made.default, made.members, made.commands) == ("active", False, 1, 0)
    assert made.idle_timeout == 5
    assert made == do(store, "ann", api.GET_SESSION, code=made.code)


def test_nobody_in_particular_can_make_no_session(store):
    with refused(errors.NotLoggedIn):
        store.new("nobody")


def test_a_session_is_listed_with_the_roles_of_who_asks(store):
    join(store, "bob")
    shared = store.new("ann").code
    store.grant(shared, "bob", "write", "execute", by="ann")
    (seen,) = do(store, "bob", api.LIST_SESSIONS).items
    assert (seen.code, seen.roles, seen.owner) == (shared, ["read", "write", "execute"], "ann")


def test_the_list_is_of_mine_or_of_those_shared_with_me_newest_use_first(store):
    join(store, "bob")
    mine = store.new("bob").code
    store.clock.forward(minutes=1)
    shared = store.new("ann").code
    store.grant(shared, "bob", by="ann")
    store.new("ann")
    assert codes(store, "bob") == [shared, mine]
    assert codes(store, "bob", which="mine") == [mine]
    assert codes(store, "bob", which="shared") == [shared]
    store.clock.forward(minutes=1)
    store.record(mine, "1", by="bob")
    assert codes(store, "bob") == [mine, shared]


def test_the_list_of_someone_who_was_never_here_is_empty(store):
    store.new("ann")
    assert codes(store, "stranger") == []


def test_the_list_is_searched_by_words_in_label_description_owner_and_code(store):
    first = store.new("ann", label="Weather in Seattle", description="100% of rain")
    second = store.new("ann", label="CO2 in Hawaii")
    assert codes(store, "ann", search="seattle WEATHER") == [first.code]
    assert codes(store, "ann", search="100%") == [first.code]
    assert codes(store, "ann", search="_") == [], "a joker of LIKE finds nothing"
    assert codes(store, "ann", search=second.code[:10]) == [second.code]
    assert set(codes(store, "ann", search="ann")) == {first.code, second.code}
    assert codes(store, "ann", search="seattle hawaii") == []


def test_any_text_can_be_searched_for_in_the_list(store):
    store.new("ann", label="Weather")
    for text in (
        "\0",
        "a\0b",
        "'",
        "' OR ''='",
        "x'; --",
        '"',
        "\\",
        "%",
        "_",
        "\U0001f600",
        "\u202e",
    ):
        assert codes(store, "ann", search=text) == []


def test_the_list_pages_through_sessions_used_at_the_same_instant(store):
    made = [store.new("ann").code for _ in range(5)]
    found = pages(lambda after: do(store, "ann", api.LIST_SESSIONS, limit=2, after=after))
    assert [len(page) for page in found] == [2, 2, 1]
    assert [session.code for page in found for session in page] == made[::-1]


def test_a_cursor_that_is_none_is_refused(store):
    for after in ("", "x", "1", "1-", "-1-1", "1-2-3", "9" * 30 + "-1", "²-1", "\0"):
        with refused(errors.BadRequest):
            do(store, "ann", api.LIST_SESSIONS, after=after)


def test_a_session_has_a_message_and_the_name_of_the_program_that_works_in_it(store):
    code = store.new(label="a").code
    join(store, "bob")
    store.grant(code, "bob", "write")
    made = do(store, "root", api.GET_SESSION, code=code)
    assert (made.message, made.agent) == ("", "")
    do(store, "bob", api.UPDATE_SESSION, code=code, message="Back on\nMonday", agent="nightly")
    found = do(store, "root", api.GET_SESSION, code=code)
    assert (found.message, found.agent, found.label) == ("Back on\nMonday", "nightly", "a")
    assert log(store, code)[-1].data == {"message": "Back on\nMonday", "agent": "nightly"}
    for bad in ({"message": "a\x1b[2J"}, {"agent": "a\nb"}):
        with refused(errors.BadName):
            do(store, "bob", api.UPDATE_SESSION, code=code, **bad)
    do(store, "bob", api.UPDATE_SESSION, code=code, message="")
    assert do(store, "root", api.GET_SESSION, code=code).message == ""


def test_label_and_description_change_each_by_itself(store):
    code = store.new(label="a", description="b").code
    assert do(store, "root", api.UPDATE_SESSION, code=code, label="c").description == "b"
    assert do(store, "root", api.UPDATE_SESSION, code=code, description="").label == "c"


def test_a_label_keeps_markup_as_it_is_and_takes_no_control_characters(store):
    code = store.new(label="<b>&amp;'\"").code
    for bad in ("a\0b", "a\nb", "\x1b[31m", "\x85", "\u2028"):
        with refused(errors.BadName):
            do(store, "root", api.UPDATE_SESSION, code=code, label=bad)
    assert do(store, "root", api.GET_SESSION, code=code).label == "<b>&amp;'\""


def test_a_stranger_finds_a_session_and_none_at_all_to_be_the_same(store):
    code = store.new("ann").code
    with pytest.raises(errors.NoSuchSession) as hidden:
        do(store, "bob", api.GET_SESSION, code=code)
    with pytest.raises(errors.NoSuchSession) as absent:
        do(store, "bob", api.GET_SESSION, code=UNKNOWN)
    assert hidden.value.to_wire() == absent.value.to_wire()


def test_existence_is_told_to_members_alone(store):
    code = store.new("ann").code
    assert do(store, "ann", api.SESSION_EXISTS, code=code).exists
    assert not do(store, "bob", api.SESSION_EXISTS, code=code).exists
    assert not do(store, "ann", api.SESSION_EXISTS, code=UNKNOWN).exists
    do(store, "ann", api.REMOVE_SESSION, code=code)
    assert not do(store, "ann", api.SESSION_EXISTS, code=code).exists


# ---- the default session -----------------------------------------------------------------------


def test_the_default_session_is_made_at_first_need_and_stays_the_same(store):
    first = do(store, "ann", api.GET_SESSION, code="default")
    assert first.default
    assert do(store, "ann", api.GET_SESSION, code="default").code == first.code
    assert do(store, "bob", api.GET_SESSION, code="default").code != first.code
    assert codes(store, "ann") == [first.code]


def test_nobody_in_particular_has_no_default_session(store):
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.GET_SESSION, code="default")


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (api.REMOVE_SESSION, {}),
        (api.CLOSE_SESSION, {}),
        (api.TRANSFER_SESSION, {"user": "bob"}),
        (api.SET_SESSION_TIMEOUTS, {"lifetime": 1}),
        (api.SET_SESSION_TIMEOUTS, {"idle_timeout": 1}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_default_session_can_not_be_disposed_of(store, operation, fields):
    join(store, "bob")
    before = do(store, "ann", api.GET_SESSION, code="default")
    with refused(errors.Conflict, match="default session"):
        do(store, "ann", operation, code="default", **fields)
    assert do(store, "ann", api.GET_SESSION, code="default") == before


def test_many_first_needs_at_once_make_one_default_session(store):
    join(store, "ann")
    wanted = api.GET_SESSION.request(code="default")
    asked = [
        store.dispatcher.submit(api.GET_SESSION, wanted, store.credentials("ann")) for _ in range(8)
    ]
    assert len({future.result().code for future in asked}) == 1
    assert len(codes(store, "ann")) == 1


# ---- states ------------------------------------------------------------------------------------


@pytest.fixture
def shared(store):
    """Give the code of ann's session, in which bob is an admin, with a command and a file."""
    join(store, "bob")
    code = store.new("ann", label="Weather").code
    store.grant(code, "bob", "admin", by="ann")
    store.record(code, "1", by="bob")
    publish(store, code, "a.txt", by="ann")
    return code


LOOKING = [
    (api.GET_SESSION, {}),
    (api.LIST_MEMBERS, {}),
    (api.LIST_COMMANDS, {}),
    (api.GET_COMMAND, {"number": 1}),
    (api.LIST_FILES, {}),
    (api.GET_FILE, {"path": "a.txt"}),
    (api.DOWNLOAD_FILE, {"path": "a.txt"}),
    (api.CREATE_CAPABILITY_URL, {"command": 1}),
    (api.LIST_EVENTS, {}),
    (api.RESUME_SESSION, {}),
]
CHANGING = [
    (api.UPDATE_SESSION, {"label": "x"}),
    (api.UNPUBLISH_FILE, {"path": "a.txt"}),
    (api.GRANT_ROLES, {"grants": []}),
    (api.REVOKE_ROLES, {"users": ["bob"]}),
]


def test_a_disabled_session_is_its_owners_alone_to_look_at(store, shared):
    do(store, "ann", api.DISABLE_SESSION, code=shared)
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.SessionDisabled, match="disabled"):
            do(store, "bob", operation, code=shared, **fields)
    with refused(errors.SessionDisabled):
        store.record(shared, "2", by="bob")
    assert codes(store, "bob") == []
    for operation, fields in LOOKING:
        do(store, "ann", operation, code=shared, **fields)
    for operation, fields in CHANGING:
        with refused(errors.WrongState, match="disabled"):
            do(store, "ann", operation, code=shared, **fields)
    assert do(store, "ann", api.ENABLE_SESSION, code=shared).state == "active"
    assert codes(store, "bob") == [shared]
    assert store.record(shared, "2", by="bob") == [2]


def test_a_disabled_session_looks_like_none_to_a_stranger(store, shared):
    do(store, "ann", api.DISABLE_SESSION, code=shared)
    with refused(errors.NoSuchSession):
        do(store, "stranger", api.GET_SESSION, code=shared)


def test_a_closed_session_is_an_archive_for_good(store, shared):
    assert do(store, "ann", api.CLOSE_SESSION, code=shared).state == "closed"
    for who in ("ann", "bob"):
        for operation, fields in LOOKING:
            do(store, who, operation, code=shared, **fields)
    for operation, fields in CHANGING:
        with refused(errors.WrongState, match="closed"):
            do(store, "bob", operation, code=shared, **fields)
    with refused(errors.WrongState):
        store.record(shared, "2", by="ann")
    with refused(errors.WrongState):
        publish(store, shared, "b.txt", by="ann")
    for operation in (api.ENABLE_SESSION, api.RESTORE_SESSION, api.DISABLE_SESSION):
        with refused(errors.WrongState):
            do(store, "ann", operation, code=shared)
    assert do(store, "ann", api.GET_SESSION, code=shared).state == "closed"


def test_a_removed_session_is_gone_for_all_and_comes_back_as_it_was(store, shared):
    before = members(store, shared, by="ann")
    do(store, "ann", api.REMOVE_SESSION, code=shared)
    assert codes(store, "ann") == codes(store, "bob") == codes(store, "bob", which="removed") == []
    assert codes(store, "ann", which="removed") == [shared]
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.NoSuchSession):
            do(store, "bob", operation, code=shared, **fields)
        with refused(errors.WrongState, match="removed"):
            do(store, "ann", operation, code=shared, **fields)
    with refused(errors.NoSuchSession):
        do(store, "bob", api.RESTORE_SESSION, code=shared)
    restored = do(store, "ann", api.RESTORE_SESSION, code=shared)
    assert (restored.state, restored.removed, restored.purged) == ("active", None, None)
    assert members(store, shared, by="bob") == before
    assert [entry.source for entry in commands(store, shared, by="bob")] == ["1"]


def test_a_removed_session_tells_until_when_it_can_be_restored(store, shared):
    removed = do(store, "ann", api.REMOVE_SESSION, code=shared)
    assert removed.removed == store.clock()
    assert removed.purged == store.clock() + store.dispatcher.limits.restorable


@pytest.mark.parametrize("how", [api.DISABLE_SESSION, api.CLOSE_SESSION])
def test_a_session_comes_back_from_removal_in_the_state_that_it_had(store, shared, how):
    state = do(store, "ann", how, code=shared).state
    do(store, "ann", api.REMOVE_SESSION, code=shared)
    assert do(store, "ann", api.RESTORE_SESSION, code=shared).state == state


@pytest.mark.parametrize(
    "operation",
    [
        api.DISABLE_SESSION,
        api.ENABLE_SESSION,
        api.CLOSE_SESSION,
        api.REMOVE_SESSION,
        api.RESTORE_SESSION,
        api.SET_SESSION_TIMEOUTS,
    ],
    ids=lambda operation: operation.name,
)
def test_the_state_is_the_owners_alone_to_change_and_an_admin_is_told_so(store, shared, operation):
    with refused(errors.RoleMissing, match="owner"):
        do(store, "bob", operation, code=shared)
    assert do(store, "bob", api.GET_SESSION, code=shared).state == "active"


def test_an_administrator_of_the_server_has_no_role_in_others_sessions(store, shared):
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.NoSuchSession):
            do(store, "root", operation, code=shared, **fields)


# ---- time-outs ---------------------------------------------------------------------------------


def state(store: Store, code: str, who: str = "ann") -> str:
    told: str = do(store, who, api.GET_SESSION, code=code).state
    return told


def test_an_act_resets_the_idle_clock_and_looking_does_not(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    store.clock.forward(minutes=9)
    store.record(shared, "2", by="bob")
    store.clock.forward(minutes=9)
    for operation, fields in LOOKING:
        if not operation.writes:
            do(store, "bob", operation, code=shared, **fields)
    codes(store, "bob")
    do(store, "bob", api.SESSION_EXISTS, code=shared)
    assert state(store, shared) == "active"
    store.clock.forward(minutes=1)
    assert state(store, shared) == "closed"


def test_a_refused_act_does_not_reset_the_idle_clock(store, shared):
    store.grant(shared, "bob", "read", by="ann")
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    store.clock.forward(minutes=9)
    with refused(errors.RoleMissing):
        store.record(shared, "2", by="bob")
    with refused(errors.NoSuchSession):
        store.record(shared, "2", by="stranger")
    store.clock.forward(minutes=1)
    assert state(store, shared) == "closed"


def test_a_lifetime_ends_whatever_happens(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=10)
    store.clock.forward(minutes=9)
    store.record(shared, "2", by="bob")
    store.clock.forward(minutes=1)
    with refused(errors.WrongState, match="closed"):
        store.record(shared, "3", by="bob")
    assert state(store, shared) == "closed"


def test_time_outs_are_taken_away_with_none_and_left_alone_when_not_named(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10, lifetime=20)
    told = do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=None)
    assert (told.idle_timeout, told.lifetime) == (None, 20)
    assert do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=None).closes is None


def test_a_session_that_ran_out_stays_closed_though_time_outs_were_lengthened_before(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    store.clock.forward(minutes=11)
    with refused(errors.WrongState):
        do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=None)
    store.dispatcher.tidy()
    assert state(store, shared) == "closed"


def test_when_a_time_out_closes_a_session_the_log_says_so_once(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    store.clock.forward(minutes=11)
    do(store, "ann", api.RESUME_SESSION, code=shared)
    store.dispatcher.tidy()
    store.dispatcher.tidy()
    closed = [event for event in log(store, shared, by="ann") if event.kind == "session.closed"]
    assert [event.data for event in closed] == [{"why": "time-out"}]


def test_a_list_shows_as_closed_what_has_run_out_before_anything_tidied_up(store, shared):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=1)
    store.clock.forward(minutes=2)
    (seen,) = do(store, "bob", api.LIST_SESSIONS).items
    assert seen.state == "closed"


# ---- handing over ------------------------------------------------------------------------------


def test_a_transfer_makes_an_owner_and_leaves_the_old_one_an_admin(store, shared):
    told = do(store, "ann", api.TRANSFER_SESSION, code=shared, user="bob")
    assert (told.owner, told.roles) == ("bob", ["read", "write", "execute", "admin"])
    assert list(members(store, shared, by="ann").items()) == [
        ("bob", ["read", "write", "execute", "admin", "owner"]),
        ("ann", ["read", "write", "execute", "admin"]),
    ]
    with refused(errors.RoleMissing):
        do(store, "ann", api.TRANSFER_SESSION, code=shared, user="ann")
    do(store, "bob", api.REVOKE_ROLES, code=shared, users=["ann"])
    with refused(errors.NoSuchSession):
        do(store, "ann", api.GET_SESSION, code=shared)


def test_a_session_can_be_handed_to_someone_who_was_no_member(store, shared):
    join(store, "cleo")
    do(store, "ann", api.TRANSFER_SESSION, code=shared, user="cleo")
    owned = do(store, "cleo", api.GET_SESSION, code=shared)
    assert (owned.owner, owned.members) == ("cleo", 3)


@pytest.mark.parametrize(
    ("user", "error"),
    [("ann", errors.Conflict), ("unheard-of", errors.NotFound), ("\0", errors.NotFound)],
)
def test_a_transfer_that_can_not_be_changes_nothing(store, shared, user, error):
    with refused(error):
        do(store, "ann", api.TRANSFER_SESSION, code=shared, user=user)
    assert do(store, "ann", api.GET_SESSION, code=shared).owner == "ann"


def test_a_session_is_not_handed_to_a_disabled_account(store, shared):
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.Conflict, match="disabled"):
        do(store, "ann", api.TRANSFER_SESSION, code=shared, user="bob")


def test_an_admin_can_not_take_a_session_over(store, shared):
    with refused(errors.RoleMissing, match="owner"):
        do(store, "bob", api.TRANSFER_SESSION, code=shared, user="bob")


# ---- resuming ----------------------------------------------------------------------------------


def test_resuming_brings_the_last_commands_oldest_first_and_who_is_in_it(store, shared):
    store.record(shared, "2", "3", "4", by="bob")
    resumed = do(store, "bob", api.RESUME_SESSION, code=shared, commands=3)
    assert [entry.request.source for entry in resumed.commands] == ["2", "3", "4"]
    assert [member.user for member in resumed.members] == ["ann", "bob"]
    assert resumed.session.code == shared
    assert log(store, shared, by="ann")[-1].kind == "session.resumed"


def test_resuming_takes_nobody_in(store, shared):
    with refused(errors.NoSuchSession):
        do(store, "stranger", api.RESUME_SESSION, code=shared)
    store.keys["anonymous"] = Anonymous()
    with refused(errors.NotLoggedIn):
        do(store, "anonymous", api.RESUME_SESSION, code=shared)


def test_the_last_command_is_shown_cut_and_gone_when_it_is_forgotten(store, shared):
    store.record(shared, "x" * 1000, by="ann")
    assert do(store, "ann", api.GET_SESSION, code=shared).last_command == "x" * 200
    do(store, "ann", api.FORGET_COMMAND, code=shared, number=2)
    assert do(store, "ann", api.GET_SESSION, code=shared).last_command == ""


def test_completing_a_command_does_not_change_which_was_the_last(store, shared):
    assert recorded(store).response is not None
    store.record(shared, "newest", by="ann")
    assert do(store, "ann", api.GET_SESSION, code=shared).last_command == "newest"
