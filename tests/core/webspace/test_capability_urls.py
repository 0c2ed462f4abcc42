"""Capability URLs: one viewer, one publication, an hour at most, dead with what allowed them."""

from __future__ import annotations

import base64

import msgspec
import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import CommandOutputs, PublishedFile
from jupyter_sessions.core.webspace.capability_urls import LIFETIME, seal, unseal
from tests.conftest import Store
from tests.core.asking import do, join, publish, refused


@pytest.fixture
def code(house):
    """Give the code of ann's session, which bob reads, with a site, a page and an output."""
    join(house, "bob")
    code = house.new("ann").code
    house.grant(code, "bob", "read", by="ann")
    publish(house, code, "site/index.html", "site/css/a.css", "other/secret.html", by="ann")
    publish(house, code, "page.html", "page.html.txt", by="ann")
    house.record(code, "print()", "secret()", by="ann", text="out")
    return code


def view(house: Store, who: str, code: str, **what: object) -> str:
    """Make a view as someone, and return its token."""
    url: str = do(house, who, api.CREATE_CAPABILITY_URL, code=code, **what).url
    return url.split("/")[3]


def look(house: Store, token: str, path: str = ""):
    return house.dispatcher.view(token, path).result()


def test_a_view_of_a_file_reaches_its_whole_first_folder_and_no_further(house, code):
    made = do(house, "bob", api.CREATE_CAPABILITY_URL, code=code, path="site/index.html")
    assert made.url.endswith("/site/index.html")
    token = made.url.split("/")[3]
    for path in ("site/index.html", "site/css/a.css", "Site/INDEX.html"):
        assert isinstance(look(house, token, path), PublishedFile)
    for path in ("other/secret.html", "page.html", "", "sites/index.html", "site", "site/none"):
        with refused(errors.NotFound):
            look(house, token, path)
    for path in ("site/../other/secret.html", "site/./index.html", "site//index.html"):
        with refused(errors.BadName):
            look(house, token, path)


def test_a_view_of_a_single_file_reaches_it_alone(house, code):
    token = view(house, "bob", code, path="page.html")
    assert look(house, token, "page.html").file.path == "page.html"
    for path in ("page.html.txt", "site/index.html"):
        with refused(errors.NotFound):
            look(house, token, path)


def test_a_view_of_a_command_reaches_its_outputs_and_no_file(house, code):
    token = view(house, "bob", code, command=1)
    seen = look(house, token)
    assert isinstance(seen, CommandOutputs)
    assert [msgspec.json.decode(each)["text"] for each in seen.outputs] == ["out"]
    assert isinstance(look(house, token, "page.html"), CommandOutputs)


def test_a_view_is_of_one_thing_that_is_there(house, code):
    for what in ({}, {"path": "page.html", "command": 1}):
        with refused(errors.BadRequest):
            do(house, "bob", api.CREATE_CAPABILITY_URL, code=code, **what)
    for what in ({"path": "none"}, {"command": 3}):
        with refused(errors.NotFound):
            do(house, "bob", api.CREATE_CAPABILITY_URL, code=code, **what)
    with refused(errors.NoSuchSession):
        do(house, "stranger", api.CREATE_CAPABILITY_URL, code=code, command=1)


def test_a_view_expires_within_the_hour(house, code):
    made = do(house, "bob", api.CREATE_CAPABILITY_URL, code=code, command=1)
    token = made.url.split("/")[3]
    assert house.clock() < made.expires <= house.clock() + LIFETIME
    house.clock.now = made.expires
    with refused(errors.NotFound, match="expired"):
        look(house, token)


def test_a_view_made_again_in_the_same_minute_is_the_same(house, code):
    first = view(house, "bob", code, command=1)
    house.clock.forward(seconds=20)
    assert view(house, "bob", code, command=1) == first
    house.clock.forward(minutes=1)
    assert view(house, "bob", code, command=1) != first


