"""What the package imports is what it declares, and what it declares is explained."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from jupyter_sessions import __version__
from tests.conftest import missing
from tools.set_version import set_version, to_npm

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: What formats write when it is there, and what runs in the user's kernel, is the user's own.
USERS_OWN = {"PIL", "geopandas", "ipykernel", "matplotlib", "numpy", "pandas", "pyarrow", "xarray"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in requirements}  # type: ignore[index]


def imported(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def third_party(folder: str) -> set[str]:
    ours = {"jupyter_sessions", "tests", "docs", "benchmarks", "tools"}
    return set(imported(ROOT / folder)) - sys.stdlib_module_names - ours


def declared(names: set[str], within: set[str]) -> dict[str, bool]:
    providers = packages_distributions()
    return {
        name: any(canonical(each) in within for each in providers.get(name, [name]))
        for name in names
    }


def test_everything_that_the_package_imports_is_declared() -> None:
    needed = third_party("jupyter_sessions")
    optional = named(EXTRAS["demo"]) | named(EXTRAS["keyring"]) | named(EXTRAS["widgets"])
    found = declared(needed - USERS_OWN, named(PROJECT["dependencies"]) | optional)
    assert [name for name, known in found.items() if not known] == []


def test_everything_that_the_tests_import_is_declared() -> None:
    everything = {name for lines in EXTRAS.values() for name in named(lines)}
    within = everything | named(PROJECT["dependencies"]) | {"numpy", "pillow"}  # by matplotlib
    found = declared(third_party("tests"), within)
    assert [name for name, known in found.items() if not known] == []


@pytest.mark.parametrize("name", sorted(named(PROJECT["dependencies"])))
def test_every_dependency_has_its_reason_in_contributing(name: str) -> None:
    assert re.search(
        rf"^\| {re.escape(name)} \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )


def test_the_front_end_has_the_version_of_the_package() -> None:
    described = json.loads((ROOT / "labextension" / "package.json").read_text())
    assert described["version"] == to_npm(__version__)


@pytest.mark.parametrize(
    ("version", "of_npm"),
    [("1.2.3", "1.2.3"), ("1.2.0rc1", "1.2.0-rc.1"), ("2.0.0.dev4", "2.0.0-dev.4")],
)
def test_one_command_sets_the_version_of_both(version: str, of_npm: str, tmp_path: Path) -> None:
    for name in ("jupyter_sessions/__init__.py", "labextension/package.json"):
        (tmp_path / name).parent.mkdir()
        shutil.copy(ROOT / name, tmp_path / name)
    set_version(version, tmp_path)
    assert f'__version__ = "{version}"\n' in (tmp_path / "jupyter_sessions/__init__.py").read_text()
    changed, before = (
        json.loads((root / "labextension" / "package.json").read_text())
        for root in (tmp_path, ROOT)
    )
    assert changed == before | {"version": of_npm}


def test_the_built_front_end_stands_where_jupyterlab_looks() -> None:
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "jupyter-sessions"
    described = json.loads((folder / "package.json").read_text())
    assert (folder / described["jupyterlab"]["_build"]["load"]).is_file()


# In place of Node.js: it notes each run, and writes what a build writes.
JLPM = """#!/bin/sh
[ "$1" = run ] || exit 0
! grep -q broken src/* || exit 3
echo built >> "../runs"
mkdir -p ../jupyter_sessions/labextension
cat src/* | cksum > ../jupyter_sessions/labextension/package.json
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with a front end of one file, and what builds it."""
    folder = tmp_path / "labextension"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "index.ts").write_text("export const answer = 42;")
    for name in ("package.json", "tsconfig.json", "yarn.lock", ".yarnrc.yml"):
        (folder / name).write_text("{}")
    for name in ("style", "schema"):
        (folder / name).mkdir()
        (folder / name / "one").write_text("")
    (folder / "jlpm").write_text(JLPM)
    (folder / "jlpm").chmod(0o755)
    return tmp_path


def builds(project: Path, version: str = "standard") -> int:
    """Install the front end; return how many times it was built in all."""
    if not all(find_spec(name) for name in ("hatchling", "hatch_jupyter_builder")):
        missing("hatchling and hatch-jupyter-builder")
    build = import_module("hatch_build").build_front_end
    jlpm = str(project / "labextension" / "jlpm")
    build("wheel", version, project, npm=[jlpm], path=str(project / "labextension"))
    return len((project / "runs").read_text().split())


@pytest.mark.parametrize(
    "changed", ["src/index.ts", "src/another.ts", "style/one", "schema/one", "yarn.lock"]
)
def test_the_front_end_is_built_again_when_its_sources_changed_and_only_then(
    project: Path, changed: str
) -> None:
    assert builds(project) == 1
    assert builds(project) == 1
    assert builds(project, "editable") == 1
    (project / "labextension" / changed).write_text("export const answer = 43;")
    assert builds(project) == 2
    assert builds(project) == 2


def test_a_front_end_that_was_built_by_hand_or_is_gone_is_built_again(project: Path) -> None:
    built = project / "jupyter_sessions" / "labextension"
    assert builds(project) == 1
    (built / "package.json").write_text("by hand")
    assert builds(project) == 2
    shutil.rmtree(built)
    assert builds(project) == 3


def test_a_build_that_fails_does_not_count_as_one(project: Path) -> None:
    assert builds(project) == 1
    (project / "labextension" / "src" / "index.ts").write_text("broken")
    with pytest.raises(subprocess.CalledProcessError):
        builds(project)
    assert not import_module("hatch_build").is_built(project)
