"""Row 7: how long a command takes from nothing, and whether many stored logins slow it down."""

from __future__ import annotations

import importlib.util
import json
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import servers
from benchmarks.kernels import Kernel
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_ROUNDS_MORE = 3  # these are short, so they are taken more often
_MANY = 1_000


def _with_logins(folder: Path, count: int) -> Path:
    """Make a folder of stored logins, the newest of them the current one."""
    where = folder / f"{count} logins"
    where.mkdir(mode=0o700)
    now = datetime.now(UTC)
    for number in range(count):
        login = {
            "id": f"{number:016x}",
            "server": f"https://sessions-{number % 20}.example.org",
            "user": f"user{number}",
            "key": f"jses_{secrets.token_urlsafe(32)}",
            "label": "jupyter sessions on somewhere",
            "created": (now - timedelta(minutes=number)).isoformat(),
            "expires": (now + timedelta(days=30)).isoformat(),
            "group": "optics",
            "idle_timeout": 10_080,
        }
        file = where / f"{login['id']}.json"
        file.write_text(json.dumps(login))
        file.chmod(0o600)
    (where / "current").write_text(json.dumps({"id": f"{0:016x}"}))
    return where


_CPU = "sum(__import__('os').times()[:4])"


def _load_in_kernel(folder: Path) -> float:
    """Return the milliseconds of CPU until a new kernel records into a new session."""
    with Kernel.started(folder) as kernel:
        before = kernel.ask(_CPU, float)
        kernel.run("%load_ext jupyter_sessions")
        kernel.run("%session new benchmark")
        return 1000 * (kernel.ask(_CPU, float) - before)


def measure(effort: Effort, folder: Path) -> Row:
    """Start commands, beside a Python that does nothing."""
    environment = servers.environment(folder)

    def run(*command: str, logins: str = "") -> float:
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, *command],
            env=environment | {"JUPYTER_SESSIONS_DIR": logins},
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - begin

    sessions = str(Path(sys.executable).with_name("jupyter-sessions"))
    run(sessions, "new", "benchmark")
    one, many = (str(_with_logins(folder, count)) for count in (1, _MANY))
    sides = {
        "python": lambda: run("-c", "pass"),
        "sqlalchemy": lambda: run("-c", "import sqlalchemy"),
        "version": lambda: run(sessions, "--version"),
        "list": lambda: run(sessions, "list"),
        "key": lambda: run(sessions, "key", "--show", logins=one),
        "one": lambda: run(sessions, "logins", logins=one),
        "many": lambda: run(sessions, "logins", logins=many),
    }
    if importlib.util.find_spec("mlflow") is not None and not effort.quick:
        sides["mlflow"] = lambda: run("-m", "mlflow", "--version")
    measured = {
        name: [1000 * value for value in values]
        for name, values in alternate(sides, effort.rounds * _ROUNDS_MORE).items()
    }
    loaded = [_load_in_kernel(folder) for _ in range(effort.rounds)]
    row = Row("7. Start-up")
    row.figures = [
        Figure("python -c pass", measured["python"], "ms"),
        Figure("python -c 'import sqlalchemy', which list needs", measured["sqlalchemy"], "ms"),
        Figure("jupyter-sessions --version", measured["version"], "ms"),
        Figure("jupyter-sessions list, in process", measured["list"], "ms"),
        Figure("jupyter-sessions key", measured["key"], "ms"),
        Figure("jupyter-sessions logins, with one", measured["one"], "ms"),
        Figure(f"jupyter-sessions logins, with {_MANY:,}", measured["many"], "ms"),
    ]
    row.goals = [
        Goal("--version : python -c pass", ratios(measured["version"], measured["python"]), "", 8),
        Goal("list : python -c pass", ratios(measured["list"], measured["python"]), "", 20),
        Goal("key : python -c pass", ratios(measured["key"], measured["python"]), "", 20),
        Goal(f"logins with {_MANY:,} : with one", ratios(measured["many"], measured["one"]), "", 3),
        Goal("%load_ext and %session new in a new kernel, CPU", loaded, "ms", 350),
    ]
    if "mlflow" in measured:
        row.figures.append(Figure("mlflow --version", measured["mlflow"], "ms"))
    else:
        row.notes.append(servers.NO_MLFLOW)
    return row
