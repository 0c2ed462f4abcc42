"""Every code block of the README and the documentation, run as it is printed, page by page."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PASSWORD
from tests.documented import (
    ROOT,
    Check,
    Reader,
    blocks,
    parse_bash,
    parse_configuration,
    parse_environment,
    parse_nginx,
    parse_unit,
)

Step = Callable[[Reader, str], object]
ME = getpass.getuser()

shell: Step = Reader.run_in_shell
notebook: Step = Reader.run_in_notebook
colleague: Step = Reader.run_at_colleague
script: Step = Reader.run_as_script
ipython: Step = Reader.run_in_ipython


@dataclass(frozen=True)
class Checked:
    """A block that is not run: why, and what is checked of it."""

    why: str
    check: Check = parse_bash

    def __call__(self, reader: Reader, text: str) -> None:
        self.check(text)


@dataclass(frozen=True)
class RunBy:
    """A block that another test runs as it is printed."""

    test: str

    def __call__(self, reader: Reader, text: str) -> None:
        assert (ROOT / self.test).is_file()


@dataclass(frozen=True)
class After:
    """A block, after something that the page says has happened, or that stands for it."""

    before: Callable[[Reader], object]
    step: Step

    def __call__(self, reader: Reader, text: str) -> object:
        self.before(reader)
        return self.step(reader, text)


INSTALLS = Checked("downloads for minutes; tests/test_packaging.py and tests/demo do the same")
AS_ROOT = Checked("needs root, Debian's packages and their services")
POSTGRESQL = Checked("needs a PostgreSQL of the system; the tests start one of their own")
LAB = Checked("runs until it is stopped; tests/lab start it")


# ---- what the pages take for granted


def account(*names: str) -> Callable[[Reader], None]:
    def make(reader: Reader) -> None:
        (reader.folder / "password.txt").write_text(PASSWORD)
        for name in names:
            reader.run_in_shell(
                f"jupyter sessions account add {name} --password-stdin < password.txt"
            )

    return make


def serving(reader: Reader, *options: str) -> None:
    reader.serve(" ".join(["jupyter sessions serve", *options]))
    reader.filled |= {"https://sessions.example.org": reader.server, "HOST": "127.0.0.1"}
    reader.filled |= {"sessions.example.org": reader.server, "192.0.2.10": "127.0.0.1"}


def in_session(reader: Reader, *cells: str) -> None:
    """Have the notebook record into a session, with these commands in it."""
    reader.notebook.good("%load_ext jupyter_sessions\n%session new Prepared")
    for cell in cells:
        reader.notebook.good(cell)
    know_session(reader)


def know_session(reader: Reader) -> None:
    """Take the code and the URL from what the notebook's `show` prints."""
    import json

    shown = json.loads(reader.notebook.good("%session show --json").text)
    reader.filled |= {"CODE": shown["code"], "1234567890123456789012": shown["code"]}
    if shown["url"]:
        reader.filled["URL"] = shown["url"]


def granted_and_shown(reader: Reader, text: str) -> None:
    """Grant, and take the URL that `web` prints first for the colleague."""
    printed = reader.run_in_notebook(text)
    found = re.search(r"http://([^\s/:]+):\d+/\S+/experiment", printed)
    assert found, printed
    reader.filled |= {"URL": found[0], "HOST": found[1]}


def failing(reader: Reader, text: str) -> None:
    assert reader.notebook(reader.fill(text)).error is not None


def prepare_backup(reader: Reader) -> None:
    reader.run_in_shell("jupyter sessions new Kept && jupyter sessions show")


def restored(reader: Reader, text: str) -> None:
    reader.run_in_shell("jupyter sessions remove --yes")
    reader.run_in_shell(text)
    assert "Kept" in reader.run_in_shell("jupyter sessions list")


def health_shown(reader: Reader, text: str) -> None:
    import json

    reader.serve("jupyter sessions serve")
    health = f"{reader.server}/sessions/api/health"
    shown = json.loads(reader.run_in_shell(f"curl --silent {health}"))
    assert set(shown) == set(json.loads(text))


def prepare_ophidia(reader: Reader) -> None:
    account("foo")(reader)
    serving(reader)
    reader.filled["1234567890123456789012"] = reader.json("new Other")["code"]


def invited(reader: Reader, text: str) -> None:
    printed = reader.run_in_notebook(text)
    key = re.search(r"jinv_[\w-]+", printed)
    number = re.search(r"Invitation (\d+)", printed)
    assert key and number, printed
    reader.filled |= {"jinv_KEY": key[0], "3": number[1]}


