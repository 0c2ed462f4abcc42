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
        ("new", "Create a session, and record into it."),
        ("list", "List the sessions that you have a role in."),
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
        ("exists", "Check whether you have a role in a session."),
        ("disable", "Block access for everyone but the owner, until it is enabled."),
        ("enable", "Let the members of a disabled session back in."),
        ("close", "Make the session a read-only archive, permanently."),
        (
            "remove",
            "Remove the session from all lists; you can restore it for some time.",
            {"aliases": ("delete",)},
        ),
        ("dispose", "Remove a session without asking, for programs."),
        ("restore", "Restore a removed session."),
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
        ("revoke", "Revoke the roles that users and groups were granted."),
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
        (
            "invite",
            "Create an invitation: a key that lets others join the session.",
            {"secret": True},
        ),
        ("invitations", "List the session's invitations."),
        ("uninvite", "Withdraw an invitation."),
        ("join", "Join a session by an invitation.", {"secret": True}),
    ),
    *_section(
        "Members",
        "members",
        ("who", "List who is connected, to all your sessions or to one."),
    ),
    *_section(
        "Commands", "sessions", ("resume", "Switch to a session, or list the last commands.")
    ),
    *_section(
        "Commands",
        "history",
        ("history", "List, filter and search the commands."),
        ("view", "Show commands with their recorded outputs."),
        ("request", "Show a command's request as JSON."),
        ("response", "Show a command's response as JSON."),
        ("forget", "Erase a command's source and outputs, permanently."),
    ),
    *_section(
        "Commands",
        "outbox",
        ("outbox", "Show recorded commands that are not in their session yet, and deliver them."),
    ),
    *_section(
        "This kernel",
        "recording",
        ("replay", "Run commands again in this kernel."),
        ("load", "Put a command's source into the next cell."),
        ("ui", "Show the sessions as widgets."),
        ("pause", "Pause recording."),
        ("unpause", "Resume recording."),
        ("detach", "Stop recording."),
    ),
    *_section(
        "Web space",
        "webspace",
        ("publish", "Publish the last output, variables, files or folders."),
        ("files", "List the published files."),
        ("get", "Download published files or folders."),
        ("unpublish", "Remove files or folders from the web space."),
        ("web", "Print a session's address, and open it in a browser.", {"secret": True}),
    ),
    *_section(
        "Scripts",
        "scratch",
        ("scratch", "Store small values in a session, so that scripts can share them."),
    ),
    *_section(
        "Scripts",
        "sessions",
        ("http-url", "Print a session's URL for any HTTP library."),
        ("xmlrpc-url", "Print a session's URL for any XML-RPC client."),
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
        ("file", "Print the path of the file that stores the current login."),
        ("clear", "End and remove all stored logins except the current one."),
        ("prune", "Remove the stored logins that have ended."),
    ),
    *_section(
        "Logins",
        "login",
        ("timeout", "Show or set the idle time-out of the current login."),
        ("keepalive", "Keep the current login alive."),
    ),
    *_section(
        "Logins",
        "own_account",
        ("password", "Change your password.", {"secret": True}),
        ("second-factor", "Manage the second factor of your account.", {"secret": True}),
    ),
    *_section(
        "Logins",
        "login",
        ("login-for", "Create a login for someone else.", {"secret": True}),
        ("end-login", "End a login by its number."),
    ),
    *_section("Servers", "check", ("check", "Verify everything that is stored.")),
    *_section(
        "Servers",
        "server",
        ("account", "Manage the accounts of this store or server.", {"secret": True}),
        ("audit", "Read the audit log: logins, refusals and changes of accounts."),
        ("serve", "Start a sessions server.", {"shell_only": True}),
        ("demo", "Record a real analysis, and show it.", {"shell_only": True}),
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
    "export": "`get PATH` downloads a published file, `view N --save FOLDER` writes "
    "a command's outputs into files, `history --json` prints the commands "
    "as JSON.",
    "start": "`new LABEL` creates a session, `resume CODE` switches to one, "
    "`unpause` resumes recording, and `jupyter sessions serve` starts a "
    "server.",
    "stop": "`pause` and `detach` stop recording, `close` closes a session "
    "permanently, and Ctrl-C stops a server.",
    "tag": "`set label TEXT`, `set description TEXT` and `message TEXT` describe a session.",
    "record": "`new LABEL` creates a session and records into it, `resume CODE` "
    "records into an existing one.",
    "open": "`resume CODE` switches to a session, `web` shows its page.",
    "attach": "`resume CODE` records into a session.",
    "create": "`new LABEL` creates a session.",
    "info": "`show` shows a session.",
    "ls": "`list` lists the sessions, `files` the published files.",
    "rm": "`remove` removes a session, `unpublish PATH` a published file.",
    "log": "`history` lists the commands.",
    "download": "`get PATH` downloads a published file.",
    "upload": "`publish FILE` publishes a file.",
    "whoami": "`logins` lists your logins, `members` your roles in a session.",
}

_OVERVIEW = """\
Shared experiment sessions for Jupyter.

{lines}

All commands: {prefix} --help. One command: {prefix} NAME --help
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
            epilog="For help with one command, type NAME --help.",
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
                instead = f"Type it in a shell, as jupyter sessions {name}"
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
