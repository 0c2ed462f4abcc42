"""Whatever is wrong on a command line is one sentence of ours, with where to find help."""

from __future__ import annotations

import re

import click
import pytest

from jupyter_sessions.cli.table import CommandGroup
from tests.cli.conftest import Program, Ran

GROUP = CommandGroup(all_commands=True)
CONTEXT = click.Context(GROUP)
#: `serve` has a parser of its own (tests/server/test_serve.py).
NAMES = [name for name in GROUP.list_commands(CONTEXT) if name not in {"serve", "help"}]
JARGON = re.compile(r"integer|float|range|x[<>]|argument\b(?!:)|No such|Got ")


def sentence_of(ran: Ran, command: str) -> str:
    assert ran.code == 2, ran
    message, hint = ran.err.strip().splitlines()
    assert message.startswith("Error: ")
    assert not JARGON.search(message), message
    assert hint == f"For help: jupyter sessions {command} --help"
    return message.removeprefix("Error: ")


def command_of(name: str) -> click.Command:
    found = GROUP.get_command(CONTEXT, name)
    assert found is not None
    return found


# The values of `set` may begin with a dash.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "set"])
def test_an_option_that_there_is_not(program: Program, name: str) -> None:
    said = sentence_of(program(name, "--no-such-option"), name)
    assert said.startswith("There is no option --no-such-option.")


@pytest.mark.parametrize("name", NAMES)
def test_an_option_without_its_value(program: Program, name: str) -> None:
    for option in command_of(name).params:
        takes = isinstance(option, click.Option) and not option.is_flag and option.nargs == 1
        if not takes or getattr(option, "_flag_needs_value", False):
            continue
        typed = option.opts[-1]
        assert sentence_of(program(name, typed), name) == f"The option {typed} needs a value."


@pytest.mark.parametrize(
    ("typed", "command", "said"),
    [
        ("history -n many", "history", "Invalid value for '-n': 'many' is not a whole number."),
        ("history -n 0", "history", "Invalid value for '-n': 0 is not a number from 1 to 500."),
        ("check --rate fast", "check", "Invalid value for '--rate': 'fast' is not a number."),
        ("check --rate 0", "check", "Invalid value for '--rate': 0.0 is less than 0.1."),
        ("uninvite 0", "uninvite", "Invalid value for 'ID': 0 is less than 1."),
        ("list --mine=3", "list", "The option --mine takes no value."),
        ("show more", "show", "Unexpected argument: more."),
        ("account nothing", "account", "There is no command 'nothing'."),
        ("demo --port=abc", "demo", "Invalid value for '--port': 'abc' is not a whole number."),
    ],
)
def test_a_wrong_value(program: Program, typed: str, command: str, said: str) -> None:
    assert sentence_of(program(*typed.split()), command) == said
