"""`message` and `agent` as one types them in a shell."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Program


@pytest.mark.parametrize("name", ["message", "agent"])
def test_it_is_changed_shown_and_taken_away(program: Program, name: str) -> None:
    program.good("new", "Weather")
    assert f"has no {name}" in program.good(name)
    assert "is now: Nightly run" in program.good(name, "Nightly run")
    assert program.good(name) == "Nightly run\n"
    assert "Nightly run" in program.good("show")
    assert program(name, "--json").json[name] == "Nightly run"
    assert "is now: By hand" in program.good("set", name, "By hand")
    assert f"The {name} was removed." in program.good(name, "")
    assert f"has no {name}" in program.good(name)
