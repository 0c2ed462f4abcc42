"""Read a table's CSV or JSON back with pandas, and say what differs from the table.

CSV and JSON can hold values that pandas does not read back: some need options, some become text or
other numbers, and some make it fail.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from numbers import Number
from typing import Any

from jupyter_sessions.formats.delimited import defuse
from jupyter_sessions.formats.format import first_line, is_a, is_missing

#: A note names no more columns than these.
_MAX_NAMED = 3
_ROWS = "the rows' labels"


def explain_csv(data: bytes, frame: Any, index_levels: int) -> str:
    """Say which options pandas needs to read a CSV file, and what it changes all the same.

    Parameters
    ----------
    data
        The file.
    frame
        The table.
    index_levels
        How many columns of the file are labels of the rows.
    """
    options: dict[str, Any] = {}
    if index_levels:
        options["index_col"] = 0 if index_levels == 1 else list(range(index_levels))
    if frame.columns.nlevels > 1:
        options["header"] = list(range(frame.columns.nlevels))
    try:
        read = _read_csv(data, options)
        if more := _choose_options(frame, read, index_levels):
            options |= more
            read = _read_csv(data, options)
    except Exception as error:  # noqa: BLE001  # pandas fails in as many ways as there are values
        return f"pandas can't read it back: {first_line(error)}"
    said = ""
    if options:
        how = ", ".join(f"{name}={value!r}" for name, value in options.items())
        said = f"To read it with pandas: pandas.read_csv(FILE, {how})."
    changes = _explain_changes(frame, read, index_levels > 0)
    return " ".join(filter(None, (said, _explain_labels(frame, read, index_levels > 0), changes)))


def explain_json(data: bytes, frame: Any, *, with_index: bool) -> str:
    """Say what pandas changes of a table when it reads its JSON, or why it can't."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = pd.read_json(io.BytesIO(data), orient="table", precise_float=True)
    except Exception as error:  # noqa: BLE001  # as above
        return (
            f"pandas can't read it back: {first_line(error)} Other readers of JSON can; for "
            "pandas, choose .parquet or .csv."
        )
    # The caller says that JSON has the columns' labels as text.
    labels = frame.iloc[:0].set_axis([str(label) for label in frame.columns], axis="columns")
    said = (_explain_labels(labels, read, with_index), _explain_changes(frame, read, with_index))
    return " ".join(filter(None, said))


def _read_csv(data: bytes, options: dict[str, Any]) -> Any:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_csv(io.BytesIO(data), **options)


def _choose_options(frame: Any, read: Any, index_levels: int) -> dict[str, Any]:
    """Return the options that may make pandas read differing columns as they are."""
    dates: list[Any] = []
    types: dict[str, Any] = {}
    if frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return {}
    for level in range(index_levels):
        labels = frame.index.get_level_values(level)
        if labels.dtype.kind == "M" and not _is_same(labels, read.index.get_level_values(level)):
            dates.append(level)
    # Options need the labels as pandas reads them, since it changes some.
    for place, name in enumerate(read.columns):
        had, kept = frame.iloc[:, place], read.iloc[:, place]
        if frame.columns.nlevels > 1 or _is_same(had, kept):
            continue
        if had.dtype.kind == "M":
            dates.append(name)
        elif _is_text(had):
            types[name] = str
        elif is_a(had.dtype, "pandas.Int64Dtype", "pandas.UInt64Dtype"):
            types[name] = had.dtype.name
    options: dict[str, Any] = {}
    if dates:
        options["parse_dates"] = dates
    if types:
        options["dtype"] = _Types(types)
        if any(each is str for each in types.values()):
            # Texts such as "NA" or "null", which pandas takes for missing values.
            options["keep_default_na"] = False
            if any(_has_missing(frame.iloc[:, place]) for place in range(frame.shape[1])):
                options["na_values"] = [""]
    return options


class _Types(dict[str, Any]):
    """Types by column, which are shown as a user would type them."""

    def __repr__(self) -> str:
        typed = ("str" if each is str else repr(each) for each in self.values())
        return (
            f"{{{', '.join(f'{name!r}: {each}' for name, each in zip(self, typed, strict=True))}}}"
        )


def _has_missing(column: Any) -> bool:
    return bool(column.isna().any())


def _is_text(column: Any) -> bool:
    return all(isinstance(each, str) or is_missing(each) for each in column.tolist())


