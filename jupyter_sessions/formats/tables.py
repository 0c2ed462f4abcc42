"""Data frames: HTML to look at, CSV to open, Parquet and JSON to go on with."""

from __future__ import annotations

import importlib.util
import io
import json
import warnings
from collections.abc import Callable
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.delimited import DelimitedText, is_missing
from jupyter_sessions.formats.display import page
from jupyter_sessions.formats.format import Format, Written, always, is_a
from jupyter_sessions.formats.texts import check_json, to_utf8

#: A page that shows more rows than this helps nobody; CSV and Parquet hold them all.
_ROWS_SHOWN = 1_000
#: A page rounds to so many decimals, as a notebook does.
_DECIMALS = 6


def _write(value: object, ending: str) -> Written:
    frame: Any = value.to_frame() if is_a(value, "pandas.Series") else value  # type: ignore[attr-defined]  # a Series has it
    return _WRITERS[ending](frame)


def _is_default(index: Any) -> bool:
    """Tell whether rows have no labels but their numbers from 0."""
    return (
        is_a(index, "pandas.RangeIndex")
        and index.start == 0
        and index.step == 1
        and index.name is None
    )


def _html(frame: Any) -> Written:
    import pandas as pd

    with pd.option_context("display.max_colwidth", None, "display.precision", _DECIMALS):
        shown = frame.to_html(border=0, max_rows=_ROWS_SHOWN)
    said = []
    if len(frame) > _ROWS_SHOWN:
        said.append(f"The first and the last {_ROWS_SHOWN // 2} of {len(frame):,} rows.")
    if any(_is_rounded(frame.iloc[:, place]) for place in range(frame.shape[1])):
        said.append(f"Numbers are rounded to {_DECIMALS} decimals.")
    return Written(page(shown + f"<p>{' '.join(said)}</p>" if said else shown))


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
    return text.to_written()


def _parquet(frame: Any) -> Written:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest(
            "Parquet files need the package pyarrow, which is not installed.",
            hint="Install it (pip install pyarrow), or choose .csv or .html.",
        )
    if not frame.shape[1]:
        raise BadRequest(
            "The table has no columns, and a Parquet file consists of them.",
            hint="Choose .csv, or make columns of the rows' labels: table.reset_index().",
        )
    for labels in (frame.columns.get_level_values(n) for n in range(frame.columns.nlevels)):
        if len({type(label) for label in labels}) > 1:
            raise BadRequest(
                "The table's columns have labels of several types, and Parquet has only text.",
                hint="Make them text first: table.rename(columns=str).",
            )
    for place in range(frame.shape[1]):
        _check_parquet(frame.iloc[:, place], frame.columns[place])
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not serialize pd.DataFrame.attrs")
        frame.to_parquet(target)
    return Written(target.getvalue())


def _check_parquet(column: Any, label: object) -> None:
    """Refuse what Parquet would change: Python objects become its types by their first values."""
    import pyarrow as pa

    if column.dtype.kind != "O" or not is_a(column.dtype, "numpy.dtype"):
        return
    values = column.tolist()
    try:
        packed = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        return  # refused, or (a geometry) written in its own way
    for value, read in zip(values, packed.to_pylist(), strict=True):
        if not _same(value, read):
            raise BadRequest(
                f"Parquet would change a value of the column {label!r}: {_short(value)} would"
                f" become {_short(read)}.",
                hint="Give the column one type (table.astype(…)), or choose .json or .csv.",
            )


def _same(value: Any, read: Any) -> bool:
    if is_missing(value) or is_missing(read):
        return is_missing(value) and is_missing(read)
    if is_a(value, "numpy.ndarray"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return isinstance(read, list) and len(value) == len(read) and all(map(_same, value, read))
    if isinstance(value, dict):
        return (
            isinstance(read, dict)
            and value.keys() == read.keys()
            and all(_same(value[key], read[key]) for key in value)
        )
    if isinstance(value, bytearray | memoryview):
        value = bytes(value)
    return bool(value == read)


def _short(value: object) -> str:
    text = repr(value)
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
            f"Two columns (or a column and the rows) of the table are called {twice!r}, and .json"
            " has each name once.",
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
    note = ""
    if any(not isinstance(label, str) for label in frame.columns):
        note = "JSON has only texts for names: the labels of the columns became texts."
    return Written(to_utf8(json.dumps(whole, allow_nan=False, ensure_ascii=False)), note)


def _field(label: object) -> str:
    return label if isinstance(label, str) else str(label)


def _json_values(column: Any, name: str) -> list[Any]:
    """Return a column's values as JSON has them; times in ISO 8601, a missing value as null."""
    return [_json_value(each, name) for each in column.astype(object).tolist()]


def _json_value(value: Any, name: str) -> Any:
    import datetime

    import numpy as np
    import pandas as pd

    if is_missing(value):
        return None
    if isinstance(value, np.generic) and not isinstance(value, np.longdouble | np.clongdouble):
        value = pd.Timestamp(value) if isinstance(value, np.datetime64) else value
        value = pd.Timedelta(value) if isinstance(value, np.timedelta64) else value
        value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, pd.Timestamp) and value.tzinfo is not None:
        return value.tz_convert("UTC").isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return pd.Timedelta(value).isoformat()
    if isinstance(value, pd.Period):
        return str(value)
    if isinstance(value, float) and not np.isfinite(value):
        raise BadRequest(
            f"The column {name!r} holds {value}, and JSON has no number for it.",
            hint="Choose .csv or .parquet.",
        )
    try:
        check_json(value)
    except BadRequest as error:
        raise BadRequest(
            f"The column {name!r} holds {_short(value)} ({type(value).__name__}), which JSON has"
            " no form for.",
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
        lambda value: is_a(value, "pandas.DataFrame", "pandas.Series"),
        _write,
    ),
)
