"""The reference pages, and the front end's types: ``python -m docs.generate``.

All is made from the tables of the program; ``tests/test_docs.py`` fails when a file is not what
this makes of the program as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from docs.generate.commands import commands_page
from docs.generate.endpoints import http_page, xmlrpc_page
from docs.generate.operations import operations_page, schemas_page
from docs.generate.tables import configuration_page, errors_page, events_page, roles_page
from docs.generate.typescript import operations_module

REFERENCE = Path(__file__).parents[1] / "reference"
#: What the front end knows of the API.
OPERATIONS_MODULE = Path(__file__).parents[2] / "labextension" / "src" / "api" / "operations.ts"
_MADE = "Made by `python -m docs.generate`; changes here are lost."


def pages() -> dict[Path, str]:
    """Make every reference page."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "commands": commands_page,
        "operations": operations_page,
        "schemas": schemas_page,
        "roles": roles_page,
        "errors": errors_page,
        "events": events_page,
        "configuration": configuration_page,
        "http": http_page,
        "xmlrpc": xmlrpc_page,
    }
    return {
        REFERENCE / f"{name}.md": f"<!-- {_MADE} -->\n" + "\n".join(page()).rstrip() + "\n"
        for name, page in made.items()
    }


def modules() -> dict[Path, str]:
    """Make what other languages are told of the program."""
    return {OPERATIONS_MODULE: f"// {_MADE}\n\n" + "\n".join(operations_module()) + "\n"}


def main() -> None:
    """Write the files."""
    REFERENCE.mkdir(exist_ok=True)
    for path, text in (pages() | modules()).items():
        path.write_text(text, encoding="utf-8")
