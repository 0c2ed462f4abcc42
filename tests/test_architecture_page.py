"""The architecture's page names modules that exist, every package, and the arrows as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_architecture import ARROWS, PACKAGE

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
PLACES = (PACKAGE, ROOT, ROOT / "labextension" / "src")
MODULES = sorted(set(re.findall(r"(?<![\w/])[\w/]+\.(?:py|tsx?|js|html)\b", TEXT)))
#: Named after a module of the same folder.
BESIDE = {"local.py": "client/transports", "http.py": "client/transports"}
PACKAGES = sorted(
    f"{path.parent.relative_to(PACKAGE).as_posix()}/"
    for path in PACKAGE.rglob("__init__.py")
    if path.parent != PACKAGE
)
TREE = dict(re.findall(r"^\| `(\w+)/` \|[^|]*\|([^|]*)\|$", TEXT, re.MULTILINE))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_the_page_names_exists(module: str) -> None:
    name = f"{BESIDE[module]}/{module}" if module in BESIDE else module
    assert any((place / name).is_file() for place in PLACES)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_named_on_the_page(package: str) -> None:
    assert f"`{package}`" in TEXT


@pytest.mark.parametrize("package", sorted(name for name in ARROWS if (PACKAGE / name).is_dir()))
def test_the_page_gives_the_arrows_as_they_are(package: str) -> None:
    shown = set(re.findall(r"`(\w+)`", TREE[package]))
    assert shown == {name for name in ARROWS[package] if (PACKAGE / name).is_dir() or name == "api"}


def test_every_small_module_at_the_top_is_named_on_the_page() -> None:
    top = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    assert top <= set(MODULES)