def _explain_labels(frame: Any, read: Any, with_index: bool) -> str:
    """Say which labels of columns, and which names of the rows' labels, are read differently."""
    changes = list(dict.fromkeys(_each_label_change(frame, read, with_index)))
    said = ", ".join(changes[:_MAX_NAMED]) + (", …" if changes[_MAX_NAMED:] else "")
    return f"pandas reads some labels differently: {said}." if changes else ""


def _each_label_change(frame: Any, read: Any, with_index: bool) -> Iterator[str]:
    if frame.columns.shape != read.columns.shape or frame.columns.nlevels != read.columns.nlevels:
        return  # what becomes of the table says more
    pairs: list[tuple[str, Any, Any]] = []
    if with_index and frame.index.nlevels == read.index.nlevels:
        names = zip(frame.index.names, read.index.names, strict=True)
        pairs = [("the name of the rows' labels", had, kept) for had, kept in names]
    for level in range(frame.columns.nlevels):
        labels = frame.columns.get_level_values(level).tolist()
        kept_labels = read.columns.get_level_values(level).tolist()
        pairs += [("column", had, kept) for had, kept in zip(labels, kept_labels, strict=True)]
    for name, had, kept in pairs:
        # Another note reports the apostrophe in front of a formula.
        guarded = isinstance(had, str) and kept == defuse(had)
        if not guarded and (isinstance(had, tuple) or not _means_same(had, kept)):
            yield f"{name} {_short(had)} becomes {_short(kept)}"


def _explain_changes(frame: Any, read: Any, with_index: bool) -> str:
    if frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return f"pandas reads it as {read.shape[1]} columns and {len(read)} rows."
    changes = list(_each_change(frame, read, with_index))
    said = ", ".join(changes[:_MAX_NAMED]) + (", …" if changes[_MAX_NAMED:] else "")
    return f"pandas reads some values differently: {said}." if changes else ""


def _each_change(frame: Any, read: Any, with_index: bool) -> Iterator[str]:
    columns: list[tuple[str, Any, Any]] = []
    if with_index and frame.index.nlevels == read.index.nlevels:
        columns = [
            (_ROWS, frame.index.get_level_values(level), read.index.get_level_values(level))
            for level in range(frame.index.nlevels)
        ]
    columns += [
        (f"column {frame.columns[place]!r}", frame.iloc[:, place], read.iloc[:, place])
        for place in range(frame.shape[1])
    ]
    for name, had, kept in columns:
        if _is_same(had, kept):
            continue
        for value, other in zip(had.tolist(), kept.tolist(), strict=True):
            # Other notes report an apostrophe that texts lose, or texts read as missing values.
            if not _means_same(value, other) and not (_is_texts(value) and _is_texts(other)):
                yield f"in {name} {_short(value)} becomes {_short(other)}"
                break


def _is_texts(value: object) -> bool:
    return isinstance(value, str) or is_missing(value)


def _is_same(had: Any, read: Any) -> bool:
    if had.dtype == read.dtype and had.dtype != object:
        return bool(had.array.equals(read.array))
    if all(is_a(each.dtype, "numpy.dtype") and each.dtype.kind == "f" for each in (had, read)):
        import numpy as np

        # A shorter number is read as a longer one, and is the same if it comes back as it was.
        kept = read.to_numpy().astype(had.dtype)
        return bool(np.array_equal(kept, had.to_numpy(), equal_nan=True))
    return all(map(_means_same, had.tolist(), read.tolist()))


def _means_same(value: Any, read: Any) -> bool:
    if is_missing(value) or is_missing(read):
        return is_missing(value) and is_missing(read)
    if isinstance(value, bool) or isinstance(read, bool):
        return bool(value is read)
    if isinstance(value, Number) and isinstance(read, Number):
        return _is_equal(value, read)
    if isinstance(value, datetime) and isinstance(read, datetime):
        return (value.tzinfo is None) == (read.tzinfo is None) and _is_equal(value, read)
    if isinstance(value, timedelta) and isinstance(read, timedelta):
        return _is_equal(value, read)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value) == json.dumps(read)  # keys that became text are said elsewhere
    return type(value) is type(read) and _is_equal(value, read)


def _is_equal(value: Any, read: Any) -> bool:
    try:
        return bool(value == read)
    except (TypeError, ValueError):  # a Decimal and a NumPy integer; anything like an array
        return False


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}…"
