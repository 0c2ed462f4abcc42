"""Row 4: one command to all who follow a session live."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from benchmarks import commands, servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, percentile, ratios
from benchmarks.websockets import Followers, connect, frame

_FOLLOWERS = 100
_MESSAGES = 40
_MESSAGES_QUICK = 10
_PAUSE = 0.02  # seconds between two messages, so that each is alone
NO_COLLABORATION = (
    "jupyter-collaboration is not measured: it is not installed (the extra `benchmarks` brings it)."
)

Tell = Callable[[], float]


def measure(effort: Effort, folder: Path) -> Row:
    """Tell 100 connected clients of a command, and of a change to a shared document."""
    messages = _MESSAGES_QUICK if effort.quick else _MESSAGES
    sides: dict[str, Callable[[], float]] = {}

    def slowest(tell: Tell) -> Callable[[], float]:
        def once() -> float:
            times = []
            for _ in range(messages):
                times.append(tell())
                time.sleep(_PAUSE)
            return 1e3 * percentile(times, 95)

        return once

    with contextlib.ExitStack() as stack:
        sides["ours"] = slowest(stack.enter_context(_ours(folder)))
        if importlib.util.find_spec("jupyter_server_ydoc") is not None:
            sides["theirs"] = slowest(stack.enter_context(_theirs(folder)))
        measured = alternate(sides, effort.rounds)
    row = Row(f"4. One command to {_FOLLOWERS} live followers, to the last, p95 of {messages}")
    row.figures = [
        Figure("ours, a command of 1 KB, durable before it is told", measured["ours"], "ms")
    ]
    if "theirs" in measured:
        row.figures.append(
            Figure("jupyter-collaboration, a line in a text document", measured["theirs"], "ms")
        )
        row.goals = [
            Goal(
                "ours : jupyter-collaboration",
                ratios(measured["ours"], measured["theirs"]),
                "",
                0.7,
            )
        ]
    else:
        row.notes.append(NO_COLLABORATION)
    row.notes.append("From before the request is sent; the followers only look for a mark in it.")
    return row


@contextlib.contextmanager
def _ours(folder: Path) -> Iterator[Tell]:
    with servers.sessions(folder) as ours, contextlib.ExitStack() as stack:
        code = ours.new_session()
        port = ours.server.port
        who = {"Authorization": f"Bearer {ours.key}"}
        live = f"/sessions/api/sessions/{code}/live"
        followers = stack.enter_context(
            Followers([connect(port, live, who) for _ in range(_FOLLOWERS)])
        )
        speaker = stack.enter_context(socket.create_connection(("127.0.0.1", port)))

        def tell() -> float:
            body = commands.body(1)
            request = ours.request("POST", f"/sessions/{code}/commands", body)
            took = followers.time_to_last(speaker, request, commands.mark(body))
            speaker.recv(1 << 16)
            return took

        yield tell


@contextlib.contextmanager
def _theirs(folder: Path) -> Iterator[Tell]:
    from pycrdt import Doc, Text, create_sync_message, create_update_message

    extensions = ["jupyter_server_fileid", "jupyter_server_ydoc"]
    documents = folder / "documents"
    documents.mkdir()
    (documents / "shared.txt").touch()
    root = [f"--ServerApp.root_dir={documents}"]
    with servers.jupyter(folder, extensions, root) as server, contextlib.ExitStack() as stack:
        who = {"Authorization": f"token {server.token}"}
        opened = httpx.put(
            f"{server.url}/api/collaboration/session/shared.txt",
            json={"format": "text", "type": "file"},
            headers=who,
        )
        opened.raise_for_status()
        told = opened.json()
        room = f"/api/collaboration/room/text:file:{told['fileId']}?sessionId={told['sessionId']}"
        document = Doc()
        hello = frame(create_sync_message(document))

        def join() -> socket.socket:
            connection = connect(server.port, room, who)
            connection.sendall(hello)
            return connection

        speaker = stack.enter_context(contextlib.closing(join()))
        followers = stack.enter_context(Followers([join() for _ in range(_FOLLOWERS)]))
        text = document.get("source", type=Text)
        updates: list[bytes] = []
        document.observe(lambda event: updates.append(event.update))
        numbers = itertools.count()

        def tell() -> float:
            mark = f"line {next(numbers):012}"
            text.insert(0, f"{mark}\n")
            message = frame(create_update_message(updates.pop()))
            return followers.time_to_last(speaker, message, mark.encode())

        yield tell
