"""Row 7: how long a command takes from nothing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import servers
from benchmarks.report import Figure, Goal, Row
from benchmarks.timing import Effort, alternate, ratios

_ROUNDS_MORE = 3  # these are short, so they are taken more often


def measure(effort: Effort, folder: Path) -> Row:
    """Start commands, beside a Python that does nothing."""
    environment = servers.environment(folder)

    def run(*command: str) -> float:
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, *command],
            env=environment,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - begin

    sessions = str(Path(sys.executable).with_name("jupyter-sessions"))
    run(sessions, "new", "benchmark")
    sides = {
        "python": lambda: run("-c", "pass"),
        "version": lambda: run(sessions, "--version"),
        "list": lambda: run(sessions, "list"),
    }
    if importlib.util.find_spec("mlflow") is not None and not effort.quick:
        sides["mlflow"] = lambda: run("-m", "mlflow", "--version")
    measured = {
        name: [1000 * value for value in values]
        for name, values in alternate(sides, effort.rounds * _ROUNDS_MORE).items()
    }
    row = Row("7. Start-up")
    row.figures = [
        Figure("python -c pass", measured["python"], "ms"),
        Figure("jupyter-sessions --version", measured["version"], "ms"),
        Figure("jupyter-sessions list, in process", measured["list"], "ms"),
    ]
    row.goals = [
        Goal("--version : python -c pass", ratios(measured["version"], measured["python"]), "", 8),
        Goal("list : python -c pass", ratios(measured["list"], measured["python"]), "", 20),
    ]
    if "mlflow" in measured:
        row.figures.append(Figure("mlflow --version", measured["mlflow"], "ms"))
    else:
        row.notes.append(servers.NO_MLFLOW)
    return row
