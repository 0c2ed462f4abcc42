"""A Jupyter server that ends, and the next one: kernels that go on living go on being recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server.recording.jupyter import Jupyter, recorders_of, running
from tests.server.serving import Place
from tests.waiting import STARTED_WITHIN, until

EXTERNAL = "--ServerApp.allow_external_kernels=True"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "place"
    folder.mkdir()
    return Place(folder)


@pytest.fixture
def living(place: Place) -> Iterator[str]:
    """Have a kernel that no Jupyter server has started, and none ends."""
    folder = place.folder / "runtime" / "external_kernels"
    folder.mkdir(parents=True)
    file = folder / "kernel-of-its-own.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(file)],
        env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: file.exists() and file.read_text().rstrip().endswith("}"), "the kernel")
    # Servers look for this in the file, and ipykernel does not write it.
    file.write_text(json.dumps(json.loads(file.read_text()) | {"kernel_name": "python3"}))
    yield str(file)
    process.kill()
    process.wait()


def the_kernel(jupyter: Jupyter) -> str:
    kernel: str = until(lambda: jupyter.ask("GET", "/api/kernels"), "the kernel")[0]["id"]
    return kernel


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_server_takes_the_attachment_up_where_the_kernel_lives(
    place: Place, living: str, how: int
) -> None:
    assert living
    with running(place, EXTERNAL) as jupyter:
        code, kernel = jupyter.session(), the_kernel(jupyter)
        jupyter.attach(kernel, code)
        jupyter.run(kernel, "kept = 1")
        jupyter.command(code, "kept = 1", "completed")
        before = datetime.now(UTC)
        jupyter.server.stop(how)
    with running(place, EXTERNAL) as jupyter:
        kernel = the_kernel(jupyter)
        until(lambda: jupyter.attachment(kernel, None).get("state") == "recording", "recording")
        jupyter.run(kernel, "print('still', kept)")
        jupyter.command(code, "print('still', kept)", "completed")
        assert jupyter.sources(code) == ["kept = 1", "", "print('still', kept)"]
        _, gap, still = jupyter.history(code)
        assert still["preview"] == "still 1\n"
        # What the kernel has run for others meanwhile, nobody has seen.
        assert gap["status"] == "aborted"
        assert gap["note"].startswith("Recording was interrupted: commands and outputs of this ")
        started = datetime.fromisoformat(gap["started"])
        ended = started + timedelta(seconds=gap["duration"])
        assert before < ended < datetime.fromisoformat(still["started"])
        assert abs(before - started) < timedelta(seconds=STARTED_WITHIN)


def test_a_paused_recording_that_the_next_server_takes_up_has_no_gap(
    place: Place, living: str
) -> None:
    assert living
    with running(place, EXTERNAL) as jupyter:
        code, kernel = jupyter.session(), the_kernel(jupyter)
        jupyter.attach(kernel, code)
        jupyter.change(kernel, paused=True)
    with running(place, EXTERNAL) as jupyter:
        kernel = the_kernel(jupyter)
        until(lambda: jupyter.attachment(kernel, None).get("state") == "paused", "paused")
        jupyter.change(kernel, paused=False)
        jupyter.run(kernel, "'on'")
        jupyter.command(code, "'on'", "completed")
        assert jupyter.sources(code) == ["'on'"]


def test_a_kernel_that_the_server_has_not_started_is_heard_without_a_break(
    place: Place, living: str
) -> None:
    assert living
    source = "import time; time.sleep(2.5); print('heard')"
    with running(place, EXTERNAL) as jupyter:
        code, kernel = jupyter.session(), the_kernel(jupyter)
        jupyter.attach(kernel, code)
        jupyter.run(kernel, source)
        command = jupyter.command(code, source)
        assert (command["status"], command["note"]) == ("completed", "")
        assert command["preview"] == "heard\n"


def test_kernels_that_end_with_their_server_are_not_waited_for(place: Place) -> None:
    with running(place) as jupyter:
        code, kernel = jupyter.session(), jupyter.kernel()
        jupyter.attach(kernel, code)
        jupyter.run(kernel, "import time; time.sleep(1000)", stay=False)
        jupyter.command(code, "import time; time.sleep(1000)", "running")
    with running(place) as jupyter:
        assert jupyter.ask("GET", "/sessions/api/attachments")["items"] == []
        command = jupyter.command(code, "import time; time.sleep(1000)")
        assert command["status"] == "aborted"
        assert "ended while it ran" in command["note"]
    assert not list((place.folder / "data" / "sessions" / "attachments").glob("*.json"))


@pytest.mark.parametrize("recorder_too", [False, True])
def test_what_a_command_had_put_out_when_its_server_was_killed_is_kept(
    place: Place, recorder_too: bool
) -> None:
    source = (
        "import time\nfor n in range(6): print(n, flush=True); time.sleep(0.4)\ntime.sleep(999)"
    )
    put_out = "0\n1\n2\n3\n4\n5\n"
    with running(place) as jupyter:
        code, kernel = jupyter.session(), jupyter.kernel()
        jupyter.attach(kernel, code)
        jupyter.run(kernel, source, stay=False)
        until(
            lambda: jupyter.command(code, source, "running")["preview"] == put_out,
            "what it puts out, while it runs",
        )
        recorders = recorders_of(jupyter)
        assert len(recorders) == 1
        if recorder_too:
            jupyter.server.process.send_signal(signal.SIGSTOP)  # or it starts the next one
            os.kill(recorders[0], signal.SIGKILL)
        jupyter.server.stop(signal.SIGKILL)
    with running(place) as jupyter:
        kernel = jupyter.kernel()
        jupyter.attach(kernel, code)
        command = jupyter.command(code, source)
        assert command["status"] == "aborted"
        assert command["preview"] == put_out
        assert "ended" in command["note"]
