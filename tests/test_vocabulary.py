"""Names take the field's words, and none of those that say a mood in place of a thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_sessions

PACKAGE = Path(jupyter_sessions.__file__).parent
FRONT_END = PACKAGE.parent / "labextension" / "src"
TESTS = Path(__file__).parent

#: What no name has as a part, and what says it rather.
BANNED = {
    "anew": "again, or what happens: reattach",
    "asked": "request, requested, question",
    "asker": "credentials, caller",
    "askers": "callers",
    "broken": "failed, damaged, lost",
    "courier": "delivery",
    "couriers": "deliveries",
    "front": "frontend",
    "given": "value, argument, initial",
    "gone": "missing, removed, ended",
    "hear": "receive",
    "heard": "received, last_message",
    "house": "store",
    "keeper": "manager",
    "keepers": "managers",
    "kept": "stored, limit",
    "retold": "repeated",
    "shown": "visible, described, listed",
    "silent": "hidden, timeout",
    "telling": "show_errors, describe",
    "told": "reported, request, answer",
    "unasked": "unconditional",
    "unheard": "unreported",
    "untold": "unsent",
}
#: What is no name by itself, though it may be a part of one.
BANNED_ALONE = {
    "another", "at", "below", "came", "come", "every", "left", "named", "of", "pour", "said",
    "say", "tell", "whole",
}  # fmt: skip
#: Names that stay, and why.
EXCEPTIONS = {
    "client/outbox/journal.py Refused.at": "journals on disk have it",
    "client/outbox/journal_file.py Hold.at": "journals on disk have it",
    "errors.py LoginGone": "an error's class is named as its code, which clients know",
    "errors.py ServerSilent": "an error's class is named as its code, which clients know",
    "errors.py StoreGone": "an error's class is named as its code, which clients know",
    "schemas/events.py AuditEntry.at": "the API's field",
    "schemas/events.py Event.at": "the API's field",
    "server/recording/protocol.py Sent.at": "named as the API's field of an event",
    "server/rendering/markdown.py _take_formula.silent": "markdown-it's name for it",
}

MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if "node_modules" not in path.parts and "versions" not in path.parts
)


def split_words(name: str) -> list[str]:
    """Split a name at underscores and camel case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def is_banned(name: str) -> bool:
    """Return whether a name uses a word that none should."""
    words = split_words(name)
    alone = len(words) == 1 and words[0] in BANNED_ALONE
    return alone or not BANNED.keys().isdisjoint(words)


def list_targets(target: ast.expr) -> Iterator[ast.expr]:
    """Yield each single target of an assignment."""
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from list_targets(each)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def list_assigned(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a statement assigns to."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from list_targets(target)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield node.target


def list_names(tree: ast.AST, outer: tuple[str, ...] = (), *, local: bool = False) -> Iterator[str]:
    """Yield the full name of each class, function, parameter, attribute and constant."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = (*outer, node.name)
            yield ".".join(inner)
            if not isinstance(node, ast.ClassDef):
                taken = node.args
                parameters = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
                parameters += [each for each in (taken.vararg, taken.kwarg) if each is not None]
                yield from (".".join((*inner, each.arg)) for each in parameters)
            yield from list_names(node, inner, local=not isinstance(node, ast.ClassDef))
            continue
        for target in list_assigned(node):
            if isinstance(target, ast.Name) and not local:
                yield ".".join((*outer, target.id))
            elif isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                yield ".".join((*outer, target.attr))
        yield from list_names(node, outer, local=local)


def find_banned(module: Path) -> set[str]:
    """Return the names of a module that use banned words, each with the module's path."""
    names = {module.stem, *list_names(ast.parse(module.read_text()))}
    path = module.relative_to(PACKAGE).as_posix()
    return {f"{path} {name}" for name in names if is_banned(name.rpartition(".")[2])}


def test_a_name_is_split_into_its_words() -> None:
    assert split_words("_read_JSONOf2Keepers") == ["read", "json", "of", "2", "keepers"]
    assert is_banned("as_told") and is_banned("KeyShown") and is_banned("_of")
    assert not is_banned("size_of") and not is_banned("frontend") and not is_banned("household")


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in MODULES}), ids=lambda path: path.name
)
def test_no_name_uses_a_banned_word(folder: Path) -> None:
    found = set().union(*(find_banned(path) for path in MODULES if path.parent == folder))
    assert found - EXCEPTIONS.keys() == set()


def test_an_exception_that_is_needed_no_more_goes() -> None:
    found = set().union(*map(find_banned, MODULES))
    assert EXCEPTIONS.keys() <= found


EXPORTED = re.compile(
    r"^export (?:default |abstract |async |declare )*(?:class|const|enum|function\*?|interface|let|"
    r"namespace|type) (\w+)",
    re.MULTILINE,
)


def test_no_export_of_the_front_end_uses_a_banned_word() -> None:
    files = [*FRONT_END.rglob("*.ts"), *FRONT_END.rglob("*.tsx")]
    names = {(path.name, name) for path in files for name in EXPORTED.findall(path.read_text())}
    names |= {(path.name, path.stem) for path in files}
    assert len(names) > 200
    assert {each for each in names if is_banned(each[1])} == set()


def list_fixtures() -> Iterator[str]:
    """Yield the names of the tests' fixtures."""
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                ast.unparse(each).startswith("pytest.fixture") for each in node.decorator_list
            ):
                yield node.name


def test_no_fixture_uses_a_banned_word() -> None:
    assert {name for name in list_fixtures() if is_banned(name)} == set()
