"""The table itself: help, start-up, and what the two fronts have in common."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

from jupyter_sessions.cli.command import SessionsCommand
from jupyter_sessions.cli.table import BY_NAME, REWRITTEN, SUGGESTED, TABLE, CommandGroup
from tests.cli.conftest import Program

HEAVY = {
    "sqlalchemy", "httpx", "jupyter_server", "tornado", "IPython", "ipywidgets", "zmq", "tabulate",
    "pygments", "msgspec", "nbformat", "jupyter_core",
}  # fmt: skip

ISSUE = """new list show set members users grant revoke disable enable close remove restore transfer
delete share
resume history view request response replay load forget ui pause unpause detach publish files get
unpublish web exists login logout account serve demo
scratch message agent dispose http-url xmlrpc-url outbox
logins switch password second-factor audit check
key file timeout keepalive clear prune login-for end-login
invite invitations uninvite join who group groups"""


def imported(program: str) -> set[str]:
    report = (
        f"import sys\ntry:\n    {program}\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("typed", [["--version"], ["--help"]])
def test_version_and_help_import_nothing_heavy(typed: list[str]) -> None:
    got = imported(f"from jupyter_sessions.cli.shell import main; main({typed!r})")
    assert "click" in got
    assert got & HEAVY == set()


def test_every_command_that_was_promised_is_there() -> None:
    assert set(ISSUE.split()) == set(BY_NAME)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_every_command_has_help_with_examples_that_it_understands(entry) -> None:  # type: ignore[no-untyped-def]
    group = CommandGroup(all_commands=True)
    command = group.get_command(click.Context(group), entry.name)
    assert command is not None
    commands = command.commands.values() if isinstance(command, click.Group) else [command]
    for each in commands:
        assert each.help
        if not isinstance(each, SessionsCommand):
            continue
        assert {"--json", "--server"} <= {name for param in each.params for name in param.opts}
        assert each.examples
        for example in each.examples:
            words = shlex.split(example)
            given = words[2 if isinstance(command, click.Group) else 1 :]
            assert words[0] in (entry.name, *entry.aliases)
            each.make_context(entry.name, given)


def test_help_reads_as_one_types_in_each_front(program: Program) -> None:
    typed = program.good("grant", "--help")
    assert "jupyter sessions grant 'bar:write|execute'" in typed
    assert "--json" in typed
    group = CommandGroup(all_commands=False)
    context = click.Context(group, info_name="%session")
    command = group.get_command(context, "grant")
    assert command is not None
    shown = command.get_help(click.Context(command, parent=context, info_name="grant"))
    assert '%session grant "bar:write|execute"' in shown


def test_what_starts_programs_is_for_shells_alone() -> None:
    names = CommandGroup(all_commands=False).list_commands(click.Context(click.Group()))
    assert not {"serve", "demo"} & set(names)


def test_the_program_has_three_names(program: Program) -> None:
    shown = [program.good("--version")]
    for command in (["jupyter-sessions"], ["jupyter", "sessions"]):
        path = f"{sys.prefix}/bin/{command[0]}"
        done = subprocess.run(
            [path, *command[1:], "--version"], capture_output=True, text=True, check=True
        )
        shown.append(done.stdout)
    assert len(set(shown)) == 1


def test_the_program_by_itself_gives_an_overview_in_20_lines_and_ends_with_0(
    program: Program,
) -> None:
    printed = program.good()
    assert len(printed.splitlines()) <= 20
    assert "jupyter sessions --help" in printed
    for group in ("account", "groups"):
        assert "Usage" in program.good(group)


def test_words_that_people_type_for_a_command_do_what_it_does(program: Program) -> None:
    code = program("new", "Rain", "--json").json["code"]
    assert "Snow" in program.good("rename", "Snow")
    assert code in program.good("status")
    assert program("search", "rain", "--json").json["items"] == []
    assert program.good("version") == program.good("--version")
    assert program.good("help", "grant") == program.good("grant", "--help")
    assert program.good("help") == program.good("--help")
    assert "nobody-here" in program("share", "nobody-here").err
    assert "is removed" in program.good("delete", "--yes")


@pytest.mark.parametrize("name", SUGGESTED)
def test_what_no_command_does_is_answered_by_commands_that_are_there(
    program: Program, name: str
) -> None:
    refused = program(name)
    assert refused.code == 2
    typed = re.findall(r"`(?:jupyter sessions )?([^`]*)`", refused.err)
    assert typed
    for line in typed:
        assert line.split()[0] in BY_NAME
    assert not {name} & (BY_NAME.keys() | REWRITTEN.keys())


def test_a_word_that_is_nearly_a_command_is_answered_with_it(program: Program) -> None:
    assert "Did you mean history" in program("histroy").err
    assert "There is no command 'qwxz'." in program("qwxz").err
