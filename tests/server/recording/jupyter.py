"""A real Jupyter server with the extension, its kernels, and the people who use them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websocket

from tests.ports import free_port
from tests.server.serving import Place, Server
from tests.waiting import STARTED_WITHIN, until

TOKEN = "the-token"
_OTHERS = ("jupyterlab", "jupyter_lsp", "notebook", "notebook_shim", "jupyter_server_terminals")
_PEOPLE = """
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User

class People(IdentityProvider):
    def get_user(self, handler):
        given = handler.request.headers.get("Authorization", "").removeprefix("token ")
        if not given.startswith("token-of-"):
            return None
        handler._token_authenticated = True
        return User(given.removeprefix("token-of-"))

class Some(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return user.username != "guest"

c.ServerApp.identity_provider_class = People
c.ServerApp.authorizer_class = Some
"""


@dataclass
class Jupyter:
    """A running Jupyter server; `who` is asking, by their token."""

    place: Place
    server: Server
    token: str = TOKEN
    sent: list[str] = field(default_factory=list)

    def as_user(self, name: str) -> Jupyter:
        """Return the server as one of several people sees it."""
        return Jupyter(self.place, self.server, f"token-of-{name}")

    def ask(self, method: str, path: str, expect: int | None = 200, **more: Any) -> Any:
        """Make a request, see that it is answered as expected, and return what came."""
        more.setdefault("headers", {"Authorization": f"token {self.token}"})
        # Over plain HTTP nothing is verified, and reading the certificates takes 20 ms each time.
        answer = httpx.request(
            method, self.server.url + path, timeout=STARTED_WITHIN, verify=False, **more
        )
        if expect is not None:
            assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def session(self, **attributes: Any) -> str:
        """Make a session, and return its code."""
        code: str = self.ask("POST", "/sessions/api/sessions", json=attributes)["code"]
        return code

    def grant(self, code: str, user: str, *roles: str) -> None:
        """Grant roles in a session."""
        grants = {"grants": [{"user": user, "roles": list(roles)}]}
        self.ask("POST", f"/sessions/api/sessions/{code}/members", json=grants)

    def kernel(self, name: str = "python3") -> str:
        """Start a kernel, and return its id."""
        kernel: str = self.ask("POST", "/api/kernels", 201, json={"name": name})["id"]
        return kernel

    def attach(self, kernel: str, session: str, expect: int = 200, **more: Any) -> Any:
        """Have a kernel record into a session."""
        asked = {"session": session, **more}
        return self.ask("PUT", f"/sessions/api/attachments/{kernel}", expect, json=asked)

    def attachment(self, kernel: str, expect: int | None = 200, settled: bool = True) -> Any:
        """Return a kernel's attachment, when all is recorded that it has run."""
        path = f"/sessions/api/attachments/{kernel}{'?until=settled' * settled}"
        return self.ask("GET", path, expect)

    def change(self, kernel: str, **change: Any) -> Any:
        """Change a kernel's attachment."""
        return self.ask("PATCH", f"/sessions/api/attachments/{kernel}", json=change)

    def detach(self, kernel: str) -> Any:
        """Have a kernel record no more."""
        return self.ask("DELETE", f"/sessions/api/attachments/{kernel}", json={})

    @contextmanager
    def connected(self, kernel: str) -> Iterator[websocket.WebSocket]:
        """Connect to a kernel as a front end does."""
        url = self.server.url.replace("http", "ws", 1)
        channels = f"{url}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        authorization = f"Authorization: token {self.token}"
        connection = websocket.create_connection(
            channels, timeout=STARTED_WITHIN, header=[authorization]
        )
        try:
            yield connection
        finally:
            connection.close()

    def run(
        self, kernel: str, source: str, *, stay: bool = True, msg_id: str = "", claims: str = ""
    ) -> str:
        """Run a source; return the text that it wrote or displayed.

        Parameters
        ----------
        stay
            Whether to stay connected until it has ended.
        msg_id
            The request's id, if it is not to be a new one.
        claims
            The user that the message names.
        """
        msg_id = msg_id or uuid.uuid4().hex
        self.sent.append(msg_id)
        with self.connected(kernel) as connection:
            connection.send(json.dumps(request(source, msg_id, claims)))
            told = []
            while True:
                message = json.loads(connection.recv())
                if message["parent_header"].get("msg_id") != msg_id:
                    continue
                content = message["content"]
                if not stay and message["msg_type"] == "execute_input":
                    return ""
                if message["msg_type"] == "stream":
                    told.append(content["text"])
                if message["msg_type"] in {"display_data", "execute_result"}:
                    told.append(content["data"].get("text/plain", ""))
                if message["msg_type"] == "error":
                    told += content["traceback"]
                if message["msg_type"] == "status" and content["execution_state"] == "idle":
                    return "\n".join(told)

    def answers(self, kernel: str) -> bool:
        """Tell whether a kernel answers, and is heard; for one that died busy nobody waits."""
        msg_id = uuid.uuid4().hex
        with self.connected(kernel) as connection, suppress(websocket.WebSocketTimeoutException):
            connection.settimeout(1)
            connection.send(json.dumps(message("kernel_info_request", {}, msg_id)))
            while json.loads(connection.recv())["parent_header"].get("msg_id") != msg_id:
                pass
            return True
        return False

    def history(self, code: str) -> list[dict[str, Any]]:
        """Return a session's commands, the first one first."""
        path = f"/sessions/api/sessions/{code}/commands?order=oldest"
        commands: list[dict[str, Any]] = self.ask("GET", path)["items"]
        return commands

    def sources(self, code: str) -> list[str]:
        """Return what was run in a session."""
        return [each["source"] for each in self.history(code)]

    def command(
        self, code: str, source: str, status: str = "", within: float = STARTED_WITHIN
    ) -> dict[str, Any]:
        """Wait until a source is recorded with a status, or has ended, and return it."""

        def found() -> dict[str, Any] | None:
            for each in self.history(code):
                ended = each["status"] != "running" if not status else each["status"] == status
                if each["source"] == source and ended:
                    return each
            return None

        # Not oftener: the server that answers is what has to record meanwhile.
        command: dict[str, Any] = until(
            found, lambda: f"{source} in {self.sources(code)}", within, every=0.05
        )
        return command


def request(source: str, msg_id: str, claims: str) -> dict[str, Any]:
    """Make a request to run a source."""
    content = {
        "code": source,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return message("execute_request", content, msg_id, claims)


def send(connection: websocket.WebSocket, source: str, msg_id: str) -> None:
    """Send a request to run a source, and wait for nothing."""
    connection.send(json.dumps(request(source, msg_id, "")))


def message(kind: str, content: dict[str, Any], msg_id: str, claims: str = "") -> dict[str, Any]:
    """Make a message to a kernel."""
    header = {
        "msg_id": msg_id,
        "msg_type": kind,
        "username": claims,
        "session": uuid.uuid4().hex,
        "date": "2026-11-25T12:00:00Z",
        "version": "5.4",
    }
    return {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }


def start(place: Place, *arguments: str) -> Server:
    """Start a Jupyter server on a place of its own."""
    place.make_store()
    port = free_port()
    log = place.folder / f"jupyter-{time.monotonic_ns()}.log"
    extensions = {"jupyter_sessions": True, **dict.fromkeys(_OTHERS, False)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter", "server", "--allow-root", "--no-browser",
                f"--port={port}", f"--IdentityProvider.token={TOKEN}",
                f"--ServerApp.jpserver_extensions={extensions}",
                f"--ServerApp.root_dir={place.folder}", *arguments,
            ],
            stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=place.environment,
            cwd=place.folder,  # kernels without a notebook work where their server does
        )  # fmt: skip
    return Server(port, process, log)


@contextmanager
def running(place: Place, *arguments: str, people: bool = False) -> Iterator[Jupyter]:
    """Have a Jupyter server that answers, for a while; `people` makes it several people's."""
    if people:
        config = place.folder / "config"
        config.mkdir(exist_ok=True)
        (config / "jupyter_server_config.py").write_text(_PEOPLE)
    server = start(place, *arguments)
    try:
        until(server.is_up, "the Jupyter server")
        yield Jupyter(place, server)
    finally:
        server.stop()


def recorders_of(jupyter: Jupyter) -> list[int]:
    """Return the numbers of a server's processes that record."""
    server = str(jupyter.server.process.pid)
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if _records_for(each, server)]


def _records_for(process: Path, parent: str) -> bool:
    try:
        command = (process / "cmdline").read_bytes()
        stat = (process / "stat").read_text()
    except OSError:
        return False
    return b"server.recording.worker" in command and stat.rpartition(")")[2].split()[1] == parent


def install_bash(place: Place) -> None:
    """Let the servers of a place start Bash kernels."""
    subprocess.run(
        [sys.executable, "-m", "bash_kernel.install", "--prefix", str(place.folder / "prefix")],
        check=True, capture_output=True, env=place.environment,
    )  # fmt: skip
    place.extra["JUPYTER_PATH"] = str(place.folder / "prefix" / "share" / "jupyter")
