"""Recording from within a kernel, beside what nbclient shows of the same notebook."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from jupyter_sessions import schemas
from tests.recorder.conftest import Recordings

Run = Callable[..., list[nbformat.NotebookNode]]

#: One source for each thing that a cell can put out.
KINDS = {
    "stdout and stderr": """
import sys
print("to stdout", flush=True)
print("to stderr", file=sys.stderr, flush=True)
print("to stdout again")
""",
    "result": "{'a': [1, 2]}",
    "figure": """
%matplotlib inline
import matplotlib.pyplot as plt
plt.plot([1, 3, 2]);
""",
    "html": "from IPython.display import HTML, display; display(HTML('<b>bold</b>'))",
    "svg": "from IPython.display import SVG; SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
    "latex": "from IPython.display import Math; Math('x^2')",
    "table": "import pandas; pandas.DataFrame({'x': [1, 2]})",
    "widget": "import ipywidgets; ipywidgets.IntSlider()",
    "captured by a widget": """
out = ipywidgets.Output()
print("before")
display(out)
with out:
    print("inside")
    display(1)
print("after")
""",
    "display to update": "handle = display('first', display_id='here'); print('text')",
    "update": "handle.update('second')",
    "clear": """
from IPython.display import clear_output
print("gone")
clear_output()
for i in range(3):
    clear_output(wait=True)
    print(i)
""",
    "error": "def f(): 1/0\nf()",
    "syntax error": "1 +",
    "usage error": "%no_such_magic",
    "exception group": "raise ExceptionGroup('several', [ValueError('one')])",
    "async": "import asyncio; await asyncio.sleep(0.01); print('awaited')",
    "thread": """
import threading
thread = threading.Thread(target=lambda: print("from a thread"))
thread.start(); thread.join()
""",
    "shell command": "!echo from a shell",
    "subprocess": """
import subprocess, time
subprocess.run(["echo", "from a process"], check=True)
time.sleep(0.3)
""",
    "metadata": "display({'text/html': '<p/>'}, metadata={'x': {'isolated': True}}, raw=True)",
    "json": "from IPython.display import JSON; JSON({'a': [1, None]})",
    "nothing": "x = 1",
}

FAILED = {"error", "syntax error", "usage error", "exception group"}


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbouring texts of one stream, and end lines, as JupyterLab does on its way."""
    result: list[dict[str, Any]] = []
    for output in outputs:
        last = result[-1] if result else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            result.append(dict(output))
    for output in result:
        if output["output_type"] == "stream":
            output["text"] = output["text"].replace("\r\n", "\n")
    return result


def test_what_is_recorded_equals_what_nbclient_shows(run: Run, recordings: Recordings) -> None:
    sources = [source.strip() for source in KINDS.values()]
    cells = run(*sources)
    commands = recordings.commands()
    assert list(commands) == sources
    for (kind, _), cell in zip(KINDS.items(), cells, strict=True):
        shown = joined(nbformat.from_dict(cell)["outputs"])
        assert recordings.outputs(cell.source) == shown, kind
        recording = commands[cell.source]
        assert recording.response is not None
        assert recording.response.status == ("error" if kind in FAILED else "completed"), kind
        assert recording.request.execution_count == cell.execution_count


def test_a_command_says_when_and_how_long_it_ran(run: Run, recordings: Recordings) -> None:
    began = time.monotonic()
    run("import time; time.sleep(0.3)", "1")
    took = time.monotonic() - began
    first, second = recordings.commands().values()
    assert first.response is not None
    assert 0.3 <= first.response.duration < took
    elapsed = (first.response.finished - first.request.started).total_seconds()
    assert first.response.duration == pytest.approx(elapsed)
    assert second.request.started >= first.response.finished
    assert first.request.notebook == "", "nobody told the kernel of a notebook"


def test_the_notebook_is_the_kernel_sessions(
    run: Run, recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "work/weather.ipynb")
    run("1")
    assert recordings.commands()["1"].request.notebook == "work/weather.ipynb"


def test_fifty_quick_cells_before_a_shutdown_are_all_told_in_order(
    run: Run, recordings: Recordings
) -> None:
    sources = [f"print({number})" for number in range(50)]
    run(*sources)
    everything = recordings.all()
    assert [recording.request.source for recording in everything] == sources
    for number, source in enumerate(sources):
        text = f"{number}\n"
        assert recordings.outputs(source) == [
            {"output_type": "stream", "name": "stdout", "text": text}
        ]
    starts = [recording.request.started for recording in everything]
    assert all(a < b for a, b in pairwise(starts))


