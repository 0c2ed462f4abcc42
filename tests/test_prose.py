"""What people read: no banned phrase comes back into messages, helps and pages.

Scanned are the string literals of the package (also the helps of commands, which are docstrings),
the templates and scripts of the pages, the strings of the JupyterLab front end, and the
documentation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jupyter_sessions.cli.table import TABLE, CommandGroup
from jupyter_sessions.server.pages.meanings import ROLES, STATES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jupyter_sessions"
LAB = ROOT / "labextension" / "src"

#: A banned phrase, and what to write.
BANNED = {
    # "There is no file", "It is no longer" and "is no more than" stay; "'x' is no port" goes.
    r"(?<![Tt]here )(?<![Tt]hey )\b(is|are) no (?!longer|more than|such)": "is not a valid …",
    r"\banew\b": "again",
    r"\btold\b": "an active sentence: say who does what",
    r"\bat hand\b": "current, available",
    r"\balone\b": "only",
    r"\b[Ww]hoever\b": "anyone who, the user who",
    r"\bone's\b": "your, the caller's",
    r"\boneself\b": "yourself",
    r"\bany more\b": "no longer",
    r"\bfor good\b": "permanently",
    r"\b([Tt]ake|[Tt]akes|[Tt]aken|[Tt]ook) up\b": "resume, use",
    r"\b[Tt]he house\b": "the project",
    r"\bnested too deep\b": "nested too deeply",
}

#: Texts that stay though a phrase matches, and why.
EXCEPTIONS: dict[str, str] = {}


def texts_of_python(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the literals that are not docstrings, and the docstrings that are a command's help."""
    tree = ast.parse(path.read_text())
    silent: set[int] = set()
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            is_help = "commands" in path.parts and getattr(node, "decorator_list", [])
            if isinstance(first, ast.Expr) and not is_help:
                silent.add(id(first.value))
        elif isinstance(node, ast.JoinedStr):
            parts |= {id(each) for each in ast.walk(node) if each is not node}
    for node in ast.walk(tree):
        if id(node) in silent | parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(part_of_text, node.values))


def part_of_text(part: ast.expr) -> str:
    """Return a part of an f-string as a reader may see it; `x` stands for a value."""
    return str(part.value) if isinstance(part, ast.Constant) else "x"


_STRING = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"`\w])//[^\n]*", re.DOTALL)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<[^<>]+>")
_SHOWN = re.compile(r'(?:title|alt|aria-label|placeholder)="([^"]*)"')


def texts_of_script(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a script, its comments blanked out."""
    text = path.read_text()
    text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for found in _STRING.finditer(text):
        string = next(filter(None, found.groups()), "")
        yield text.count("\n", 0, found.start()) + 1, re.sub(r"\$\{.*?\}", "x", string)


def texts_of_page(path: Path) -> Iterator[tuple[int, str]]:
    """Yield a template's lines; of its expressions only the strings."""
    text = path.read_text()

    def strings(found: re.Match[str]) -> str:
        inner = "" if found[0].startswith("{#") else " ".join(re.findall(r'"([^"]*)"', found[0]))
        return f"x{inner}" + "\n" * found[0].count("\n")

    def shown(tag: re.Match[str]) -> str:
        return " ".join(_SHOWN.findall(tag[0])) + "\n" * tag[0].count("\n")

    yield from enumerate(_TAG.sub(shown, _JINJA.sub(strings, text)).splitlines(), 1)


_CODE = re.compile(r"`[^`]*`")


def texts_of_markdown(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines outside blocks of code, without the code in them."""
    in_block = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            in_block = not in_block
        elif not in_block:
            yield number, _CODE.sub("``", line)


def placed(path: Path, texts: Iterator[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    yield from ((f"{path.relative_to(ROOT)}:{line}", text) for line, text in texts)


def shown_texts() -> Iterator[tuple[str, str]]:
    """Yield where a text stands, and the text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from placed(path, texts_of_python(path))
    for path in sorted((PACKAGE / "server" / "templates").glob("*.html")):
        yield from placed(path, texts_of_page(path))
    scripts = sorted((PACKAGE / "server" / "static").glob("*.js"))
    scripts += sorted(each for each in LAB.rglob("*.ts*") if "__tests__" not in each.parts)
    for path in scripts:
        yield from placed(path, texts_of_script(path))
    for path in sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))):
        yield from placed(path, texts_of_markdown(path))


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    return [
        (where, text)
        for where, text in shown_texts()
        if " " in text.strip() and text not in EXCEPTIONS
    ]


def banned_in(text: str, phrase: str) -> bool:
    return re.search(phrase, text) is not None


@pytest.mark.parametrize("phrase", BANNED)
def test_no_text_has_a_banned_phrase(texts: list[tuple[str, str]], phrase: str) -> None:
    found = [f"{where}: {text.strip()}" for where, text in texts if banned_in(text, phrase)]
    assert found == [], f"Write rather: {BANNED[phrase]}"


@pytest.mark.parametrize(
    ("text", "banned"),
    [
        ("'x' is no port.", True),
        ("These are no session URLs.", True),
        ("There is no file 'x'.", False),
        ("This kernel is no longer recorded.", False),
        ("There are no sessions yet.", False),
        ("Look for sessions anew", True),
        ("Open alone", True),
        ("Whoever has the key", True),
    ],
)
def test_the_phrases_tell_a_denial_from_what_is_missing(text: str, banned: bool) -> None:
    assert any(banned_in(text, phrase) for phrase in BANNED) == banned


def test_texts_of_each_kind_are_read(texts: list[tuple[str, str]]) -> None:
    read = {text.strip() for _, text in texts}
    assert "Wrong user name or password." in read
    assert "Print the key of the current login. Anyone who has the key can act as you." in {
        text.splitlines()[0] for text in read
    }
    assert any("Repeat the new password" in text for text in read)
    assert "You no longer have access to this session." in read
    assert "Paste the URL or invitation you were sent." in read
    assert "In a notebook, the same commands follow ``." in read


@pytest.mark.parametrize("meanings", [ROLES, STATES], ids=["roles", "states"])
def test_jupyterlab_says_of_roles_and_states_what_the_pages_say(
    texts: list[tuple[str, str]], meanings: dict[str, str]
) -> None:
    in_lab = {text for where, text in texts if where.startswith("labextension")}
    assert set(meanings.values()) <= in_lab


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command of the table, and those of its groups, by name."""
    group = CommandGroup(all_commands=True)
    for entry in TABLE:
        command = group.get_command(click.Context(group), entry.name)
        assert command is not None
        yield entry.name, command
        if isinstance(command, click.Group):
            yield from ((f"{entry.name} {name}", each) for name, each in command.commands.items())


#: Words that begin no imperative sentence.
_NO_VERB = re.compile(r"(What|How|Who|Where|Which|Whose|The|A|An|Those|In|For|To|It|Its|There)\b")


def test_helps_of_commands_and_options_are_imperative_sentences() -> None:
    helps = [(entry.name, entry.summary) for entry in TABLE]
    for name, command in commands():
        helps.append((name, (command.help or "").partition("\n\n")[0]))
        options = [each for each in command.params if isinstance(each, click.Option)]
        helps += [(f"{name} {each.opts[-1]}", each.help or "") for each in options]
    assert [each for each in helps if not each[1].endswith(".") or _NO_VERB.match(each[1])] == []
