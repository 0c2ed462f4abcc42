"""A real server, a real Chromium, and people who look at pages."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import KeyHolder
from tests.conftest import Clock, Store, missing
from tests.ports import free_port
from tests.processes import end_process
from tests.waiting import STARTED_WITHIN, answers, until

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# On a busy machine a page takes its time.
PATIENCE = STARTED_WITHIN
expect.set_options(timeout=PATIENCE * 1_000)


def wait_until(
    page: Page, expression: str, argument: object = None, within: float = PATIENCE
) -> None:
    """Wait until an expression holds in a page.

    Playwright's own ``wait_for_function`` evaluates text in the page, which our policy forbids.
    """
    deadline = time.monotonic() + within
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


@contextmanager
def start_chromium() -> Iterator[Browser]:
    """Start the browser, and close it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


# pytest-jupyter's event loop and Playwright's shut each other out; no server runs in this process.
@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """Make no event loop."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Have no server to clean up."""


# Not for the whole session: as long as Playwright runs, no other event loop can in this thread.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    if not CHROMIUM.exists():
        missing(f"Chromium ({CHROMIUM})")
    with start_chromium() as browser:
        yield browser


@dataclass
class Site:
    """A running sessions server and its store, which this process works on too."""

    url: str
    store: Store
    people: set[str] = field(default_factory=set)

    def person(self, name: str) -> str:
        """Make an account, once."""
        if name not in self.people:
            self.store.add(name)
            self.people.add(name)
        return name

    def cookie(self, name: str) -> dict[str, str]:
        """Return the cookie of someone's login."""
        login = self.store.credentials(self.person(name))
        assert isinstance(login, KeyHolder)
        port = self.url.rpartition(":")[2]
        return {"name": f"jupyter-sessions-{port}", "value": login.key, "url": self.url}

    def session(self, label: str = "A session", **grants: str) -> str:
        """Make a session of root's with members; return its code."""
        code = self.store.new(label=label).code
        for name, roles in grants.items():
            self.store.grant(code, self.person(name), *roles.split())
        return code

    def record(self, code: str, *commands: schemas.Recording, by: str = "root") -> list[int]:
        """Record commands."""
        request = schemas.RecordCommands(code=code, commands=list(commands))
        return list(self.store.call(by, api.RECORD_COMMANDS, request).numbers)

    def publish(self, code: str, path: str, content: bytes, media_type: str = "") -> None:
        """Publish a file."""
        request = schemas.PublishFile(code=code, path=path, media_type=media_type)
        self.store.call("root", api.PUBLISH_FILE, request, upload=content)

    def address(self, code: str, tail: str = "") -> str:
        """Return a session URL, or a page below it."""
        return f"{self.url}/sessions/{code}/experiment{tail}"


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start a server for all browser tests, on a home of its own."""
    home = tmp_path_factory.mktemp("site")
    places = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("DATA", "CONFIG", "RUNTIME")}
    port = free_port()
    database, blobs = f"sqlite:///{home / 'sessions.db'}", str(home / "blobs")
    with (home / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "jupyter_sessions", "serve", f"--port={port}"),
                f"--SessionsExtension.database={database}",
                f"--SessionsExtension.blobs={blobs}",
                "--SessionsExtension.guests=True",
            ],
            env=os.environ | places,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as ending:
        ending.callback(end_process, process, home / "serve.log")
        until(lambda: answers(url) or process.poll() is not None, "the server")
        assert process.poll() is None, (home / "serve.log").read_text()
        dispatcher = ending.enter_context(closing(Dispatcher(database, blobs)))
        yield Site(url, Store(dispatcher, Clock(datetime.now(UTC))))


def command(
    source: str,
    *outputs: schemas.Output,
    status: str = "completed",
    took: float = 0.5,
    uid: str = "",
    started: datetime | None = None,
) -> schemas.Recording:
    """Make a recording of a command with these outputs; ``running``, it has put them out so far.

    Recordings under one `uid` are of one execution, and so have one start.
    """
    now = started or datetime.now(UTC)
    if uid:
        now = _STARTS.setdefault((uid, source), now)
    if status == "running":
        so_far = schemas.SoFar(outputs=list(outputs), until=datetime.now(UTC))
        return _recording(uid, source, now, so_far=so_far)
    response = schemas.CommandResponse(
        status=status,
        outputs=list(outputs),
        finished=now,
        duration=took,
    )
    return _recording(uid, source, now, response=response)


_STARTS: dict[tuple[str, str], datetime] = {}


def _recording(uid: str, source: str, started: datetime, **told: Any) -> schemas.Recording:
    request = schemas.CommandRequest(source=source, started=started, notebook="work.ipynb")
    return schemas.Recording(id=uid or os.urandom(8).hex(), request=request, **told)


def text(words: str, name: str = "stdout") -> schemas.Stream:
    """Make a text output."""
    return schemas.Stream(name=name, text=words)


def shown(**data: object) -> schemas.DisplayData:
    """Make a display of a value; a media type is written ``text__html``, ``image__svg_xml``."""
    named = {kind.replace("__", "/").replace("_", "+"): value for kind, value in data.items()}
    return schemas.DisplayData(data=named, metadata={})


Visit = Callable[..., Page]


@dataclass
class Visitor:
    """Someone's browser windows, and what these complained about.

    With `hostile` content, what the policy refused is reported too, and meant to be.
    """

    hostile: bool = False
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note what a page reports as an error: scripts, and the content security policy."""
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )


@pytest.fixture
def visitor() -> Visitor:
    """Give the record of what the test's pages complain about."""
    return Visitor()


@pytest.fixture
def visit(chromium: Browser, site: Site, visitor: Visitor) -> Iterator[Visit]:
    """Open a page as nobody, or as someone who has logged in; no page may complain."""

    def open_page(address: str = "/sessions/", who: str | None = None, **options: object) -> Page:
        context = chromium.new_context(base_url=site.url, **options)
        visitor.contexts.append(context)
        context.set_default_timeout(PATIENCE * 1_000)
        if who is not None:
            context.add_cookies([site.cookie(who)])
        page = context.new_page()
        visitor.watch(page)
        page.goto(address)
        return page

    yield open_page
    for context in visitor.contexts:
        context.close()
    assert visitor.hostile or not visitor.complaints
