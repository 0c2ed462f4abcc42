"""What it takes to attach a kernel to a session of the server's own store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Identified
from jupyter_sessions.server.recording import protocol
from jupyter_sessions.server.recording.process import Process
from jupyter_sessions.server.recording.targets import Target, Targets
from jupyter_sessions.server.service import Bridge
from tests.conftest import Store
from tests.core.asking import do, join
from tests.core.test_reading_together import counted


def find(store: Store, code: str, who: str) -> Target:
    async def look() -> Target:
        async def dispatcher() -> Dispatcher:
            return store.dispatcher

        targets = Targets(dispatcher, Bridge().wait, [])
        request = schemas.Attach(kernel="kernel", session=code)
        return await targets.find(request, store.credentials(who), "http://localhost:8888")

    return asyncio.run(look())


def test_a_session_is_found_in_one_transaction(store: Store) -> None:
    join(store, "ann")
    code = store.new("ann", label="mine").code
    with counted(store) as transactions:
        target = find(store, code, "ann")
        assert transactions() == 1
    assert (target.server, target.user, target.session.label) == (None, "ann", "mine")
    assert str(target.session.url).startswith("http://localhost:8888/")


@pytest.mark.parametrize(
    ("who", "error"),
    [("reader", errors.RoleMissing), ("stranger", errors.NoSuchSession)],
)
def test_who_may_not_record_finds_no_target(
    store: Store, who: str, error: type[errors.SessionsError]
) -> None:
    join(store, "ann", "reader", "stranger")
    code = store.new("ann").code
    store.grant(code, "reader", "read", by="ann")
    with pytest.raises(error):
        find(store, code, who)


def test_a_closed_session_is_no_target(store: Store) -> None:
    join(store, "ann")
    code = store.new("ann").code
    do(store, "ann", api.CLOSE_SESSION, code=code)
    with pytest.raises(errors.WrongState):
        find(store, code, "ann")


def test_the_answer_to_attach_says_how_far_the_recording_is(tmp_path: Path) -> None:
    """So one message to the recording process, and its answer, are enough."""
    database = f"sqlite:///{tmp_path / 'sessions.db'}"
    dispatcher = Dispatcher(database, tmp_path / "blobs")
    ann = Identified("ann")
    made = dispatcher.submit(api.CREATE_SESSION, schemas.NewSession(), ann).result()
    dispatcher.close()
    (tmp_path / "home").mkdir(exist_ok=True)  # IPython keeps its files there
    kernel: Any = KernelManager()
    kernel.start_kernel()
    try:
        found = asyncio.run(_attach(kernel, made.code, database, tmp_path / "blobs"))
    finally:
        kernel.shutdown_kernel(now=True)
    assert found["kernel"].alive
    assert (found["kernel"].waiting, found["kernel"].problem) == (0, None)


async def _attach(
    kernel: Any, code: str, database: str, blobs: Path
) -> dict[str, protocol.Progress]:
    async def failed(_kernel: str, _command: str) -> bool:
        return False

    place = protocol.Place(database, str(blobs), None, 1_000_000)
    process = Process(place, lambda _kernel, _command: None, failed, lambda: None)
    try:
        return await process.ask(
            protocol.Attach(
                kernel="kernel",
                connection_file=kernel.connection_file,
                session=code,
                server=None,
                user="ann",
                identified=True,
                runner=None,
                notebook="a.ipynb",
                language="python",
                since=datetime.now(UTC),
                paused=False,
            )
        )
    finally:
        await process.end()
