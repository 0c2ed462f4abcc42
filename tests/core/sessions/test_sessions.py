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


def codes(house: Store, who: str, **query: object) -> list[str]:
    return [session.code for session in do(house, who, api.LIST_SESSIONS, **query).items]


# ---- making, finding, describing ---------------------------------------------------------------


def test_a_new_session_is_its_makers_alone_with_all_roles(house):
    made = house.new("ann", label="Weather", description="Rain\nand sun", idle_timeout=5)
    assert (made.owner, made.label, made.description) == ("ann", "Weather", "Rain\nand sun")
    assert made.roles == ["read", "write", "execute", "admin", "owner"]
    assert (made.state, made.default, made.members, made.commands) == ("active", False, 1, 0)
    assert made.idle_timeout == 5
    assert made == do(house, "ann", api.GET_SESSION, code=made.code)


def test_nobody_in_particular_can_make_no_session(house):
    with refused(errors.NotLoggedIn):
        house.new("nobody")


def test_a_session_is_listed_with_the_roles_of_who_asks(house):
    join(house, "bob")
    shared = house.new("ann").code
    house.grant(shared, "bob", "write", "execute", by="ann")
    (seen,) = do(house, "bob", api.LIST_SESSIONS).items
    assert (seen.code, seen.roles, seen.owner) == (shared, ["read", "write", "execute"], "ann")


def test_the_list_is_of_mine_or_of_those_shared_with_me_newest_use_first(house):
    join(house, "bob")
    mine = house.new("bob").code
    house.clock.forward(minutes=1)
    shared = house.new("ann").code
    house.grant(shared, "bob", by="ann")
    house.new("ann")
    assert codes(house, "bob") == [shared, mine]
    assert codes(house, "bob", which="mine") == [mine]
    assert codes(house, "bob", which="shared") == [shared]
    house.clock.forward(minutes=1)
    house.record(mine, "1", by="bob")
    assert codes(house, "bob") == [mine, shared]


def test_the_list_of_someone_who_was_never_here_is_empty(house):
    house.new("ann")
    assert codes(house, "stranger") == []


def test_the_list_is_searched_by_words_in_label_description_owner_and_code(house):
    first = house.new("ann", label="Weather in Seattle", description="100% of rain")
    second = house.new("ann", label="CO2 in Hawaii")
    assert codes(house, "ann", search="seattle WEATHER") == [first.code]
    assert codes(house, "ann", search="100%") == [first.code]
    assert codes(house, "ann", search="_") == [], "a joker of LIKE finds nothing"
    assert codes(house, "ann", search=second.code[:10]) == [second.code]
    assert set(codes(house, "ann", search="ann")) == {first.code, second.code}
    assert codes(house, "ann", search="seattle hawaii") == []


def test_any_text_can_be_searched_for_in_the_list(house):
    house.new("ann", label="Weather")
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
        assert codes(house, "ann", search=text) == []


def test_the_list_pages_through_sessions_used_at_the_same_instant(house):
    made = [house.new("ann").code for _ in range(5)]
    found = pages(lambda after: do(house, "ann", api.LIST_SESSIONS, limit=2, after=after))
    assert [len(page) for page in found] == [2, 2, 1]
    assert [session.code for page in found for session in page] == made[::-1]


def test_a_cursor_that_is_none_is_refused(house):
    for after in ("", "x", "1", "1-", "-1-1", "1-2-3", "9" * 30 + "-1", "²-1", "\0"):
        with refused(errors.BadRequest):
            do(house, "ann", api.LIST_SESSIONS, after=after)


def test_a_session_has_a_message_and_the_name_of_the_program_that_works_in_it(house):
    code = house.new(label="a").code
    join(house, "bob")
    house.grant(code, "bob", "write")
    made = do(house, "root", api.GET_SESSION, code=code)
    assert (made.message, made.agent) == ("", "")
    do(house, "bob", api.UPDATE_SESSION, code=code, message="Back on\nMonday", agent="nightly")
    found = do(house, "root", api.GET_SESSION, code=code)
    assert (found.message, found.agent, found.label) == ("Back on\nMonday", "nightly", "a")
    assert log(house, code)[-1].data == {"message": "Back on\nMonday", "agent": "nightly"}
    for bad in ({"message": "a\x1b[2J"}, {"agent": "a\nb"}):
        with refused(errors.BadName):
            do(house, "bob", api.UPDATE_SESSION, code=code, **bad)
    do(house, "bob", api.UPDATE_SESSION, code=code, message="")
    assert do(house, "root", api.GET_SESSION, code=code).message == ""


