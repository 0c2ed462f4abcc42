"""Recording in plain IPython, in a pseudo-terminal and without one."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.recorder.conftest import Recordings
from tests.terminals import EOF, TIMEOUT, spawn
from tests.waiting import STARTED_WITHIN

IPYTHON = str(Path(sys.executable).with_name("ipython"))
PROMPT = r"In \[\d+\]: ?"


class Terminal:
    """IPython as someone sees it who types one line after the other."""

    def __init__(self, *options: str) -> None:
        arguments = ["--no-banner", "--no-confirm-exit", "--colors=NoColor", *options]
        self.process = spawn(IPYTHON, arguments)
        self.process.expect(PROMPT)

    def type(self, line: str) -> str:
        """Type a line and wait for the next prompt; return what showed in between."""
        self.process.sendline(line)
        self.process.expect(PROMPT)
        return str(self.process.before)

    def leave(self) -> None:
        """End IPython and wait until it has."""
        self.process.sendline("exit")
        self.process.expect(EOF)
        self.process.close()


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened = []

    def open_terminal(*options: str) -> Terminal:
        opened.append(Terminal(*options))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.process.close(force=True)


@pytest.fixture
def recorded(terminal: Callable[..., Terminal], recordings: Recordings, tmp_path: Path) -> Terminal:
    """A terminal with a simple prompt and recording on."""
    return start(terminal("--simple-prompt"), recordings, tmp_path)


def start(one: Terminal, recordings: Recordings, folder: Path) -> Terminal:
    script = folder / "start.py"
    script.write_text(recordings.start)
    one.type(f"get_ipython().run_cell(open({str(script)!r}).read()); None")
    return one


def stream(text: str, name: str = "stdout") -> dict[str, object]:
    return {"output_type": "stream", "name": name, "text": text}


#: Lines, and what is stored of each.
LINES: dict[str, list[dict[str, Any]]] = {
    "print('out')": [stream("out\n")],
    "import sys; print('a'); print('b', file=sys.stderr); print('c')": [
        stream("a\n"),
        stream("b\n", "stderr"),
        stream("c\n"),
    ],
    "_ = sys.stderr.write('no line end'), print('then')": [
        stream("then\n"),
        stream("no line end", "stderr"),
    ],
    "6 * 7": [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "42"},
            "metadata": {},
            "execution_count": 5,
        }
    ],
    "!echo 1; echo 2 >&2; echo 3": [stream("1\n2\n3\n")],
    "import subprocess as s; s.run(['echo', 'from a process']).returncode;": [
        stream("from a process\n")
    ],
    "import os; os.write(1, b'written\\n');": [stream("written\n")],
    "from threading import Thread; t = Thread(target=print, args=('in a thread',)); t.start(); "
    "t.join()": [stream("in a thread\n")],
    "display(1); print('between'); display('2')": [
        {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
        stream("between\n"),
        {"output_type": "display_data", "data": {"text/plain": "'2'"}, "metadata": {}},
    ],
    "from IPython.display import HTML; display(HTML('<b>x</b>'))": [
        {
            "output_type": "display_data",
            "data": {
                "text/html": "<b>x</b>",
                "text/plain": "<IPython.core.display.HTML object>",
            },
            "metadata": {},
        }
    ],
    "from multiprocessing import get_context; p = get_context('fork').Process(target=lambda: "
    "(print('forked'), print('there', file=sys.stderr), display(5))); p.start(); p.join()": [
        stream("forked\n"),
        stream("there\n", "stderr"),
        stream("5\n"),
    ],
    "import asyncio; await asyncio.sleep(0.01); print('awaited')": [stream("awaited\n")],
    "%no_such_magic": [
        stream("UsageError: Line magic function `%no_such_magic` not found.\n", "stderr")
    ],
    "for i in range(3): print(f'{i}0%', end='\\r')\n": [stream("20%")],
    "print('é'.encode().decode(), '\\N{SNOWMAN}')": [stream("é ☃\n")],
    "print('gone'); from IPython.display import clear_output; clear_output(); print('kept')": [
        stream("kept\n")
    ],
    "os.isatty(1), os.isatty(2), os.get_terminal_size().columns;": [],
    "print('gone\\nerased', end=''); print('\\x1b[2K\\x1b[1A\\x1b[2K\\rkept')": [stream("kept\n")],
    "print('\\x1b[31mred\\x1b[0m\\rX')": [stream("X\x1b[31med\x1b[0m\n")],
    "print('10%', end='', file=sys.stderr, flush=True); print('\\rdone')": [stream("done\n")],
    "print('\\x1b[?1049h full screen \\x1b[?1049l', 'after')": [stream(" after\n")],
}


FULL_SCREEN = """
import curses, time

