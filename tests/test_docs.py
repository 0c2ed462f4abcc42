"""The documentation is of the program as it is."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
from pathlib import Path
from types import ModuleType

import click
import pytest

import jupyter_sessions
from docs.build import find_broken_links
from docs.generate import modules, pages
from docs.generate.tables import traits
from jupyter_sessions import api, errors, schemas, widgets
from jupyter_sessions.cli.table import TABLE, CommandGroup

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PROSE = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("binder/*.md"))
    if not path.name.startswith(".")
)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
GROUP = CommandGroup(all_commands=True)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def reference(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


@pytest.mark.parametrize("path", sorted(pages() | modules()), ids=lambda path: path.stem)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == (pages() | modules())[path], "run python -m docs.generate"


def test_the_reference_has_no_page_that_nothing_makes() -> None:
    # Held against the tests that it names by tests/test_security_page.py.
    by_hand = {REFERENCE / f"{name}.md" for name in ("glossary", "index", "python", "security")}
    assert set(REFERENCE.iterdir()) - by_hand == set(pages())


@pytest.mark.parametrize("name", api.OPERATIONS)
def test_every_operation_is_documented_with_its_roles(name: str) -> None:
    assert f"### {name}\n" in reference("operations")
    assert f"[{name}]" in reference("roles")


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_every_command_and_option_is_documented(entry) -> None:  # type: ignore[no-untyped-def]
    page = reference("commands")
    command = GROUP.get_command(click.Context(GROUP), entry.name)
    within = command.commands.values() if isinstance(command, click.Group) else [command]
    for each in within:
        name = entry.name if each is command else f"{entry.name} {each.name}"
        section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]
        assert section
        common = page.partition("\n## ")[0]
        for option in (name for param in each.params for name in param.opts if name[0] == "-"):
            assert re.search(rf"{option}\b", section + common), option


@pytest.mark.parametrize("package", [jupyter_sessions, widgets], ids=lambda each: each.__name__)
def test_the_whole_python_api_is_documented(package: ModuleType) -> None:
    page = reference("python")
    for name in package.__all__:
        assert re.search(rf"^\.\. auto\w+:: ([\w.]+\.)?{name}$", page, re.MULTILINE), name
        described = getattr(package, name)
        assert inspect.getdoc(described), name
        for member in (each for each in vars(described) if not each.startswith("_")):
            # Autodoc leaves out what has no docstring.
            assert inspect.getdoc(getattr(described, member)) or package is widgets, member


@pytest.mark.parametrize("error", errors.list_error_classes(), ids=lambda error: error.code)
def test_every_error_is_documented(error: type[errors.SessionsError]) -> None:
    assert f"| `{error.code}` | `{error.__name__}` |" in reference("errors")


def test_failures_that_are_not_kinds_of_each_other_end_with_different_exit_codes() -> None:
    by_code: dict[int, list[type[errors.SessionsError]]] = {}
    for error in errors.list_error_classes():
        by_code.setdefault(error.exit_code, []).append(error)
    for alike in by_code.values():
        assert any(all(issubclass(each, base) for each in alike) for base in alike), alike
    assert max(by_code) < 126


@pytest.mark.parametrize("kind", schemas.EVENT_KINDS)
def test_every_kind_of_event_is_documented_and_happens(kind: str) -> None:
    assert f"| `{kind}` |" in reference("events")
    sources = [path.read_text() for path in (ROOT / "jupyter_sessions" / "core").rglob("*.py")]
    assert any(f'"{kind}"' in source for source in sources)


@pytest.mark.parametrize("name", traits())
def test_every_option_of_the_extension_is_documented(name: str) -> None:
    assert f"| `{name}` |" in reference("configuration")


def test_every_environment_variable_is_documented() -> None:
    package = (ROOT / "jupyter_sessions").rglob("*.py")
    used = {
        name
        for path in package
        for name in re.findall(r"\bJUPYTER_SESSIONS_[A-Z]+\b", path.read_text())
    }
    documented = set(re.findall(r"\| `(JUPYTER_SESSIONS_[A-Z]+)` \|", reference("configuration")))
    assert used == documented


@pytest.mark.parametrize("path", PROSE, ids=relative)
def test_links_within_the_documentation_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(FENCED.sub("", path.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.is_relative_to(ROOT) and there.exists(), link
        if anchor:
            assert anchor in anchors(there), link


def test_the_build_finds_links_of_the_site_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<p id='here'><a href='#here'>1</a> <a href='#gone'>2</a> <a href='b.html#there'>3</a>"
        "<a href='b.html#gone'>4</a> <a href='c.html'>5</a> <a href='https://example.org'>6</a>"
        "<img src='gone.webp'>"
    )
    (tmp_path / "b.html").write_text("<p id='there'><a href='a.html'>7</a>")
    assert list(find_broken_links(tmp_path)) == [
        "a.html: #gone", "a.html: b.html#gone", "a.html: c.html", "a.html: gone.webp"
    ]  # fmt: skip


def anchors(path: Path) -> set[str]:
    text = FENCED.sub("", path.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def commands_typed(path: Path) -> list[list[str]]:
    """Return what the page has people type after ``%session`` and ``jupyter sessions``."""
    found = []
    for language, block in FENCED.findall(path.read_text()):
        if language not in {"bash", "python"}:
            continue
        for line in block.splitlines():
            typed = re.search(r"(?:^%session|\bjupyter sessions) (?=\S)([^;&<]*)", line.strip())
            if typed:
                found.append(shlex.split(re.split(r" #| \| ", typed[1])[0]))
    return found


@pytest.mark.parametrize("path", PROSE, ids=relative)
def test_commands_in_the_documentation_are_understood(path: Path) -> None:
    for words in commands_typed(path):
        if words[0].startswith("-"):
            continue
        command = GROUP.get_command(click.Context(GROUP), words[0])
        assert command is not None, words
        if "--help" in words or words[0] == "serve":
            continue
        given = words[1:]
        if isinstance(command, click.Group):
            command, given = command.commands[given[0]], given[1:]
        command.make_context(words[0], given, obj=None)


def test_the_readme_gives_the_two_commands_on_one_line_each() -> None:
    blocks = [block for language, block in FENCED.findall((ROOT / "README.md").read_text())]
    one, two = (
        next(block for block in blocks if block.startswith("python3 -m venv") and what in block)
        for what in ("jupyter sessions demo", "-m pytest")
    )
    assert one.count("\n") == two.count("\n") == 1


def test_what_ci_runs_is_the_command_in_the_readme() -> None:
    run = (ROOT / ".ci" / "run").read_text()
    extract = next(line for line in run.splitlines() if line.startswith("tests=$("))
    printed = subprocess.run(
        ["bash", "-c", f'{extract}\nprintf "%s\n" "$tests"'],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert printed.startswith("python3 -m venv") and printed.count("\n") == 1
    assert printed in (ROOT / "README.md").read_text()
