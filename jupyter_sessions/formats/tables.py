"""Data frames: HTML to look at, CSV to open, Parquet and JSON to go on with."""

from __future__ import annotations

import importlib.util
import io
import re
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.display import page
from jupyter_sessions.formats.format import Format, always, is_a

#: A page that shows more rows than this helps nobody; CSV and Parquet hold them all.
_ROWS_SHOWN = 1_000

# A spreadsheet takes a cell that begins like this for a formula, and runs it.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")


def _write(value: object, ending: str) -> bytes:
    frame: Any = value.to_frame() if is_a(value, "pandas.Series") else value  # type: ignore[attr-defined]  # a Series has it
    if ending == ".html":
        return page(
            frame.to_html(border=0, max_rows=_ROWS_SHOWN, show_dimensions=len(frame) > _ROWS_SHOWN)
        )
    if ending == ".csv":
        return _csv(frame)
    if ending == ".json":
        return str(frame.to_json(orient="table", date_format="iso")).encode()
    return _parquet(frame)


def _csv(frame: Any) -> bytes:
    defused = frame.copy()
    for position, kind in enumerate(frame.dtypes):
        if kind.kind not in "biufcmM":
            column = frame.iloc[:, position].map(defuse)
            defused.isetitem(position, column)
    defused.columns = frame.columns.map(_defuse_label)
    unnamed_rows = is_a(frame.index, "pandas.RangeIndex")
    if not unnamed_rows:
        defused.index = frame.index.map(_defuse_label)
        defused.index.names = [defuse(name) for name in frame.index.names]
    return str(defused.to_csv(index=not unnamed_rows)).encode()


def defuse(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe goes before it."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.match(cell):
        return f"'{cell}"
    return cell


def _defuse_label(label: object) -> object:
    return tuple(map(defuse, label)) if isinstance(label, tuple) else defuse(label)


def _parquet(frame: Any) -> bytes:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest(
            "Parquet files need the package pyarrow, which is not installed.",
            hint="Install it (pip install pyarrow), or choose .csv or .html.",
        )
    target = io.BytesIO()
    try:
        frame.rename(columns=str).to_parquet(target)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise BadRequest(
            f"The table can't be written as Parquet: {error}.",
            hint="Give each column one type, or choose .csv or .html.",
        ) from error
    return target.getvalue()


FORMATS = (
    Format(
        "A table",
        always(".html", ".csv", ".parquet", ".json"),
        lambda value: is_a(value, "pandas.DataFrame", "pandas.Series"),
        _write,
    ),
)
