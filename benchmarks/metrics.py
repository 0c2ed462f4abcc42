"""Rows 2 and 3 with MLflow in our place: metrics logged to its tracking server."""

from __future__ import annotations

import itertools

from benchmarks import load, servers
from benchmarks.report import Figure, Row
from benchmarks.timing import Effort

_SHOWN = 200  # characters of a refusal


def measure(
    row: Row, mlflow: servers.Mlflow | None, effort: Effort, *, clients: int, batch: int
) -> None:
    """Add to `row` how many metrics a second MLflow takes, `batch` a request."""
    if mlflow is None:
        row.notes.append(servers.NO_MLFLOW)
        return
    steps = itertools.count()

    def request() -> bytes:
        metrics = [
            {"key": "loss", "value": 0.5, "timestamp": 1_795_000_000_000, "step": next(steps)}
            for _ in range(batch)
        ]
        return mlflow.request("/runs/log-batch", {"run_id": mlflow.run_id, "metrics": metrics})

    taken = []
    try:
        for _ in range(effort.rounds):
            done = load.drive(mlflow.server, request, clients, effort.seconds)
            taken.append(done.a_second * batch)
    except load.Refused as error:
        row.notes.append(f"MLflow gave up under this load: {str(error)[-_SHOWN:]}")
    if taken:
        row.figures.append(Figure(f"MLflow, POST of {batch} metrics", taken, "/s"))
