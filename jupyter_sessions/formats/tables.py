"""Write data frames as HTML, CSV, Parquet or JSON."""

from __future__ import annotations

import importlib.util
import io
import json
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.delimited import DelimitedText
from jupyter_sessions.formats.display import page
from jupyter_sessions.formats.format import (
    Format,
    Written,
    always,
    describe_reader_type,
    first_line,
    is_a,
    is_missing,
    join_notes,
)
from jupyter_sessions.formats.readback import explain_csv, explain_json, explain_types
from jupyter_sessions.formats.texts import check_json, describe_renamed, describe_types, to_utf8
from jupyter_sessions.formats.times import format_iso, is_time

#: The largest number of rows of an HTML page; CSV and Parquet hold all rows.
_MAX_ROWS = 1_000
#: Decimals of numbers on a page, as in a notebook.
_DECIMALS = 6


def _write(value: object, ending: str) -> Written:
    frame = _to_frame(value)
    written = _WRITERS[ending](frame)
    if ending == ".html":
        return written
    geo = ("GeoDataFrame",) if ending == ".parquet" else ()
    notes = [
        describe_reader_type(value, "DataFrame", *geo),
        *_explain_frequency(frame),
        "" if ending == ".parquet" or not frame.attrs else "Its attrs are not stored.",
    ]
    return _with_note(written, join_notes(*notes))


def _to_frame(value: Any) -> Any:
    """Return a table, or what becomes its only column."""
    if is_a(value, "pandas.DataFrame"):
        return value
    if is_a(value, "pandas.Index"):
        return value.to_frame(index=False)
    if is_a(value, "pandas.ExtensionArray"):
        import pandas as pd

        value = pd.Series(value)
    return value.to_frame()


def _explain_frequency(frame: Any) -> Iterator[str]:
    """Say of which times a file leaves out that they follow each other regularly."""
    for name, labels in (("rows'", frame.index), ("columns'", frame.columns)):
        if labels.dtype.kind in "mM" and getattr(labels, "freq", None) is not None:
            yield f"The frequency ({labels.freqstr}) of the {name} labels is not stored."


def _is_default(index: Any) -> bool:
    """Tell whether the row labels are only the numbers from 0."""
    return (
        is_a(index, "pandas.RangeIndex")
        and index.start == 0
        and index.step == 1
        and index.name is None
    )


def _html(frame: Any) -> Written:
    import pandas as pd

    with pd.option_context("display.max_colwidth", None, "display.precision", _DECIMALS):
        shown = frame.to_html(border=0, max_rows=_MAX_ROWS)
    said = []
    if len(frame) > _MAX_ROWS:
        said.append(f"The page has the first and the last {_MAX_ROWS // 2} of {len(frame):,} rows.")
    if any(_is_rounded(frame.iloc[:, place]) for place in range(frame.shape[1])):
        said.append(f"Numbers on the page are rounded to {_DECIMALS} decimals.")
    note = join_notes(*said)
    return Written(page(f"{shown}<p>{note}</p>" if said else shown), note)


def _is_rounded(column: Any) -> bool:
    import numpy as np

    if column.dtype.kind not in "fc" or not is_a(column.dtype, "numpy.dtype"):
        return False
    values = column.to_numpy()
    finite = values[np.isfinite(values)]
    return bool((np.round(finite, _DECIMALS) != finite).any())


def _csv(frame: Any) -> Written:
    text = DelimitedText()
    labels, names = frame.columns, list(frame.index.names)
    with_index = not _is_default(frame.index) or frame.shape[1] == 0
    index = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
    beside = index if with_index else []
    if labels.nlevels == 1:
        text.add_row([*names[: len(beside)], *labels])
    else:
        for level in range(labels.nlevels):
            empty = [labels.names[level], *[None] * len(beside)][: len(beside)]
            text.add_row([*empty, *labels.get_level_values(level)])
        if beside and any(name is not None for name in names):
            text.add_row([*names, *[None] * len(labels)])
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    text.add_columns([*beside, *columns])
    written = text.to_written()
    if labels.nlevels == 1 or not beside:
        written = _with_note(written, _explain_lost_names(labels, "CSV"))
    return _with_note(written, explain_csv(written.data, frame, len(beside)))


def _explain_lost_names(labels: Any, format_: str) -> str:
    """Say which names of the columns' labels a file leaves out."""
    names = [name for name in labels.names if name is not None]
    if not names:
        return ""
    said = ", ".join(map(_short, names))
    return f"{format_} can't store the names of the columns' labels ({said})."


