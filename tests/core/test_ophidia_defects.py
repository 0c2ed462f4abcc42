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
def experiment(house):
    """Give the code of ann's session with a command and a file in it; bob is known here."""
    join(house, "bob")
    code = house.new("ann", label="Seattle weather").code
    house.record(code, "rain.mean()", by="ann", text="3.03")
    publish(house, code, "rain.csv", content=b"1,2,3", by="ann")
    return code


def test_history_is_not_readable_without_the_role_read(house, experiment):
    house.grant(experiment, "bob", "execute", by="ann")
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
            do(house, "bob", operation, code=experiment, **fields)
    with refused(errors.RoleMissing, match="role read"):
        house.dispatcher.follow(schemas.Follow(code=experiment), house.credentials("bob")).result()


def test_a_disabled_session_is_not_readable_on_any_way(house, experiment):
    house.grant(experiment, "bob", "admin", by="ann")
    token = do(house, "bob", api.CREATE_CAPABILITY_URL, code=experiment, path="rain.csv").url.split(
        "/"
    )[3]
    do(house, "ann", api.DISABLE_SESSION, code=experiment)
    for operation, fields in (
        (api.GET_SESSION, {}),
        (api.LIST_COMMANDS, {}),
        (api.GET_COMMAND, {"number": 1}),
        (api.RESUME_SESSION, {}),
        (api.DOWNLOAD_FILE, {"path": "rain.csv"}),
        (api.CREATE_CAPABILITY_URL, {"command": 1}),
    ):
        with refused(errors.SessionDisabled):
            do(house, "bob", operation, code=experiment, **fields)
    with refused(errors.SessionDisabled):
        house.dispatcher.view(token, "rain.csv").result()
    with refused(errors.SessionDisabled):
        house.dispatcher.follow(schemas.Follow(code=experiment), house.credentials("bob")).result()


def test_foo_does_not_pick_up_the_roles_of_foobar(house, experiment):
    join(house, "foo", "foobar", "barfoo", "fo")
    house.grant(experiment, "foobar", "admin", by="ann")
    house.grant(experiment, "barfoo", "write", by="ann")
    for who in ("foo", "fo", "bob"):
        with refused(errors.NoSuchSession):
            do(house, who, api.GET_SESSION, code=experiment)
    house.grant(experiment, "foo", "read", by="ann")
    assert members(house, experiment, "ann")["foo"] == ["read"]
    do(house, "ann", api.REVOKE_ROLES, code=experiment, users=["foo"])
    assert members(house, experiment, "foobar")["foobar"][-1] == "admin"


def test_a_failed_grant_is_an_error_and_not_a_line_inside_a_success(house, experiment):
    wanted = [
        schemas.Grant(user="bob", roles=["write"]),
        schemas.Grant(user="misspelt", roles=["write"]),
    ]
    with refused(errors.NotFound, match="misspelt"):
        do(house, "ann", api.GRANT_ROLES, code=experiment, grants=wanted)
    assert list(members(house, experiment, "ann")) == ["ann"]


def test_revoking_from_an_owner_or_an_unknown_user_is_not_silently_nothing(house, experiment):
    with refused(errors.Forbidden, match="ann"):
        do(house, "ann", api.REVOKE_ROLES, code=experiment, users=["ann"])
    with refused(errors.NotFound, match="misspelt"):
        do(house, "ann", api.REVOKE_ROLES, code=experiment, users=["misspelt"])


def test_remove_does_not_leave_the_data_for_ever(house, experiment):
    do(house, "ann", api.REMOVE_SESSION, code=experiment)
    house.clock.forward(days=31)
    house.dispatcher.tidy()
    remaining = counted(
        house, tables.sessions, tables.members, tables.commands, tables.files, tables.events,
        tables.blobs,
    )  # fmt: skip
    assert set(remaining.values()) == {0}


