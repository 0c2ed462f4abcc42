"""What users of Ophidia's sessions suffer from, and that we don't have it.

One test a defect, each told in the words of the comparison that this product was planned by. What
is of pages is elsewhere: a command's text unescaped in one, in a browser (`test_hostile`), and one
that shows more than the API does, over HTTP (`test_who_sees_pages`).
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.store import tables
from tests.core.asking import (
    command,
    commands,
    content,
    counted,
    do,
    files,
    join,
    log,
    members,
    pages,
    publish,
    refused,
)


@pytest.fixture
def experiment(store):
    """Give the code of ann's session with a command and a file in it; bob is known here."""
    join(store, "bob")
    code = store.new("ann", label="Seattle weather").code
    store.record(code, "rain.mean()", by="ann", text="3.03")
    publish(store, code, "rain.csv", content=b"1,2,3", by="ann")
    return code


def test_history_is_not_readable_without_the_role_read(store, experiment):
    store.grant(experiment, "bob", "execute", by="ann")
    for operation, fields in (
        (api.LIST_COMMANDS, {}),
        (api.GET_COMMAND, {"number": 1}),
        (api.RESUME_SESSION, {}),
        (api.LIST_EVENTS, {}),
        (api.CREATE_CAPABILITY_URL, {"command": 1}),
        (api.LIST_FILES, {}),
        (api.DOWNLOAD_FILE, {"path": "rain.csv"}),
    ):
        with refused(errors.RoleMissing, match="role read"):
            do(store, "bob", operation, code=experiment, **fields)
    with refused(errors.RoleMissing, match="role read"):
        store.dispatcher.follow(schemas.Follow(code=experiment), store.credentials("bob")).result()


def test_a_disabled_session_is_not_readable_on_any_way(store, experiment):
    store.grant(experiment, "bob", "admin", by="ann")
    token = do(store, "bob", api.CREATE_CAPABILITY_URL, code=experiment, path="rain.csv").url.split(
        "/"
    )[3]
    do(store, "ann", api.DISABLE_SESSION, code=experiment)
    for operation, fields in (
        (api.GET_SESSION, {}),
        (api.LIST_COMMANDS, {}),
        (api.GET_COMMAND, {"number": 1}),
        (api.RESUME_SESSION, {}),
        (api.DOWNLOAD_FILE, {"path": "rain.csv"}),
        (api.CREATE_CAPABILITY_URL, {"command": 1}),
    ):
        with refused(errors.SessionDisabled):
            do(store, "bob", operation, code=experiment, **fields)
    with refused(errors.SessionDisabled):
        store.dispatcher.view(token, "rain.csv").result()
    with refused(errors.SessionDisabled):
        store.dispatcher.follow(schemas.Follow(code=experiment), store.credentials("bob")).result()


def test_foo_does_not_pick_up_the_roles_of_foobar(store, experiment):
    join(store, "foo", "foobar", "barfoo", "fo")
    store.grant(experiment, "foobar", "admin", by="ann")
    store.grant(experiment, "barfoo", "write", by="ann")
    for who in ("foo", "fo", "bob"):
        with refused(errors.NoSuchSession):
            do(store, who, api.GET_SESSION, code=experiment)
    store.grant(experiment, "foo", "read", by="ann")
    assert members(store, experiment, "ann")["foo"] == ["read"]
    do(store, "ann", api.REVOKE_ROLES, code=experiment, users=["foo"])
    assert members(store, experiment, "foobar")["foobar"][-1] == "admin"


def test_a_failed_grant_is_an_error_and_not_a_line_inside_a_success(store, experiment):
    wanted = [
        schemas.Grant(user="bob", roles=["write"]),
        schemas.Grant(user="misspelt", roles=["write"]),
    ]
    with refused(errors.NotFound, match="misspelt"):
        do(store, "ann", api.GRANT_ROLES, code=experiment, grants=wanted)
    assert list(members(store, experiment, "ann")) == ["ann"]


def test_revoking_from_an_owner_or_an_unknown_user_is_not_silently_nothing(store, experiment):
    with refused(errors.Forbidden, match="ann"):
        do(store, "ann", api.REVOKE_ROLES, code=experiment, users=["ann"])
    with refused(errors.NotFound, match="misspelt"):
        do(store, "ann", api.REVOKE_ROLES, code=experiment, users=["misspelt"])


