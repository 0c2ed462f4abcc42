"""Commands for the web space and the session's page: publish, list, download, open."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import click

from jupyter_sessions import api, errors, schemas, urls
from jupyter_sessions.cli.command import Invocation, command, more, table
from jupyter_sessions.cli.parameters import after_option, limit_option
from jupyter_sessions.cli.reachability_notes import explain_reachability, find_server
from jupyter_sessions.cli.rendering import columns
from jupyter_sessions.cli.results import Block, Code, Line, Result, Table, Tone, done
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.client import files as downloads
from jupyter_sessions.client.addresses import get_host, is_loopback
from jupyter_sessions.client.presence import login_link
from jupyter_sessions.escape_sequences import remove_sequences
from jupyter_sessions.formats import Content, folders, inside, outputs, write
from jupyter_sessions.formatting import format_size


def resolve_content(
    what: str,
    path: str | None,
    variable: Callable[[str], tuple[bool, Any]],
    omitted: Callable[[Path], object],
) -> Iterable[Content]:
    """Return the content to publish for a name: a variable, a file, or a folder's files.

    Parameters
    ----------
    what
        The name.
    path
        The path in the web space; by default, the thing's own name.
    variable
        Returns whether there is a variable with a name, and its value.
    omitted
        Called with each link or special file that is omitted from a folder.
    """
    known, value = variable(what)
    if not known:
        return folders.walk(Path(what).expanduser(), path, omitted)
    if isinstance(value, Path):
        return folders.walk(value, path, omitted)
    if path is not None and path.endswith("/"):
        content = write(value, name=what)
        return outputs.renamed([content], path)
    return [write(value, name=what, path=path)]


@command(
    "publish",
    "publish table figure",
    "publish table --as results/weather.csv",
    "publish report.html plots/ data.nc",
)
@click.argument("what", nargs=-1, metavar="[WHAT…]")
@click.option("--as", "path", metavar="PATH", help="Publish under this path in the web space.")
def publish(work: Invocation, what: tuple[str, ...], path: str | None) -> Result:
    """Publish variables (in a notebook), files or folders; without arguments, the last output.

    The last output is that of your newest command that put out anything but an error; the answer
    names the command.

    The ending of PATH decides how a variable is written: a table as .html, .csv or .parquet, a
    figure as .png, .svg or .pdf. If you publish several things, PATH is the folder for them. A name
    that is both a variable and a file means the variable; write ./NAME for the file.

    Each published file keeps the number of its command: the command that displayed it or, for
    variables and files, the command that published it.
    """
    code = work.code
    left_out: list[Path] = []
    if what:
        target = path if path is None or len(what) == 1 else inside(path, "")
        variable = work.frontend.variable
        contents = [
            content
            for each in what
            for content in resolve_content(each, target, variable, left_out.append)
        ]
        made_by = work.frontend.running_command(code)
        origin, notes = "", list[Line]()
    else:
        contents, made_by, origin, notes = _last_output(work, path)
    files = [_published(work, content, made_by) for content in contents]
    said = [
        Line(f"Published {file.path}{_describe_origin(file, origin)}", Tone.DONE, file.url)
        for file in files
    ]
    said += notes
    said += [Line(content.note, Tone.WARNING) for content in contents if content.note]
    if left_out:
        from jupyter_sessions.formats.folders import explain_omitted

        said += [Line(words, Tone.WARNING) for words in explain_omitted(left_out)]
    return Result(files[0] if len(files) == 1 else files, said)


def _published(work: Invocation, content: Content, number: int | None) -> schemas.File:
    request = schemas.PublishFile(
        code=work.code, path=content.name, media_type=content.media_type, command=number
    )
    return work.call(api.PUBLISH_FILE, request, content.data)


#: What people call a file of a media type.
_KINDS = {
    "application/json": "JSON",
    "application/pdf": "PDF",
    "text/html": "HTML",
    "text/latex": "LaTeX",
    "text/markdown": "Markdown",
    "text/plain": "text",
}
_FAILED = "error"


def _describe_origin(file: schemas.File, origin: str) -> str:
    if not origin:
        return ""
    picture = file.media_type.startswith("image/")
    kind = "picture" if picture else _KINDS.get(file.media_type, file.media_type)
    return f": the {kind} of {origin}"


def _last_output(
    work: Invocation, path: str | None
) -> tuple[list[Content], int | None, str, list[Line]]:
    """Return the last output, its command, what to call that, and what the user should know."""
    if not work.frontend.settle(work.code):
        known, value = work.frontend.variable("_")
        if known and value is not None and not (isinstance(value, str) and not value):
            content = write(value, name="output", path=path)
            return [content], None, "the last result (_)", []
    later: list[int] = []
    for summary in _list_newest(work):
        if summary.status == "running" or not summary.media:
            continue
        if set(summary.media) == {_FAILED}:
            later.append(summary.number)
            continue
        named = schemas.CommandNamed(code=work.code, number=summary.number)
        response = work.call(api.GET_COMMAND, named).response
        contents = _to_files(summary.number, response)
        if not contents:
            later.append(summary.number)
            continue
        origin, notes = f"command {summary.number}", _warn_of_later(later)
        return outputs.renamed(contents, path), summary.number, origin, notes
    raise errors.NotFound(
        "There is no output to publish: none of the last commands put out a "
        "figure, table, value or text.",
        hint="Name what to publish: a variable, a file or a folder. For example: "
        f"{work.frontend.prefix} publish results.csv",
    )


def _to_files(number: int, response: schemas.CommandResponse | None) -> list[Content]:
    """Return what a command displayed as files, or else the text that it printed as one."""
    if outputs.displayed(response):
        return list(outputs.files(number, response))
    streams = [
        output.text if isinstance(output.text, str) else "".join(output.text)
        for output in (response.outputs if response is not None else [])
        if isinstance(output, schemas.Stream)
    ]
    text = remove_sequences("".join(streams))
    return [write(text, name=f"output-{number}", path=f"output-{number}.txt")] if text else []


def _list_newest(work: Invocation) -> list[schemas.CommandSummary]:
    """List the newest commands of the user or, if there are none, of everyone."""
    for user in (work.in_session.user, None):
        request = schemas.ListCommands(code=work.code, limit=50, managing=False, user=user)
        if items := work.call(api.LIST_COMMANDS, request).items:
            return items
    return []


def _warn_of_later(numbers: list[int]) -> list[Line]:
    if not numbers:
        return []
    which = ", ".join(map(str, sorted(numbers)))
    said = f"Commands {which} came later, but their outputs can't be published, such as errors."
    if len(numbers) == 1:
        said = f"Command {which} came later, but its output can't be published, such as an error."
    return [Line(said, Tone.WARNING)]


def _strip_trailing_slash(path: str) -> str:
    """Remove a folder's trailing slash, as `files` shows it; the server checks the rest."""
    return path[:-1] if path.endswith("/") and path != "/" else path


