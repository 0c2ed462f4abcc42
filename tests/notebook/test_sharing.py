"""Two people, each with a kernel and a home of their own, and a server between them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from tests.conftest import PASSWORD, Serve, Served
from tests.notebook.conftest import Start
from tests.notebook.kernels import Kernel, Terminal
from tests.waiting import until

HOSTILE = (
    "from IPython.display import display\n"
    "display({'text/html': '<script>parent.hacked = 1</script><b>hi</b>', 'text/plain': 'hi'},"
    " raw=True)\n"
    "display({'application/javascript': 'alert(1)'}, raw=True)\n"
    "display({'image/svg+xml': '<svg onload=\"alert(1)\"/>'}, raw=True)\n"
    "display({'text/markdown': '<img src=x onerror=alert(1)>'}, raw=True)"
)


class Tags(HTMLParser):
    """The elements in a piece of HTML, by their names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: dict[str, list[dict[str, str]]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.setdefault(tag, []).append({name: value or "" for name, value in attrs})
        assert not any(name.startswith("on") for name, _ in attrs)


@pytest.fixture
def server(serve: Serve) -> Served:
    return serve("--ServerApp.allow_root=True")


def add(*names: str) -> None:
    for name in names:
        LocalTransport().call(api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD))


def log_in(kernel: Kernel, name: str, server: Served) -> None:
    assert f"as {name}" in kernel.good(f"%session login {name}@{server.url}").text


def url(kernel: Kernel) -> str:
    found = re.search(r"http://\S+/experiment", kernel.good("%session").text)
    assert found
    return found[0]


