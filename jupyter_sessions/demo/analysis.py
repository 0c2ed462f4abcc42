"""Run the demo notebook in a real kernel, with a line of progress for each cell."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_sessions import errors

NOTEBOOK = Path(__file__).with_name("seattle_weather.ipynb")

_NEEDED = ("ipykernel", "matplotlib", "nbclient", "pandas", "vega_datasets")
_CELL_WITHIN = 300  # seconds

# The code that asks the kernel for its session after the last cell.
_CODE = "get_ipython().find_line_magic('session').__self__.frontend.attachment.code"


@dataclass(frozen=True)
class Outcome:
    """The result of running the notebook.

    Attributes
    ----------
    code
        The code of the session that it created.
    seconds
        The duration in seconds.
    """

    code: str
    seconds: float


def check_extra() -> None:
    """Check that the notebook's dependencies are installed.

    Raises
    ------
    BadRequest
        When a dependency is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise errors.BadRequest(
            f"The demo needs {', '.join(missing)}, which is not installed here.",
            hint='Install the demo extra: pip install "jupyter_sessions[demo]"',
        )


def run(report: Callable[[str], None], output: Path | None = None) -> Outcome:
    """Run the notebook, and report each cell.

    Parameters
    ----------
    report
        Called with each line of progress.
    output
        The path for the executed notebook; by default it is not written.

    Raises
    ------
    SessionsError
        When a cell fails unexpectedly, or nothing was recorded.
    """
    import nbformat
    from nbclient.exceptions import CellExecutionError

    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    begun = time.monotonic()
    try:
        code = asyncio.run(_executed(_client(notebook, report)))
    except CellExecutionError as error:
        raise errors.SessionsError(
            f"A cell of the demo failed: {error.ename}: {error.evalue}",
            hint="This is a defect. Please report it with this message.",
        ) from error
    if output is not None:
        nbformat.write(notebook, output)  # type: ignore[no-untyped-call]
    return Outcome(code=code, seconds=time.monotonic() - begun)


async def _executed(client: Any) -> str:
    """Execute all cells, and ask the kernel which session it records into."""
    async with client.async_setup_kernel(cleanup_kc=True):
        for index, cell in enumerate(client.nb.cells):
            await client.async_execute_cell(cell, index)
        asked = client.kc.execute("", silent=True, user_expressions={"code": _CODE})
        reply = await client.async_wait_for_reply(asked)
    answer = reply["content"]["user_expressions"]["code"]
    return str(ast.literal_eval(answer["data"]["text/plain"]))


def _client(notebook: Any, report: Callable[[str], None]) -> Any:
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    # Use the kernel of this environment, not an installed kernel specification.
    specifications = KernelSpecManager(kernel_dirs=[])
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specifications)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    progress = _Progress(report, total)
    return NotebookClient(
        notebook,
        km=manager,
        # Kernels log a warning about unencrypted TCP, though this one is local, and about the
        # interrupt at their end; the client reports errors in cells.
        extra_arguments=["--log-level=CRITICAL"],
        timeout=_CELL_WITHIN,
        on_cell_execute=progress.begun,
        on_cell_executed=progress.ended,
    )


class _Progress:
    """Reports each cell: its number, first line, duration and status."""

    def __init__(self, report: Callable[[str], None], total: int) -> None:
        self._report = report
        self._total = total
        self._number = 0
        self._started = 0.0

    def begun(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002  # nbclient calls it so
        """Start the timer."""
        self._number += 1
        self._started = time.monotonic()

    def ended(self, cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG002
        """Report the cell."""
        took = time.monotonic() - self._started
        failed = execute_reply["content"]["status"] == "error"
        first = next(line for line in cell.source.splitlines() if line.strip())
        shown = first if len(first) <= 56 else f"{first[:55]}…"
        outputs = "1 output" if len(cell.outputs) == 1 else f"{len(cell.outputs)} outputs"
        end = "error, as intended" if failed else outputs
        place = f"{self._number:>{len(str(self._total))}}/{self._total}"
        self._report(f"  {place}  {shown:<56} {took:5.1f} s  {end}")
