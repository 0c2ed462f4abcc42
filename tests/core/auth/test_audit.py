"""The audit log: who came in, from where, what was refused and why; and nothing that lets in."""

from __future__ import annotations

import json
import logging
import secrets

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import PASSWORD
from tests.core.asking import do, join, pages, refused

CANARY = "typed-into-the-wrong-field"


@pytest.fixture
def name(store):
    """Have an account that is logged in."""
    name = f"pia{secrets.token_hex(4)}"
    store.add(name)
    return name


def entries(store, **query):
    return do(store, "root", api.LIST_AUDIT, **query).items


def test_logins_made_refused_and_ended_are_in_the_log(store, name):
    submit = store.dispatcher.submit
    for password, code in ((PASSWORD, ""), ("wrong " + CANARY, ""), (PASSWORD, "")):
        request = api.LOG_IN.request(user=name, password=password, code=code)
        done = submit(api.LOG_IN, request, store.keys["nobody"], address="192.0.2.7")
        if password == PASSWORD:
            store.keys["again"] = KeyHolder(done.result().key)
        else:
            with pytest.raises(errors.WrongPassword):
                done.result()
    do(store, "again", api.LOG_OUT)
    found = entries(store, user=name)
    told = [(each.kind, each.user, each.address, each.data) for each in found]
    refusal = {"operation": "logins.create", "why": "wrong_password", "user": name}
    assert ("login.refused", "", "192.0.2.7", refusal) in told
    assert sum(kind == "login.created" and at == "192.0.2.7" for kind, _, at, _ in told) == 2
    assert ("login.ended", name, "", {"user": name}) in told
    assert CANARY not in repr(told)


def test_a_name_that_nobody_has_is_not_written_down_and_still_told_apart(store, name):
    for user in (CANARY, CANARY, "jses_" + "x" * 43):
        with refused(errors.WrongPassword):
            do(store, "nobody", api.LOG_IN, user=user, password="x")
    found = [each.data for each in entries(store)[:3]]
    assert found[1]["unknown"] == found[2]["unknown"] != found[0]["unknown"]
    assert CANARY not in repr(found) and "jses_" not in repr(found)


def test_what_is_changed_of_an_account_is_in_the_log_with_who_did_it(store, name):
    do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password="a horse of another colour")
    with refused(errors.ConfirmationFailed):
        do(store, name, api.CHANGE_PASSWORD, current=PASSWORD, password="another horse again")
    do(store, "root", api.SET_PASSWORD, name=name, password=PASSWORD)
    with refused(errors.LoginRevoked):
        do(store, name, api.SET_PASSWORD, name="root", password=PASSWORD)
    do(store, "root", api.DISABLE_ACCOUNT, name=name)
    found = [(each.kind, each.user) for each in entries(store)[:5]]
    assert found == [
        ("account.disabled", "root"),
        ("operation.refused", name),
        ("account.password_set", "root"),
        ("operation.refused", name),
        ("account.password_changed", name),
    ]


def test_only_administrators_read_it_page_by_page(store, name):
    assert [each for each in api.OPERATIONS if each.startswith("audit.")] == ["audit.list"]
    assert not api.LIST_AUDIT.writes
    do(store, "root", api.ADD_ACCOUNT, name="ann", password=PASSWORD)
    with refused(errors.Forbidden):
        do(store, name, api.LIST_AUDIT)
    found = pages(lambda after: do(store, "root", api.LIST_AUDIT, limit=2, after=after))
    numbers = [each.number for page in found for each in page]
    assert len(numbers) >= 3 and numbers == sorted(numbers, reverse=True)
    with refused(errors.NotFound):
        do(store, "root", api.LIST_AUDIT, user="unheard-of")


def test_it_is_kept_for_a_year(store, name):
    old = entries(store)[-1].number
    store.clock.forward(days=366)
    do(store, "root", api.ADD_ACCOUNT, name="new", password=PASSWORD)
    store.dispatcher.tidy()
    assert old not in [each.number for each in entries(store)]
    assert entries(store)[-1].kind == "account.added"


def test_each_entry_goes_to_the_logger_after_it_is_on_disk(store, name, caplog):
    join(store, "bob")
    code = store.new("root").code
    with caplog.at_level(logging.INFO, "jupyter_sessions.audit"):
        do(store, "root", api.ADD_ACCOUNT, name="ann", password=PASSWORD)
        with refused(errors.WrongPassword):
            do(store, "nobody", api.LOG_IN, user=name, password=CANARY)
        store.grant(code, "bob", "read")
        with refused(errors.RoleMissing):
            do(store, "bob", api.SET_SCRATCH, code=code, name="x", value=1)
        store.dispatcher.close()  # what was to be written is
    lines = [(record.levelname, record.audit) for record in caplog.records]
    kinds = [(level, entry["kind"], entry.get("by"), entry.get("why")) for level, entry in lines]
    assert kinds == [
        ("INFO", "account.added", "root", None),
        ("WARNING", "login.refused", None, "wrong_password"),
        ("WARNING", "operation.refused", "bob", "role_missing"),
    ]
    assert CANARY not in caplog.text and json.loads(caplog.messages[1].split(" ", 1)[1])