def test_the_list_tells_my_roles(house, experiment):
    house.grant(experiment, "bob", "write", "execute", by="ann")
    (listed,) = do(house, "bob", api.LIST_SESSIONS).items
    assert listed.roles == ["read", "write", "execute"]


def test_a_label_can_be_given_when_a_session_is_made(house, experiment):
    assert do(house, "ann", api.GET_SESSION, code=experiment).label == "Seattle weather"


def test_history_has_pages_search_and_dates(house, experiment):
    noon = house.clock()
    house.clock.forward(hours=1)
    house.record(experiment, *(f"snow[{n}]" for n in range(9)), by="ann")
    found = pages(
        lambda after: do(house, "ann", api.LIST_COMMANDS, code=experiment, limit=4, after=after)
    )
    assert [len(page) for page in found] == [4, 4, 2]
    assert [entry.number for entry in commands(house, experiment, "ann", search="rain")] == [1]
    assert len(commands(house, experiment, "ann", since=noon + timedelta(minutes=1))) == 9
    assert len(commands(house, experiment, "ann", until=noon + timedelta(minutes=1))) == 1


def test_codes_can_not_be_guessed(house):
    codes = [house.new("ann").code for _ in range(50)]
    assert len(set(codes)) == 50
    assert all(len(code) == 22 and code.isdecimal() and code[0] != "0" for code in codes)
    assert codes != sorted(codes), "they do not follow a clock or a counter"
    # 50 numbers below 10**22 come this near to each other once in 40,000,000 runs.
    values = sorted(map(int, codes))
    assert min(b - a for a, b in pairwise(values)) > 10**11


def test_a_reader_can_not_delete_or_move_files(house, experiment):
    house.grant(experiment, "bob", "read", "execute", by="ann")
    with refused(errors.RoleMissing, match="role write"):
        do(house, "bob", api.UNPUBLISH_FILE, code=experiment, path="rain.csv")
    with refused(errors.RoleMissing, match="role write"):
        publish(house, experiment, "rain.csv", "folder/new.csv", by="bob")
    assert files(house, experiment, "ann", deep=True) == ["rain.csv"]


def test_a_file_is_not_rewritten_in_place(house, experiment):
    (before,) = do(house, "ann", api.LIST_FILES, code=experiment).items
    _, old = do(house, "ann", api.DOWNLOAD_FILE, code=experiment, path="rain.csv")
    publish(house, experiment, "rain.csv", content=b"4,5,6", by="ann")
    assert content(house, experiment, "rain.csv", "ann") == b"4,5,6"
    assert house.dispatcher.blobs.read(old) == b"1,2,3", "who downloads it meanwhile gets it whole"
    assert log(house, experiment, "ann")[-1].data["replaced"] == before.sha256


def test_a_commands_record_is_not_rewritten_by_someone_else(house, experiment):
    house.grant(experiment, "bob", "write", by="ann")
    request = schemas.CommandRequest(source="mine", started=house.clock())
    response = schemas.CommandResponse(
        status="completed", outputs=[], finished=house.clock(), duration=1.0
    )
    mine = schemas.Recording(id="u", request=request, response=response)
    do(house, "ann", api.RECORD_COMMANDS, code=experiment, commands=[mine])
    with refused(errors.Conflict):
        do(house, "bob", api.RECORD_COMMANDS, code=experiment, commands=[mine])
    assert command(house, experiment, 2, "ann").summary.user == "ann"


def test_ownership_can_be_transferred(house, experiment):
    assert do(house, "ann", api.TRANSFER_SESSION, code=experiment, user="bob").owner == "bob"


def test_whoever_disposes_of_a_session_must_own_it(house, experiment):
    house.grant(experiment, "bob", "admin", by="ann")
    for operation in (api.REMOVE_SESSION, api.CLOSE_SESSION, api.DISABLE_SESSION):
        with refused(errors.RoleMissing, match="owner"):
            do(house, "bob", operation, code=experiment)
