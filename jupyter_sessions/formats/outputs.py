"""Convert a command's displayed outputs to files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jupyter_sessions import schemas
from jupyter_sessions.errors import NotFound
from jupyter_sessions.formats.display import ENDINGS, encode
from jupyter_sessions.formats.registry import Content, inside


def displayed(response: schemas.CommandResponse | None) -> list[schemas.MimeBundle]:
    """Return the MIME bundles among a command's outputs that can become files."""
    outputs = response.outputs if response is not None else []
    return [
        output.data
        for output in outputs
        if isinstance(output, schemas.DisplayData | schemas.ExecuteResult)
        and any(media in ENDINGS for media in output.data)
    ]


def files(number: int, response: schemas.CommandResponse | None) -> Iterator[Content]:
    """Return a file for each displayed output, in its richest form.

    Parameters
    ----------
    number
        The command's number: the files are ``output-12.png``, or ``output-12-1.png`` and so on if
        it displayed several.
    response
        The command's response.

    Raises
    ------
    NotFound
        When it displayed nothing.
    """
    bundles = displayed(response)
    if not bundles:
        raise NotFound(
            f"Command {number} did not display anything that can be saved as a file.",
            hint="Publish a variable by its name, or a file by its path.",
        )
    for place, bundle in enumerate(bundles, 1):
        media = next(media for media in ENDINGS if media in bundle)
        suffix = f"-{place}" if len(bundles) > 1 else ""
        name = f"output-{number}{suffix}{ENDINGS[media]}"
        yield Content(name, encode(media, bundle[media]), media)


def renamed(contents: list[Content], path: str | None) -> list[Content]:
    """Apply the user's path to files: one at that path, several in that folder."""
    if path is None:
        return contents
    if len(contents) == 1 and not path.endswith("/"):
        return [replace(contents[0], name=path)]
    return [replace(each, name=inside(path, each.name)) for each in contents]
