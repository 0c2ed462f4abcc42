"""The table of commands behind ``jupyter sessions NAME`` and ``%session NAME``.

A command's module is imported when it runs or shows its help. Listing the table and completing
names import only click.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from jupyter_sessions import __version__


@dataclass(frozen=True)
class Entry:
    """One line of the table.

    Attributes
    ----------
    name
        The name to type.
    module
        The module of the command: a click command of the same name in this package.
    summary
        A short summary.
    section
        The heading under which help lists it.
    aliases
        Other names.
    shell_only
        Whether it is not available in a notebook.
    secret
        Whether the input or output may grant access, such as a password or a one-time URL: such a
        cell is never recorded.
    """

    name: str
    module: str
    summary: str
    section: str
    aliases: tuple[str, ...] = ()
    shell_only: bool = False
    secret: bool = False


def _section(section: str, module: str, *lines: tuple[Any, ...]) -> tuple[Entry, ...]:
    return tuple(
        Entry(name, module, summary, section, **(more[0] if more else {}))
        for name, summary, *more in lines
    )


TABLE: tuple[Entry, ...] = (
    *_section(
        "Sessions",
        "sessions",
        ("new", "Make a session, and record into it."),
        ("list", "List the sessions that I have a role in."),
        ("show", "Show all attributes of a session."),
    ),
    *_section(
        "Sessions",
        "sessions",
        ("set", "Change a session's label, description or time-outs."),
        ("message", "Show or change the session's message."),
        ("agent", "Show or change the name of the program that works in it."),
    ),
    *_section(
        "Sessions",
        "sessions",
        ("exists", "Tell whether I have a role in a session of that code."),
        ("disable", "Close the session to all but its owner, until it is enabled."),
        ("enable", "Open a disabled session again."),
        ("close", "Make the session a read-only archive, for good."),
        (
            "remove",
            "Take the session out of every list; it can be restored for a while.",
            {"aliases": ("delete",)},
        ),
        ("dispose", "Remove a session, as a program does that made it."),
        ("restore", "Bring a removed session back."),
        ("transfer", "Make another user the owner."),
    ),
    *_section(
        "Members",
        "members",
        ("members", "List the members and their roles.", {"aliases": ("users",)}),
        (
            "grant",
            "Set the roles of users and groups, replacing their current ones.",
            {"aliases": ("share",)},
        ),
        ("revoke", "Take from users and groups the roles that they were granted."),
    ),
    *_section(
        "Members",
        "groups",
        ("group", "Show or switch the group that new sessions belong to."),
        ("groups", "Show and manage groups."),
    ),
    *_section(
        "Members",
        "invitations",
        ("invite", "Make a key that opens the session for others.", {"secret": True}),
        ("invitations", "List the session's invitations."),
        ("uninvite", "Take an invitation back."),
        ("join", "Come into a session by an invitation.", {"secret": True}),
    ),
    *_section(
        "Members",
        "members",
        ("who", "Tell who is connected, in a session or at all."),
    ),
    *_section(
        "Commands",
        "history",
        ("resume", "Switch to a session, or list the last commands."),
        ("history", "List, filter and search the commands."),
        ("view", "Show commands with their outputs as they were."),
        ("request", "Show what was asked, as JSON."),
        ("response", "Show what came back, as JSON."),
        ("forget", "Erase a command's source and outputs."),
    ),
    *_section(
        "Commands",
        "outbox",
        ("outbox", "Show what is not in its session yet, and deliver it."),
    ),
    *_section(
        "This kernel",
        "recording",
        ("replay", "Run commands again in this kernel."),
        ("load", "Put a command's source into the next cell."),
        ("ui", "Show the sessions as widgets, to pick from and to browse."),
        ("pause", "Stop recording for a while."),
        ("unpause", "Go on recording."),
        ("detach", "Stop recording for good."),
    ),
    *_section(
        "Web space",
        "webspace",
        ("publish", "Publish the last output, variables, files or folders."),
        ("files", "List what is published."),
        ("get", "Download what is published."),
        ("unpublish", "Take files or folders out of the web space."),
        ("web", "Print a session's address, and open it in a browser.", {"secret": True}),
    ),
    *_section(
        "Scripts",
        "scratch",
        ("scratch", "Keep small values in a session, for scripts to hand on."),
    ),
    *_section(
        "Scripts",
        "sessions",
        ("http-url", "Print where any HTTP library reaches a session."),
        ("xmlrpc-url", "Print where any XML-RPC client reaches a session."),
    ),
    *_section(
        "Logins",
        "login",
        ("login", "Log in to a sessions server.", {"secret": True}),
    ),
    *_section(
        "Logins",
        "logins",
        ("logout", "End the current login."),
        ("logins", "List the stored logins."),
        ("switch", "Make another stored login the current one."),
        ("key", "Print the current login's key.", {"secret": True}),
        ("file", "Print which file holds the current login."),
        ("clear", "Forget and end all stored logins but the current one."),
        ("prune", "Forget the stored logins that have expired."),
    ),
    *_section(
        "Logins",
        "login",
        ("timeout", "Show or set for how long the current login lives unused."),
        ("keepalive", "Keep the current login alive."),
    ),
    *_section(
        "Logins",
        "own_account",
        ("password", "Change my own password.", {"secret": True}),
        ("second-factor", "Manage the second factor of my account.", {"secret": True}),
    ),
    *_section(
        "Logins",
        "login",
        ("login-for", "Make a login key for someone else.", {"secret": True}),
        ("end-login", "End a login by its number."),
    ),
    *_section("Servers", "check", ("check", "Verify all that is stored.")),
    *_section(
        "Servers",
        "server",
        ("account", "Manage the accounts of this store or server.", {"secret": True}),
        ("audit", "Read who logged in, and what was refused or changed of accounts."),
        ("serve", "Start a sessions server.", {"shell_only": True}),
        ("demo", "Record a real analysis, and look at it.", {"shell_only": True}),
    ),
)

BY_NAME: dict[str, Entry] = {
    name: entry for entry in TABLE for name in (entry.name, *entry.aliases)
}

#: Alternative names for a command with some of its arguments.
REWRITTEN: dict[str, tuple[str, ...]] = {
    "rename": ("set", "label"),
    "search": ("history", "--search"),
    "status": ("show",),
    "version": ("--version",),
}

#: Inputs that match several commands or none, with what to type instead.
SUGGESTED: dict[str, str] = {
    "export": "`get PATH` downloads what is published, `view N --save FOLDER` writes a command's "
    "outputs into files, `history --json` prints the commands as JSON.",
    "start": "`new LABEL` makes a session, `resume CODE` takes one up, `unpause` goes on "
    "recording, and `jupyter sessions serve` starts a server.",
    "stop": "`pause` and `detach` stop recording, `close` ends a session for good, and Ctrl-C "
    "stops a server.",
    "tag": "`set label TEXT`, `set description TEXT` and `message TEXT` say what a session is "
    "about.",
    "record": "`new LABEL` makes a session and records into it, `resume CODE` records into one "
    "that is there.",
    "open": "`resume CODE` takes a session up, `web` shows its page.",
    "attach": "`resume CODE` takes a session up.",
    "create": "`new LABEL` makes a session.",
    "info": "`show` shows a session.",
    "ls": "`list` lists the sessions, `files` what is published.",
    "rm": "`remove` removes a session, `unpublish PATH` a published file.",
    "log": "`history` lists the commands.",
    "download": "`get PATH` downloads what is published.",
    "upload": "`publish FILE` publishes a file.",
    "whoami": "`logins` lists your logins, `members` your roles in a session.",
}

_OVERVIEW = """\
Shared experiment sessions for Jupyter.

