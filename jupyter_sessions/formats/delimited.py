"""Write CSV files in which values round-trip and no cell is a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from numbers import Number
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Written, is_a, is_missing
from jupyter_sessions.formats.texts import to_utf8
from jupyter_sessions.formats.times import use_whole_minutes

# A spreadsheet interprets a cell that starts with one of these as a formula, and runs it;
# full-width signs count too, and invisible characters are skipped.
_FORMULA = re.compile(r"[\s\0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\Z")
_QUOTED = re.compile(r'[",\r\n]|\A\s|\s\Z|\A\Z|\A\ufeff')
#: Types without a text form that reads back as the same value.
_CONTAINERS = (list, tuple, dict, set, frozenset, bytes, bytearray, memoryview)
_MIDNIGHT = " 00:00:00"


class Quantity(str):
    """The text of a number or time, which is not a formula even if it starts with a sign."""

    __slots__ = ()


class DelimitedText:
    """The rows of a CSV file.

    Attributes
    ----------
    guarded
        How many cells got an apostrophe, since a spreadsheet would have run them.
    ambiguous
        Whether different values of a column, or different labels, have the same text.
    """

    def __init__(self) -> None:
        self.guarded = 0
        self.ambiguous = False
        self._lines: list[str] = []

    def add_row(self, cells: Iterable[object]) -> None:
        """Add a row of labels."""
        labels = list(cells)
        texts = [self._cell(label_text(each)) for each in labels]
        self._compare(texts, labels)
        self._add(texts)

    def add_columns(self, columns: Sequence[Any]) -> None:
        """Add rows, given as columns: NumPy arrays, pandas Series or Index."""
        several = len(columns) > 1
        for row in zip(*(self._column(each, several) for each in columns), strict=True):
            self._add(row)

    def _add(self, cells: Iterable[str]) -> None:
        line = ",".join(cells)
        # Readers skip an empty line, but a row with a single missing cell is still a row.
        self._lines.append(line or '""')

    def _column(self, column: Any, several: bool) -> list[str]:
        texts = column_texts(column)
        if is_a(column.dtype, "numpy.dtype") and column.dtype.kind in "biufcmM":
            return texts
        cells = [self._cell(each) for each in texts]
        # As `_add` has them: a missing value is an empty text in a line of its own.
        self._compare(cells if several else [cell or '""' for cell in cells], column.tolist())
        return cells

    def _compare(self, cells: list[str], values: Sequence[Any]) -> None:
        firsts: dict[str, Any] = {}
        for cell, value in zip(cells, values, strict=True):
            if self.ambiguous:
                return
            self.ambiguous = not _is_equal(firsts.setdefault(cell, value), value)

    def _cell(self, text: str | None) -> str:
        if text is None:
            return ""
        guarded = text if isinstance(text, Quantity) else defuse(text)
        self.guarded += guarded != text
        if not _QUOTED.search(guarded):
            return guarded
        return '"' + guarded.replace('"', '""') + '"'

    def to_written(self) -> Written:
        """Return the file's content, with a note when cells were guarded."""
        notes = []
        if self.guarded:
            cells = "1 cell begins" if self.guarded == 1 else f"{self.guarded:,} cells begin"
            notes.append(
                f"{cells} like a formula and got an apostrophe, so that a spreadsheet "
                "does not run it."
            )
        if self.ambiguous:
            notes.append(
                "CSV does not store types: some different values (or labels) became the same text."
            )
        return Written(to_utf8("".join(f"{line}\n" for line in self._lines)), " ".join(notes))


def defuse(text: str) -> str:
    """Prefix a text with an apostrophe if a spreadsheet would interpret it as a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def label_text(label: object) -> str | None:
    """Return a label of a row or column as text; None if it has none."""
    return str(label) if isinstance(label, tuple) else _text(label)


def column_texts(column: Any) -> list[Any]:
    """Return the values of a column as texts; a missing one is None, or empty among numbers.

    Raises
    ------
    BadRequest
        When a value has no text form.
    """
    kind = column.dtype.kind
    if is_a(column.dtype, "pandas.SparseDtype"):
        import numpy as np

        return column_texts(np.asarray(column))
    if is_a(column.dtype, "pandas.CategoricalDtype"):
        texts = column_texts(column.dtype.categories)
        codes = column.codes if hasattr(column, "codes") else column.array.codes
        return [texts[code] or "" if code >= 0 else None for code in codes.tolist()]
    if not is_a(column.dtype, "numpy.dtype"):
        return [_text(each) for each in column.tolist()]
    values = column if is_a(column, "numpy.ndarray") else column.to_numpy()
    if kind in "biu" or (kind == "f" and values.dtype.itemsize == 8):
        texts = list(map(repr, values.tolist()))
    elif kind in "fc":
        # Keep each type's own precision: half and single are shorter than Python's floats.
        texts = list(map(str, values))
    elif kind in "mM":
        return _times(column)
    else:
        return [_text(each) for each in values.tolist()]
    return texts if is_a(column, "numpy.ndarray") else ["" if t == "nan" else t for t in texts]


def _times(column: Any) -> list[str]:
    texts = ["" if is_missing(each) else _instant(each) for each in column]
    if column.dtype.kind == "M" and all(text.endswith(_MIDNIGHT) for text in texts if text):
        return [text.removesuffix(_MIDNIGHT) for text in texts]
    return texts


def _instant(value: Any) -> str:
    """Return a time as text; in UTC if no reader supports its zone's offset."""
    return str(use_whole_minutes(value) if isinstance(value, datetime) else value)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, _CONTAINERS) or is_a(
        value, "numpy.ndarray", "pandas.DataFrame", "pandas.Series"
    ):
        raise BadRequest(
            f"A cell holds a {type(value).__name__}, which a .csv file can't store.",
            hint="Turn that column into text first (column.astype(str)), or choose .parquet.",
        )
    if is_missing(value):
        return None
    if isinstance(value, datetime):
        return _instant(value)
    return Quantity(value) if isinstance(value, Number | timedelta) else str(value)


def _is_equal(value: Any, other: Any) -> bool:
    if type(value) is type(other) is str:
        return bool(value == other)  # by far the most, and quickly
    if value is other or (is_missing(value) and is_missing(other)):
        return True
    if is_missing(value) or is_missing(other) or isinstance(value, str) != isinstance(other, str):
        return False
    return bool(value == other)