def test_label_and_description_change_each_by_itself(house):
    code = house.new(label="a", description="b").code
    assert do(house, "root", api.UPDATE_SESSION, code=code, label="c").description == "b"
    assert do(house, "root", api.UPDATE_SESSION, code=code, description="").label == "c"


def test_a_label_keeps_markup_as_it_is_and_takes_no_control_characters(house):
    code = house.new(label="<b>&amp;'\"").code
    for bad in ("a\0b", "a\nb", "\x1b[31m", "\x85", "\u2028"):
        with refused(errors.BadName):
            do(house, "root", api.UPDATE_SESSION, code=code, label=bad)
    assert do(house, "root", api.GET_SESSION, code=code).label == "<b>&amp;'\""


def test_a_stranger_finds_a_session_and_none_at_all_to_be_the_same(house):
    code = house.new("ann").code
    with pytest.raises(errors.NoSuchSession) as hidden:
        do(house, "bob", api.GET_SESSION, code=code)
    with pytest.raises(errors.NoSuchSession) as absent:
        do(house, "bob", api.GET_SESSION, code=UNKNOWN)
    assert hidden.value.to_wire() == absent.value.to_wire()


def test_existence_is_told_to_members_alone(house):
    code = house.new("ann").code
    assert do(house, "ann", api.SESSION_EXISTS, code=code).exists
    assert not do(house, "bob", api.SESSION_EXISTS, code=code).exists
    assert not do(house, "ann", api.SESSION_EXISTS, code=UNKNOWN).exists
    do(house, "ann", api.REMOVE_SESSION, code=code)
    assert not do(house, "ann", api.SESSION_EXISTS, code=code).exists


# ---- the default session -----------------------------------------------------------------------


def test_the_default_session_is_made_at_first_need_and_stays_the_same(house):
    first = do(house, "ann", api.GET_SESSION, code="default")
    assert first.default
    assert do(house, "ann", api.GET_SESSION, code="default").code == first.code
    assert do(house, "bob", api.GET_SESSION, code="default").code != first.code
    assert codes(house, "ann") == [first.code]


def test_nobody_in_particular_has_no_default_session(house):
    with refused(errors.NotLoggedIn):
        do(house, "nobody", api.GET_SESSION, code="default")


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
def test_the_default_session_can_not_be_disposed_of(house, operation, fields):
    join(house, "bob")
    before = do(house, "ann", api.GET_SESSION, code="default")
    with refused(errors.Conflict, match="default session"):
        do(house, "ann", operation, code="default", **fields)
    assert do(house, "ann", api.GET_SESSION, code="default") == before


def test_many_first_needs_at_once_make_one_default_session(house):
    join(house, "ann")
    wanted = api.GET_SESSION.request(code="default")
    asked = [
        house.dispatcher.submit(api.GET_SESSION, wanted, house.credentials("ann")) for _ in range(8)
    ]
    assert len({future.result().code for future in asked}) == 1
    assert len(codes(house, "ann")) == 1


# ---- states ------------------------------------------------------------------------------------


@pytest.fixture
def shared(house):
    """Give the code of ann's session, in which bob is an admin, with a command and a file."""
    join(house, "bob")
    code = house.new("ann", label="Weather").code
    house.grant(code, "bob", "admin", by="ann")
    house.record(code, "1", by="bob")
    publish(house, code, "a.txt", by="ann")
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


def test_a_disabled_session_is_its_owners_alone_to_look_at(house, shared):
    do(house, "ann", api.DISABLE_SESSION, code=shared)
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.SessionDisabled, match="disabled"):
            do(house, "bob", operation, code=shared, **fields)
    with refused(errors.SessionDisabled):
        house.record(shared, "2", by="bob")
    assert codes(house, "bob") == []
    for operation, fields in LOOKING:
        do(house, "ann", operation, code=shared, **fields)
    for operation, fields in CHANGING:
        with refused(errors.WrongState, match="disabled"):
            do(house, "ann", operation, code=shared, **fields)
    assert do(house, "ann", api.ENABLE_SESSION, code=shared).state == "active"
    assert codes(house, "bob") == [shared]
    assert house.record(shared, "2", by="bob") == [2]


def test_a_disabled_session_looks_like_none_to_a_stranger(house, shared):
    do(house, "ann", api.DISABLE_SESSION, code=shared)
    with refused(errors.NoSuchSession):
        do(house, "stranger", api.GET_SESSION, code=shared)


