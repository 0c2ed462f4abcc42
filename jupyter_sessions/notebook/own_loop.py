"""Cells with top-level ``await`` that are run while the kernel's own loop is busy with us."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult


def needed(shell: Any, source: str) -> bool:
    """Tell whether a source needs a loop, and the thread's own can't be had."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    transformed = shell.transform_cell(source)
    return bool(shell.should_run_async(source, transformed_cell=transformed))


def run_cell(shell: Any, source: str) -> ExecutionResult:
    """Run a source on a loop in a thread of its own, and wait for its end."""
    results: list[ExecutionResult] = []

    def work() -> None:
        cell = shell.run_cell_async(
            source, store_history=False, transformed_cell=shell.transform_cell(source)
        )
        results.append(asyncio.run(cell))

    # The copied context is what sends the outputs to this cell.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
    thread.start()
    thread.join()
    return results[0]