def share_to_write(start: Start, server: Served) -> tuple[Kernel, Kernel]:
    """Have ann create a session in which bar may write; return their kernels."""
    add("ann", "bar")
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    bar = start("bar", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    for kernel, name in ((ann, "ann"), (bar, "bar")):
        log_in(kernel, name, server)
    ann.good('%session new "Shared"')
    ann.good("%session grant bar:write")
    return ann, bar


def test_a_colleague_goes_on_with_the_work(start: Start, server: Served) -> None:
    add("ann", "bar")
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    bar = start("bar", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(ann, "ann", server)
    ann.good('%session new "Shared"')
    ann.good("x = 20; print('from ann', x)")
    ann.good(HOSTILE)
    address = url(ann)

    assert bar(f"%session resume {address}").error.ename == "NoLogin"
    log_in(bar, "bar", server)
    assert bar(f"%session resume {address}").error.ename == "NoSuchSession"
    ann.good("%session grant bar:write|execute")
    resumed = bar.good(f"%session resume {address}")
    assert "from ann 20" in resumed.text
    assert "Recording" in resumed.text
    # What ann's commands displayed runs in no page of bar's but in a frame that reaches nothing.
    tags = Tags(resumed.html)
    assert {attributes["sandbox"] for attributes in tags.all["iframe"]} == {"allow-scripts"}
    assert all(each["src"].startswith("data:image/svg+xml") for each in tags.all["img"])
    assert not {"script", "svg", "object", "embed"} & set(tags.all)
    media = {media for each in resumed.outputs for media in each.get("data", {})}
    assert media == {"text/plain", "text/html"}

    assert "from ann 20" in bar.good("%session replay 1").text
    bar.good("print('from bar', x + 1)")
    bar.good("%session history")
    assert "from bar" in ann.good("%session history --user bar").text

    ann.good("%session grant bar")
    bar.good("'not allowed any more'")
    told = bar.good("%session")
    assert "only to this disk for now. Recording needs the role write" in told.text
    assert re.search(
        r"1 command (and \d %session lines? )?waits? on this disk\. To see why, type %session",
        told.text,
    )
    looked = bar.good(f"%session resume {address}")
    assert "recording needs the role write" in looked.text
    assert bar("%session pause").error.ename == "WrongState"
    ann.good("%session grant bar:write")
    bar.good(f"%session resume {address}")
    ann.good("%session revoke bar")
    told = bar.good("%session").text
    assert "is no longer open to you: ann has revoked your role." in told
    assert "There is no such session" not in told
    assert told.count("on this disk, and so will each cell from now on") == 1
    bar.good("'while it was revoked'")
    assert "There is no such session" in bar.good("%session outbox").text
    assert bar("%session history").error.ename == "NoSuchSession"
    assert json.loads(ann.good("%session members --json").text)["members"][0]["user"] == "ann"
    ann.good("%session grant bar:write")
    assert "Delivered" in bar.good("%session outbox --deliver").text
    listed = ann.good("%session history -n 50").text
    assert "'not allowed any more'" in listed
    assert "'while it was revoked'" in listed


def test_the_notebook_says_once_that_a_role_was_taken_and_asks_what_to_do(
    start: Start, server: Served
) -> None:
    ann, bar = share_to_write(start, server)
    address = url(ann)
    bar.good(f"%session resume {address}")
    for take, said in (
        ("%session grant bar:read", "you have lost the role write. Its owner is ann"),
        ("%session revoke bar", "is no longer open to you: ann has revoked your role"),
    ):
        bar.good("'recorded'")
        ann.good(take)
        told: list[str] = []

        def cell(told: list[str] = told) -> bool:
            told.append(bar.good("x = 1").text)
            return bool(told[-1])

        until(cell, "the notebook to say so")
        assert said in told[-1]
        assert "on this disk" in told[-1]
        for answer in ("%session detach", "--into OTHER", "--discard"):
            assert answer in told[-1]
        assert bar.good("x = 2").text == ""
        ann.good("%session grant bar:write")
        assert "Delivered" in bar.good("%session outbox --deliver").text
    assert "'recorded'" in ann.good("%session history --user bar -n 50").text


def test_all_say_alike_how_many_commands_wait_after_a_revoke(start: Start, server: Served) -> None:
    ann, bar = share_to_write(start, server)
    bar.good(f"%session resume {url(ann)}")
    bar.good("%session history")
    ann.good("%session revoke bar")
    for number in range(5):
        bar.good(f"x = {number}")
    status = bar.good("%session").text
    outbox = bar.good("%session outbox").text
    again = bar.good("%session").text
    assert re.search(r"\bheld +5 ", outbox)
    # Each of these lines is one more that waits, which the next one counts; `history` may be too.
    lines = [
        int(found[1]) if (found := re.search(r"(\d) %session lines? waits?", told)) else 0
        for told in (status, outbox, again)
    ]
    assert lines in ([0, 1, 2], [1, 2, 3])
    for told in (status, again):
        assert re.search(r"\b5 commands (and \d %session lines? )?wait on this disk", told), told
    assert "ann has revoked your role" in again
    assert again.count("revoked") == 1


def test_commands_wait_while_the_server_is_away(start: Start, serve: Serve, server: Served) -> None:
    add("ann")
    ann = start("ann", JUPYTER_SESSIONS_PASSWORD=PASSWORD)
    log_in(ann, "ann", server)
    ann.good("%session new x")
    ann.good("'before'")
    ann.good("%session history")
    server.stop()
    ann.good("'while it is away'")
    until(lambda: "not recorded yet" in ann("%session").text, "the outbox to have tried")
    told = ann("%session")
    assert "Recording, but only to this disk for now" in told.text
    assert told.error is None
    serve("--ServerApp.allow_root=True", port=int(server.url.rpartition(":")[2]))
    listed = ann.good("%session history").text
    assert "'before'" in listed
    assert "'while it is away'" in listed


def test_the_password_is_asked_for(server: Served, home: Path, tmp_path: Path) -> None:
    add("bar")
    terminal = Terminal(tmp_path / "bar", JUPYTER_DATA_DIR=str(tmp_path / "bar" / "data"))
    terminal.type("%load_ext jupyter_sessions")
    question = f"Password of bar at {server.url}: "
    said = terminal.type(
        f"%session login bar@{server.url}", (question, "wrong password"), (question, PASSWORD)
    )
    assert "as bar" in said
    assert PASSWORD not in said
    terminal.type("%session new mine")
    assert "bar" in terminal.type("%session show")
    terminal.end()