def test_a_closed_session_is_an_archive_for_good(house, shared):
    assert do(house, "ann", api.CLOSE_SESSION, code=shared).state == "closed"
    for who in ("ann", "bob"):
        for operation, fields in LOOKING:
            do(house, who, operation, code=shared, **fields)
    for operation, fields in CHANGING:
        with refused(errors.WrongState, match="closed"):
            do(house, "bob", operation, code=shared, **fields)
    with refused(errors.WrongState):
        house.record(shared, "2", by="ann")
    with refused(errors.WrongState):
        publish(house, shared, "b.txt", by="ann")
    for operation in (api.ENABLE_SESSION, api.RESTORE_SESSION, api.DISABLE_SESSION):
        with refused(errors.WrongState):
            do(house, "ann", operation, code=shared)
    assert do(house, "ann", api.GET_SESSION, code=shared).state == "closed"


def test_a_removed_session_is_gone_for_all_and_comes_back_as_it_was(house, shared):
    before = members(house, shared, by="ann")
    do(house, "ann", api.REMOVE_SESSION, code=shared)
    assert codes(house, "ann") == codes(house, "bob") == codes(house, "bob", which="removed") == []
    assert codes(house, "ann", which="removed") == [shared]
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.NoSuchSession):
            do(house, "bob", operation, code=shared, **fields)
        with refused(errors.WrongState, match="removed"):
            do(house, "ann", operation, code=shared, **fields)
    with refused(errors.NoSuchSession):
        do(house, "bob", api.RESTORE_SESSION, code=shared)
    restored = do(house, "ann", api.RESTORE_SESSION, code=shared)
    assert (restored.state, restored.removed, restored.purged) == ("active", None, None)
    assert members(house, shared, by="bob") == before
    assert [entry.source for entry in commands(house, shared, by="bob")] == ["1"]


def test_a_removed_session_tells_until_when_it_can_be_restored(house, shared):
    removed = do(house, "ann", api.REMOVE_SESSION, code=shared)
    assert removed.removed == house.clock()
    assert removed.purged == house.clock() + house.dispatcher.limits.restorable


@pytest.mark.parametrize("how", [api.DISABLE_SESSION, api.CLOSE_SESSION])
def test_a_session_comes_back_from_removal_in_the_state_that_it_had(house, shared, how):
    state = do(house, "ann", how, code=shared).state
    do(house, "ann", api.REMOVE_SESSION, code=shared)
    assert do(house, "ann", api.RESTORE_SESSION, code=shared).state == state


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
def test_the_state_is_the_owners_alone_to_change_and_an_admin_is_told_so(house, shared, operation):
    with refused(errors.RoleMissing, match="owner"):
        do(house, "bob", operation, code=shared)
    assert do(house, "bob", api.GET_SESSION, code=shared).state == "active"


def test_an_administrator_of_the_server_has_no_role_in_others_sessions(house, shared):
    for operation, fields in LOOKING + CHANGING:
        with refused(errors.NoSuchSession):
            do(house, "root", operation, code=shared, **fields)


# ---- time-outs ---------------------------------------------------------------------------------


def state(house: Store, code: str, who: str = "ann") -> str:
    told: str = do(house, who, api.GET_SESSION, code=code).state
    return told


def test_an_act_resets_the_idle_clock_and_looking_does_not(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    house.clock.forward(minutes=9)
    house.record(shared, "2", by="bob")
    house.clock.forward(minutes=9)
    for operation, fields in LOOKING:
        if not operation.writes:
            do(house, "bob", operation, code=shared, **fields)
    codes(house, "bob")
    do(house, "bob", api.SESSION_EXISTS, code=shared)
    assert state(house, shared) == "active"
    house.clock.forward(minutes=1)
    assert state(house, shared) == "closed"


def test_a_refused_act_does_not_reset_the_idle_clock(house, shared):
    house.grant(shared, "bob", "read", by="ann")
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    house.clock.forward(minutes=9)
    with refused(errors.RoleMissing):
        house.record(shared, "2", by="bob")
    with refused(errors.NoSuchSession):
        house.record(shared, "2", by="stranger")
    house.clock.forward(minutes=1)
    assert state(house, shared) == "closed"


def test_a_lifetime_ends_whatever_happens(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=10)
    house.clock.forward(minutes=9)
    house.record(shared, "2", by="bob")
    house.clock.forward(minutes=1)
    with refused(errors.WrongState, match="closed"):
        house.record(shared, "3", by="bob")
    assert state(house, shared) == "closed"


def test_time_outs_are_taken_away_with_none_and_left_alone_when_not_named(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10, lifetime=20)
    told = do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=None)
    assert (told.idle_timeout, told.lifetime) == (None, 20)
    assert do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=None).closes is None


