"""Opening a store: who only looks waits for no one."""

import time

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import SystemUser
from jupyter_sessions.store.sqlite_library import sqlite_module


def test_sessions_are_listed_while_another_process_holds_the_database(tmp_path):
    url, blobs = f"sqlite:///{tmp_path / 'sessions.db'}", tmp_path / "blobs"
    first = Dispatcher(url, blobs)
    me = SystemUser("root")
    first.submit(api.CREATE_SESSION, schemas.NewSession(label="x"), me).result()
    first.close()
    other = sqlite_module().connect(tmp_path / "sessions.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    second = Dispatcher(url, blobs)
    page = second.submit(api.LIST_SESSIONS, schemas.ListSessions(), me).result()
    # The one that writes waits for 30 s.
    assert time.monotonic() - began < 20
    assert [session.label for session in page.items] == ["x"]
    other.execute("ROLLBACK")
    other.close()
    second.close()