@command("files", "files results", "files --deep")
@click.argument("folder", default="")
@click.option("--deep", is_flag=True, help="List the content of folders too.")
@limit_option(200)
@after_option
def files(work: Invocation, folder: str, deep: bool, limit: int, after: str | None) -> Result:
    """List the published files."""
    request = schemas.ListFiles(
        code=work.code, folder=_strip_trailing_slash(folder), deep=deep, limit=limit, after=after
    )
    page = work.call(api.LIST_FILES, request)
    listed = Table(columns.FILE, page.items, "Nothing is published here.")
    return Result(page, (listed, *more(work, page.next)))


@command("get weather.html", "get results -o copy", "get weather.csv -o -")
@click.argument("path")
@click.option(
    "-o",
    "--output",
    metavar="TARGET",
    help="Save to this file or folder; - prints to the standard output.",
)
@click.option("--force", is_flag=True, help="Replace existing files.")
def get(work: Invocation, path: str, output: str | None, force: bool) -> Result:
    """Download a published file, or a folder with everything in it.

    If the download of a large file breaks off, the same command continues it.
    """
    path = _strip_trailing_slash(path)
    if output == "-":
        _print(work, path)
        return Result(work.call(api.GET_FILE, schemas.FileNamed(code=work.code, path=path)))
    target = Path(output or PurePosixPath(path).name).expanduser()
    found = downloads.list_files_below(work.in_session, work.code, path)
    notes: list[Line] = []
    saved = [
        downloads.download(
            work.in_session,
            work.code,
            file,
            downloads.placed(target, place),
            force=force,
            note=lambda text: notes.append(Line(one_line(text), Tone.WARNING)),
        )
        for file, place in found
    ]
    answer = [each.file for each in saved]
    much = format_size(sum(file.size for file in answer))
    said = f"Saved {len(answer)} files ({much}) in {one_line(str(target))}."
    if len(answer) == 1:
        said = f"Saved {one_line(str(saved[0].path))} ({much})."
    line = Line(said, Tone.DONE)
    return Result(answer[0] if len(answer) == 1 else answer, (*notes, line))


