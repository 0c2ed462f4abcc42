"""What all tests share: a home of their own, real databases, a real server."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from argon2 import PasswordHasher

from jupyter_sessions import api, schemas
from jupyter_sessions.core.accounts import passwords
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.history.encoded import decode_outputs
from jupyter_sessions.core.types import Anonymous, Credentials, KeyHolder, SystemUser
from tests.databases import copy_new_database
from tests.ports import free_port
from tests.postgresql import PostgresqlCluster, find_programs
from tests.processes import end_process
from tests.waiting import answers, until

pytest_plugins = ["pytest_jupyter.jupyter_server", "tests.leftovers"]

PASSWORD = "correct horse battery"


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start, though shells start background jobs without it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Programs start as users' do, from bytecode, and needn't compile the package each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What does not end as it should tells what its threads are at (`end_process`).
    os.environ["PYTHONFAULTHANDLER"] = "1"


#: What starts servers, kernels, terminals or browsers, or tries something for long.
_SLOW = (
    "browser",
    "cli/commands",
    "cli/test_colours.py",
    "cli/test_login_context.py",
    "cli/test_looking_first.py",
    "cli/test_shell.py",
    "client/logins",
    "client/outbox/test_delivery.py",
    "client/test_connection.py",
    "client/test_with_the_server.py",
    "client/transports",
    "core/auth/test_own_login.py",
    "core/history/test_json_scan.py",
    "core/sessions/test_model_of_sessions.py",
    "core/test_depth.py",
    "demo",
    "faults",
    "formats/test_round_trips.py",
    "lab",
    "notebook",
    "recorder",
    "server",
    "store/test_blobs.py",
    "store/test_change_watch.py",
    "store/test_lost_database.py",
    "store/test_migrate.py",
    "store/test_search.py",
    "store/test_sqlite_library.py",
    "test_adding_examples.py",
    "test_documented_blocks.py",
    "test_labextension.py",
    "test_leftovers.py",
    "test_packaging.py",
    "test_processes.py",
    "test_schemas_decoding.py",
    "test_scripts_page.py",
)


def _is_slow(path: Path) -> bool:
    within = path.relative_to(Path(__file__).parent).parts
    return any(within[: len(parts)] == parts for parts in (tuple(s.split("/")) for s in _SLOW))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what is slow in a run without it."""
    return (config.option.markexpr == "not slow" and _is_slow(collection_path)) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow: by its place, or since it runs on PostgreSQL."""
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        on_postgresql = params.get("database") == "postgresql" or (
            "postgresql_database" in getattr(item, "fixturenames", ())
        )
        if _is_slow(item.path) or on_postgresql:
            item.add_marker("slow")


def pytest_xdist_auto_num_workers() -> int:
    """Give ``-n auto`` more workers than cores: half of the tests' time is waiting for others."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let workers that have ended take tests from others, since some tests take a minute."""
    if config.option.numprocesses and config.option.dist == "no":
        config.option.dist = "worksteal"


