"""The line under a page that leads on to the next: the command as it was typed, from there on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

from jupyter_sessions.cli.command import TYPED, Work
from jupyter_sessions.cli.results import Line
from jupyter_sessions.cli.values import one_line


def more(
    work: Work,
    cursor: str | int | None,
    *,
    option: str = "--after",
    typed: Sequence[str] | None = None,
) -> list[Line]:
    """Say how to see the next page; nothing where there is none.

    Parameters
    ----------
    work
        The command that listed the page.
    cursor
        Where the next page begins, or None.
    option
        What takes it.
    typed
        What else to type, with the command's name; as it was typed where it is None.
    """
    if cursor is None:
        return []
    if typed is None:
        context = click.get_current_context()
        names = context.command_path.removeprefix(f"{context.find_root().command_path} ")
        typed = [*names.split(), *_without(option, context.meta[TYPED])]
    line = shlex.join([*typed, option, str(cursor)])
    return [Line(f"More: {work.front.prefix} {one_line(line)}")]


def _without(option: str, words: Sequence[str]) -> list[str]:
    """Leave out an option with its value."""
    kept: list[str] = []
    skipped = False
    for word in words:
        if skipped or word == option:
            skipped = not skipped
        elif not word.startswith(f"{option}="):
            kept.append(word)
    return kept
