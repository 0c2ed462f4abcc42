"""The reference pages, made from the tables of the program: ``python -m docs.generate``.

``tests/test_docs.py`` fails when a page is not what this makes of the program as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from docs.generate.commands import commands_page
from docs.generate.operations import operations_page, shapes_page
from docs.generate.tables import configuration_page, errors_page, events_page, roles_page

REFERENCE = Path(__file__).parents[1] / "reference"
_MADE = "<!-- Made by `python -m docs.generate`; changes here are lost. -->\n"


def pages() -> dict[Path, str]:
    """Make every reference page."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "commands": commands_page,
        "operations": operations_page,
        "shapes": shapes_page,
        "roles": roles_page,
        "errors": errors_page,
        "events": events_page,
        "configuration": configuration_page,
    }
    return {
        REFERENCE / f"{name}.md": _MADE + "\n".join(page()).rstrip() + "\n"
        for name, page in made.items()
    }


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
