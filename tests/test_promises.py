"""The design names the tests that hold its promises; each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECTION = (ROOT / "docs" / "design.md").read_text().partition("## What is promised\n")[2]
ROWS = [line for line in SECTION.partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]


def named(row: str) -> list[tuple[str, str]]:
    """Return the tests that a row names, each by its file and its function."""
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)


def test_each_promise_names_a_test() -> None:
    assert len(ROWS) > 15
    assert [row for row in ROWS if not named(row)] == []


def test_the_tests_that_are_named_exist() -> None:
    missing = []
    for path, function in [each for row in ROWS for each in named(row)]:
        file = ROOT / path
        tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
        if function not in {
            each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)
        }:
            missing.append(f"{path}::{function}")
    assert missing == []
