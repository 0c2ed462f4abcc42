"""Attachments of real kernels: what is recorded, and what becomes of it when something ends."""

from __future__ import annotations

import json
import os
import signal
import socket

import pytest

from tests.server.recording.jupyter import Jupyter, recorders_of
from tests.waiting import until

SAID = {"python3": "print('said', 6 * 7)", "bash": "echo said $((6 * 7))"}
LANGUAGES = {"python3": "python", "bash": "bash"}
PID = "import os; print(os.getpid())"


@pytest.mark.parametrize("name", SAID)
def test_a_kernel_of_any_language_is_recorded_with_its_outputs(jupyter: Jupyter, name: str) -> None:
    code, kernel = jupyter.session(label="Any language"), jupyter.kernel(name)
    attached = jupyter.attach(kernel, code)
    assert (attached["state"], attached["language"]) == ("recording", LANGUAGES[name])
    assert (attached["session"], attached["label"]) == (code, "Any language")
    assert attached["server"] is None
    assert attached["url"].endswith(f"/sessions/{code}/experiment")
    jupyter.run(kernel, SAID[name])
    assert jupyter.attachment(kernel)["waiting"] == 0
    (command,) = jupyter.history(code)
    assert (command["source"], command["status"]) == (SAID[name], "completed")
    assert command["preview"].strip() == "said 42"
    assert command["language"] == LANGUAGES[name]
    whole = jupyter.ask("GET", f"/sessions/api/sessions/{code}/commands/1")
    assert whole["request"]["kernel"] == kernel


@pytest.mark.parametrize("source", ["%no_such_magic", "%alias_magic", "1\nraise_()"])
def test_a_command_that_failed_is_recorded_so_though_its_outputs_may_not_say_it(
    jupyter: Jupyter, source: str
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, source)
    assert jupyter.command(code, source)["status"] == "error"
    jupyter.run(kernel, "'well'")
    assert jupyter.command(code, "'well'")["status"] == "completed"


def test_the_list_shows_each_kernel_with_its_notebook(jupyter: Jupyter) -> None:
    code = jupyter.session(label="A notebook")
    asked = {"path": "work.ipynb", "name": "work", "type": "notebook", "kernel": {"name": "bash"}}
    kernel = jupyter.ask("POST", "/api/sessions", 201, json=asked)["kernel"]["id"]
    other = jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.attach(other, code, notebook="another.ipynb")
    listed = jupyter.ask("GET", "/sessions/api/attachments?limit=500")["items"]
    shown = {each["kernel"]: (each["notebook"], each["kernel_name"]) for each in listed}
    assert shown[kernel] == ("work.ipynb", "bash")
    assert shown[other] == ("another.ipynb", "python3")
    jupyter.run(kernel, "true")
    jupyter.attachment(kernel)
    assert jupyter.history(code)[0]["notebook"] == "work.ipynb"


def test_a_renamed_notebook_is_followed(jupyter: Jupyter) -> None:
    code = jupyter.session()
    asked = {"path": "before.ipynb", "name": "", "type": "notebook", "kernel": {"name": "bash"}}
    made = jupyter.ask("POST", "/api/sessions", 201, json=asked)
    kernel = made["kernel"]["id"]
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "echo before")
    jupyter.ask("PATCH", f"/api/sessions/{made['id']}", json={"path": "on/after.ipynb"})
    until(lambda: jupyter.attachment(kernel)["notebook"] == "on/after.ipynb", "the new path")
    jupyter.run(kernel, "echo after")
    jupyter.attachment(kernel)
    found = {each["source"]: each["notebook"] for each in jupyter.history(code)}
    assert found == {"echo before": "before.ipynb", "echo after": "on/after.ipynb"}


