"""Render the first rows of a delimited text file as an HTML table."""

from __future__ import annotations

import csv
import itertools

from markupsafe import Markup

#: Delimiters by media type and, where the type is ambiguous, by extension.
DELIMITERS = {
    "text/csv": ",",
    "text/tab-separated-values": "\t",
    "*.csv": ",",
    "*.tsv": "\t",
}
_ROWS = 200
_COLUMNS = 60
_FRACTION, _DIGITS = 4, 6
_LONGEST_NUMBER = 400  # characters; longer cells are not numbers, as a float has no more digits


def table_body(text: str, delimiter: str) -> Markup:
    """Return the first rows of `text` as a table with right-aligned numbers.

    Parameters
    ----------
    text
        Delimited text whose first row holds the column names.
    delimiter
        The separator of fields; if a comma gives a single column, a semicolon is tried.
    """
    rows = _read(text, delimiter)
    if delimiter == "," and rows and len(rows[0]) == 1 and ";" in rows[0][0]:
        rows = _read(text, ";")
    if not rows:
        return Markup('<p class="note">This file is empty.</p>')
    more = len(rows) > _ROWS + 1
    head, *body = rows[: _ROWS + 1]
    numeric = [
        all(_is_number(row[i]) for row in body if i < len(row) and row[i]) and bool(body)
        for i in range(min(len(head), _COLUMNS))
    ]
    cells = Markup("").join(_cell("th", name, number) for name, number in _zip(head, numeric))
    lines = Markup("\n").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(_cell("td", value, number) for value, number in _zip(row, numeric))
        )
        for row in body
    )
    note = Markup("")
    if more or len(head) > _COLUMNS:
        shown = min(len(head), _COLUMNS)
        note = Markup('<p class="note">The first {} rows and {} of {} columns.</p>').format(
            len(body), shown, len(head)
        )
    return Markup(
        '<div class="wide"><table class="dataframe"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>{}"
    ).format(cells, lines, note)


def _read(text: str, delimiter: str) -> list[list[str]]:
    # A truncated last line reads as a short row; it lies beyond the rows shown.
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        return [row for row in itertools.islice(reader, _ROWS + 2) if row]
    except csv.Error:
        return [[line] for line in text.splitlines()[: _ROWS + 2]]


def _zip(row: list[str], numeric: list[bool]) -> zip[tuple[str, bool]]:
    padded = itertools.chain(numeric, itertools.repeat(False))
    return zip(row[:_COLUMNS], padded, strict=False)


def _cell(tag: str, value: str, number: bool) -> Markup:
    kind = "number" if number else "text"
    short = _rounded(value) if number and tag == "td" else value
    if short != value:
        return Markup('<td class="number" title="{}">{}</td>').format(value, short)
    return Markup('<{0} class="{1}">{2}</{0}>').format(tag, kind, value)


def _rounded(text: str) -> str:
    """Return a number rounded for display: longer fractions to six digits."""
    fraction = text.partition(".")[2]
    if len(fraction) <= _FRACTION or not fraction.isdecimal():
        return text
    number = float(text)
    return f"{number:.{_DIGITS}g}" if abs(number) < 10**_DIGITS else f"{number:.1f}"


def _is_number(text: str) -> bool:
    if len(text) > _LONGEST_NUMBER:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