def missing(what: str) -> NoReturn:
    """Skip for want of `what`."""
    pytest.skip(f"{what} is missing: install it to run this test")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    """Count a skipped test as failed where everything is to be there."""
    report = yield
    return _failed_in_ci(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[Any]:
    """Count a skipped module as failed where everything is to be there."""
    report = yield
    return _failed_in_ci(report)


def _failed_in_ci(report: Any) -> Any:
    # What is expected to fail is reported as skipped, too.
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        _, _, reason = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nIn CI a skip is a failure."
    return report


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep every test out of the real home, and close what it opened there."""
    folder = tmp_path / "home"
    for name in ("DATA", "CONFIG", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    for name in ("JUPYTER_SESSIONS_URL", "JUPYTER_SESSIONS_DIR", "JUPYTER_PREFER_ENV_PATH"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    if opened := sys.modules.get("jupyter_sessions.client.transports.local"):
        opened.close_databases()


@pytest.fixture
def own_store(home: Path) -> None:
    """Make the user's own store, so that what is tested need not."""
    copy_new_database(home / "data" / "sessions")


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Hash passwords at the least cost in this process; other processes hash them as it is."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: cheap)
        passwords._make_placeholder.cache_clear()
        yield
    passwords._make_placeholder.cache_clear()


@pytest.fixture
def usual_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords at their usual cost in this process, too."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher)
    passwords._make_placeholder.cache_clear()
    yield
    passwords._make_placeholder.cache_clear()


# ---- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL of our own on a socket, and give its URL without a database's name."""
    programs = find_programs()
    if programs is None:
        missing("PostgreSQL (initdb)")
    cluster = PostgresqlCluster(programs)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.remove()


@contextmanager
def new_postgresql_database(postgresql: str) -> Iterator[str]:
    """Make an empty PostgreSQL database, give its URL, and drop it."""
    from sqlalchemy import NullPool, create_engine, text

    name = f"test_{secrets.token_hex(6)}"
    # No connection is kept: by the end it may be another server, which tests of faults start.
    engine = create_engine(
        postgresql.format(name="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.execute(
            text(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' "
                "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
            )
        )
    try:
        yield postgresql.format(name=name)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgresql_database(postgresql: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database."""
    with new_postgresql_database(postgresql) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, on each that we know."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'sessions.db'}"
    url: str = request.getfixturevalue("postgresql_database")
    return url


# ---- a store with people -----------------------------------------------------------------------


@dataclass
class Clock:
    """A clock that only moves when told."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@dataclass
class Store:
    """A store, and people to ask it."""

    dispatcher: Dispatcher
    clock: Clock
    keys: dict[str, Credentials] = field(default_factory=lambda: {"nobody": Anonymous()})

    def credentials(self, name: str) -> Credentials:
        """Return how someone presents themselves: ``root`` is the system user."""
        return self.keys.get(name) or SystemUser(name)

    def call(
        self, who: str, operation: api.Operation, request: schemas.Request, **more: Any
    ) -> Any:
        """Do an operation as someone."""
        answer = self.dispatcher.submit(operation, request, self.credentials(who), **more).result()
        return decode_outputs(answer)

    def add(self, *names: str) -> None:
        """Make accounts and log them in."""
        for name in names:
            self.call("root", api.ADD_ACCOUNT, schemas.NewAccount(name=name, password=PASSWORD))
            login = self.call("nobody", api.LOG_IN, schemas.LogIn(user=name, password=PASSWORD))
            self.keys[name] = KeyHolder(login.key)

    def new(self, owner: str = "root", **attributes: Any) -> schemas.Session:
        """Make a session."""
        return self.call(owner, api.CREATE_SESSION, schemas.NewSession(**attributes))

    def grant(self, code: str, user: str, *roles: str, by: str = "root") -> None:
        """Grant roles."""
        grants = [schemas.Grant(user=user, roles=list(roles))]
        self.call(by, api.GRANT_ROLES, schemas.GrantRoles(code=code, grants=grants))

    def record(self, code: str, *sources: str, by: str = "root", **response: Any) -> list[int]:
        """Record commands with these sources."""
        commands = [recording(source, at=self.clock(), **response) for source in sources]
        answer = self.call(
            by, api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=commands)
        )
        return list(answer.numbers)


def recording(
    source: str,
    *,
    at: datetime,
    uid: str | None = None,
    text: str = "",
    status: str = "completed",
    took: float = 1.0,
) -> schemas.Recording:
    """Make a recording of a command that took a second."""
    outputs = [schemas.Stream(name="stdout", text=text)] if text else []
    return schemas.Recording(
        id=uid or secrets.token_hex(8),
        request=schemas.CommandRequest(source=source, started=at),
        response=schemas.CommandResponse(
            status=status, outputs=outputs, finished=at + timedelta(seconds=took), duration=took
        ),
    )


@pytest.fixture
def store(database: str, tmp_path: Path) -> Iterator[Store]:
    """Give a store on each database, with the system user ``root`` and nobody else."""
    clock = Clock()
    dispatcher = Dispatcher(database, tmp_path / "blobs", clock=clock)
    yield Store(dispatcher, clock)
    dispatcher.close()


# ---- a running server --------------------------------------------------------------------------


@dataclass
class Served:
    """A server of its own, as ``jupyter sessions serve`` starts it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it, and return its exit status."""
        return end_process(self.process, self.log, how)


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start sessions servers on the test's own home; they are ended with the test."""
    running: list[Served] = []

    def start(*arguments: str, port: int | None = None) -> Served:
        port = port or free_port()
        log = tmp_path / f"serve-{port}-{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_sessions", "serve", f"--port={port}", *arguments],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        served = Served(f"http://127.0.0.1:{port}", process, log)
        running.append(served)

        def up() -> bool:
            assert process.poll() is None, log.read_text()
            return answers(served.url)

        until(up, "the server")
        return served

    yield start
    with ExitStack() as ending:  # whatever becomes of one, the others end too
        for served in running:
            ending.callback(served.stop)
