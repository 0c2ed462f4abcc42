"""A real JupyterLab, a real Chromium, and people who work in it side by side."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Credentials, Identified
from tests.browser.conftest import chromium, jp_asyncio_loop, jp_server_cleanup, wait_until
from tests.browser.test_hostile import catcher
from tests.conftest import Clock, Store
from tests.leftovers import lasting
from tests.ports import free_port
from tests.processes import end_process
from tests.waiting import STARTED_WITHIN, answers, until

__all__ = ["catcher", "chromium", "jp_asyncio_loop", "jp_server_cleanup"]

BUILT = Path(__file__).parents[2] / "jupyter_sessions" / "labextension"

# On a busy machine JupyterLab takes its time.
PATIENCE = STARTED_WITHIN
expect.set_options(timeout=PATIENCE * 1_000)

CONFIG = """
from jupyter_server.auth.identity import IdentityProvider, User


class People(IdentityProvider):
    \"\"\"Takes everybody for who they say they are, as a hub's proxy would after a login.\"\"\"

    def get_user(self, handler):
        name = handler.get_cookie("person") or handler.request.headers.get("Person")
        return User(username=name) if name else None


c.ServerApp.identity_provider_class = People
c.ServerApp.open_browser = False
c.ServerApp.root_dir = {work!r}
c.ServerApp.port_retries = 0
c.LabApp.extra_labextensions_path = [{extensions!r}]
c.LabApp.expose_app_in_browser = True
c.JupyterNotebookApp.expose_app_in_browser = True
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.JupyterNotebookApp.extra_labextensions_path = [{extensions!r}]
c.FileCheckpoints.checkpoint_dir = {checkpoints!r}
c.SessionsExtension.database = {database!r}
c.SessionsExtension.blobs = {blobs!r}
c.SessionsExtension.administrators = ["root"]
"""

OVERRIDES = """{
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}
}"""


class Persons(Store):
    """A store whose people are known by a Jupyter server's identity provider."""

    def credentials(self, name: str) -> Credentials:
        """Return how someone presents themselves."""
        return Identified(name, "", name == "root")


@dataclass
class Lab:
    """A running Jupyter server with JupyterLab, and its store, which this process works on too."""

    folder: Path
    port: int
    store: Persons
    command: str = "lab"
    owner: str = "olga"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def work(self) -> Path:
        """The folder that people work in."""
        return self.folder / "work"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to live in this home."""
        places = {
            f"JUPYTER_{name}_DIR": str(self.folder / name.lower())
            for name in ("DATA", "CONFIG", "RUNTIME")
        }
        places |= {"HOME": str(self.folder), "IPYTHONDIR": str(self.folder / "ipython")}
        # As on a hub, one of those whom the server knows is the one whose files it works with.
        return os.environ | places | {"JUPYTERHUB_USER": self.owner}

    @contextmanager
    def serve(self, *arguments: str) -> Iterator[None]:
        """Have a sessions server on the same store, as one starts it for others."""
        port = free_port()
        store = [
            f"--SessionsExtension.database=sqlite:///{self.folder / 'sessions.db'}",
            f"--SessionsExtension.blobs={self.folder / 'blobs'}",
        ]
        command = [sys.executable, "-m", "jupyter_sessions", "serve", f"--port={port}"]
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, *store, *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            until(
                lambda: answers(f"http://127.0.0.1:{port}"), (self.folder / "serve.log").read_text
            )
            yield
        finally:
            end_process(process, self.folder / "serve.log")

    def start(self) -> None:
        """Start it, or start it again."""
        with (self.folder / "lab.log").open("ab") as log, lasting():
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", self.command, f"--port={self.port}"]
                + (["--allow-root"] if os.geteuid() == 0 else []),
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        log_text = (self.folder / "lab.log").read_text
        until(lambda: answers(self.url) or self.process.poll() is not None, log_text, every=0.1)
        assert self.process.poll() is None, log_text()

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it."""
        assert self.process is not None
        end_process(self.process, self.folder / "lab.log", how)

    def session(self, label: str = "A session", owner: str = "alice", **grants: str) -> str:
        """Make a session with members; return its code."""
        code = self.store.new(owner, label=label).code
        for name, roles in grants.items():
            self.store.call(name, api.MAKE_TICKET, schemas.Nothing())  # so that they are known
            self.store.grant(code, name, *roles.split(), by=owner)
        return code

    def record(self, code: str, *commands: schemas.Recording, by: str = "alice") -> list[int]:
        """Record commands."""
        request = schemas.RecordCommands(code=code, commands=list(commands))
        return list(self.store.call(by, api.RECORD_COMMANDS, request).numbers)

    def publish(self, code: str, path: str, content: bytes, by: str = "alice") -> None:
        """Publish a file."""
        request = schemas.PublishFile(code=code, path=path)
        self.store.call(by, api.PUBLISH_FILE, request, upload=content)

    def store_login(self, user: str, server: str, key: str) -> None:
        """Store a login where the one who runs the server has theirs."""
        folder = self.folder / "data" / "sessions" / "logins"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        id_, created = secrets.token_hex(8), datetime.now(UTC).isoformat()
        login = {"id": id_, "server": server, "user": user, "key": key, "created": created}
        file = folder / f"{id_}.json"
        file.write_text(json.dumps(login | {"label": "", "expires": None}))
        file.chmod(0o600)

    def notebook(self, name: str, *sources: str, kernel: str = "python3") -> str:
        """Put a notebook with these cells into the folder."""
        book = nbformat.v4.new_notebook()
        language = {"python3": "python", "bash": "bash"}[kernel]
        book.metadata.kernelspec = {"name": kernel, "display_name": kernel, "language": language}
        book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(book, self.work / name)
        return name