def test_a_list_goes_on_from_page_to_page(jupyter: Jupyter) -> None:
    code = jupyter.session()
    kernels = [jupyter.kernel("bash") for _ in range(3)]
    for kernel in kernels:
        jupyter.attach(kernel, code)
    found, after = [], ""
    while after is not None:
        page = jupyter.ask("GET", f"/sessions/api/attachments?limit=2&after={after}")
        assert len(page["items"]) <= 2
        found += [each["kernel"] for each in page["items"]]
        after = page["next"]
    assert [kernel for kernel in found if kernel in kernels] == kernels


def test_recording_goes_on_when_the_browser_is_closed(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    source = "import time\nfor n in range(8):\n    print(n, flush=True); time.sleep(0.1)"
    jupyter.run(kernel, source, stay=False)
    command = jupyter.command(code, source)
    assert command["status"] == "completed"
    assert command["preview"].split() == [str(n) for n in range(8)]


@pytest.mark.parametrize("name", SAID)
def test_a_restarted_kernel_stays_attached(jupyter: Jupyter, name: str) -> None:
    code, kernel = jupyter.session(), jupyter.kernel(name)
    before = jupyter.attach(kernel, code)
    endless = {"python3": "while True: pass", "bash": "sleep 1000"}[name]
    jupyter.run(kernel, endless, stay=False)
    jupyter.command(code, endless, "running")
    jupyter.ask("POST", f"/api/kernels/{kernel}/restart")
    # Bash's kernel survives the interrupt that comes first, and ends its command in good order.
    ends = {"aborted", "error"} if name == "python3" else {"aborted", "completed"}
    assert jupyter.command(code, endless)["status"] in ends
    jupyter.run(kernel, SAID[name])
    after = jupyter.attachment(kernel)
    assert after["state"] == "recording"
    assert after["since"] == before["since"]
    assert jupyter.command(code, SAID[name])["status"] == "completed"


def test_a_kernel_that_is_killed_ends_its_command_as_aborted(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    pid = int(jupyter.run(kernel, PID))
    jupyter.run(kernel, "import time; time.sleep(1000)", stay=False)
    jupyter.command(code, "import time; time.sleep(1000)", "running")
    os.kill(pid, signal.SIGKILL)
    command = jupyter.command(code, "import time; time.sleep(1000)")
    assert (command["status"], command["note"]) == (
        "aborted",
        "The kernel died while this command ran.",
    )
    # The server has started it again, and what it runs is recorded as before.
    until(lambda: jupyter.answers(kernel), "the kernel")
    assert int(jupyter.run(kernel, PID)) != pid
    assert jupyter.attachment(kernel)["state"] == "recording"
    assert jupyter.sources(code).count(PID) == 2


def test_whose_kernel_is_recorded_is_seen_to_be_there_until_it_is_detached(
    jupyter: Jupyter,
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")

    def here() -> list[tuple[str, str]]:
        told = jupyter.ask("GET", f"/sessions/api/sessions/{code}/presence")["here"]
        return [(each["kind"], each["agent"].partition(" on ")[0]) for each in told]

    jupyter.attach(kernel, code, notebook="work/weather.ipynb")
    until(lambda: here() == [("kernel", "weather.ipynb")], here)
    jupyter.detach(kernel)
    until(lambda: here() == [], here)


def test_a_kernel_that_is_shut_down_is_attached_no_more(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "sleep 1000", stay=False)
    jupyter.command(code, "sleep 1000", "running")
    jupyter.ask("DELETE", f"/api/kernels/{kernel}", 204)
    jupyter.command(code, "sleep 1000")  # has ended
    until(lambda: jupyter.attachment(kernel, None).get("state") == "ended", "the end")
    assert "shut down" in jupyter.attachment(kernel)["problem"]


def test_what_runs_while_recording_pauses_is_left_out(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "echo before")
    assert jupyter.change(kernel, paused=True)["state"] == "paused"
    jupyter.run(kernel, "echo meanwhile")
    assert jupyter.attachment(kernel)["state"] == "paused"
    assert jupyter.change(kernel, paused=False)["state"] == "recording"
    jupyter.run(kernel, "echo after")
    jupyter.attachment(kernel)
    assert jupyter.sources(code) == ["echo before", "echo after"]


def test_a_detached_kernel_is_recorded_no_more_and_may_be_attached_again(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "echo one")
    assert jupyter.detach(kernel)["state"] == "ended"
    assert jupyter.attachment(kernel, 404)["code"] == "not_found"
    jupyter.run(kernel, "echo two")
    other = jupyter.session()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "echo three")
    jupyter.attach(kernel, other)
    jupyter.run(kernel, "echo four")
    jupyter.attachment(kernel)
    assert jupyter.sources(code) == ["echo one", "echo three"]
    assert jupyter.sources(other) == ["echo four"]


def test_a_cell_that_is_not_to_be_recorded_is_not(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel()
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "%load_ext jupyter_sessions")
    for source in (
        "%%session off\nprint('hidden')",
        "import time; time.sleep(0.8)\n%session login secret@nowhere.invalid",
        "get_ipython().run_line_magic('session', 'login secret@nowhere.invalid')",
    ):
        jupyter.run(kernel, source)
    jupyter.attachment(kernel)
    assert jupyter.sources(code) == ["%load_ext jupyter_sessions"]
    assert "hidden" not in json.dumps(jupyter.history(code))


def test_a_disabled_session_takes_the_commands_when_it_is_enabled(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.ask("POST", f"/sessions/api/sessions/{code}/disable", json={})
    jupyter.run(kernel, "echo kept")
    waiting = jupyter.attachment(kernel)
    assert (waiting["state"], waiting["waiting"]) == ("waiting", 1)
    assert waiting["problem"]
    jupyter.ask("POST", f"/sessions/api/sessions/{code}/enable", json={})
    jupyter.command(code, "echo kept", "completed")
    until(lambda: jupyter.attachment(kernel)["state"] == "recording", "recording")


def test_a_closed_session_ends_the_attachment(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.ask("POST", f"/sessions/api/sessions/{code}/close", json={})
    jupyter.run(kernel, "echo too late")
    until(lambda: jupyter.attachment(kernel)["state"] == "ended", "the end")
    assert "closed" in jupyter.attachment(kernel)["problem"]
    assert jupyter.attach(kernel, code, 409)["code"] == "wrong_state"


def test_what_can_not_be_attached_is_said_and_changes_nothing(jupyter: Jupyter) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    assert jupyter.attach("no-such-kernel", code, 404)["code"] == "not_found"
    assert jupyter.attach(kernel, "9" * 22, 404)["code"] == "no_such_session"
    assert jupyter.attach(kernel, "what?", 400)["code"] == "bad_reference"
    # A server that no login is stored for is not even asked.
    with socket.create_server(("127.0.0.1", 0)) as unknown:
        elsewhere = f"http://127.0.0.1:{unknown.getsockname()[1]}/sessions/{code}/experiment"
        assert jupyter.attach(kernel, elsewhere, 401)["code"] == "no_login"
        unknown.setblocking(False)
        with pytest.raises(BlockingIOError):
            unknown.accept()
    assert jupyter.attachment(kernel)["session"] == code


def test_a_lost_recording_process_is_started_again_and_loses_nothing_that_it_had(
    jupyter: Jupyter,
) -> None:
    code, kernel = jupyter.session(), jupyter.kernel("bash")
    jupyter.attach(kernel, code)
    jupyter.run(kernel, "echo before")
    jupyter.attachment(kernel)
    for recorder in recorders_of(jupyter):
        os.kill(recorder, signal.SIGKILL)
    until(lambda: jupyter.attachment(kernel, None).get("state") == "recording", "the next one")
    jupyter.run(kernel, "echo after")
    jupyter.attachment(kernel)
    assert jupyter.sources(code) == ["echo before", "echo after"]
