"""``%session`` in IPython in a terminal."""

from __future__ import annotations

from pathlib import Path

from tests.notebook.kernels import Terminal


def test_a_session_in_a_terminal(home: Path) -> None:
    terminal = Terminal(home)
    terminal.type("%load_ext jupyter_sessions")
    assert "Recording" in terminal.type('%session new "In a terminal"')
    assert "Out[3]: 42" in terminal.type("6 * 7")
    assert "hello" in terminal.type("print('hello')")
    assert "ZeroDivisionError" in terminal.type("1/0")
    listed = terminal.type("%session history")
    assert all(part in listed for part in ["6 * 7", "print('hello')", "1/0", "error"])
    viewed = terminal.type("%session view 2")
    assert viewed.split("print('hello')")[-1].split() == ["hello"]
    again = terminal.type("%session replay 1..2")
    assert "42" in again.split("print('hello')")[-1]
    assert "Did you mean show" in terminal.type("%session shwo")
    asked = terminal.type("%session close", ("[y/N] ", "n"))
    assert "In a terminal" in asked
    assert "permanently" in asked
    assert "Nothing was closed" in asked
    kept = terminal.type("%session remove", ("[y/N] ", "n"))
    assert "Nothing was removed" in kept
    gone = terminal.type("%session remove", ("[y/N] ", "y"))
    assert "is removed" in gone
    terminal.end()
