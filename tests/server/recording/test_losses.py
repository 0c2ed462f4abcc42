"""What a Jupyter server records where a kernel, or its own recording process, dies at once."""

from __future__ import annotations

import os
import signal
import threading
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_sessions.schemas.commands import OUTPUTS_MISSING
from tests.faults.kernel_deaths import Death, die_at_server
from tests.server.recording.jupyter import Jupyter, recorders_of
from tests.waiting import STARTED_WITHIN, until

SLOW = "import time\nfor number in range(12):\n    print('line', number)\n    time.sleep(0.25)"
FLOOD = """
import os, time
print('first line')
while not os.path.exists({go_on!r}): time.sleep(0.05)
for _ in range(40):
    print('x' * 2**20, flush=True)
"""


LATE = """
def put_out(name):
    while not os.path.exists(name): time.sleep(0.01)
    print(name, flush=True)
    open(f'{name} was put out', 'w').close()
def start(name):
    threading.Thread(target=put_out, args=(name,)).start()
"""
STEPS = """
import os, threading, time
def wait(name):
    while not os.path.exists(os.path.join({folder!r}, name)): time.sleep(0.05)
    print(name)
number = 0
while not os.path.exists(os.path.join({folder!r}, 'running')):
    print('line', number := number + 1)
    time.sleep(0.25)
wait('running')
wait('ended')
threading.Thread(target=wait, args=('late',)).start()
"""


def kill_recorder(jupyter: Jupyter) -> None:
    """Kill the recording process of a server."""
    (recorder,) = recorders_of(jupyter)
    os.kill(recorder, signal.SIGKILL)


def text_of(jupyter: Jupyter, code: str, number: int) -> str:
    """Return what a command has written."""
    whole = jupyter.ask("GET", f"/sessions/api/sessions/{code}/commands/{number}")
    outputs: list[dict[str, Any]] = (whole["response"] or whole["so_far"])["outputs"]
    return "".join("".join(each.get("text", "")) for each in outputs)


@pytest.mark.parametrize(
    ("kind", "delay"),
    [
        *product(("os._exit", "segfault", "SIGKILL", "exit()"), (None, 0.05)),
        ("out of memory", 0.05),
        ("out-of-memory killer", 0.05),
    ],
)
def test_a_cell_that_kills_its_kernel_leaves_its_command_and_the_one_before_is_whole(
    jupyter: Jupyter, kind: str, delay: float | None
) -> None:
    code = jupyter.session()
    death = Death(kind, delay or 0.0, "here")
    _, wrong = die_at_server(jupyter, death, code, silent=not delay)
    assert not wrong