def _print(work: Invocation, path: str) -> None:
    named = schemas.FileNamed(code=work.code, path=path)
    binary = getattr(sys.stdout, "buffer", None)
    if binary is not None:
        work.in_session.download(named, binary)
        return
    # A notebook's standard output accepts only text.
    content = BytesIO()
    work.in_session.download(named, content)
    try:
        click.echo(content.getvalue().decode(), nl=False)
    except UnicodeDecodeError:
        raise errors.BadRequest(
            f"{path!r} is not text, so a notebook can't print it.",
            hint="To save it into a file, leave -o - out.",
        ) from None


@command("unpublish weather.html", "unpublish results old.csv")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
def unpublish(work: Invocation, paths: tuple[str, ...]) -> Result:
    """Remove files, or folders with everything in them, from the web space."""
    gone = [
        path
        for named in paths
        for path in work.call(
            api.UNPUBLISH_FILE, schemas.FileNamed(code=work.code, path=_strip_trailing_slash(named))
        ).paths
    ]
    return done(schemas.Unpublished(paths=gone), f"Unpublished: {', '.join(gone)}")


@command("web", "web --list", "web -S 1234567890123456789012 --no-browser")
@click.option("--list", "all_sessions", is_flag=True, help="Show the page of all your sessions.")
@click.option("--no-browser", is_flag=True, help="Print the address, but do not open a browser.")
def web(work: Invocation, all_sessions: bool, no_browser: bool) -> Result:
    """Print the address of a session's page, or of the list's, and open it in a browser.

    For your own store it also prints a one-time login link, which needs no password: the first
    person who opens it is logged in as you.
    """
    if all_sessions:
        user = work.call(api.WHO_AM_I, schemas.Nothing())
        return _page(work, user, find_server(work.transport), urls.ROOT, browser=not no_browser)
    session = work.call(api.GET_SESSION, schemas.SessionNamed(code=work.code))
    server = urls.get_server(session.url) if session.url else None
    page = urls.build_session_url("", session.code)
    return _page(work, session, server, page, browser=not no_browser)


def _page(work: Invocation, answer: Any, server: str | None, page: str, *, browser: bool) -> Result:
    if server is None:
        return Result(answer, explain_reachability(None), exit_code=1)
    url = server + page
    if page == urls.ROOT:
        lines: list[Block] = [Line("My sessions:", link=url)]
    else:
        lines = [
            Line("The session's page:", link=url),
            *_for_a_colleague(work, server, url),
        ]
    opened = url
    if work.transport.server is None:
        opened = login_link(work.transport, server, page).url
        lines.append(
            Line("A one-time login link, only for you, valid for ten minutes:", link=opened)
        )

    def show() -> None:
        work.frontend.open_browser(opened)

    return Result(answer, lines, afterwards=show if browser else None)


def _for_a_colleague(work: Invocation, server: str, url: str) -> list[Block]:
    """Say what to send to a colleague, or why the URL can't be sent."""
    from jupyter_sessions.client.reachability import explain_plain_http

    blocks: list[Block] = [*explain_reachability(server)]
    if is_loopback(get_host(server)):
        return blocks
    members = work.call(api.LIST_MEMBERS, schemas.SessionNamed(code=work.code)).members
    names = [each.user for each in members if not each.group and "owner" not in each.roles]
    name = names[0] if len(names) == 1 else "NAME"
    blocks.append(
        Line("A colleague with an account can open it in a browser, or type in a notebook:")
    )
    blocks.append(Code(f"%session login {one_line(name)}@{server}\n%session resume {url}"))
    if clear := explain_plain_http(server):
        blocks.append(Line(clear, Tone.WARNING))
    return blocks


COMMANDS = table(publish, files, get, unpublish, web)
