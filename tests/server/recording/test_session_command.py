"""``%session`` in a kernel of a Jupyter server that has the extension: the server records."""

from __future__ import annotations

import re

import pytest

from tests.recorder.test_executions import SET
from tests.server.recording.jupyter import Jupyter


def loaded(jupyter: Jupyter) -> str:
    """Start a kernel that knows the magics."""
    kernel = jupyter.kernel()
    jupyter.run(kernel, "%load_ext jupyter_sessions")
    return kernel


def test_a_session_that_is_made_in_a_kernel_is_the_servers_attachment(jupyter: Jupyter) -> None:
    kernel = loaded(jupyter)
    told = jupyter.run(kernel, "%session new 'From the kernel'")
    assert "Recording" in told
    attached = jupyter.attachment(kernel)
    assert (attached["state"], attached["label"]) == ("recording", "From the kernel")
    jupyter.run(kernel, "print('kept')")
    jupyter.run(kernel, "%session pause")
    assert jupyter.attachment(kernel)["state"] == "paused"
    jupyter.run(kernel, "print('not kept')")
    jupyter.run(kernel, "%session unpause")
    jupyter.run(kernel, "%session detach")
    jupyter.run(kernel, "print('too late')")
    assert jupyter.attachment(kernel, 404)["code"] == "not_found"
    code = attached["session"]
    assert jupyter.sources(code) == ["print('kept')", "%session pause", "%session detach"]
    assert {each["status"] for each in jupyter.history(code)} == {"completed"}


def test_a_kernel_without_a_session_leaves_no_errors_in_the_servers_log(jupyter: Jupyter) -> None:
    kernel = loaded(jupyter)
    before = jupyter.server.log.stat().st_size
    assert "NothingAttached" in jupyter.run(kernel, "%session show")
    code = jupyter.session()
    for detach in (lambda: jupyter.detach(kernel), lambda: jupyter.run(kernel, "%session detach")):
        jupyter.attach(kernel, code)
        assert code in jupyter.run(kernel, "%session show")
        detach()
        assert "NothingAttached" in jupyter.run(kernel, "%session show")
    logged = jupyter.server.log.read_bytes()[before:].decode()
    assert [line for line in logged.splitlines() if "/sessions/api/" in line] == []


@pytest.mark.parametrize("step", [-7200, 7200])
def test_a_kernel_whose_clock_is_not_the_servers_is_recorded_and_paused_all_the_same(
    jupyter: Jupyter, step: int
) -> None:
    kernel = loaded(jupyter)
    jupyter.run(kernel, SET.format(step))
    jupyter.run(kernel, "%session new 'By another clock'")
    code = jupyter.attachment(kernel)["session"]
    jupyter.run(kernel, "print('a')")
    jupyter.run(kernel, "%session pause")
    jupyter.run(kernel, "print('not kept')")
    jupyter.run(kernel, SET.format(-step))
    jupyter.run(kernel, "%session unpause")
    jupyter.run(kernel, "print('b')")
    jupyter.run(kernel, "%%session off\nprint('left out')")
    jupyter.run(kernel, "%session detach")
    assert jupyter.sources(code) == [
        "print('a')",
        "%session pause",
        "print('b')",
        "%session detach",
    ]
    assert all(0 <= each["duration"] < 60 for each in jupyter.history(code))


def test_what_another_front_changes_is_what_the_kernel_says(jupyter: Jupyter) -> None:
    kernel = loaded(jupyter)
    assert "not attached to a session" in jupyter.run(kernel, "%session")
    code = jupyter.session(label="From elsewhere")
    jupyter.attach(kernel, code)
    assert "From elsewhere" in jupyter.run(kernel, "%session")
    jupyter.change(kernel, paused=True)
    assert "paused" in jupyter.run(kernel, "%session")
    jupyter.detach(kernel)
    assert "not attached to a session" in jupyter.run(kernel, "%session")


def test_a_published_file_knows_the_command_that_made_it(jupyter: Jupyter) -> None:
    kernel = loaded(jupyter)
    jupyter.run(kernel, "%session new")
    code = jupyter.attachment(kernel)["session"]
    jupyter.run(kernel, "open('made.txt', 'w').write('made')")
    told = jupyter.run(kernel, "%session publish made.txt")
    assert re.search("Published made.txt", told), told
    (file,) = jupyter.ask("GET", f"/sessions/api/sessions/{code}/files")["items"]
    assert file["command"] == 2


def test_the_address_to_pass_on_is_that_of_a_server_for_others(jupyter: Jupyter) -> None:
    kernel = loaded(jupyter)
    jupyter.run(kernel, "%session new")
    code = jupyter.attachment(kernel)["session"]
    assert f":{jupyter.server.port}/sessions/{code}/" in jupyter.run(kernel, "%session web")
    with jupyter.place.serve() as sessions:
        told = jupyter.run(kernel, "%session web")
        assert f":{sessions.port}/sessions/{code}/experiment" in told
        assert f":{jupyter.server.port}/" not in told
    jupyter.run(kernel, "%session detach")
