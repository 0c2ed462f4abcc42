"""Kernels whose Jupyter server records them at another server, by a stored login of its user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import Store
from tests.server.recording.jupyter import Jupyter
from tests.server.recording.test_stored_logins import store_login
from tests.server.serving import Place, Server
from tests.waiting import until


@pytest.fixture
def elsewhere(tmp_path: Path, jupyter: Jupyter) -> Iterator[tuple[Place, Server, Store]]:
    """Another server, with the account ``bar``, as whom a login is stored for a while."""
    place = Place(tmp_path / "elsewhere")
    place.folder.mkdir()
    with place.serve() as server, place.open_store() as store:
        store.add("bar")
        credentials = store.keys["bar"]
        assert isinstance(credentials, KeyHolder)
        stored = store_login(jupyter, "b2", server.url, credentials.key)
        yield place, server, store
        stored.unlink()


def test_what_runs_while_the_other_server_is_away_arrives_once_and_in_order_when_it_is_back(
    jupyter: Jupyter, elsewhere: tuple[Place, Server, Store]
) -> None:
    place, server, store = elsewhere
    code = store.new("bar", label="Far away").code
    kernel = jupyter.kernel("bash")
    url = f"{server.url}/sessions/{code}/experiment"
    attached = jupyter.attach(kernel, url)
    assert (attached["server"], attached["user"]) == (server.url, "bar")
    assert (attached["session"], attached["label"]) == (code, "Far away")
    jupyter.run(kernel, "echo before")
    assert jupyter.attachment(kernel)["waiting"] == 0

    server.stop()
    jupyter.run(kernel, "echo meanwhile 1")
    jupyter.run(kernel, "echo meanwhile 2")
    until(lambda: jupyter.attachment(kernel)["waiting"] == 2, "two that wait")
    waiting = jupyter.attachment(kernel)
    assert waiting["state"] == "waiting"
    assert server.url in waiting["problem"]
    # It is another one's, but at the same address and on the same store.
    again = place.start(port=server.port)
    try:
        until(again.is_up, "the other server")
        until(lambda: jupyter.attachment(kernel)["waiting"] == 0, "the delivery")
        jupyter.run(kernel, "echo after")
        assert jupyter.attachment(kernel)["state"] == "recording"
    finally:
        again.stop()
    listed = store.call("bar", api.LIST_COMMANDS, schemas.ListCommands(code=code, order="oldest"))
    assert [(each.source, each.user, each.status) for each in listed.items] == [
        (f"echo {said}", "bar", "completed")
        for said in ("before", "meanwhile 1", "meanwhile 2", "after")
    ]


def test_what_the_login_may_not_record_into_is_refused_with_its_reason(
    jupyter: Jupyter, elsewhere: tuple[Place, Server, Store]
) -> None:
    _, server, store = elsewhere
    store.add("ann")
    code = store.new("ann").code
    url = f"{server.url}/sessions/{code}/experiment"
    kernel = jupyter.kernel("bash")
    assert jupyter.attach(kernel, url, 404)["code"] == "no_such_session"
    store.grant(code, "bar", "read", by="ann")
    refused = jupyter.attach(kernel, url, 403)
    assert refused["code"] == "role_missing"
    assert "write" in refused["message"]
    store.grant(code, "bar", "write", by="ann")
    assert jupyter.attach(kernel, url)["user"] == "bar"
    store.call("ann", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["bar"]))
    jupyter.run(kernel, "echo too late")
    held = jupyter.attachment(kernel)
    assert held["waiting"] == 1
    assert held["problem"]


def test_a_recorded_kernel_says_who_revoked_the_role_and_how_many_wait(
    jupyter: Jupyter, elsewhere: tuple[Place, Server, Store]
) -> None:
    _, server, store = elsewhere
    store.add("ann")
    code = store.new("ann").code
    store.grant(code, "bar", "write", by="ann")
    kernel = jupyter.kernel()
    jupyter.run(kernel, "%load_ext jupyter_sessions")
    jupyter.attach(kernel, f"{server.url}/sessions/{code}/experiment")
    store.call("ann", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["bar"]))
    jupyter.run(kernel, "x = 1")
    until(lambda: jupyter.attachment(kernel)["waiting"] == 1, "the command that waits")
    printed = jupyter.run(kernel, "%session")
    assert f"The session {code} is no longer open to you: ann has revoked your role." in printed
    assert "1 command waits on this disk" in printed
    assert "There is no such session" not in printed
    jupyter.run(kernel, f"%session outbox {code} --discard --yes")