def _with_note(written: Written, note: str) -> Written:
    return Written(written.data, join_notes(written.note, note))


def _parquet(frame: Any) -> Written:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest(
            "Parquet files need the package pyarrow, which is not installed.",
            hint="Install it (pip install pyarrow), or choose .csv or .html.",
        )
    if not frame.shape[1]:
        raise BadRequest(
            "The table has no columns, which a Parquet file needs.",
            hint="Choose .csv, or make columns of the rows' labels: table.reset_index().",
        )
    for labels in (frame.columns.get_level_values(n) for n in range(frame.columns.nlevels)):
        if len({type(label) for label in labels}) > 1:
            raise BadRequest(
                "The table's columns have labels of several types, but Parquet only stores text.",
                hint="Make them text first: table.rename(columns=str).",
            )
    target, stored = io.BytesIO(), frame
    if not _is_json(frame.attrs):
        stored = frame.copy(deep=False)
        stored.attrs = {}
    stored.to_parquet(target)
    return Written(target.getvalue(), _check_parquet(target, frame))


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _check_parquet(written: io.BytesIO, frame: Any) -> str:
    """Refuse what a reader would not get back from a Parquet file; return what else it changes.

    Labels become text and are parsed again, Python objects become what their first values seem
    to be, and some types can be written but not read.
    """
    written.seek(0)
    try:
        read = _read_parquet(written, frame)
    except Exception as error:  # pandas fails in as many ways as there are types
        raise BadRequest(
            "The table could be written as .parquet, but could not be read back: "
            f"{first_line(error)}",
            hint="Make the columns' labels text first (table.rename(columns=str)), or choose .csv.",
        ) from error
    _check_labels(frame.columns, read.columns, "columns' labels")
    _check_labels(frame.index, read.index, "rows' labels")
    for place in range(frame.shape[1]):
        name = f"column {_short(frame.columns[place])}"
        _check_values(frame.iloc[:, place], read.iloc[:, place], name)
    notes = [explain_types(frame, read, with_index=True, compared=True)]
    if not _is_equal_metadata(frame.attrs, read.attrs):
        notes.append("Its attrs are not stored as they are.")
    return join_notes(*notes)


def _is_equal_metadata(had: dict[Any, Any], read: dict[Any, Any]) -> bool:
    try:
        return bool(had == read)
    except ValueError:  # arrays, for which JSON has no place either
        return False


def _read_parquet(written: io.BytesIO, frame: Any) -> Any:
    if is_a(frame, "geopandas.GeoDataFrame"):
        import geopandas  # type: ignore[import-not-found,import-untyped,unused-ignore]

        return geopandas.read_parquet(written)
    import pandas as pd

    return pd.read_parquet(written)


def _check_labels(had: Any, read: Any, name: str) -> None:
    if had.nlevels != read.nlevels or len(had) != len(read):
        raise _changed(name, had[:1].tolist(), read[:1].tolist())
    if not _same(list(had.names), list(read.names)):
        raise _changed(f"names of the {name}", list(had.names), list(read.names))
    for level in range(had.nlevels):
        _check_values(had.get_level_values(level), read.get_level_values(level), name)


def _check_values(had: Any, read: Any, name: str) -> None:
    if had.dtype == read.dtype and had.dtype != object and had.array.equals(read.array):
        return
    for value, kept in zip(had.tolist(), read.tolist(), strict=True):
        if not _same(value, kept):
            raise _changed(name, value, kept)


def _changed(name: str, value: object, read: object) -> BadRequest:
    return BadRequest(
        f"Parquet would change the {name}: {_short(value)} would become {_short(read)}.",
        hint="Give the values one type (table.astype(…), table.rename(columns=str)), or choose"
        " .csv or .json.",
    )


def _same(value: Any, read: Any) -> bool:
    """Tell whether a value that was read is the same, in its type too."""
    if type(value) is type(read) is str:
        return bool(value == read)  # by far the most, and quickly
    if is_missing(value) or is_missing(read):
        return is_missing(value) and is_missing(read)
    value, read = _plain(value), _plain(read)
    if type(value) is not type(read):
        return False
    if isinstance(value, list):
        return len(value) == len(read) and all(map(_same, value, read))
    if isinstance(value, dict):
        return value.keys() == read.keys() and all(_same(value[key], read[key]) for key in value)
    if isinstance(value, datetime) and value.utcoffset() != read.utcoffset():
        return False
    return bool(value == read)


