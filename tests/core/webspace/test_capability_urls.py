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
def code(store):
    """Give the code of ann's session, which bob reads, with a site, a page and an output."""
    join(store, "bob")
    code = store.new("ann").code
    store.grant(code, "bob", "read", by="ann")
    publish(store, code, "site/index.html", "site/css/a.css", "other/secret.html", by="ann")
    publish(store, code, "page.html", "page.html.txt", by="ann")
    store.record(code, "print()", "secret()", by="ann", text="out")
    return code


def view(store: Store, who: str, code: str, **what: object) -> str:
    """Make a view as someone, and return its token."""
    url: str = do(store, who, api.CREATE_CAPABILITY_URL, code=code, **what).url
    return url.split("/")[3]


def look(store: Store, token: str, path: str = ""):
    return store.dispatcher.view(token, path).result()


def test_a_view_of_a_file_reaches_its_whole_first_folder_and_no_further(store, code):
    made = do(store, "bob", api.CREATE_CAPABILITY_URL, code=code, path="site/index.html")
    assert made.url.endswith("/site/index.html")
    token = made.url.split("/")[3]
    for path in ("site/index.html", "site/css/a.css", "Site/INDEX.html"):
        assert isinstance(look(store, token, path), PublishedFile)
    for path in ("other/secret.html", "page.html", "", "sites/index.html", "site", "site/none"):
        with refused(errors.NotFound):
            look(store, token, path)
    for path in ("site/../other/secret.html", "site/./index.html", "site//index.html"):
        with refused(errors.BadName):
            look(store, token, path)


def test_a_view_of_a_single_file_reaches_it_alone(store, code):
    token = view(store, "bob", code, path="page.html")
    assert look(store, token, "page.html").file.path == "page.html"
    for path in ("page.html.txt", "site/index.html"):
        with refused(errors.NotFound):
            look(store, token, path)


def test_a_view_of_a_command_reaches_its_outputs_and_no_file(store, code):
    token = view(store, "bob", code, command=1)
    seen = look(store, token)
    assert isinstance(seen, CommandOutputs)
    assert [msgspec.json.decode(each)["text"] for each in seen.outputs] == ["out"]
    assert isinstance(look(store, token, "page.html"), CommandOutputs)


def test_a_view_is_of_one_thing_that_is_there(store, code):
    for what in ({}, {"path": "page.html", "command": 1}):
        with refused(errors.BadRequest):
            do(store, "bob", api.CREATE_CAPABILITY_URL, code=code, **what)
    for what in ({"path": "none"}, {"command": 3}):
        with refused(errors.NotFound):
            do(store, "bob", api.CREATE_CAPABILITY_URL, code=code, **what)
    with refused(errors.NoSuchSession):
        do(store, "stranger", api.CREATE_CAPABILITY_URL, code=code, command=1)


def test_a_view_expires_within_the_hour(store, code):
    made = do(store, "bob", api.CREATE_CAPABILITY_URL, code=code, command=1)
    token = made.url.split("/")[3]
    assert store.clock() < made.expires <= store.clock() + LIFETIME
    store.clock.now = made.expires
    with refused(errors.NotFound, match="expired"):
        look(store, token)


def test_a_view_made_again_in_the_same_minute_is_the_same(store, code):
    first = view(store, "bob", code, command=1)
    store.clock.forward(seconds=20)
    assert view(store, "bob", code, command=1) == first
    store.clock.forward(minutes=1)
    assert view(store, "bob", code, command=1) != first


def test_a_view_dies_with_the_membership_and_with_the_state(store, code):
    token = view(store, "bob", code, command=1)
    store.grant(code, "bob", "execute", by="ann")
    with refused(errors.RoleMissing):
        look(store, token)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    with refused(errors.NoSuchSession):
        look(store, token)
    store.grant(code, "bob", by="ann")
    assert look(store, token)
    do(store, "ann", api.DISABLE_SESSION, code=code)
    with refused(errors.SessionDisabled):
        look(store, token)
    do(store, "ann", api.ENABLE_SESSION, code=code)
    token = view(store, "bob", code, command=1)
    do(store, "ann", api.CLOSE_SESSION, code=code)
    assert look(store, token)
    do(store, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.NoSuchSession):
        look(store, token)


@pytest.mark.parametrize(
    ("ends", "reopens"),
    [
        (api.DISABLE_SESSION, api.ENABLE_SESSION),
        (api.DISABLE_SESSION, api.CLOSE_SESSION),
        (api.REMOVE_SESSION, api.RESTORE_SESSION),
    ],
)
@pytest.mark.parametrize("who", ["ann", "bob", "cyd"])
def test_a_view_stays_dead_when_the_session_is_open_again(store, code, ends, reopens, who):
    join(store, "cyd")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["ann"])
    do(store, "ann", api.ADD_GROUP_USERS, name="lab", users=["cyd"])
    store.grant(code, "@lab", by="ann")
    store.clock.forward(seconds=1)
    token = view(store, who, code, command=1)
    assert look(store, token)
    store.clock.forward(seconds=1)
    do(store, "ann", ends, code=code)
    store.clock.forward(seconds=1)
    do(store, "ann", reopens, code=code)
    with refused(errors.NotFound):
        look(store, token)
    assert look(store, view(store, who, code, command=1))


def test_an_owners_view_of_a_removed_session_is_dead_too(store, code):
    token = view(store, "ann", code, command=1)
    do(store, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.WrongState):
        look(store, token)


def test_a_view_dies_with_the_account(store, code):
    token = view(store, "bob", code, command=1)
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.NotLoggedIn):
        look(store, token)
    do(store, "root", api.ENABLE_ACCOUNT, name="bob")
    assert look(store, token)
    do(store, "root", api.REMOVE_ACCOUNT, name="bob")
    with refused(errors.NotLoggedIn):
        look(store, token)


def test_a_view_dies_with_the_login_that_it_was_made_with(store, code):
    store.add("cleo")
    store.grant(code, "cleo", by="ann")
    token = view(store, "cleo", code, command=1)
    assert look(store, token)
    do(store, "cleo", api.LOG_OUT)
    with refused(errors.LoginRevoked):
        look(store, token)


def test_what_is_forgotten_or_unpublished_is_seen_no_more(store, code):
    outputs, page = view(store, "bob", code, command=1), view(store, "bob", code, path="page.html")
    do(store, "ann", api.FORGET_COMMAND, code=code, number=1)
    do(store, "ann", api.UNPUBLISH_FILE, code=code, path="page.html")
    assert look(store, outputs).outputs == []
    with refused(errors.NotFound):
        look(store, page, "page.html")


def test_a_token_is_worth_nothing_when_a_single_bit_is_changed(store, code):
    token = view(store, "bob", code, command=1)
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with refused(errors.NotFound):
            look(store, base64.urlsafe_b64encode(changed).decode().rstrip("="))


def test_what_is_no_token_of_ours_is_not_found(store, code):
    for token in ["", "x", "é", "\0", "=", "A" * 10_000, "../..", "\ud800"]:
        with refused(errors.NotFound):
            look(store, token)


def test_a_token_of_another_store_is_not_found(store, code):
    token = view(store, "bob", code, command=1)
    grant = unseal(token, store.dispatcher._services.secret, store.clock())
    with refused(errors.NotFound):
        look(store, seal(grant, b"another secret"))