def test_what_runs_while_the_recording_process_is_lost_is_recorded_all_the_same(
    jupyter: Jupyter,
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, SLOW, stay=False)
    jupyter.command(code, SLOW, "running")
    answers: set[int] = set()
    over = threading.Event()

    def ask() -> None:
        url = f"{jupyter.server.url}/sessions/api/attachments/{kernel}"
        while not over.is_set():
            headers = {"Authorization": f"token {jupyter.token}"}
            answers.add(httpx.get(url, headers=headers, timeout=STARTED_WITHIN).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    kill_recorder(jupyter)
    jupyter.run(kernel, "print('while it was away')")
    jupyter.run(kernel, "print('and after')")
    found = jupyter.command(code, "print('and after')")
    over.set()
    asking.join()
    assert found["status"] == "completed"
    assert [each["status"] for each in jupyter.history(code)] == ["completed"] * 3
    assert jupyter.sources(code) == [SLOW, "print('while it was away')", "print('and after')"]
    assert text_of(jupyter, code, 1) == "".join(f"line {number}\n" for number in range(12))
    assert answers == {200}
    log = jupyter.server.log.read_text()
    assert "BrokenPipeError" not in log
    jupyter.detach(kernel)


def test_outputs_that_come_after_the_recording_process_was_lost_are_added_at_every_stage(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    source = STEPS.format(folder=str(tmp_path))
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, source, stay=False)
    number = jupyter.command(code, source, "running")["number"]
    until(lambda: "line 8" in text_of(jupyter, code, number))  # it was delivered several times
    kill_recorder(jupyter)
    until(lambda: recorders_of(jupyter), "the next one")
    (tmp_path / "running").touch()
    until(lambda: text_of(jupyter, code, number).endswith("running\n"))
    assert jupyter.history(code)[0]["status"] == "running"
    (tmp_path / "ended").touch()
    assert jupyter.command(code, source)["status"] == "completed"
    (tmp_path / "late").touch()
    until(lambda: text_of(jupyter, code, number).endswith("running\nended\nlate\n"))
    text = text_of(jupyter, code, number)
    lines = text.count("line")
    assert text == "".join(f"line {n}\n" for n in range(1, lines + 1)) + "running\nended\nlate\n"
    jupyter.detach(kernel)


def test_what_threads_put_out_after_their_command_is_added_though_the_process_was_lost(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, f"import os; os.chdir({str(tmp_path)!r}); import threading, time")
    jupyter.run(kernel, LATE)
    sources = [f"print('now {n}'); start('late {n}')" for n in range(4)]
    for number, source in enumerate(sources):
        jupyter.run(kernel, source)
        if number == 0:
            # It has ended, is delivered, and known to be so.
            jupyter.command(code, source)
            jupyter.attachment(kernel)
        if number % 2:
            (tmp_path / f"late {number}").touch()
            until(lambda n=number: (tmp_path / f"late {n} was put out").exists())
        kill_recorder(jupyter)
        until(lambda: recorders_of(jupyter), "the next one")
        if not number % 2:
            (tmp_path / f"late {number}").touch()
    for number, source in enumerate(sources):
        found = jupyter.command(code, source)
        assert found["status"] == "completed"
        expected = f"now {number}\nlate {number}\n"
        until(
            lambda n=found["number"], e=expected: text_of(jupyter, code, n) == e,
            lambda n=found["number"]: text_of(jupyter, code, n),
        )
    assert jupyter.sources(code)[2:] == sources
    jupyter.detach(kernel)


def test_a_cell_ended_in_the_moment_before_the_recording_process_is_lost_is_recorded_once(
    jupyter: Jupyter,
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    sources = [f"echo {number}" for number in range(6)]
    for number, source in enumerate(sources):
        jupyter.run(kernel, source)
        if number % 2:
            kill_recorder(jupyter)
            until(lambda: recorders_of(jupyter), "the next one")
    jupyter.command(code, sources[-1])
    assert jupyter.sources(code) == sources
    jupyter.detach(kernel)


def test_what_could_not_be_kept_stands_in_the_history_as_a_gap_with_its_times(
    jupyter: Jupyter, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    flood = FLOOD.format(go_on=str(go_on))
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "1")
    jupyter.run(kernel, flood, stay=False)
    running = jupyter.command(code, flood, "running")
    until(lambda: "first line" in jupyter.command(code, flood, "running")["preview"])
    (recorder,) = recorders_of(jupyter)
    os.kill(recorder, signal.SIGSTOP)
    go_on.touch()
    jupyter.run(kernel, "'flooded'")
    kill_recorder(jupyter)
    jupyter.run(kernel, "2")
    jupyter.command(code, "2")
    gaps = until(lambda: [each for each in jupyter.history(code) if not each["source"]])
    (gap,) = gaps
    assert gap["status"] == "aborted"
    assert gap["note"].startswith("Recording was interrupted: commands and outputs of this kernel ")
    assert gap["duration"] > 0
    assert gap["preview"].startswith("Recording was interrupted")
    flooded = jupyter.command(code, flood)
    assert flooded["note"] == OUTPUTS_MISSING
    assert (flooded["status"], flooded["number"]) == ("completed", running["number"])
    text = text_of(jupyter, code, flooded["number"])
    assert text.startswith("first line\n")
    assert text.count("first line") == 1
    jupyter.detach(kernel)