def _plain(value: Any) -> Any:
    """Return a value in the type that stands for all those that Parquet has in common."""
    import pandas as pd

    if is_a(value, "numpy.datetime64"):
        return pd.Timestamp(value)
    if is_a(value, "numpy.timedelta64"):
        return pd.Timedelta(value)
    if is_a(value, "numpy.ndarray", "numpy.generic"):
        value = value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, datetime):
        return pd.Timestamp(value)
    return pd.Timedelta(value) if isinstance(value, timedelta) else value


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def _json(frame: Any) -> Written:
    from pandas.io.json import build_table_schema

    if frame.columns.nlevels > 1:
        raise BadRequest(
            "A table whose columns have several levels of labels can't be written as .json.",
            hint="Join them first (table.columns = table.columns.map(str)), or choose .parquet.",
        )
    names = [_field(label) for label in frame.columns]
    levels = frame.index.nlevels
    unnamed = ["index"] if levels == 1 else [f"level_{place}" for place in range(levels)]
    index = [
        other if name is None else _field(name)
        for name, other in zip(frame.index.names, unnamed, strict=True)
    ]
    if set(index) & set(names) and _is_default(frame.index):
        index = []
    fields = [*index, *names]
    twice = next((name for name in fields if fields.count(name) > 1), None)
    if twice is not None:
        raise BadRequest(
            "Two columns (or a column and the rows) of the table are called "
            f"{twice!r}, but .json needs different names.",
            hint="Rename one (table.columns = […]), or choose .csv.",
        )
    labels = [frame.index.get_level_values(place) for place in range(len(index))]
    columns = [*labels, *(frame.iloc[:, place] for place in range(frame.shape[1]))]
    values = [_json_values(each, name) for name, each in zip(fields, columns, strict=True)]
    typed = frame.set_axis(names, axis="columns")
    if index:
        typed.index = typed.index.set_names(index)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Index name of")
        schema = build_table_schema(typed, index=bool(index), version=False)
    for field in schema["fields"]:
        constraints = field.get("constraints")
        if constraints:
            import pandas as pd

            enum = pd.Series(constraints["enum"], dtype=object)
            constraints["enum"] = _json_values(enum, field["name"])
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*values, strict=True)]
    whole = {"schema": schema, "data": rows}
    notes = [_explain_lost_names(frame.columns, "JSON")]
    if any(not isinstance(label, str) for label in frame.columns):
        notes.append("JSON names are text, so the labels of the columns were converted to text.")
    cells = [
        cell for column in values for cell in column if isinstance(cell, list | tuple | dict | Enum)
    ]
    notes += [describe_renamed(sum(map(check_json, cells))), describe_types(cells)]
    data = to_utf8(json.dumps(whole, allow_nan=False, ensure_ascii=False))
    notes.append(explain_json(data, frame, with_index=bool(index)))
    return Written(data, join_notes(*notes))


def _field(label: object) -> str:
    return label if isinstance(label, str) else str(label)


def _json_values(column: Any, name: str) -> list[Any]:
    """Return a column's values for JSON; times in ISO 8601, missing values as null."""
    return [_json_value(each, name) for each in column.astype(object).tolist()]


def _json_value(value: Any, name: str) -> Any:
    import numpy as np
    import pandas as pd

    if is_missing(value):
        return None
    if isinstance(value, pd.Timestamp) and value.tzinfo is not None:
        return value.tz_convert("UTC").isoformat().replace("+00:00", "Z")
    if is_time(value):
        return format_iso(value)
    if isinstance(value, pd.Period):
        return str(value)
    if isinstance(value, np.generic) and not isinstance(value, np.longdouble | np.clongdouble):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        raise BadRequest(
            f"The column {name!r} holds {value}, which JSON can't store as a number.",
            hint="Choose .csv or .parquet.",
        )
    try:
        check_json(value)
    except BadRequest as error:
        raise BadRequest(
            f"The column {name!r} holds {_short(value)} ({type(value).__name__}), "
            "which JSON can't store.",
            hint="Choose .parquet or .csv, or make it text: column.astype(str).",
        ) from error
    return value


_WRITERS: dict[str, Callable[[Any], Written]] = {
    ".html": _html,
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
}

FORMATS = (
    Format(
        "A table",
        always(*_WRITERS),
        lambda value: is_a(
            value, "pandas.DataFrame", "pandas.Series", "pandas.Index", "pandas.ExtensionArray"
        ),
        _write,
    ),
)