@contextmanager
def start_lab(folder: Path, command: str = "lab", owner: str = "olga") -> Iterator[Lab]:
    """Run a Jupyter server in a folder of its own; its files and kernels are the owner's."""
    for name in ("work", "config", "extensions", "checkpoints"):
        (folder / name).mkdir()
    assert (BUILT / "package.json").exists(), (
        "build the front end first: cd labextension; jlpm build"
    )
    (folder / "extensions" / "jupyter-sessions").symlink_to(BUILT)
    bash = folder / "data" / "kernels" / "bash"
    bash.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    (bash / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Bash", "language": "bash"})
    )
    (folder / "config" / "labconfig").mkdir()
    (folder / "config" / "labconfig" / "default_setting_overrides.json").write_text(OVERRIDES)
    database, blobs = f"sqlite:///{folder / 'sessions.db'}", str(folder / "blobs")
    (folder / "config" / "jupyter_server_config.py").write_text(
        CONFIG.format(
            work=str(folder / "work"),
            extensions=str(folder / "extensions"),
            checkpoints=str(folder / "checkpoints"),
            database=database,
            blobs=blobs,
        )
    )
    dispatcher = Dispatcher(database, blobs)
    store = Persons(dispatcher, Clock(datetime.now(UTC)))
    lab = Lab(folder, free_port(), store, command, owner)
    try:
        lab.start()
        yield lab
    finally:
        dispatcher.close()
        lab.stop()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start a Jupyter server for all tests, on a home of its own."""
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@dataclass
class Desk:
    """Someone's JupyterLab."""

    page: Page
    lab: Lab
    name: str

    def panel(self) -> Locator:
        """Show the side panel."""
        panel = self.page.get_by_role("region", name="Experiments")
        if not panel.is_visible():
            self.page.get_by_role("tab", name="Experiments").click()
        expect(panel).to_be_visible()
        return panel

    def open_session(self, label: str) -> Locator:
        """Open a session from the panel; return its tab in the main area."""
        self.panel().locator(".jp-Sessions-session", has_text=label).first.click()
        return self.tab(label)

    def tab(self, label: str) -> Locator:
        """Return the open tab of a session."""
        tab = self.page.locator(".jp-SessionsTab").filter(
            has=self.page.get_by_role("heading", name=label, exact=True)
        )
        expect(tab).to_be_visible()
        return tab

    def open_notebook(self, name: str) -> Locator:
        """Open a notebook, and wait for its kernel."""
        self.run("docmanager:open", path=name)
        notebook = self.page.locator(".jp-NotebookPanel:visible")
        expect(notebook).to_be_visible()
        expect(
            notebook.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        ).to_be_visible()
        # Shown as idle before there is a kernel, too: whoever runs cells then is asked for one.
        wait_until(self.page, _HAS_KERNEL, within=PATIENCE)
        return notebook

    def run_cell(self, notebook: Locator, index: int = 0) -> None:
        """Run a cell."""
        notebook.locator(".jp-Cell").nth(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, command: str, **arguments: Any) -> Any:
        """Carry a command out, as a menu would."""
        return self.page.evaluate(
            "([id, args]) => { void window.jupyterapp.commands.execute(id, args); }",
            [command, arguments],
        )


def sit_down(
    context: BrowserContext, lab: Lab, name: str, watch: Callable[[Page], None] | None = None
) -> Desk:
    """Open JupyterLab in a browser context as someone, and wait until it is there."""
    context.add_cookies([{"name": "person", "value": name, "url": lab.url}])
    page = context.new_page()
    if watch is not None:
        watch(page)
    page.goto(f"/lab/workspaces/{name}?reset")
    expect(page.locator("#jp-main-dock-panel, #main-panel").first).to_be_visible()
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    return Desk(page, lab, name)


_HAS_KERNEL = (
    "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status == 'idle'"
)

Sit = Callable[..., Desk]


@dataclass
class Complaints:
    """What pages reported as errors; those that a test means to happen can be named."""

    heard: list[str] = field(default_factory=list)
    meant: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note what a page reports."""
        page.on("pageerror", lambda error: self.heard.append(f"{error}\n{error.stack}"))

    def unexpected(self) -> list[str]:
        """Return what nobody meant to happen."""
        return [each for each in self.heard if not any(re.search(m, each) for m in self.meant)]


@pytest.fixture
def complaints() -> Complaints:
    """Give the record of what the test's pages complain about."""
    return Complaints()


@pytest.fixture
def sit(chromium: Browser, lab: Lab, complaints: Complaints) -> Iterator[Sit]:
    """Sit someone down at a JupyterLab of their own; no page may complain."""
    contexts: list[BrowserContext] = []

    def sit(name: str, **options: Any) -> Desk:
        context = chromium.new_context(
            base_url=lab.url, viewport={"width": 1280, "height": 800}, **options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1_000)
        return sit_down(context, lab, name, watch=complaints.watch)

    yield sit
    for context in contexts:
        context.close()
    assert complaints.unexpected() == []