def prepare_invitation(reader: Reader) -> None:
    account("bar")(reader)
    serving(reader, "--SessionsExtension.guests=True")
    in_session(reader)


def colleague_logged_in(reader: Reader) -> None:
    reader.colleague.good(f"%load_ext jupyter_sessions\n%session login bar@{reader.server}")


def two_guests(reader: Reader, text: str) -> None:
    """Come in by either of two lines, as someone else each time."""
    reader.colleague.good("%session logout")
    first, second = reader.fill(text).splitlines()
    reader.colleague.good(first)
    reader.colleague.good("%session logout")
    reader.colleague.good(second.replace("gail", "gus"))


def prepare_logins(reader: Reader) -> None:
    account("bar")(reader)
    reader.run_in_shell("jupyter sessions groups add optics --owner bar")
    serving(reader)


def several_logins(reader: Reader, text: str) -> None:
    """Log in twice, and switch to one of those that the list names."""
    before, at, after = text.partition("jupyter sessions switch")
    reader.run_in_shell(before)
    reader.filled["3f2a91c0"] = reader.json("logins")["items"][-1]["id"]
    reader.run_in_shell(at + after)


def prepare_key(reader: Reader) -> None:
    reader.run_in_shell("jupyter sessions key --show > key-file")


def prepare_login_for(reader: Reader) -> None:
    reader.run_in_shell("jupyter sessions switch --own")
    reader.filled["12"] = str(reader.json("login-for bar")["login"]["id"])


def write_night(reader: Reader) -> None:
    import nbformat

    know_session(reader)
    (text,) = (text for language, text in blocks("docs/how-to/nbclient.md")[:1])
    cells = [nbformat.v4.new_code_cell(reader.fill(text)), nbformat.v4.new_code_cell("6 * 7")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), reader.folder / "night.ipynb")


def code_in_variable(reader: Reader) -> None:
    reader.notebook.good(f"session = {reader.filled['CODE']!r}")


def without_papermill(reader: Reader, text: str) -> None:
    """Run all but papermill, which is not among what the tests need."""
    parse_bash(text)
    lines = [line for line in text.splitlines() if not line.startswith("papermill")]
    assert len(lines) < len(text.splitlines())
    reader.run_in_shell("\n".join(lines))


def prepare_robot(reader: Reader) -> None:
    account("robot")(reader)
    serving(reader)


