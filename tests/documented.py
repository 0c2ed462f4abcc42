"""A reader who does what the documentation prints: in a shell, a notebook, a script; in a home."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.conftest import PASSWORD
from tests.notebook.kernels import Kernel, Terminal
from tests.ports import free_port
from tests.processes import end_process
from tests.terminals import EOF, spawn
from tests.waiting import answers, until

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^```([^\n`]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SERVES = re.compile(r"^jupyter sessions serve\b.*$", re.MULTILINE)
_KEPT = re.compile(r"^(?:export )?[A-Z_]+=\S+$|^(?:export )?[A-Z_]+=\$\(.*\)\S*$", re.MULTILINE)


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each code block of a page; directives are none."""
    found = FENCED.findall((ROOT / page).read_text())
    return [(language, text) for language, text in found if not language.startswith("{")]


@dataclass
class Reader:
    """Someone who follows a page from its first block to its last.

    Attributes
    ----------
    home
        The folder of Jupyter's folders, which the shell and the notebook share.
    folder
        Where the shell, and what it starts, works.
    filled
        What stands for each placeholder.
    """

    home: Path
    folder: Path
    stack: ExitStack
    filled: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _server: subprocess.Popen[bytes] | None = None
    _kept: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the shell's programs get: the environment is active, as the README says."""
        return os.environ | {"PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"}

    @cached_property
    def notebook(self) -> Kernel:
        """The reader's own notebook, in the home that the shell has too."""
        return self._kernel(self.home)

    @cached_property
    def colleague(self) -> Kernel:
        """A colleague's notebook, in a home of its own."""
        return self._kernel(self.home.parent / "colleague")

    def _kernel(self, home: Path) -> Kernel:
        return self.stack.enter_context(Kernel(home, JUPYTER_SESSIONS_PASSWORD=PASSWORD))

    @property
    def server(self) -> str:
        """The address of the server that was started last."""
        return f"http://127.0.0.1:{self.port}"

    def fill(self, text: str) -> str:
        """Put in what stands for each placeholder, the longest first."""
        usual = {"8765": str(self.port)}
        for name, value in sorted((usual | self.filled).items(), key=lambda pair: -len(pair[0])):
            alone = rf"(?<![A-Za-z0-9_$]){re.escape(name)}(?![A-Za-z0-9_=])"
            text = re.sub(alone, value.replace("\\", r"\\"), text)
        return text

    # ---- what a block is

    def run_in_shell(self, text: str) -> str:
        """Type the lines into a shell; a server goes on running, as in a terminal of its own."""
        text = self.fill(text)
        printed, at = "", 0
        for found in _SERVES.finditer(text):
            printed += self._bash(text[at : found.start()])
            self.serve(found[0])
            at = found.end()
        printed += self._bash(text[at:])
        self._kept += _KEPT.findall(text)
        return printed

    def _bash(self, text: str) -> str:
        if not text.strip():
            return ""
        shell = spawn(
            "bash",
            ["-euo", "pipefail", "-c", "\n".join([*self._kept, text])],
            env=self.environment | {"TERM": "dumb", "NO_COLOR": "1"},
            cwd=str(self.folder),
            rows=50,
        )
        asked = (r"[Pp]assword[^\n]*: $", r"Repeat password: $", r"\[y/N\]:? $")
        answers = dict(zip(asked, (PASSWORD, PASSWORD, "y"), strict=True))
        printed = ""
        while True:
            which = shell.expect([*answers, EOF])
            printed += shell.before
            if which == len(answers):
                break
            shell.sendline([*answers.values()][which])
        shell.wait()  # it may close its terminal before it ends, and closing it ends what runs
        shell.close()
        assert shell.exitstatus == 0, f"{text}\n{printed}"
        return printed

    def serve(self, line: str) -> None:
        """Start a server by a line, in place of the one before."""
        self.stop()
        typed = line if "--port" in line else f"{line} --port={self.port}"
        log = self.folder / "serve.log"
        with log.open("wb") as output:
            self._server = subprocess.Popen(
                ["bash", "-c", f"exec {typed}"],
                stdout=output, stderr=output, env=self.environment, cwd=self.folder,
            )  # fmt: skip
        self.stack.callback(self.stop)
        server = self._server

        def is_up() -> bool:
            assert server.poll() is None, log.read_text()
            return answers(self.server)

        until(is_up, "the server")

    @property
    def served(self) -> str:
        """What the server has said."""
        return (self.folder / "serve.log").read_text()

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            end_process(self._server, self.folder / "serve.log")
            self._server = None

    def run_in_notebook(self, text: str) -> str:
        """Run a cell in the reader's own notebook."""
        return self.notebook.good(self.fill(text)).text

    def run_at_colleague(self, text: str) -> str:
        """Run a cell in the colleague's notebook."""
        return self.colleague.good(self.fill(text)).text

    def run_as_script(self, text: str) -> str:
        """Run a script."""
        done = subprocess.run(
            [sys.executable, "-c", self.fill(text)],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_in_ipython(self, text: str) -> str:
        """Type the lines into IPython in a terminal."""
        terminal = Terminal(self.home)
        printed = "".join(terminal.type(line) for line in self.fill(text).splitlines())
        terminal.end()
        assert "Error" not in printed, printed
        return printed

    def json(self, line: str) -> Any:
        """Run a command, and return its answer."""
        return json.loads(self.run_as_script(
            "import sys; from jupyter_sessions.cli.shell import main\n"
            f"main({[*line.split(), '--json']!r})"
        ))  # fmt: skip


# ---- what can be said of a block without running it


def parse_bash(text: str) -> None:
    """Have bash read it."""
    done = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def parse_unit(text: str) -> None:
    """Read a unit of systemd's."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # as its documentation says
    parser.read_string(text)
    assert {"Unit", "Service", "Install"} <= set(parser.sections())
    assert parser["Service"]["ExecStart"].split()[1:3] == ["sessions", "serve"]


def parse_environment(text: str) -> None:
    """Read a file of variables, and see that the program knows them and the database."""
    from jupyter_sessions import paths
    from jupyter_sessions.store.engines import check_url

    variables = dict(line.split("=", 1) for line in text.splitlines())
    assert set(variables) == {paths.DATABASE_VARIABLE, paths.BLOBS_VARIABLE}
    check_url(variables[paths.DATABASE_VARIABLE])


def parse_nginx(text: str) -> None:
    """Read the grammar of nginx: directives that end in a semicolon, and blocks in braces."""
    depth = 0
    for line in text.splitlines():
        told = line.split("#")[0].strip()
        if not told:
            continue
        assert told[-1] in ";{}", line
        depth += told.count("{") - told.count("}")
        assert depth >= 0, line
    assert depth == 0


def parse_configuration(text: str) -> None:
    """Read a configuration as traitlets does."""
    from traitlets.config.loader import PyFileConfigLoader

    file = Path("configuration.py")
    file.write_text(text)
    assert PyFileConfigLoader(str(file)).load_config()


Check = Callable[[str], None]
