"""Commands for the current kernel: control recording, run commands again, show the widgets."""

from __future__ import annotations

import click

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.command import Invocation, command, table
from jupyter_sessions.cli.commands.history import fetch
from jupyter_sessions.cli.parameters import Numbers
from jupyter_sessions.cli.results import Block, Line, Request, Result, Tone
from jupyter_sessions.session_lines import replays_commands


@command("replay 5", "replay 3..7", "replay 3..7 --dry-run")
@click.argument("numbers", type=Numbers())
@click.option("--dry-run", is_flag=True, help="Only show what would be run.")
def replay(work: Invocation, numbers: range, dry_run: bool) -> Result:
    """Show commands, then run them again in this kernel, in order.

    They run in one cell, so they are recorded as one command with all outputs. It stops at the
    first that fails. Commands that manage sessions or replay others are not run.
    """
    kernel = work.frontend.kernel
    commands = fetch(work, numbers)
    chosen = [(each.summary.number, _source(each)) for each in commands if not _manages(each)]
    left_out = [f"{each.summary.number}" for each in commands if _manages(each)]
    blocks: list[Block] = [Request(each) for each in commands]
    if left_out:
        blocks.append(
            Line(f"Not run, since they manage sessions or replay commands: {', '.join(left_out)}.")
        )

    def run() -> None:
        for number, source in chosen:
            if not kernel.run(source):
                raise errors.ReplayStopped(
                    f"Command {number} failed this time, so the commands after it were not run.",
                    hint="Fix the cause, then replay the rest.",
                )

    return Result(commands, blocks, afterwards=None if dry_run else run)


def _manages(command: schemas.Command) -> bool:
    if command.request is None:
        return False
    # Running a `replay` again, here or through another, would never end.
    return command.summary.managing or replays_commands(command.request.source)


def _source(command: schemas.Command) -> str:
    number = command.summary.number
    if command.request is None:
        raise errors.NotFound(
            f"Command {number} was forgotten, so it can't be run again.",
            hint="Choose other commands.",
        )
    if command.request.language != "python":
        raise errors.BadRequest(
            f"Command {number} is in {command.request.language}; this kernel runs Python.",
            hint="Show it with `view`, or choose other commands.",
        )
    return command.request.source


@command("load 5")
@click.argument("number", type=click.IntRange(1))
def load(work: Invocation, number: int) -> Result:
    """Put a command's source into the next cell, so that you can change and run it."""
    kernel = work.frontend.kernel
    found = fetch(work, range(number, number + 1))[0]
    if found.request is None:
        raise errors.NotFound(f"Command {number} was forgotten.", hint="Choose another command.")
    kernel.next_cell(found.request.source)
    said = f"The source of command {number} is in the next cell."
    return Result(found.request, (Line(said, Tone.DONE),))


@command("pause", session=False)
def pause(work: Invocation) -> Result:
    """Pause recording until `unpause`. To leave out a single cell, start it with %%session off."""
    return Result(schemas.Done(), (work.frontend.kernel.pause(),))


@command("unpause", session=False)
def unpause(work: Invocation) -> Result:
    """Resume recording after `pause`."""
    return Result(schemas.Done(), (work.frontend.kernel.unpause(),))


@command("detach", session=False)
def detach(work: Invocation) -> Result:
    """Stop recording: this kernel no longer belongs to a session."""
    return Result(schemas.Done(), (work.frontend.kernel.detach(),))


@command("ui", "ui -S 1234567890123456789012")
def ui(work: Invocation) -> Result:
    """Show the sessions as live widgets: browse them, change members, publish files.

    It starts with the current session. In Python: jupyter_sessions.widgets.SessionPanel.
    """
    kernel = work.frontend.kernel
    session = None
    if work.names_session:
        session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    transport = (work.in_session if session is not None else work.transport).clone()

    def show() -> None:
        kernel.open_panel(session, transport)

    return Result(session, afterwards=show)


COMMANDS = table(replay, load, pause, unpause, detach, ui)
