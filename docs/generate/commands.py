"""The page of the command table."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import click

from docs.generate.markdown import table
from jupyter_sessions.cli.command import SessionsCommand
from jupyter_sessions.cli.table import TABLE, CommandGroup, Entry


def commands_page() -> Iterator[str]:
    """Describe the command table."""
    yield "\n# Commands\n"
    yield "`%session NAME …` in a notebook and `jupyter sessions NAME …` in a shell take the same"
    yield "arguments. `%session` without a name shows the attached session. All commands except"
    yield "those that start programs take these options. Commands about a session take `-S` too:\n"
    group = CommandGroup(all_commands=True)
    common = [param for param in _command(group, "show").params if isinstance(param, click.Option)]
    yield from _options(common)
    section = ""
    for entry in TABLE:
        if entry.section != section:
            section = entry.section
            yield f"## {section}\n"
        yield from _entry(group, entry, {name for option in common for name in option.opts})
    yield "## Only in a notebook\n"
    yield "`%%session off` at the top of a cell leaves that cell out of the record."
    yield "`%oph_manage_session …` and `%oph_resume …` take the statements of Ophidia's manual: see"
    yield "[coming from Ophidia](../how-to/from-ophidia.md).\n"


def _command(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    if command is None:
        raise LookupError(name)
    return command


def _entry(group: click.Group, entry: Entry, common: set[str]) -> Iterator[str]:
    command = _command(group, entry.name)
    each = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in each:
        name = entry.name if one is command else f"{entry.name} {one.name}"
        yield f"### {name}\n"
        arguments = " ".join(
            param.make_metavar(click.Context(one))
            for param in one.params
            if isinstance(param, click.Argument) and entry.name != "serve"
        )
        yield f"`{name} {arguments}`".replace(" `", "`") + "\n"
        yield f"{inspect.cleandoc(one.help or '')}\n"
        if entry.aliases:
            yield f"Also called {', '.join(f'`{alias}`' for alias in entry.aliases)}.\n"
        if entry.shell_only:
            yield "Only in a shell.\n"
        own = [param for param in one.params if isinstance(param, click.Option)]
        yield from _options([param for param in own if not common >= set(param.opts)])
        if entry.name == "serve":
            yield "Its options set the [configuration](configuration.md#options-of-serve).\n"
        if isinstance(one, SessionsCommand):
            yield "```text"
            prefix = "jupyter sessions" if entry.shell_only else "%session"
            yield from (f"{prefix} {example}" for example in one.examples)
            yield "```\n"


def _options(options: Sequence[click.Option]) -> Iterator[str]:
    if options:
        yield from table(
            ("option", "meaning"),
            ((f"`{_typed(option)}`", option.help or "") for option in options),
        )


def _typed(option: click.Option) -> str:
    names = ", ".join(option.opts)
    if option.is_flag:
        return names
    return f"{names} {option.metavar or option.make_metavar(click.Context(click.Command('_')))}"
