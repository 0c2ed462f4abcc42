"""A database whose file is moved, removed or replaced while it is open is not written on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import SystemUser

ME = SystemUser("root")


def move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def replace(folder: Path) -> None:
    move(folder)
    folder.mkdir()
    (folder / "sessions.db").touch()


@pytest.mark.parametrize("how", [move, shutil.rmtree, replace])
def test_nothing_is_read_or_acknowledged_then(
    tmp_path: Path, how: Callable[[Path], object]
) -> None:
    folder = tmp_path / "store"
    store = Dispatcher(f"sqlite:///{folder / 'sessions.db'}", tmp_path / "blobs")
    store.submit(api.CREATE_SESSION, schemas.NewSession(label="before"), ME).result()
    how(folder)
    for operation, request in (
        (api.CREATE_SESSION, schemas.NewSession(label="after")),
        (api.LIST_SESSIONS, schemas.ListSessions()),
    ):
        with pytest.raises(errors.StoreGone, match=r"moved, removed or replaced"):
            store.submit(operation, request, ME).result()
    store.close()


def test_it_goes_on_when_the_file_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = Dispatcher(f"sqlite:///{folder / 'sessions.db'}", tmp_path / "blobs")
    move(folder)
    with pytest.raises(errors.StoreGone):
        store.submit(api.LIST_SESSIONS, schemas.ListSessions(), ME).result()
    folder.with_name("elsewhere").rename(folder)
    made = store.submit(api.CREATE_SESSION, schemas.NewSession(label="again"), ME).result()
    store.close()
    again = Dispatcher(f"sqlite:///{folder / 'sessions.db'}", tmp_path / "blobs")
    page = again.submit(api.LIST_SESSIONS, schemas.ListSessions(), ME).result()
    assert [each.code for each in page.items] == [made.code]
    again.close()