def test_remove_does_not_leave_the_data_for_ever(store, experiment):
    do(store, "ann", api.REMOVE_SESSION, code=experiment)
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    remaining = counted(
        store, tables.sessions, tables.members, tables.commands, tables.files, tables.events,
        tables.blobs,
    )  # fmt: skip
    assert set(remaining.values()) == {0}


def test_the_list_tells_my_roles(store, experiment):
    store.grant(experiment, "bob", "write", "execute", by="ann")
    (listed,) = do(store, "bob", api.LIST_SESSIONS).items
    assert listed.roles == ["read", "write", "execute"]


def test_a_label_can_be_given_when_a_session_is_made(store, experiment):
    assert do(store, "ann", api.GET_SESSION, code=experiment).label == "Seattle weather"


def test_history_has_pages_search_and_dates(store, experiment):
    noon = store.clock()
    store.clock.forward(hours=1)
    store.record(experiment, *(f"snow[{n}]" for n in range(9)), by="ann")
    found = pages(
        lambda after: do(store, "ann", api.LIST_COMMANDS, code=experiment, limit=4, after=after)
    )
    assert [len(page) for page in found] == [4, 4, 2]
    assert [entry.number for entry in commands(store, experiment, "ann", search="rain")] == [1]
    assert len(commands(store, experiment, "ann", since=noon + timedelta(minutes=1))) == 9
    assert len(commands(store, experiment, "ann", until=noon + timedelta(minutes=1))) == 1


def test_codes_can_not_be_guessed(store):
    codes = [store.new("ann").code for _ in range(50)]
    assert len(set(codes)) == 50
    assert all(len(code) == 22 and code.isdecimal() and code[0] != "0" for code in codes)
    assert codes != sorted(codes), "they do not follow a clock or a counter"
    # 50 numbers below 10**22 come this near to each other once in 40,000,000 runs.
    values = sorted(map(int, codes))
    assert min(b - a for a, b in pairwise(values)) > 10**11


def test_a_reader_can_not_delete_or_move_files(store, experiment):
    store.grant(experiment, "bob", "read", "execute", by="ann")
    with refused(errors.RoleMissing, match="role write"):
        do(store, "bob", api.UNPUBLISH_FILE, code=experiment, path="rain.csv")
    with refused(errors.RoleMissing, match="role write"):
        publish(store, experiment, "rain.csv", "folder/new.csv", by="bob")
    assert files(store, experiment, "ann", deep=True) == ["rain.csv"]


def test_a_file_is_not_rewritten_in_place(store, experiment):
    (before,) = do(store, "ann", api.LIST_FILES, code=experiment).items
    _, old = do(store, "ann", api.DOWNLOAD_FILE, code=experiment, path="rain.csv")
    publish(store, experiment, "rain.csv", content=b"4,5,6", by="ann")
    assert content(store, experiment, "rain.csv", "ann") == b"4,5,6"
    assert store.dispatcher.blobs.read(old) == b"1,2,3", "who downloads it meanwhile gets it whole"
    assert log(store, experiment, "ann")[-1].data["replaced"] == before.sha256


def test_a_commands_record_is_not_rewritten_by_someone_else(store, experiment):
    store.grant(experiment, "bob", "write", by="ann")
    request = schemas.CommandRequest(source="mine", started=store.clock())
    response = schemas.CommandResponse(
        status="completed", outputs=[], finished=store.clock(), duration=1.0
    )
    mine = schemas.Recording(id="u", request=request, response=response)
    do(store, "ann", api.RECORD_COMMANDS, code=experiment, commands=[mine])
    with refused(errors.Conflict):
        do(store, "bob", api.RECORD_COMMANDS, code=experiment, commands=[mine])
    assert command(store, experiment, 2, "ann").summary.user == "ann"


def test_ownership_can_be_transferred(store, experiment):
    assert do(store, "ann", api.TRANSFER_SESSION, code=experiment, user="bob").owner == "bob"


def test_whoever_disposes_of_a_session_must_own_it(store, experiment):
    store.grant(experiment, "bob", "admin", by="ann")
    for operation in (api.REMOVE_SESSION, api.CLOSE_SESSION, api.DISABLE_SESSION):
        with refused(errors.RoleMissing, match="owner"):
            do(store, "bob", operation, code=experiment)
