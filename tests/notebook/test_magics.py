"""``%session`` in a real kernel: one story each, since a kernel takes a while to start."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.conftest import Start
from tests.notebook.kernels import Cell, Kernel

FIGURE = """import base64
from IPython.display import display
png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
                       "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
display({"image/png": png, "text/plain": "<Figure>"}, raw=True)"""


def as_json(cell: Cell) -> Any:
    return json.loads("".join(output.text for output in cell.outputs))


def commands(kernel: Kernel, *options: str) -> list[dict[str, Any]]:
    asked = " ".join(["%session history --all --oldest -n 500 --json", *options])
    items: list[dict[str, Any]] = as_json(kernel.good(asked))["items"]
    return items


def sources(kernel: Kernel) -> list[str]:
    return [each["source"] for each in commands(kernel)]


def test_a_notebook_from_a_new_session_to_leaving_it(start: Start) -> None:
    kernel = start()
    alone = kernel.good("%session")
    assert "not attached to a session" in alone.text
    assert "%session new LABEL" in alone.html

    made = kernel.good('%session new "Seattle <b>weather</b>" --lifetime 7d')
    assert "Recording" in made.text
    assert "Seattle &lt;b&gt;weather" in made.html
    assert "<b>weather" not in made.html

    kernel.good("print('hello')")
    assert kernel("1/0").error.ename == "ZeroDivisionError"
    kernel.good("%%session off\nsecret = 'hidden'\nprint(secret)")
    kernel.good("%session pause")
    kernel.good("'paused'")
    assert "paused" in kernel.good("%session").text
    kernel.good("%session unpause")
    kernel.good("secret[::-1]")
    assert sources(kernel) == ["print('hello')", "1/0", "%session pause", "secret[::-1]"]
    assert [each["status"] for each in commands(kernel)][:2] == ["completed", "error"]

    shown = kernel.good("%session")
    assert "Recording" in shown.text
    assert "Seattle" in shown.text
    assert "Lifetime" in shown.html

    assert "no longer belongs to a session" in kernel.good("%session detach").text
    refused = kernel("%session history").error
    assert refused.ename == "NothingAttached"
    assert "%session new LABEL" in "\n".join(refused.traceback)


def test_the_cell_that_fails_stops_and_shows_two_lines(start: Start) -> None:
    kernel = start()
    failed = kernel("%session shwo\nprint('not reached')")
    assert failed.error.ename == "BadRequest"
    assert len(failed.error.traceback) == 2
    assert "Did you mean show" in failed.error.traceback[0]
    assert "\x1b[" in failed.error.traceback[0]
    assert "not reached" not in failed.text
    kernel.good("%colors nocolor")
    assert "\x1b" not in "".join(kernel("%session shwo").error.traceback)
    caught = kernel.good(
        "from jupyter_sessions import errors\n"
        "try:\n    get_ipython().run_line_magic('session', 'show')\n"
        "except errors.NothingAttached as error:\n    print(error.hint)"
    )
    assert "resume" in caught.text
    assert "Close the quotation" in kernel('%session new "open').text
    assert "%%session off" in kernel("%%session on\n1").error.evalue
    assert "Usage: %session grant" in kernel.good("%session grant --help").text
    assert "publish" in kernel.good("%session --help").text
    assert "Start a sessions server" not in kernel.good("%session --help").text


def test_outputs_come_back_as_they_were(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    was = kernel.good(
        f"{FIGURE}\nimport sys\nprint('out')\nprint('err', file=sys.stderr)\n"
        "display({'text/html': '<b>1</b>', 'text/plain': '1'}, raw=True)"
    )
    kernel("1/0")
    shown = kernel.good("%session view 1..2")
    kinds = [("name" in each and each.name) or set(each.data) for each in shown.outputs]
    assert kinds[1:5] == [set(was.outputs[0].data), "stdout", "stderr", {"text/html", "text/plain"}]
    assert shown.outputs[1].data == was.outputs[0].data
    assert shown.outputs[4].data["text/html"] == "<b>1</b>"
    assert "ZeroDivisionError" in shown.outputs[-1].text
    assert shown.outputs[-1].name == "stderr"


def test_commands_are_run_again(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    kernel.good("count = 0")
    kernel.good("count += 1; print('count', count)")
    kernel.good("import asyncio; await asyncio.sleep(0.01); print('awaited')")
    kernel.good("%session history")
    kernel("1/0")
    kernel.good("print('after')")
    assert "count 2" not in kernel.good("%session replay 2 --dry-run").text
    again = kernel.good("%session replay 2..4")
    assert "count += 1" in again.text
    assert "count 2" in again.text
    assert "awaited" in again.text
    assert "Not run" in again.text
    stopped = kernel("%session replay 5..6")
    assert stopped.error is not None
    assert "ReplayStopped" in stopped.text
    assert "\nafter" not in stopped.text
    record = next(each for each in commands(kernel) if each["source"] == "%session replay 2..4")
    assert "count 2" in record["preview"]
    assert record["status"] == "completed"
    assert "print('after')" in kernel.payload("%session load 6")[0]["text"]


def test_variables_outputs_and_files_are_published(start: Start, tmp_path: Path) -> None:
    kernel = start()
    kernel.good("%session new x")
    kernel.good(FIGURE)
    kernel.good("%session publish")
    kernel.good(
        "settings = {'a': 1}\nreport = '# Title'\n%session publish settings report --as out"
    )
    kernel.good("from pathlib import Path\nfile = Path('data.bin')\nfile.write_bytes(b'123')")
    kernel.good("%session publish file\n%session publish data.bin --as copy.bin")
    found = {
        each["path"]: each for each in as_json(kernel.good("%session files --deep --json"))["items"]
    }
    assert set(found) == {
        "output-1.png", "out/settings.json", "out/report.txt", "data.bin", "copy.bin"
    }  # fmt: skip
    numbers = {each["source"].split("\n")[-1]: each["number"] for each in commands(kernel)}
    assert found["output-1.png"]["command"] == 1
    assert (
        found["out/settings.json"]["command"]
        == numbers["%session publish settings report --as out"]
    )
    assert found["output-1.png"]["media_type"] == "image/png"
    assert "no file or folder" in kernel("%session publish nothing").text
    kernel.good("%session pause")
    kernel.good("[1, 2, 3]")
    assert "Published unrecorded.json" in kernel.good("%session publish --as unrecorded.json").text
    kernel.good("%session get copy.bin -o got.bin")
    assert (tmp_path / "one" / "got.bin").read_bytes() == b"123"


def test_a_cell_with_a_password_is_not_recorded(start: Start) -> None:
    kernel = start(JUPYTER_SESSIONS_PASSWORD="the environment's own secret")
    kernel.good("%session new x")
    kernel("%session login foo@127.0.0.1:9")
    kernel("%session account list")
    kernel.good("'after'")
    assert sources(kernel) == ["'after'"]


def test_a_password_is_not_piped_into_a_notebook(start: Start) -> None:
    kernel = start()
    refused = kernel("%session login foo@127.0.0.1:9 --password-stdin")
    assert refused.error.ename == "BadRequest"
    assert "Leave it out" in refused.text


def test_recording_stops_and_goes_on_with_the_session(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    kernel.good("'before'")
    said = kernel.good("%session disable").text
    assert "Not recording: the session is disabled" in said
    kernel.good("'while it is disabled'")
    assert "Recording: each cell" in kernel.good("%session enable").text
    kernel.good("'after'")
    said = kernel.good("%session close --yes").text
    assert "is now a read-only archive" in said
    assert "Not recording: the session is closed" in said
    kernel.good("'too late'")
    assert sources(kernel) == ["'before'", "%session disable", "'after'", "%session close --yes"]
    statuses = kernel.good("%session history --status running").text
    assert "No commands" in statuses
    assert "not recorded" not in kernel.good("%session").text


@pytest.mark.parametrize(
    ("end", "begin"),
    [
        ("%session remove --yes", "%session restore -S {code}"),
        ("%session set active no", "%session set active yes"),
        (
            "%oph_manage_session action=setenv;key=active;value=no;",
            "%oph_manage_session action=setenv;key=active;value=yes;",
        ),
    ],
)
def test_cells_just_before_a_session_ends_are_not_lost(start: Start, end: str, begin: str) -> None:
    kernel = start()
    code = json.loads(kernel.good("%session new x --json").text)["code"]
    slow = "import time\nprint('one')\ntime.sleep(0.8)\nprint('two')"
    for cell in ("1", slow, "'last'", end):
        kernel.good(cell)
    kernel.good(begin.format(code=code))
    kernel.good(f"%session resume {code}")
    recorded = commands(kernel)
    assert [each["source"] for each in recorded][:4] == ["1", slow, "'last'", end]
    assert {each["status"] for each in recorded[:4]} == {"completed"}


def test_recording_goes_on_where_a_session_could_not_be_ended(start: Start) -> None:
    kernel = start()
    kernel.good("%session resume default")
    kernel.good("'before'")
    assert kernel("%session remove --yes").error.ename == "Conflict"
    kernel.good("'after'")
    assert sources(kernel)[-1] == "'after'"
    assert "Recording: each cell" in kernel.good("%session").text


def test_the_environment_says_how_much_of_a_command_is_kept(start: Start) -> None:
    kernel = start(JUPYTER_SESSIONS_COMMAND_BYTES="1000")
    kernel.good("%session new x")
    kernel.good("print('x' * 5000)")
    kept = json.loads(kernel.good("%session response 1").text)
    assert len(str(kept["outputs"])) < 2000
    assert "cut" in kept["note"]
    said = start("two", JUPYTER_SESSIONS_COMMAND_BYTES="lots").good("%session new x").text
    assert "JUPYTER_SESSIONS_COMMAND_BYTES is 'lots', which is not a number of bytes" in said


def test_confirmation_needs_someone_to_ask(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    assert "--yes" in kernel("%session remove").text
    assert "is removed" in kernel.good("%session remove --yes").text
    assert "not attached to a session" in kernel.good("%session").text


def test_switching_sessions_leaves_the_one_before(start: Start) -> None:
    kernel = start()
    first = re.search(r"\d{22}", kernel.good("%session new first").text)
    assert first
    kernel.good("'in the first'")
    kernel.good("%session new second")
    kernel.good("'in the second'")
    assert sources(kernel) == ["'in the second'"]
    resumed = kernel.good(f"%session resume {first[0]}")
    assert "'in the first'" in resumed.text
    kernel.good("'in the first again'")
    assert sources(kernel)[0] == "'in the first'"
    assert "'in the first again'" in sources(kernel)
    assert "'in the second'" not in sources(kernel)


def test_unloading_and_loading_again(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    kernel.good("'recorded'")
    unloaded = kernel.good("%unload_ext jupyter_sessions").text
    left = re.search(r"Recording into session (\d{22}) has ended\.", unloaded)
    assert left, unloaded
    assert "not found" in kernel("%session").text
    kernel.good("'not recorded'")
    loaded = kernel.good("%load_ext jupyter_sessions").text
    assert f"Nothing is recorded now. To continue in session {left[1]}" in loaded
    assert f"%session resume {left[1]}" in loaded
    code = re.search(r"\d{22}", kernel.good("%session list").text)
    assert code
    listed = kernel.good(f"%session history -S {code[0]}").text
    assert "'recorded'" in listed
    assert "'not recorded'" not in listed


def test_recording_goes_on_when_the_extension_is_loaded_once_more(start: Start) -> None:
    kernel = start()
    kernel.good("%session new x")
    kernel.good("%reload_ext jupyter_sessions\n'in the cell that reloads'")
    kernel.good("'after it'")
    assert "Recording:" in kernel.good("%session").text
    assert {"'after it'"} < set(sources(kernel))
    assert any("in the cell that reloads" in source for source in sources(kernel))
    kernel.good("%reload_ext jupyter_sessions")
    kernel.good("%unload_ext jupyter_sessions")
    assert "not found" in kernel("%session").text


def test_the_last_cells_arrive_though_the_kernel_ends_at_once(start: Start, tmp_path: Path) -> None:
    with Kernel(tmp_path / "one") as kernel:
        kernel.good("%load_ext jupyter_sessions\n%session new x")
        kernel.good("'the last cell'")
    assert "'the last cell'" in start("one").good("%session list").text


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%session pub", ["publish"]),
        ("%session account a", ["add"]),
        ("%session history --st", ["--status"]),
        ("%session history --status e", ["error"]),
        ("%session set la", ["label"]),
        ("%session grant ro", ["root"]),
        ("%session grant ba", ["bar"]),
        ("%session grant bar:w", ["bar:write"]),
        ("%session grant bar:read|write|", ["bar:read|write|execute", "bar:read|write|admin"]),
        ("%session view 1", ["1"]),
        ("%session get ", ["--help"]),
        ("%session group opt", ["optics"]),
        ("%session groups add-u", ["add-user"]),
        ("%session groups info opt", ["optics"]),
        ("%session groups add-user optics ba", ["bar"]),
        ("%session grant @", ["@optics"]),
        ("%session login -g opt", ["optics"]),
        ("%session login --sudo ba", ["bar"]),
        ("%%session o", ["off"]),
    ],
)
def test_tab_completes(tabbed: Kernel, line: str, offered: list[str]) -> None:
    reply = tabbed.complete(line)
    assert reply["matches"] == offered
    assert line[: reply["cursor_start"]] + offered[0] == line.rpartition(" ")[0] + f" {offered[0]}"


def test_tab_offers_codes_with_their_labels(tabbed: Kernel) -> None:
    for line in ("%session resume ", "%session show -S "):
        reply = tabbed.complete(line)
        types = reply["metadata"]["_jupyter_types_experimental"]
        assert [each["type"] for each in types] == ["With a label"]
        assert re.fullmatch(r"\d{22}", reply["matches"][0])


def test_tab_leaves_other_lines_alone(tabbed: Kernel) -> None:
    assert "print" in tabbed.complete("pri")["matches"]
    assert tabbed.complete("x = '%session pub")["matches"] == []


def test_tab_offers_variables_and_files_to_publish(tabbed: Kernel) -> None:
    tabbed.good(
        "import pathlib; pathlib.Path('a_folder').mkdir()\nopen('a_folder/f.txt', 'w').close()"
    )
    assert tabbed.complete("%session publish a_")["matches"] == ["a_variable", "a_folder/"]
    assert tabbed.complete("%session publish a_folder/")["matches"] == ["a_folder/f.txt"]


@pytest.fixture(scope="module")
def tabbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Kernel(tmp_path_factory.mktemp("tab")) as kernel:
        kernel.good("%load_ext jupyter_sessions\n%session new 'With a label'\na_variable = 1")
        kernel.good(
            "import getpass; getpass.getpass = lambda _: 'correct horse battery'\n"
            "%session account add bar"
        )
        kernel.good("%session groups add optics")
        kernel.good("'recorded'")
        kernel.good("%session history")
        yield kernel
