"""How the pages are written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table."""
    yield row(heads)
    yield row(["---"] * len(heads))
    yield from map(row, rows)
    yield ""


def row(cells: Sequence[str]) -> str:
    """Write one row of a table."""
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"


def anchor(heading: str) -> str:
    """Return what a link to a heading ends with."""
    return heading.lower().replace(".", "").replace(" ", "-")
