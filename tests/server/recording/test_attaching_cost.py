"""To attach a kernel takes one read transaction, and one message to the recording process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Identified, Limits
from jupyter_sessions.server.extension import attachments
from jupyter_sessions.server.recording import process, protocol
from jupyter_sessions.server.service import Service
from tests.conftest import Clock, Store
from tests.core.test_reading_together import counted

ANN = Identified("ann")


async def test_attaching_is_one_read_transaction_and_one_pipe_round_trip(
    jp_serverapp: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(Dispatcher(database, tmp_path / "blobs"), Clock())
    code = store.dispatcher.submit(api.CREATE_SESSION, schemas.NewSession(), ANN).result().code
    passed: list[tuple[str, str]] = []

    def noted(name: str) -> Callable[[Any], Any]:
        original = getattr(process, name)

        def note(line: Any) -> Any:
            passed.append((name, str(line)))
            return original(line)

        return note

    for name in ("_encode", "_decode"):
        monkeypatch.setattr(process, name, noted(name))
    limits = Limits()
    service = Service(
        lambda: store.dispatcher, limits=limits, public_url="", administrators=frozenset()
    )
    place = protocol.Place(database, str(tmp_path / "blobs"), None, limits.command)
    attached = attachments(jp_serverapp, service, place, addresses=[], several=True)
    kernels = jp_serverapp.kernel_manager
    started = [await kernels.start_kernel() for _ in range(2)]

    async def attach(kernel: str) -> schemas.Attachment:
        request = schemas.Attach(kernel=kernel, session=code)
        answer = await attached.uses[api.PUT_ATTACHMENT.name](request, ANN, "http://localhost:8888")
        assert isinstance(answer, schemas.Attachment)
        return answer

    try:
        await attach(started[0])  # which starts the process
        passed.clear()
        with counted(store) as transactions:
            answer = await attach(started[1])
            assert (answer.state, answer.session) == ("recording", code)
            assert transactions() == 1
        # The manager asks about all kernels every second, too.
        assert [name for name, line in passed if started[1] in line] == ["_encode", "_decode"]
    finally:
        await attached.stop()
        await kernels.shutdown_all(now=True)
        store.dispatcher.close()