def test_a_view_dies_with_the_membership_and_with_the_state(house, code):
    token = view(house, "bob", code, command=1)
    house.grant(code, "bob", "execute", by="ann")
    with refused(errors.RoleMissing):
        look(house, token)
    do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    with refused(errors.NoSuchSession):
        look(house, token)
    house.grant(code, "bob", by="ann")
    assert look(house, token)
    do(house, "ann", api.DISABLE_SESSION, code=code)
    with refused(errors.SessionDisabled):
        look(house, token)
    do(house, "ann", api.ENABLE_SESSION, code=code)
    token = view(house, "bob", code, command=1)
    do(house, "ann", api.CLOSE_SESSION, code=code)
    assert look(house, token)
    do(house, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.NoSuchSession):
        look(house, token)


@pytest.mark.parametrize(
    ("ends", "reopens"),
    [
        (api.DISABLE_SESSION, api.ENABLE_SESSION),
        (api.DISABLE_SESSION, api.CLOSE_SESSION),
        (api.REMOVE_SESSION, api.RESTORE_SESSION),
    ],
)
@pytest.mark.parametrize("who", ["ann", "bob", "cyd"])
def test_a_view_stays_dead_when_the_session_is_open_again(house, code, ends, reopens, who):
    join(house, "cyd")
    do(house, "root", api.ADD_GROUP, name="lab", owners=["ann"])
    do(house, "ann", api.ADD_GROUP_USERS, name="lab", users=["cyd"])
    house.grant(code, "@lab", by="ann")
    house.clock.forward(seconds=1)
    token = view(house, who, code, command=1)
    assert look(house, token)
    house.clock.forward(seconds=1)
    do(house, "ann", ends, code=code)
    house.clock.forward(seconds=1)
    do(house, "ann", reopens, code=code)
    with refused(errors.NotFound):
        look(house, token)
    assert look(house, view(house, who, code, command=1))


def test_an_owners_view_of_a_removed_session_is_dead_too(house, code):
    token = view(house, "ann", code, command=1)
    do(house, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.WrongState):
        look(house, token)


def test_a_view_dies_with_the_account(house, code):
    token = view(house, "bob", code, command=1)
    do(house, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.NotLoggedIn):
        look(house, token)
    do(house, "root", api.ENABLE_ACCOUNT, name="bob")
    assert look(house, token)
    do(house, "root", api.REMOVE_ACCOUNT, name="bob")
    with refused(errors.NotLoggedIn):
        look(house, token)


def test_a_view_dies_with_the_login_that_it_was_made_with(house, code):
    house.add("cleo")
    house.grant(code, "cleo", by="ann")
    token = view(house, "cleo", code, command=1)
    assert look(house, token)
    do(house, "cleo", api.LOG_OUT)
    with refused(errors.LoginRevoked):
        look(house, token)


def test_what_is_forgotten_or_unpublished_is_seen_no_more(house, code):
    outputs, page = view(house, "bob", code, command=1), view(house, "bob", code, path="page.html")
    do(house, "ann", api.FORGET_COMMAND, code=code, number=1)
    do(house, "ann", api.UNPUBLISH_FILE, code=code, path="page.html")
    assert look(house, outputs).outputs == []
    with refused(errors.NotFound):
        look(house, page, "page.html")


def test_a_token_is_worth_nothing_when_a_single_bit_is_changed(house, code):
    token = view(house, "bob", code, command=1)
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with refused(errors.NotFound):
            look(house, base64.urlsafe_b64encode(changed).decode().rstrip("="))


def test_what_is_no_token_of_ours_is_not_found(house, code):
    for token in ["", "x", "é", "\0", "=", "A" * 10_000, "../..", "\ud800"]:
        with refused(errors.NotFound):
            look(house, token)


def test_a_token_of_another_store_is_not_found(house, code):
    token = view(house, "bob", code, command=1)
    grant = unseal(token, house.dispatcher._services.secret, house.clock())
    with refused(errors.NotFound):
        look(house, seal(grant, b"another secret"))