def prepare_publishing(reader: Reader) -> None:
    for folder in (reader.home, reader.folder):
        (folder / "plots").mkdir()
        (folder / "plots" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        (folder / "results").mkdir()
        (folder / "results" / "scores.json").write_text("{}")
        (folder / "report.html").write_text("<p>It rained.")
        (folder / "data.nc").write_bytes(b"CDF")
    in_session(
        reader,
        "import pandas as pd, matplotlib.pyplot as plt\n"
        "weather = pd.DataFrame({'rain': [1, 2]})\nfig, _ = plt.subplots()",
        "weather",
    )


def prepare_sharing(reader: Reader) -> None:
    in_session(reader, *(f"x = {number}" for number in range(1, 8)))
    reader.filled |= {"192.0.2.10": "127.0.0.1", "anna": ME}


def served_by_configuration(reader: Reader, text: str) -> None:
    (reader.folder / "config.py").write_text(reader.fill(text))
    reader.serve("jupyter sessions serve --config=config.py")
    assert "%session login NAME@https://sessions.example.org\n" in reader.served


def prepare_members(reader: Reader) -> None:
    account("anna", "ben")(reader)
    serving(reader)
    reader.notebook.good("%load_ext jupyter_sessions")


def prepare_widgets(reader: Reader) -> None:
    serving(reader)
    in_session(reader, "1 / 1")
    reader.filled["12"] = "1"


def me_in_optics(reader: Reader) -> None:
    reader.run_in_shell(f"jupyter sessions groups add-user optics {ME}")
    reader.notebook.good("%load_ext jupyter_sessions")


def waiting_nowhere(reader: Reader) -> None:
    reader.filled["CODE"] = reader.json("new One")["code"]
    reader.filled["OTHER"] = reader.json("new Other")["code"]


def stop_serving(reader: Reader) -> None:
    reader.stop()


#: What is done with each block of each page, in order.
PAGES: dict[str, list[Step]] = {
    "README.md": [
        INSTALLS,
        notebook,
        shell,
        notebook,
        shell,
        script,
        After(stop_serving, shell),
        granted_and_shown,
        colleague,
        Checked("runs this test, and all others"),
    ],
    "CONTRIBUTING.md": [INSTALLS, INSTALLS, INSTALLS, INSTALLS],
    "docs/architecture.md": [Checked("a drawing; tests/test_architecture_page.py", len)] * 7,
    "docs/tutorial.md": [
        INSTALLS,
        LAB,
        notebook,
        notebook,
        notebook,
        failing,
        notebook,
        notebook,
        shell,
        granted_and_shown,
        colleague,
        colleague,
        colleague,
        # Nobody can be asked in this notebook.
        lambda reader, text: reader.run_in_notebook(text.replace("close", "close --yes")),
    ],
    "docs/how-to/backup.md": [
        After(prepare_backup, shell),
        restored,
        shell,
        POSTGRESQL,
        POSTGRESQL,
        shell,
        health_shown,
    ],
    "docs/how-to/from-ophidia.md": [After(prepare_ophidia, notebook), notebook, notebook],
    "docs/how-to/groups.md": [
        After(account("anna", "ben", "cleo"), shell),
        shell,
        After(me_in_optics, notebook),
        notebook,
        notebook,
        shell,
    ],
    "docs/how-to/invite.md": [
        After(prepare_invitation, invited),
        After(colleague_logged_in, colleague),
        two_guests,
        notebook,
        After(stop_serving, shell),
        notebook,
    ],
    "docs/how-to/ipython.md": [ipython],
    "docs/how-to/jupyterlab.md": [],
    "docs/how-to/logins.md": [
        After(prepare_logins, several_logins),
        After(lambda reader: reader.filled.update({"…": PASSWORD}), shell),
        After(prepare_key, shell),
        After(prepare_login_for, shell),
        Checked("needs an authenticator app; tests/cli stands in for one", parse_bash),
    ],
    "docs/how-to/nbclient.md": [
        After(in_session, notebook),
        After(write_night, without_papermill),
        without_papermill,
        After(code_in_variable, notebook),
        After(prepare_robot, shell),
        Checked("is for every kernel that this user starts", parse_configuration),
    ],
    "docs/how-to/other-languages.md": [RunBy("tests/server/test_documented_lines.py")] * 3,
    "docs/how-to/outbox.md": [shell, After(waiting_nowhere, shell)],
    "docs/how-to/publish.md": [After(prepare_publishing, notebook), shell, notebook],
    "docs/how-to/recording.md": [
        Checked("asks a Jupyter server with its token; tests/server/kernels do the same")
    ],
    "docs/how-to/scripts.md": [RunBy("tests/test_scripts_page.py")] * 4,
    "docs/how-to/share.md": [
        After(prepare_sharing, shell),
        shell,
        granted_and_shown,
        colleague,
        colleague,
        notebook,
    ],
    "docs/how-to/team-server.md": [
        AS_ROOT,
        AS_ROOT,
        Checked("is read by systemd, and by env", parse_environment),
        served_by_configuration,
        Checked("needs systemd", parse_unit),
        AS_ROOT,
        Checked("needs nginx", parse_nginx),
        AS_ROOT,
        AS_ROOT,
        After(prepare_members, notebook),
    ],
    "docs/project/adding.md": [RunBy("tests/test_adding_examples.py")] * 15,
    "docs/how-to/widgets.md": [INSTALLS, After(prepare_widgets, notebook), notebook, notebook],
    "docs/reference/http.md": [RunBy("tests/server/test_documented_lines.py")],
    "docs/reference/xmlrpc.md": [RunBy("tests/server/test_documented_lines.py")],
}

#: Pages that are made from the code, whose blocks are held by other tests.
GENERATED = {
    "docs/reference/commands.md": "tests/cli/test_table.py",
}


@pytest.fixture
def reader(home: Path, tmp_path: Path) -> Iterator[Reader]:
    home.mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    with ExitStack() as stack:
        yield Reader(home, folder, stack)


def pages_with_blocks() -> set[str]:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {str(page.relative_to(ROOT)) for page in pages}
    return {page for page in named if blocks(page)}


def test_every_page_with_code_is_in_the_table() -> None:
    assert pages_with_blocks() <= PAGES.keys() | GENERATED.keys()
    assert all((ROOT / test).is_file() for test in GENERATED.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_work_as_they_are_printed(
    page: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reader.folder)
    printed = blocks(page)
    assert len(printed) == len(PAGES[page]), "each block needs a line in the table"
    for (_, text), step in zip(printed, PAGES[page], strict=True):
        step(reader, text)
