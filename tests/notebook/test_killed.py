"""A kernel that is killed in the middle of a cell: what the cell had put out is not lost."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PASSWORD, Serve
from tests.notebook.conftest import Start
from tests.notebook.test_sharing import add, log_in
from tests.waiting import until

CELL = (
    "import time\n"
    "for number in range(6):\n"
    "    print('line', number, flush=True)\n"
    "    time.sleep(0.4)\n"
    "display({'text/html': f'<b>{number + 1} lines</b>', 'text/plain': '6 lines'}, raw=True)\n"
    "time.sleep(1000)"
)


@pytest.mark.parametrize("where", ["own store", "server", "server that is away"])
def test_what_a_killed_kernels_cell_had_put_out_is_in_its_session(
    start: Start, serve: Serve, tmp_path: Path, where: str
) -> None:
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    if where != "own store":
        server = serve("--ServerApp.allow_root=True")
        add("ann")
        log_in(ann, "ann", server)
    ann.good("%session new x")
    code = json.loads(ann.good("%session show --json").text)["code"]
    process = int(ann.good("import os; print(os.getpid())").text)
    ann.good("%session history")  # all of that is there
    if where == "server that is away":
        server.stop()
    ann.begin(CELL)
    outbox = tmp_path / "ann" / "data" / "sessions" / "outbox"
    until(lambda: any(b"<b>6 lines" in each.read_bytes() for each in outbox.glob("*.journal")))
    if where != "server that is away":
        other = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
        listed = other.good(f"%session history -S {code} --status running --json").text
        [number] = [each["number"] for each in json.loads(listed)["items"]]
        until(lambda: "line 5" in other.good(f"%session view {number} -S {code}").text)
    os.kill(process, signal.SIGKILL)

    if where == "server that is away":
        serve("--ServerApp.allow_root=True", port=int(server.url.rpartition(":")[2]))
    again = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    again.good(f"%session resume {code}")

    def aborted() -> list[Any]:
        listed = again.good("%session history --status aborted --json").text
        return [each for each in json.loads(listed)["items"] if each["source"] == CELL]

    [summary] = until(aborted)
    assert "ended first" in summary["note"]
    shown = again.good(f"%session view {summary['number']}")
    assert [f"line {each}" for each in range(6)] == [
        line for line in shown.text.splitlines() if line.startswith("line")
    ]
    assert "<b>6 lines</b>" in shown.html
