"""`scratch` as one types it in a shell."""

from __future__ import annotations

import pytest

from jupyter_sessions import errors
from tests.cli.conftest import Program


@pytest.mark.parametrize(
    ("typed", "kept", "printed"),
    [
        ("0.93", 0.93, "0.93"),
        ("-1", -1, "-1"),
        ("null", None, "null"),
        ('{"rate": 1, "layers": [64]}', {"rate": 1, "layers": [64]}, '{"rate":1,"layers":[64]}'),
        ('"in quotes"', "in quotes", "in quotes"),
        ("no JSON at all", "no JSON at all", "no JSON at all"),
        ("NaN", "NaN", "NaN"),
        ("[1,", "[1,", "[1,"),
    ],
)
def test_a_value_is_json_or_else_text(
    program: Program, typed: str, kept: object, printed: str
) -> None:
    program.good("new", "Weather")
    assert "x is set" in program.good("scratch", "set", "x", typed)
    assert program("scratch", "get", "x", "--json").json["value"] == kept
    assert program.good("scratch", "get", "x") == printed + "\n"


def test_a_number_can_be_kept_as_text(program: Program) -> None:
    program.good("new", "Weather")
    program.good("scratch", "set", "x", "42", "--text")
    assert program("scratch", "get", "x", "--json").json["value"] == "42"


def test_values_are_listed_in_pages_and_deleted(program: Program) -> None:
    program.good("new", "Weather")
    assert "empty" in program.good("scratch", "list")
    for name in ("b", "a", "c"):
        program.good("scratch", "set", name, "1")
    first = program.good("scratch", "list", "-n", "2")
    assert "scratch list -n 2 --after b" in first
    assert [item["name"] for item in program("scratch", "list", "--after", "b", "--json").json[
        "items"
    ]] == ["c"]  # fmt: skip
    program.good("scratch", "delete", "b")
    missing = program("scratch", "get", "b")
    assert missing.code == errors.NotFound.exit_code
    assert "scratch list" in missing.err
