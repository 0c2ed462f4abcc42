"""A kernel that is recorded, and forks: its children are other processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import PASSWORD, Serve
from tests.notebook.conftest import Start
from tests.notebook.test_sharing import add, log_in
from tests.waiting import until

DEFINE = """
import gc, multiprocessing, os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from jupyter_sessions import connect, errors

def work(code):
    signal.alarm(90)
    with connect() as own:
        session = own.session(code)
        session.publish(f"by {os.getpid()}", as_=f"{os.getpid()}.txt")
        return len(list(session.files())) > 0

def fork(code, end):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, b"worked" if work(code) else b"nothing")
        except BaseException as error:
            os.write(write, repr(error).encode())
        end()
        os._exit(0)
    os.close(write)
    told = os.fdopen(read).read()
    os.waitpid(pid, 0)
    return told
"""
CHILDREN = """
context = multiprocessing.get_context("fork")
print({{fork({code!r}, lambda: None) for _ in range(3)}})
print({{fork({code!r}, gc.collect) for _ in range(3)}})
with ProcessPoolExecutor(2, mp_context=context) as pool:
    print(set(pool.map(work, [{code!r}] * 4)))
with context.Pool(2) as pool:
    print(set(pool.map(work, [{code!r}] * 4)))
"""
WORKED = ["{'worked'}", "{'worked'}", "{True}", "{True}"]


@pytest.mark.parametrize("where", ["own store", "server"])
def test_children_of_a_recorded_kernel_work_and_its_recording_goes_on(
    start: Start, serve: Serve, where: str
) -> None:
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    if where == "server":
        server = serve("--ServerApp.allow_root=True")
        add("ann")
        log_in(ann, "ann", server)
    ann.good("%session new x")
    code = json.loads(ann.good("%session show --json").text)["code"]
    ann.good(DEFINE)
    told = ann.good(CHILDREN.format(code=code)).text.splitlines()
    assert [line for line in told if line.startswith("{")] == WORKED, told
    assert "after" in ann.good("print('after')").text
    listed = json.loads(ann.good("%session history --json").text)["items"]
    sources = [each["source"] for each in listed]
    assert sorted(sources) == sorted([DEFINE, CHILDREN.format(code=code), "print('after')"])
    assert {each["status"] for each in listed} == {"completed"}
    files = json.loads(ann.good("%session files --json").text)["items"]
    assert len(files) >= 6 + 1 + 1, "each process publishes under its own number"


def test_a_child_neither_delivers_nor_holds_nor_removes_what_its_parent_has_yet_to_deliver(
    start: Start, serve: Serve, tmp_path: Path
) -> None:
    """The server is away; the kernel is killed while its child lives on."""
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    server = serve("--ServerApp.allow_root=True")
    add("ann")
    log_in(ann, "ann", server)
    ann.good("%session new x")
    code = json.loads(ann.good("%session show --json").text)["code"]
    server.stop()
    ann.good("print('waits')")
    outbox = tmp_path / "ann" / "data" / "sessions" / "outbox"
    until(lambda: any(b"waits" in each.read_bytes() for each in outbox.glob("*.journal")))
    ann.good(DEFINE)
    ann.good(
        "child = os.fork()\n"
        "if child == 0:\n"
        "    from jupyter_sessions.notebook.attachment import Attachment\n"
        "    for each in gc.get_objects():\n"
        "        if isinstance(each, Attachment): each.leave(5)\n"
        "    gc.collect(); time.sleep(60); os._exit(0)\n"
        "time.sleep(1)"
    )
    journals = list(outbox.glob("*.journal"))
    assert any(b"waits" in each.read_bytes() for each in journals)
    process, child = ann.good("print(os.getpid(), child)").text.split()
    ann.good("import threading; threading.Timer(0.5, os.kill, (os.getpid(), 9)).start()")
    until(lambda: not Path(f"/proc/{process}").exists() or _is_dead(process))
    assert Path(f"/proc/{child}").exists()
    serve("--ServerApp.allow_root=True", port=int(server.url.rpartition(":")[2]))
    again = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    again.good(f"%session resume {code}")

    def recorded() -> list[str]:
        listed = again.good("%session history --json").text
        return [each["source"] for each in json.loads(listed)["items"]]

    until(lambda: "print('waits')" in recorded())
    again.good(f"import os; os.kill({child}, 9)")


def _is_dead(process: str) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
