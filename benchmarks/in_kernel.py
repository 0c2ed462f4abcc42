"""What runs inside the kernel that is measured: a clock around each cell, and what is toggled."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from jupyter_sessions.recorder import Recorder

#: Of each cell since the last look: its seconds, and those of CPU on the main thread.
times: list[tuple[float, float]] = []

_SETTLING = 2  # cells after a toggle that find nothing where they left it

_recording: tuple[Recorder, OutboxDelivery] | None = None


def measure_cells() -> None:
    """From the next cell on, note how long the kernel takes for each."""
    handlers = _shell().kernel.shell_handlers
    execute = handlers["execute_request"]

    async def timed(*arguments: Any) -> None:
        begin, cpu = time.perf_counter(), time.thread_time()
        await execute(*arguments)
        times.append((time.perf_counter() - begin, time.thread_time() - cpu))

    handlers["execute_request"] = timed


def medians() -> list[float]:
    """Return the medians of both since the last look, without the first cells."""
    settled = times[_SETTLING:]
    taken = [statistics.median(column) for column in zip(*settled, strict=True)]
    times.clear()
    return taken


def record_on() -> None:
    """Record from the next cell on into a session of the user's own store, as ``%session`` does."""
    global _recording
    from jupyter_sessions import api, schemas
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from jupyter_sessions.client.transports.local import LocalTransport
    from jupyter_sessions.recorder import record

    transport = LocalTransport()
    session = transport.call(api.CREATE_SESSION, schemas.NewSession(label="benchmark"))
    delivery = OutboxDelivery(transport, session.code)
    _recording = record(_shell(), delivery.send, log=delivery.write_ahead()), delivery


def record_off() -> None:
    """Record no more, when all is in the session."""
    global _recording
    if _recording is not None:
        recorder, delivery = _recording
        recorder.stop(10.0)
        delivery.flush(10.0)
        delivery.close(10.0)
        _recording = None


def nothing() -> None:
    """Change nothing: what two measurements of the same differ by."""


def history_on() -> None:
    """Let IPython keep its history, in its file."""
    _shell().history_manager.enabled = True


def history_off() -> None:
    """Let IPython keep none."""
    _shell().history_manager.enabled = False


def log_metrics(url: str, run_id: str, count: int) -> list[float]:
    """Log to MLflow, and return the seconds that each call took of the cell."""
    import mlflow

    mlflow.set_tracking_uri(url)
    taken = []
    with mlflow.start_run(run_id):
        for step in range(count):
            begin = time.perf_counter()
            mlflow.log_metric("loss", 0.5, step=step)
            taken.append(time.perf_counter() - begin)
    return taken


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


TOGGLES: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
    "recording": (record_on, record_off),
    "history": (history_on, history_off),
    "nothing": (nothing, nothing),
}
