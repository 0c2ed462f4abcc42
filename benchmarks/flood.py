"""Row 9: what floods of output do to a Jupyter server, with and without recording."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import websocket

from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort

_TOKEN = "of-a-benchmark"
_EVERY = 0.01  # seconds between requests
_HELD = 50  # milliseconds
_MOST_MEMORY = 300  # MB
_DELIVERED_WITHIN = 120.0  # seconds
_LINES = """
import time
begin, sent = time.monotonic(), 0
while time.monotonic() - begin < {seconds}:
    print("\\n".join(f"line {{n}} of a flood" for n in range(sent, sent + 1000)))
    sent += 1000
    time.sleep(max(0, begin + sent / 100_000 - time.monotonic()))
"""
_IMAGES = """
import os
from IPython.display import Image, display
for _ in range({images}):
    display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + os.urandom({size} << 20), format="png"))
"""


@dataclass
class _Measured:
    """How the server answered while a source ran, in milliseconds, and what memory it took.

    `server` is all of its memory, `recorder` what its recording process took above its idle.
    """

    answers: list[float]
    server: float
    recorder: float

    @property
    def held(self) -> int:
        """How many answers took so long that the server's loop may have been held."""
        return sum(answer > _HELD for answer in self.answers)


def measure(effort: Effort, folder: Path) -> Row:
    """Ask a server over and over while one of its kernels floods, recorded and not."""
    lines = _LINES.format(seconds=1 if effort.quick else 10)
    images = _IMAGES.format(images=5 if effort.quick else 200, size=1)
    large = _IMAGES.format(images=2 if effort.quick else 4, size=2 if effort.quick else 48)
    floods = (
        ("100,000 lines a second", lines),
        ("200 MB of PNG", images),
        ("200 MB of PNG in four", large),
    )
    row = Row("9. A Jupyter server's answers while a kernel floods")
    with _server(folder) as jupyter:
        for what, source in floods:
            for recorded in (False, True):
                found = jupyter.flooded(source, recorded=recorded)
                how = f"{what}, {'recorded' if recorded else 'not recorded'}"
                row.figures += [
                    Figure(f"an answer, {how}", found.answers, "ms"),
                    Figure(f"the longest, {how}", [max(found.answers)], "ms"),
                    Figure(f"of {len(found.answers):,}, over {_HELD} ms, {how}", [found.held], ""),
                    Figure(f"the server's memory, {how}", [found.server], "MB"),
                ]
                if recorded:
                    row.goals.append(
                        Goal(
                            f"the recording process above its idle, {what}",
                            [found.recorder],
                            "MB",
                            _MOST_MEMORY,
                        )
                    )
    row.notes.append(
        "Without a front end: what the server itself does with each message is in both sides."
    )
    return row


@dataclass
class _Jupyter:
    http: httpx.Client
    process: subprocess.Popen[bytes]

    def flooded(self, source: str, *, recorded: bool) -> _Measured:
        kernel = self.http.post("/api/kernels", json={"name": "python3"}).json()["id"]
        if recorded:
            code = self.http.post("/sessions/api/sessions", json={"label": "Flood"}).json()["code"]
            asked = {"session": code}
            self.http.put(f"/sessions/api/attachments/{kernel}", json=asked).raise_for_status()
        self._run(kernel, "1")
        running = threading.Thread(target=self._run, args=(kernel, source), daemon=True)
        recorder = self._recorder()
        idle = 0.0
        if recorder is not None:
            Path(f"/proc/{recorder}/clear_refs").write_text("5")
            idle = _resident(recorder)
        answers, peak = [], _resident(self.process.pid)
        running.start()
        until = time.monotonic() + 2.0
        while running.is_alive() or time.monotonic() < until:
            begin = time.perf_counter()
            self.http.get("/api").raise_for_status()
            answers.append(1000 * (time.perf_counter() - begin))
            peak = max(peak, _resident(self.process.pid))
            time.sleep(_EVERY)
            if running.is_alive():
                until = time.monotonic() + 2.0
        if recorded:
            self._wait_for(code)
        above = 0.0 if recorder is None else _highest(recorder) - idle
        self.http.delete(f"/api/kernels/{kernel}")
        return _Measured(answers, peak, above)

    def _wait_for(self, code: str) -> None:
        """Wait until the flood is in its session."""
        deadline = time.monotonic() + _DELIVERED_WITHIN
        while time.monotonic() < deadline:
            newest = self.http.get(f"/sessions/api/sessions/{code}/commands?limit=1").json()
            if [each["status"] for each in newest["items"] if each["number"] == 2] == ["completed"]:
                return
            time.sleep(0.1)
        raise RuntimeError("the flood was not recorded in time")

    def _run(self, kernel: str, source: str) -> None:
        """Run a source, and leave it to the server what becomes of its outputs."""
        url = str(self.http.base_url).rstrip("/").replace("http", "ws", 1)
        request = uuid.uuid4().hex
        connection = websocket.create_connection(
            f"{url}/api/kernels/{kernel}/channels?session_id={request}",
            header=[f"Authorization: token {_TOKEN}"],
            timeout=120,
        )
        connection.send(_request(request, source))
        while True:
            try:
                message = json.loads(connection.recv())
            except websocket.WebSocketException:
                return  # a busy server gives up who reads too slowly; the cell goes on
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                connection.close()
                return

    def _recorder(self) -> int | None:
        """Return the recording process, if there is one."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for child in children.split():
            with suppress(OSError):
                if b"recording.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        return None


def _highest(pid: int) -> float:
    """Return the most megabytes that a process has had in memory since that was reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("the system does not tell how much memory a process has needed")


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _request(msg_id: str, source: str) -> str:
    header = {
        "msg_id": msg_id,
        "msg_type": "execute_request",
        "username": "",
        "session": msg_id,
        "date": "2026-11-25T12:00:00Z",
        "version": "5.4",
    }
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}}
    content |= {"allow_stdin": False, "stop_on_error": True}
    message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}}
    return json.dumps(message | {"content": content, "buffers": []})


@contextmanager
def _server(folder: Path) -> Iterator[_Jupyter]:
    environment = os.environ | {
        f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "CONFIG", "RUNTIME")
    }
    port = 8000 + os.getpid() % 1000
    extensions = {"jupyter_sessions": True, "jupyterlab": False, "jupyter_lsp": False}
    process = subprocess.Popen(
        [
            sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser",
            f"--port={port}", f"--IdentityProvider.token={_TOKEN}",
            f"--ServerApp.jpserver_extensions={extensions}", f"--ServerApp.root_dir={folder}",
        ],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    headers = {"Authorization": f"token {_TOKEN}"}
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120
        ) as http:
            deadline = time.monotonic() + 60
            while True:
                try:
                    http.get("/api").raise_for_status()
                    break
                except httpx.TransportError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            yield _Jupyter(http, process)
    finally:
        process.terminate()
        process.wait(30)
