"""Notebooks that run in one kernel, one after the other: their clients number messages alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from sqlalchemy import create_engine, update

from jupyter_sessions import api, paths, schemas
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.outbox.journal_file import Destination
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.store import tables
from tests.conftest import recording


def run(manager: Any, *sources: str) -> None:
    """Run a notebook in the manager's kernel, by a client of its own."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = NotebookClient(nbformat.v4.new_notebook(cells=cells), km=manager, timeout=60)
    client.execute()
    client.kc.stop_channels()


def history(transport: LocalTransport, code: str) -> list[schemas.CommandSummary]:
    """Return the commands of a session, the first first."""
    asked = schemas.ListCommands(code=code, order="oldest", limit=500)
    return list(transport.call(api.LIST_COMMANDS, asked).items)


def test_each_cell_of_two_notebooks_and_of_one_after_a_restart_is_a_command_of_its_own() -> None:
    transport = LocalTransport()
    code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="x")).code
    manager, client = start_new_kernel(kernel_name="python3")
    client.stop_channels()
    begin = ("%load_ext jupyter_sessions", f"%session resume {code}")
    cells = {each: [f"print('{each}{number}')" for number in range(41)] for each in "abc"}
    try:
        run(manager, *begin, *cells["a"][:40])
        run(manager, *cells["b"], "%session history -n 1")
        manager.restart_kernel(now=True)
        run(manager, *begin, *cells["c"], "%session detach")
    finally:
        manager.shutdown_kernel(now=True)
    found = [each for each in history(transport, code) if not each.managing]
    assert [each.source for each in found] == [*cells["a"][:40], *cells["b"], *cells["c"]]
    assert len(found) == 81 + 41
    assert [f"print('{each.preview.strip()}')" for each in found] == [each.source for each in found]
    transport.close()


def _as_the_version_before(msg_id: str) -> None:
    """Have the own store know its commands as it did when it went by message ids."""
    engine = create_engine(paths.own_database())
    with engine.begin() as connection:
        connection.execute(update(tables.commands).values(uid=msg_id))
    engine.dispose()


def test_an_outbox_of_the_version_before_arrives_exactly_once(home: Path) -> None:
    transport = LocalTransport()
    code = transport.call(api.CREATE_SESSION, schemas.NewSession(label="x")).code
    now = transport.call(api.GET_SESSION, schemas.SessionNamed(code=code)).created
    first = recording("x = 1", at=now, uid="s_1_7", text="one")
    second = recording("x = 2", at=now.replace(microsecond=9), uid="s_1_7", text="two")
    third = recording("x = 3", at=now, uid="s_1_8", text="three")
    transport.call(api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[first]))
    _as_the_version_before("s_1_7")
    to = Destination(transport.server, transport.user, code)
    lines = [to, first, second, third]
    outbox = home / "data" / "sessions" / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    for name in ("0123456789abcdef", "fedcba9876543210"):
        text = b"".join(msgspec.json.encode(each) + b"\n" for each in lines)
        (outbox / f"{name}.journal").write_bytes(text)
        delivery = OutboxDelivery(transport, code)
        delivery.deliver_orphaned(30, held=True)
        assert delivery.close(30)
        assert not list(outbox.glob("*.journal"))
        told = [(each.source, each.preview) for each in history(transport, code)]
        assert told == [("x = 1", "one"), ("x = 2", "two"), ("x = 3", "three")]
    transport.close()