def test_a_flood_of_displays_is_recorded_whole(run: Run, recordings: Recordings) -> None:
    source = "for i in range(2_000): display(i)"
    run(source)
    values = [output["data"]["text/plain"] for output in recordings.outputs(source)]  # type: ignore[index]
    assert values == [str(number) for number in range(2_000)]


def test_past_the_limit_outputs_are_cut_and_the_kernel_goes_on(
    run: Run, recordings: Recordings
) -> None:
    flood = "for _ in range(2_000): print('x' * 9_999)"
    run(flood, "print('next')", limit=1_000_000)
    response = recordings.commands()[flood].response
    assert response is not None
    assert response.status == "completed"
    [output] = response.outputs
    assert isinstance(output, schemas.Stream)
    assert len(output.text) == 1_000_000
    assert "cut at 1.0 MB; another 19 MB" in response.note
    assert recordings.outputs("print('next')")[0]["text"] == "next\n"


def test_a_large_output_is_recorded_whole(run: Run, recordings: Recordings) -> None:
    source = "display({'text/plain': 'x' * 5_000_000}, raw=True)"
    run(source)
    [output] = recordings.outputs(source)
    assert len(output["data"]["text/plain"]) == 5_000_000  # type: ignore[index]


def test_a_skipped_cell_is_left_out(run: Run, recordings: Recordings) -> None:
    skip = "print('hidden'); recording.skip_current_cell(); print('too')"
    run("1", skip, "2")
    assert list(recordings.commands()) == ["1", "2"]


def test_pausing_records_the_cell_that_pauses_and_not_the_one_that_goes_on(
    run: Run, recordings: Recordings
) -> None:
    pause, unpause = "recording.pause(); recording.paused", "recording.unpause(); recording.paused"
    cells = run("1", pause, "2", unpause, "3")
    assert list(recordings.commands()) == ["1", pause, "3"]
    results = [cell.outputs[0].data["text/plain"] for cell in cells]
    assert results == ["1", "True", "2", "False", "3"]


def test_stopping_tells_all_until_then_and_nothing_later(run: Run, recordings: Recordings) -> None:
    stop = "print('before'); recording.stop(90) and recording.stop(90)"
    cells = run("print(1)", stop, "print(2)")
    assert cells[1].outputs[-1].data["text/plain"] == "True"
    assert list(recordings.commands()) == ["print(1)", stop]
    response = recordings.commands()[stop].response
    assert response is not None
    assert response.status == "completed"
    assert response.outputs == [schemas.Stream(name="stdout", text="before\n")]
    assert "This command stopped the recording" in response.note


def test_a_sink_that_fails_costs_its_command_alone(run: Run, recordings: Recordings) -> None:
    cells = run("_refused.append('2')", "1", "2", "3")
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    assert list(recordings.commands()) == ["_refused.append('2')", "1", "3"]


def test_a_long_command_is_told_of_while_it_runs_and_an_interrupted_one_failed(
    recordings: Recordings,
) -> None:
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(recordings.start)
        source = "import threading, os, signal, time; print('began', flush=True); time.sleep(60)"
        client.execute(source)
        recordings.wait_for(lambda recordings: source in recordings.commands())
        assert recordings.commands()[source].response is None
        manager.interrupt_kernel()
        recordings.wait_for(lambda recordings: recordings.commands()[source].response is not None)
        response = recordings.commands()[source].response
        assert response is not None
        assert response.status == "error"
        assert recordings.outputs(source)[0]["text"] == "began\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_what_threads_print_after_their_cell_is_told_as_well(recordings: Recordings) -> None:
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(recordings.start)
        source = """
import threading, time
def late():
    time.sleep(0.5)
    print("late")
threading.Thread(target=late).start()
print("first")
""".strip()
        client.execute_interactive(source)
        recordings.wait_for(
            lambda recordings: (
                source in recordings.commands()
                and recordings.outputs(source)[0]["text"] == "first\nlate\n"
            )
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_all_that_ended_before_a_kernel_is_killed_is_told(recordings: Recordings) -> None:
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(recordings.start)
        for number in range(10):
            client.execute_interactive(f"print({number})", output_hook=lambda message: None)
        last = "print(9)"
        recordings.wait_for(lambda recordings: last in recordings.commands())
        client.execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        assert list(recordings.commands()) == [f"print({number})" for number in range(10)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