def test_a_session_that_ran_out_stays_closed_though_time_outs_were_lengthened_before(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    house.clock.forward(minutes=11)
    with refused(errors.WrongState):
        do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=None)
    house.dispatcher.tidy()
    assert state(house, shared) == "closed"


def test_when_a_time_out_closes_a_session_the_log_says_so_once(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    house.clock.forward(minutes=11)
    do(house, "ann", api.RESUME_SESSION, code=shared)
    house.dispatcher.tidy()
    house.dispatcher.tidy()
    closed = [event for event in log(house, shared, by="ann") if event.kind == "session.closed"]
    assert [event.data for event in closed] == [{"why": "time-out"}]


def test_a_list_shows_as_closed_what_has_run_out_before_anything_tidied_up(house, shared):
    do(house, "ann", api.SET_SESSION_TIMEOUTS, code=shared, lifetime=1)
    house.clock.forward(minutes=2)
    (seen,) = do(house, "bob", api.LIST_SESSIONS).items
    assert seen.state == "closed"


# ---- handing over ------------------------------------------------------------------------------


def test_a_transfer_makes_an_owner_and_leaves_the_old_one_an_admin(house, shared):
    told = do(house, "ann", api.TRANSFER_SESSION, code=shared, user="bob")
    assert (told.owner, told.roles) == ("bob", ["read", "write", "execute", "admin"])
    assert list(members(house, shared, by="ann").items()) == [
        ("bob", ["read", "write", "execute", "admin", "owner"]),
        ("ann", ["read", "write", "execute", "admin"]),
    ]
    with refused(errors.RoleMissing):
        do(house, "ann", api.TRANSFER_SESSION, code=shared, user="ann")
    do(house, "bob", api.REVOKE_ROLES, code=shared, users=["ann"])
    with refused(errors.NoSuchSession):
        do(house, "ann", api.GET_SESSION, code=shared)


def test_a_session_can_be_handed_to_someone_who_was_no_member(house, shared):
    join(house, "cleo")
    do(house, "ann", api.TRANSFER_SESSION, code=shared, user="cleo")
    owned = do(house, "cleo", api.GET_SESSION, code=shared)
    assert (owned.owner, owned.members) == ("cleo", 3)


@pytest.mark.parametrize(
    ("user", "error"),
    [("ann", errors.Conflict), ("unheard-of", errors.NotFound), ("\0", errors.NotFound)],
)
def test_a_transfer_that_can_not_be_changes_nothing(house, shared, user, error):
    with refused(error):
        do(house, "ann", api.TRANSFER_SESSION, code=shared, user=user)
    assert do(house, "ann", api.GET_SESSION, code=shared).owner == "ann"


def test_a_session_is_not_handed_to_a_disabled_account(house, shared):
    do(house, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.Conflict, match="disabled"):
        do(house, "ann", api.TRANSFER_SESSION, code=shared, user="bob")


def test_an_admin_can_not_take_a_session_over(house, shared):
    with refused(errors.RoleMissing, match="owner"):
        do(house, "bob", api.TRANSFER_SESSION, code=shared, user="bob")


# ---- resuming ----------------------------------------------------------------------------------


def test_resuming_brings_the_last_commands_oldest_first_and_who_is_in_it(house, shared):
    house.record(shared, "2", "3", "4", by="bob")
    resumed = do(house, "bob", api.RESUME_SESSION, code=shared, commands=3)
    assert [entry.request.source for entry in resumed.commands] == ["2", "3", "4"]
    assert [member.user for member in resumed.members] == ["ann", "bob"]
    assert resumed.session.code == shared
    assert log(house, shared, by="ann")[-1].kind == "session.resumed"


def test_resuming_takes_nobody_in(house, shared):
    with refused(errors.NoSuchSession):
        do(house, "stranger", api.RESUME_SESSION, code=shared)
    house.keys["anonymous"] = Anonymous()
    with refused(errors.NotLoggedIn):
        do(house, "anonymous", api.RESUME_SESSION, code=shared)


def test_the_last_command_is_shown_cut_and_gone_when_it_is_forgotten(house, shared):
    house.record(shared, "x" * 1000, by="ann")
    assert do(house, "ann", api.GET_SESSION, code=shared).last_command == "x" * 200
    do(house, "ann", api.FORGET_COMMAND, code=shared, number=2)
    assert do(house, "ann", api.GET_SESSION, code=shared).last_command == ""


def test_completing_a_command_does_not_change_which_was_the_last(house, shared):
    assert recorded(house).response is not None
    house.record(shared, "newest", by="ann")
    assert do(house, "ann", api.GET_SESSION, code=shared).last_command == "newest"