def draw(screen):
    curses.use_default_colors()
    for row in range(5):
        screen.addstr(row, 10 * row, "here")
        screen.refresh()
    screen.move(7, 3)
    screen.refresh()
    screen.addstr("end")
    screen.refresh()

curses.wrapper(draw)
"""


def test_each_line_is_recorded_as_it_showed(recorded: Terminal, recordings: Recordings) -> None:
    for line in LINES:
        recorded.type(line)
        if line.endswith("\n"):
            recorded.type("")
    recorded.leave()
    assert [source.strip() for source in recordings.commands()] == [line.strip() for line in LINES]
    for line, outputs in LINES.items():
        source = next(s for s in recordings.commands() if s.strip() == line.strip())
        assert recordings.outputs(source) == outputs, line


def test_what_shows_is_the_same_byte_for_byte(
    recorded: Terminal, terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    plain = terminal("--simple-prompt")
    plain.type("None")
    full_screen = tmp_path / "full_screen.py"
    full_screen.write_text(FULL_SCREEN)
    more = [
        f"!{sys.executable} {full_screen}",
        "1/0",
        "input('no end? ' if 0 else '') if 0 else len(__import__('shutil').get_terminal_size())",
        "print('\\x1b[31mred\\x1b[0m', end='\\r\\n')",
        "!printf 'tty %s\\n' $(test -t 1 && test -t 2 && echo yes)",
        "print('x' * 100_000)",
        "os.write(2, b'native error\\n');",
        "display({'text/plain': 'raw'}, raw=True)",
        "display(3, display_id='three').update(4)",
        "1 = 2",
    ]
    # A line on stderr that is not ended shows when it is flushed, which is sooner when recorded.
    for line in [line for line in LINES if "\n" not in line and "no line end" not in line] + more:
        assert recorded.type(line) == plain.type(line), line


def test_an_error_is_recorded_with_its_traceback(
    recorded: Terminal, recordings: Recordings
) -> None:
    shown = recorded.type("1/0")
    recorded.leave()
    response = recordings.commands()["1/0"].response
    assert response is not None
    assert response.status == "error"
    [output] = recordings.outputs("1/0")
    assert (output["ename"], output["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "\n".join(output["traceback"]) in shown.replace("\r\n", "\n")  # type: ignore[arg-type]


def test_a_failure_without_an_error_output_is_an_error(
    recorded: Terminal, recordings: Recordings
) -> None:
    recorded.type("%no_such_magic")
    recorded.leave()
    response = recordings.commands()["%no_such_magic"].response
    assert response is not None
    assert response.status == "error"


def test_updating_a_display_changes_the_command_that_displayed_it(
    recorded: Terminal, recordings: Recordings
) -> None:
    recorded.type("handle = display('first', display_id=True)")
    recorded.type("handle.update('second')")
    recorded.leave()
    [output] = recordings.outputs("handle = display('first', display_id=True)")
    assert output["data"] == {"text/plain": "'second'"}
    assert recordings.outputs("handle.update('second')") == []


def test_input_works_and_what_was_typed_is_recorded(
    recorded: Terminal, recordings: Recordings
) -> None:
    recorded.process.sendline("name = input('name? '); print('hello', name)")
    recorded.process.expect(r"name\? ")
    recorded.type("bob")
    recorded.leave()
    source = "name = input('name? '); print('hello', name)"
    assert recordings.outputs(source) == [stream("name? bob\nhello bob\n")]


def interrupted(one: Terminal) -> str:
    """Interrupt what runs until the prompt is back; return what showed, without the keys' echo.

    Python loses an interrupt that comes between an input's prompt and its waiting for a line.
    """
    for _ in range(6):
        one.process.sendintr()
        # Long: another interrupt while the traceback is on its way would show, too.
        if one.process.expect([PROMPT, TIMEOUT], timeout=15) == 0:
            return str(one.process.before).replace("^C", "")
    raise AssertionError("no interrupt brought the prompt back")


def test_an_interrupted_input_shows_the_traceback_that_it_always_did(
    recorded: Terminal, terminal: Callable[..., Terminal]
) -> None:
    plain = terminal("--simple-prompt")
    plain.type("None")
    shown = []
    for one in (recorded, plain):
        one.process.sendline("input('wait ')")
        one.process.expect("wait .*wait ")
        shown.append(interrupted(one))
    assert "KeyboardInterrupt" in shown[0]
    assert shown[0] == shown[1]


def test_the_debugger_works(recorded: Terminal, recordings: Recordings) -> None:
    source = "x = 5; import pdb; pdb.Pdb().set_trace(); x"
    recorded.process.sendline(source)
    recorded.process.expect(r"\(Pdb\) ")
    recorded.process.sendline("p x + 100")
    recorded.process.expect("105")
    recorded.process.expect(r"\(Pdb\) ")
    recorded.type("c")
    recorded.leave()
    text = "".join(str(output.get("text", "")) for output in recordings.outputs(source))
    assert "105\n" in text


def test_a_program_that_sets_the_modes_of_its_terminal_gets_its_keys(recorded: Terminal) -> None:
    raw = (
        "import tty, termios; old = termios.tcgetattr(1); _ = tty.setcbreak(1), print('key?');"
        " key = os.read(0, 1); termios.tcsetattr(1, 0, old); print('got', key)"
    )
    recorded.type("import os")
    recorded.process.sendline(raw)
    recorded.process.expect("'got', key")
    recorded.process.expect("key[?]\r\n")
    recorded.process.send("q")
    recorded.process.expect("got b'q'")
    recorded.process.expect(PROMPT)
    assert "typed" in recorded.type("print('ty' + 'ped')")


def test_the_size_of_the_terminal_is_followed(recorded: Terminal) -> None:
    recorded.type("import os, time")
    columns = "lambda: (time.sleep(0.05), os.get_terminal_size().columns)[1]"
    awaited = f"list(iter({columns}, 77))"
    recorded.process.sendline(f"print('be' 'gun'), {awaited}, print(os.get_terminal_size())")
    recorded.process.expect("begun")
    recorded.process.setwinsize(30, 77)
    recorded.process.expect("columns=77, lines=30")
    recorded.process.expect(PROMPT)


def test_text_of_a_process_that_outlives_its_command_is_added_to_it(
    recorded: Terminal, recordings: Recordings, tmp_path: Path
) -> None:
    go_on = tmp_path / "go-on"
    waits = f"until [ -e {go_on} ]; do sleep 0.05; done; echo late"
    source = f"import subprocess; p = subprocess.Popen({waits!r}, shell=True)"
    recorded.type(source)
    go_on.touch()
    recorded.process.expect("late\r\n")
    recordings.wait_for(lambda recordings: recordings.outputs(source) == [stream("late\n")])


def test_what_threads_print_at_the_prompt_is_added_to_the_last_command(
    terminal: Callable[..., Terminal], recordings: Recordings, tmp_path: Path
) -> None:
    one = terminal()
    # prompt_toolkit asks the terminal where its cursor is, and draws once it knows or gives up.
    one.process.send("\x1b[1;1R")
    script = tmp_path / "start.py"
    script.write_text(recordings.start)
    lines = [
        f"get_ipython().run_cell(open({str(script)!r}).read()); None",
        "import threading; threading.Timer(1, print, ['late']).start()",
    ]
    for line in lines:
        time.sleep(0.5)
        one.process.send(line + "\r")
        one.process.expect(PROMPT)
    recordings.wait_for(
        lambda recordings: (
            lines[1] in recordings.commands() and recordings.outputs(lines[1]) == [stream("late\n")]
        )
    )


def test_a_long_command_is_told_of_while_it_runs(
    recorded: Terminal, recordings: Recordings
) -> None:
    source = "import time; time.sleep(1)"
    recorded.type(source)
    responses = [r.response is not None for r in recordings.all() if r.request.source == source]
    recordings.wait_for(lambda recordings: recordings.commands()[source].response is not None)
    assert responses[0] is False


def test_skipping_pausing_and_stopping(recorded: Terminal, recordings: Recordings) -> None:
    lines = [
        "print(1)",
        "print('hidden'); recording.skip_current_cell()",
        "recording.pause()",
        "print(2)",
        "recording.unpause()",
        "print(3)",
        "print('last'); recording.stop(90);",
        "print(4)",
    ]
    for line in lines:
        recorded.type(line)
    recorded.leave()
    assert list(recordings.commands()) == [lines[0], lines[2], lines[5], lines[6]]
    assert recordings.outputs(lines[6]) == [stream("last\n")]


def test_a_command_within_a_command_is_part_of_it(
    recorded: Terminal, recordings: Recordings
) -> None:
    source = "get_ipython().run_cell('print(1)'); print(2)"
    recorded.type(source)
    recorded.leave()
    assert list(recordings.commands()) == [source]
    assert recordings.outputs(source) == [stream("1\n2\n")]


@pytest.mark.parametrize("typed", ["exit", "quit", "exit()", "quit ( )"])
def test_the_line_that_ends_ipython_is_not_a_command(
    recorded: Terminal, recordings: Recordings, typed: str
) -> None:
    recorded.type("quit_at = exit")
    recorded.process.sendline(typed)
    recorded.process.expect(EOF)
    assert list(recordings.commands()) == ["quit_at = exit"]


#: Lines, and how many pictures are stored of each.
FIGURES = {
    "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt;"
    " _ = plt.plot([1, 2]); plt.show()": 1,
    "plt.show()": 0,  # nothing has changed
    "_ = plt.plot([2, 1]); plt.show()": 1,
    "fig = plt.gcf(); plt.close(fig)": 0,
    "fig": 1,
    "display(fig)": 1,
    "from matplotlib.figure import Figure; empty = Figure(); empty": 0,
    "a, b = plt.subplots()[0], plt.subplots()[0]; plt.show()": 2,
    "plt.gcf() is b": 0,
    "[fig]": 0,
}


def test_figures_are_recorded_as_pictures(recorded: Terminal, recordings: Recordings) -> None:
    shown = [recorded.type(line) for line in FIGURES]
    recorded.leave()
    assert "Figure" in shown[4]
    for line, pictures in FIGURES.items():
        bundles: list[Any] = [output.get("data", {}) for output in recordings.outputs(line)]
        found = [bundle["image/png"] for bundle in bundles if "image/png" in bundle]
        assert len(found) == pictures, line
        assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in found)
        assert all(
            "<Figure" in str(bundle["text/plain"]) for bundle in bundles if "image/png" in bundle
        )
    assert recordings.outputs("plt.gcf() is b")[0]["data"] == {"text/plain": "True"}


def test_without_a_terminal_text_is_recorded_and_passed_on(
    recordings: Recordings, tmp_path: Path
) -> None:
    code = (
        "import os, sys; print('a', flush=True); os.system('echo b; echo c >&2');"
        " print('d', file=sys.stderr);"
    )
    script = tmp_path / "start.py"
    script.write_text(recordings.start)
    lines = f"get_ipython().run_cell(open({str(script)!r}).read());\n{code}\nexit\n"
    done = subprocess.run(
        [IPYTHON, "--no-banner", "--simple-prompt", "--colors=NoColor"],
        input=lines,
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN,
        check=True,
    )
    assert "a\nb\n" in done.stdout
    assert done.stderr == "c\nd\n"
    assert recordings.outputs(code) == [stream("a\nb\n"), stream("c\nd\n", "stderr")]


def test_a_shell_without_file_descriptors_is_recorded_from_pythons_streams(
    recordings: Recordings, tmp_path: Path
) -> None:
    program = tmp_path / "embedded.py"
    program.write_text(
        "import io, sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "class Stream(io.StringIO): pass\n"
        "sys.stdout, sys.stderr = Stream(), Stream()\n"
        "shell = InteractiveShell.instance()\n"
        "get_ipython = lambda: shell\n"
        f"{recordings.start}\n"
        "shell.run_cell('print(1); display(2); 3', store_history=True)\n"
        "recording.stop(90)\n"
        "assert '1\\n2\\nOut[1]: 3' in sys.stdout.getvalue(), sys.stdout.getvalue()\n"
    )
    subprocess.run([sys.executable, str(program)], check=True, timeout=STARTED_WITHIN)
    assert [output["output_type"] for output in recordings.outputs("print(1); display(2); 3")] == [
        "stream",
        "display_data",
        "execute_result",
    ]


OPTIONS = ("--no-banner", "--no-confirm-exit", "--simple-prompt", "--colors=NoColor")
SCRIPT = "print('from the script')"


def run_ipython(folder: Path, *arguments: str, typed: str = "") -> int:
    done = subprocess.run(
        [IPYTHON, *OPTIONS, *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN,
        cwd=folder,
        check=False,
    )
    return done.returncode


def write_script(folder: Path, ending: str, source: str) -> list[str]:
    """Return the arguments that have IPython run a source."""
    if ending == "-c":
        return ["-c", source]
    (folder / f"script{ending}").write_text(source)
    return [f"script{ending}"]


@pytest.mark.parametrize("ending", ["-c", ".ipy", ".py"])
def test_what_the_command_line_runs_is_recorded_where_it_begins_that_itself(
    recordings: Recordings, tmp_path: Path, ending: str
) -> None:
    source = f"print('before')\n{recordings.start}\n{SCRIPT}\n1/0"
    run_ipython(tmp_path, *write_script(tmp_path, ending, source))
    [recorded] = recordings.commands().values()
    assert recorded.request.source == source
    assert recorded.response is not None
    assert recorded.response.status == "error"
    text, error = recordings.outputs(source)
    assert text == stream("from the script\n")
    assert error["ename"] == "ZeroDivisionError"


@pytest.mark.parametrize("ending", ["-c", ".ipy", ".py"])
def test_what_the_command_line_runs_is_recorded_where_something_before_began_that(
    recordings: Recordings, tmp_path: Path, ending: str
) -> None:
    (tmp_path / "start.py").write_text(recordings.start)
    nested = f"{SCRIPT}\nget_ipython().run_cell('2', silent=True); None"
    begun = "--InteractiveShellApp.exec_files=['start.py']"
    run_ipython(tmp_path, begun, *write_script(tmp_path, ending, nested))
    assert list(recordings.commands()) == [nested]
    [response] = [recorded.response for recorded in recordings.commands().values()]
    assert response is not None
    assert (response.status, response.note) == ("completed", "")
    assert recordings.outputs(nested) == [stream("from the script\n")]


def test_what_is_typed_after_a_script_is_a_command_of_its_own(
    recordings: Recordings, tmp_path: Path
) -> None:
    source = f"{recordings.start}\n{SCRIPT}"
    script = write_script(tmp_path, ".py", source)
    run_ipython(tmp_path, "-i", *script, typed="print('typed')\n")
    assert list(recordings.commands()) == [source, "print('typed')"]
    assert recordings.outputs(source) == [stream("from the script\n")]


def test_a_script_with_a_secret_is_not_recorded(recordings: Recordings, tmp_path: Path) -> None:
    recordings.options = {"leaves_out": 0}
    start = recordings.start.replace(
        "**{'leaves_out': 0}", "leaves_out=lambda s: 'SEC' + 'RET' in s"
    )
    for word in ("SECRET", "PUBLIC"):
        run_ipython(tmp_path, "-c", f"{start}\nprint('{word}')")
    assert list(recordings.commands()) == [f"{start}\nprint('PUBLIC')"]
