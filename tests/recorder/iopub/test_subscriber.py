"""Recording any kernel from another process, given its connection file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager, start_new_kernel

from jupyter_sessions import schemas
from jupyter_sessions.recorder.iopub.subscriber import Subscriber
from jupyter_sessions.schemas.commands import KERNEL_RESTARTED
from tests.waiting import STARTED_WITHIN, until


@contextmanager
def kernel(name: str = "python3") -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(kernel_name=name)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Sink:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.recordings: list[schemas.Recording] = []

    def __call__(self, recording: schemas.Recording) -> None:
        self.recordings.append(recording)

    def response(self, source: str) -> schemas.CommandResponse | None:
        """The last word on a command."""
        last = {recording.request.source: recording for recording in self.recordings}
        return last[source].response if source in last else None

    def wait_for(self, condition: Callable[[], object]) -> None:
        until(condition, lambda: self.recordings)


@pytest.fixture
def bash_kernel(tmp_path: Path) -> str:
    folder = tmp_path / "bash"
    folder.mkdir()
    argv = ["python", "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Bash", "language": "bash"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    KernelSpecManager().install_kernel_spec(str(folder), "bash", user=True)
    return "bash"


def test_a_kernel_of_another_language_is_recorded(bash_kernel: str) -> None:
    sink = Sink()
    with kernel(bash_kernel) as (manager, client):
        subscriber = Subscriber(Path(manager.connection_file), sink, language="bash")
        assert subscriber.wait_until_listening(STARTED_WITHIN)
        client.execute_interactive("echo $((1 + 1))", output_hook=lambda message: None)
        client.execute_interactive("no_such_command", output_hook=lambda message: None)
        assert subscriber.stop(STARTED_WITHIN)
    requests = [(r.request.source, r.request.language) for r in sink.recordings if r.response]
    assert requests == [("echo $((1 + 1))", "bash"), ("no_such_command", "bash")]
    response = sink.response("echo $((1 + 1))")
    assert response is not None
    assert response.outputs == [schemas.Stream(name="stdout", text="2\n")]
    assert sink.recordings[0].request.kernel in manager.connection_file


def test_two_subscribers_of_one_kernel_are_told_the_same() -> None:
    sinks = [Sink(), Sink()]
    with kernel() as (manager, client):
        subscribers = [Subscriber(Path(manager.connection_file), sink) for sink in sinks]
        assert all(subscriber.wait_until_listening(STARTED_WITHIN) for subscriber in subscribers)
        client.execute_interactive("print(1)", output_hook=lambda message: None)
        assert all(subscriber.stop(STARTED_WITHIN) for subscriber in subscribers)
    assert len(sinks[0].recordings) == 1
    assert sinks[0].recordings == sinks[1].recordings


def test_a_restart_aborts_what_ran_and_nothing_that_was_begun_since_however_late_it_is_told() -> (
    None
):
    sink = Sink()
    # A restart interrupts first, and so much this one shrugs off.
    ignore = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    old = f"{ignore}; print('began', flush=True); time.sleep(60)"
    new = "print('again', flush=True); import time; time.sleep(2)"
    with kernel() as (manager, client):
        subscriber = Subscriber(Path(manager.connection_file), sink)
        assert subscriber.wait_until_listening(STARTED_WITHIN)
        client.execute(old)
        sink.wait_for(lambda: sink.recordings)
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=STARTED_WITHIN)
        client.execute(new)
        sink.wait_for(lambda: sink.recordings[-1].request.source == new)
        assert subscriber.go_on(Path(manager.connection_file), STARTED_WITHIN, KERNEL_RESTARTED)
        sink.wait_for(lambda: sink.response(new))
        assert subscriber.stop(STARTED_WITHIN)
    aborted, again = sink.response(old), sink.response(new)
    assert aborted is not None
    assert (aborted.status, aborted.note) == ("aborted", KERNEL_RESTARTED)
    assert aborted.outputs == [schemas.Stream(name="stdout", text="began\n")]
    assert again is not None
    assert (again.status, again.note) == ("completed", "")
    assert again.outputs == [schemas.Stream(name="stdout", text="again\n")]


def test_what_a_kernel_runs_first_after_a_restart_is_not_missed() -> None:
    sink = Sink()
    with kernel() as (manager, client):
        subscriber = Subscriber(Path(manager.connection_file), sink)
        assert subscriber.wait_until_listening(STARTED_WITHIN)
        for number in range(5):
            manager.restart_kernel(now=True)
            # It waits in the kernel's socket, and is what the new process does first of all.
            client.execute(f"print({number})", reply=True, timeout=STARTED_WITHIN)
            # If it were killed as soon as it has answered, what it ran might not be published.
            subscriber.catch_up(STARTED_WITHIN)
        assert subscriber.stop(STARTED_WITHIN)
    assert [each.request.source for each in sink.recordings if each.response] == [
        f"print({number})" for number in range(5)
    ]


def test_a_kernel_that_is_elsewhere_after_its_restart_is_to_be_listened_to_anew(
    tmp_path: Path,
) -> None:
    with kernel() as (manager, _client):
        subscriber = Subscriber(Path(manager.connection_file), Sink())
        assert subscriber.wait_until_listening(STARTED_WITHIN)
        told = json.loads(Path(manager.connection_file).read_text())
        elsewhere = tmp_path / "elsewhere.json"
        elsewhere.write_text(json.dumps(told | {"iopub_port": told["iopub_port"] + 1}))
        assert not subscriber.go_on(elsewhere, STARTED_WITHIN, KERNEL_RESTARTED)
        assert subscriber.stop(STARTED_WITHIN)


def test_what_runs_when_its_kernel_dies_is_aborted_on_stopping() -> None:
    sink = Sink()
    with kernel() as (manager, client):
        subscriber = Subscriber(Path(manager.connection_file), sink)
        assert subscriber.wait_until_listening(STARTED_WITHIN)
        source = "import os, time; time.sleep(0.7); os.kill(os.getpid(), 9)"
        client.execute(source)
        sink.wait_for(lambda: sink.recordings)
        sink.wait_for(lambda: not manager.is_alive())
        assert subscriber.stop(2)
    response = sink.response(source)
    assert response is not None
    assert response.status == "aborted"


def test_messages_under_another_key_are_left_out(tmp_path: Path) -> None:
    sink = Sink()
    with kernel() as (manager, client):
        info = json.loads(Path(manager.connection_file).read_text())
        forged = tmp_path / "kernel-forged.json"
        forged.write_text(json.dumps(info | {"key": "another"}))
        subscriber = Subscriber(forged, sink)
        assert not subscriber.wait_until_listening(0.5)
        client.execute_interactive("print(1)", output_hook=lambda message: None)
        subscriber.stop(2)
    assert sink.recordings == []


def test_stopping_twice_is_stopping_once() -> None:
    sink = Sink()
    with kernel() as (manager, _):
        subscriber = Subscriber(Path(manager.connection_file), sink)
        assert subscriber.stop(STARTED_WITHIN)
        assert subscriber.stop(STARTED_WITHIN)
