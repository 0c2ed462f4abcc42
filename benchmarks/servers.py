"""The servers that are measured, each in a process and a folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import bare
from benchmarks.timing import Effort

_UP_WITHIN = 180.0  # seconds
_REPOSITORY = Path(__file__).parent.parent
_JUPYTER_FOLDERS = ("DATA", "CONFIG", "RUNTIME")
_MLFLOW_API = "/api/2.0/mlflow"
_MLFLOW_DATABASE = "mlflow.db"

NO_MLFLOW = (
    "MLflow is not measured: --quick leaves it out, or it is not installed (the extra `benchmarks` "
    "brings it)."
)


@dataclass(frozen=True)
class Server:
    """A running server; a Jupyter server lets in whoever has its token."""

    port: int
    process: psutil.Process
    token: str = ""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Sessions:
    """A Jupyter server with the sessions and the bare GET, and someone logged in there."""

    server: Server
    key: str
    client: httpx.Client

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Do one request of the API, and return its answer."""
        response = self.client.request(method, f"/sessions/api{path}", json=body)
        response.raise_for_status()
        return response.json()

    def new_session(self) -> str:
        """Make a session, and return its code."""
        return str(self.ask("POST", "/sessions", {"label": "benchmark"})["code"])

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the bytes of a request of the API, with the key."""
        who = {"Authorization": f"Bearer {self.key}"}
        return http_request(self.server.port, method, f"/sessions/api{path}", who, body)

    def cookies(self) -> dict[str, str]:
        """Log in as a browser does, and return the cookies."""
        there = httpx.get(
            self.server.url + bare.PATH, headers={"Authorization": f"token {self.server.token}"}
        )
        return dict(there.raise_for_status().cookies)

    def bare_get(self) -> bytes:
        """Return the bytes of the bare GET, by the login cookie: the cheapest way to be known."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies().items())
        return http_request(self.server.port, "GET", bare.PATH, {"Cookie": cookies})


def http_request(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> bytes:
    """Return the bytes of an HTTP/1.1 request to a server on this machine."""
    told = {"Host": f"127.0.0.1:{port}", **headers}
    if body:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


@contextlib.contextmanager
def sessions(
    folder: Path, database: str = "", extensions: Sequence[str] = (), config: Sequence[str] = ()
) -> Iterator[Sessions]:
    """Run a Jupyter server with the sessions in it, on a store in `folder` or on `database`.

    Parameters
    ----------
    extensions, config
        Further server extensions, and options.
    """
    store = [f"--SessionsExtension.database={database}"] if database else []
    loaded = ["benchmarks.bare", "jupyter_sessions", *extensions]
    with (
        jupyter(folder, loaded, [*store, *config]) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        client.headers["Authorization"] = f"token {server.token}"
        ticket = client.post("/sessions/api/tickets", json={}).raise_for_status().json()["ticket"]
        login = client.post("/sessions/api/login/ticket", json={"ticket": ticket})
        key = login.raise_for_status().json()["key"]
        client.headers["Authorization"] = f"Bearer {key}"
        yield Sessions(server, key, client)


@contextlib.contextmanager
def jupyter(
    folder: Path, extensions: Sequence[str], config: Sequence[str] = ()
) -> Iterator[Server]:
    """Run a Jupyter server with these extensions, all of its files in `folder`."""
    token = secrets.token_hex(16)
    port = free_port()
    options = [f"--port={port}", f"--IdentityProvider.token={token}", *config]
    command = [sys.executable, "-m", "benchmarks.serve", ",".join(extensions), *options]
    with running(command, folder, port, "/api") as process:
        yield Server(port, process, token)


@dataclass(frozen=True)
class Mlflow:
    """A running MLflow tracking server, with a run to log to."""

    server: Server
    run_id: str

    def request(self, endpoint: str, content: Any) -> bytes:
        """Return the bytes of a request of its API."""
        body = json.dumps(content).encode()
        return http_request(self.server.port, "POST", f"{_MLFLOW_API}{endpoint}", {}, body)

    def copy_run(self, folder: Path, count: int) -> None:
        """Fill the database with copies of the run, which is quicker than to make them."""
        with contextlib.closing(sqlite3.connect(folder / _MLFLOW_DATABASE)) as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
            given = [
                "lower(hex(randomblob(16)))" if name == "run_uuid" else name for name in columns
            ]
            connection.execute(
                f"INSERT INTO runs ({', '.join(columns)}) SELECT {', '.join(given)} FROM runs, "
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "SELECT i FROM n) WHERE run_uuid = ?",
                (count, self.run_id),
            )
            connection.commit()


@contextlib.contextmanager
def mlflow(folder: Path, effort: Effort) -> Iterator[Mlflow | None]:
    """Run MLflow's tracking server on SQLite; None where it is not measured."""
    if effort.quick or importlib.util.find_spec("mlflow") is None:
        yield None
        return
    port = free_port()
    arguments = {
        "--backend-store-uri": f"sqlite:///{folder / _MLFLOW_DATABASE}",
        "--artifacts-destination": str(folder / "artifacts"),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "1",
    }
    options = [part for option in arguments.items() for part in option]
    command = [sys.executable, "-m", "mlflow", "server", *options]
    with running(command, folder, port, "/health") as process:
        server = Server(port, process)
        address = f"{server.url}{_MLFLOW_API}/runs/create"
        made = httpx.post(address, json={"experiment_id": "0"}, timeout=60).raise_for_status()
        yield Mlflow(server, made.json()["run"]["info"]["run_id"])


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that has all of its files in `folder`."""
    changed = {
        **{f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in _JUPYTER_FOLDERS},
        "PYTHONPATH": str(_REPOSITORY),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    # The caller's own store and server are left out, and modules are not compiled at every start.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("JUPYTER_SESSIONS_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | changed


@contextlib.contextmanager
def running(command: Sequence[str], folder: Path, port: int, path: str) -> Iterator[psutil.Process]:
    """Run a server in `folder` until the block ends; it is up when a GET of `path` answers."""
    log = folder / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + _UP_WITHIN
        while not _answers(port, path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not come up:\n{log.read_text()}")
            time.sleep(0.01)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
