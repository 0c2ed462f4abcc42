"""The arrows of the design's section 4, and what may be imported when."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import jupyter_sessions

PACKAGE = Path(jupyter_sessions.__file__).parent
NAME = "jupyter_sessions"

#: What each part may import of the others (and of itself); modules at the top are named alone.
ARROWS: dict[str, set[str]] = {
    "urls": set(),
    "schemas": {"urls"},
    "errors": set(),
    "roles": {"errors"},
    "api": {"schemas", "roles"},
    "paths": {"errors"},
    "validation": {"errors", "schemas"},
    "escape_sequences": set(),
    "local_files": {"errors", "paths"},
    "forking": set(),
    "names": set(),
    "backoff": set(),
    "session_lines": set(),
    "formatting": {"names", "roles"},
    "store": {"errors", "schemas", "roles", "paths", "local_files", "forking"},
    "core": {
        "store", "api", "schemas", "roles", "errors", "paths", "escape_sequences", "formatting",
        "local_files", "names", "session_lines",
        "urls",
    },
    "server": {
        "core", "store", "api", "schemas", "roles", "errors", "validation", "paths", "formats",
        "recorder", "client", "escape_sequences", "formatting", "names", "urls",
        "local_files", "backoff",
    },
    "client": {
        "api", "schemas", "roles", "errors", "paths", "local_files", "forking", "names", "urls",
        "backoff", "session_lines",
    },
    "recorder": {"schemas", "escape_sequences", "formatting", "forking", "local_files"},
    "formats": {"schemas", "errors"},
    "cli": {
        "client", "api", "schemas", "roles", "errors", "paths", "formats", "escape_sequences",
        "formatting", "names", "session_lines",
        "urls",
    },
    "widgets": {
        "client", "cli", "formats", "api", "schemas", "roles", "errors", "paths", "formatting",
        "urls",
    },
    "notebook": {
        "widgets", "client", "cli", "recorder", "formats", "api", "schemas", "roles", "errors",
        "paths", "forking", "formatting", "session_lines",
        "urls",
    },
    "demo": {"client", "cli", "api", "schemas", "errors", "paths", "formats", "urls"},
    "__init__": {"client", "notebook", "server"},
    "__main__": {"cli"},
}  # fmt: skip
#: Modules that reach further, and why.
EXCEPTIONS: dict[str, set[str]] = {
    "client/outbox/journal.py": {
        "recorder"
    },  # what a dead kernel published is read as recorders do
    "client/publishing.py": {"formats"},  # a script publishes values
    "client/transports/local.py": {
        "core",
        "store",
        "validation",
    },  # it is the way to the core without a server
    "cli/commands/server.py": {"server", "demo"},  # starts them: `serve` and `demo`
    "server/recording/recording.py": {"cli"},  # which of them have secrets
}
#: What has no place below the server.
OF_SERVERS = {"tornado", "jupyter_server"}
#: Too slow to import where nothing needs them yet.
HEAVY = {
    "IPython", "alembic", "argon2", "httpx", "ipykernel", "ipywidgets", "jinja2",
    "jupyter_client", "jupyter_server", "matplotlib", "nbformat", "numpy", "obstore", "pandas",
    "pygments", "sqlalchemy", "tabulate", "tornado", "zmq", "zstandard",
}  # fmt: skip
LONGEST = 600
#: How many modules a folder may hold before it needs a package for each noun.
MOST_IN_A_FOLDER = 14
#: Modules that may be longer, and why.
LONG = {
    "errors.py": "every failure stands in one place",
    "api.py": "the contract stands in one place, and is read as one table",
    "store/tables.py": "the schema, one table after the other",
    "client/transports/http.py": "one class: a way to a server",
    "client/outbox/delivery.py": "one class, with the thread that it runs",
    "core/dispatcher.py": "the one way to every use case: what is checked must be seen together",
}

MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if "node_modules" not in path.parts and "versions" not in path.parts
)


def part_of(module: str) -> str:
    """Return which part of the package a module belongs to."""
    return module.partition("/")[0].removesuffix(".py")


@cache
def imported(module: str) -> tuple[tuple[str, bool], ...]:
    """Return the full names that a module imports, and whether only type checkers do."""
    return tuple(_read_imports(module))


def _read_imports(module: str) -> Iterator[tuple[str, bool]]:
    tree = ast.parse((PACKAGE / module).read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in for_types
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in for_types


def parts_imported(module: str) -> set[str]:
    """Return which parts of the package a module imports, other than its own."""
    found = set()
    for name, _ in imported(module):
        package, _, rest = name.partition(".")
        part = rest.partition(".")[0]
        # `from jupyter_sessions import __version__` names no part.
        known = (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()
        if package == NAME and part and known and part != part_of(module):
            found.add(part)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_the_arrows_go_one_way(module: str) -> None:
    allowed = ARROWS[part_of(module)] | EXCEPTIONS.get(module, set())
    assert parts_imported(module) <= allowed


@pytest.mark.parametrize("module", sorted(EXCEPTIONS))
def test_an_exception_that_is_needed_no_more_goes(module: str) -> None:
    assert EXCEPTIONS[module] <= parts_imported(module)


def modules_imported(module: str) -> set[str]:
    """Return which of our modules a module imports, for types or on use too."""
    found = set()
    for name, _ in imported(module):
        path = name.split(".")[1:] if name.startswith(f"{NAME}.") else []
        # `from a.b import c` names the module a.b.c, or what stands in a.b.
        for known in ("/".join(path) + ".py", "/".join(path[:-1]) + ".py"):
            if known in MODULES:
                found.add(known)
                break
    return found


def test_no_modules_go_round_in_a_circle() -> None:
    arrows = {module: modules_imported(module) for module in MODULES}
    while free := {module for module, onward in arrows.items() if not onward & set(arrows)}:
        arrows = {module: onward for module, onward in arrows.items() if module not in free}
    assert not arrows


@pytest.mark.parametrize("module", [m for m in MODULES if part_of(m) != "server"])
def test_nothing_but_the_server_knows_tornado_or_jupyter_server(module: str) -> None:
    roots = {name.partition(".")[0] for name, for_types in imported(module) if not for_types}
    assert not roots & OF_SERVERS


def test_the_core_is_imported_by_clients_on_use_alone() -> None:
    for module in MODULES:
        clients = {"client", "cli", "notebook", "widgets"}
        if part_of(module) not in clients or module in EXCEPTIONS:
            continue
        names = {name for name, _ in imported(module)}
        assert not [name for name in names if name.startswith((f"{NAME}.core", f"{NAME}.store"))]
        tree = ast.parse((PACKAGE / module).read_text())
        at_start = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        assert f"{NAME}.client.transports.local" not in {node.module for node in at_start}, module


def test_no_module_is_longer_than_one_can_keep_in_mind() -> None:
    long = {
        module: lines
        for module in MODULES
        if (lines := len((PACKAGE / module).read_text().splitlines())) > LONGEST
    }
    assert set(long) <= set(LONG), long
    assert set(LONG) <= set(MODULES)


def test_no_folder_holds_more_modules_than_fit_on_a_screen() -> None:
    folders = Counter(
        str(Path(module).parent) for module in MODULES if not module.endswith("__init__.py")
    )
    assert {folder: n for folder, n in folders.items() if n > MOST_IN_A_FOLDER} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "misc", "common", "tools", "lib"}
    assert not [module for module in MODULES if Path(module).stem in drawers]


@pytest.mark.parametrize(
    "what",
    [
        NAME,
        f"{NAME}.cli.shell",
        f"{NAME}.api",
        f"{NAME}.client.transports.resolve",
        f"{NAME}.recorder",
    ],
)
def test_what_is_slow_to_import_is_not_imported_before_it_is_needed(what: str) -> None:
    assert not HEAVY & imported_with(what)


def test_a_jupyter_server_starts_without_what_the_store_and_the_pages_need() -> None:
    """It has the rest itself."""
    parts = ("extension", "routes", "stored_logins")
    found = imported_with(", ".join(f"{NAME}.server.{part}" for part in parts))
    assert not found & {"IPython", "alembic", "argon2", "httpx", "obstore", "pygments"}
    assert not found & {"sqlalchemy", "zstandard"}


def imported_with(what: str) -> set[str]:
    """Return the packages that importing something brings along."""
    program = (
        f"import sys, json, {what}; "
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    listed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(listed.stdout))


def test_the_version_is_told_without_loading_what_it_does_not_need() -> None:
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", NAME, "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in listed.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert not HEAVY & names
    assert jupyter_sessions.__version__ in listed.stdout


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse((PACKAGE / module).read_text()))