{lines}

All commands: {prefix} --help. One of them: {prefix} NAME --help
In a notebook or in ipython: %load_ext jupyter_sessions, then %session NAME\
"""
_IN_OVERVIEW = (
    "new", "list", "resume", "history", "view", "publish", "files", "get", "grant", "members",
    "web", "login", "serve", "demo",
)  # fmt: skip


def overview(prefix: str) -> str:
    """Describe the most important commands in a few lines."""
    lines = [f"  {name:<8}  {BY_NAME[name].summary}" for name in _IN_OVERVIEW]
    return _OVERVIEW.format(lines="\n".join(lines), prefix=prefix)


def rewrite(typed: list[str]) -> list[str]:
    """Rewrite a command line with the names of `TABLE` and its options."""
    if not typed:
        return typed
    name, *rest = typed
    if name == "help":
        return [*rest, "--help"]
    return [*REWRITTEN.get(name, (name,)), *rest]


class CommandGroup(click.Group):
    """The commands of `TABLE`, each imported when used.

    Parameters
    ----------
    all_commands
        Whether to include commands that are only available in a shell.
    """

    def __init__(self, *, all_commands: bool) -> None:
        super().__init__(
            help="Shared experiment sessions for Jupyter.",
            context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
            epilog="NAME --help tells more of each.",
            subcommand_metavar="NAME …",
        )
        click.version_option(__version__, prog_name="jupyter_sessions")(self)
        self._entries = {
            name: entry for name, entry in BY_NAME.items() if all_commands or not entry.shell_only
        }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and replace alternative names."""
        return super().parse_args(ctx, rewrite(args))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the commands' names."""
        return list(self._entries)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import and return a command."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"jupyter_sessions.cli.commands.{entry.module}")
        command: click.Command = module.COMMANDS[entry.name]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; suggest similar names if unknown."""
        name = args[0]
        if name not in self._entries and not name.startswith("-"):
            near = get_close_matches(name, [*self._entries, *REWRITTEN], n=3)
            meant = f"Did you mean {' or '.join(near)}?" if near else ""
            instead = SUGGESTED.get(name, meant)
            if name in BY_NAME:
                instead = f"Type it in a shell: jupyter sessions {name}"
            raise click.UsageError(f"There is no command {name!r}. {instead}".rstrip(), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table, section by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in self._entries.items():
            if name == entry.name:
                names = ", ".join((name, *entry.aliases))
                sections.setdefault(entry.section, []).append((names, entry.summary))
        for section, lines in sections.items():
            with formatter.section(section):
                formatter.write_dl(lines)
