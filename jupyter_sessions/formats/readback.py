"""Compare a table with what pandas reads from its file, and say what a reader gets that is not it.

CSV and JSON can hold values that pandas does not read back: some need options, some become text or
other numbers, and some make it fail. All files change some types.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from numbers import Number
from typing import Any

from jupyter_sessions.formats.delimited import defuse
from jupyter_sessions.formats.format import first_line, is_a, is_missing, join_notes, list_some

#: Types of pandas that `pandas.read_csv` makes of a column if it is asked to.
_READABLE = (
    *(f"pandas.{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    "pandas.Float32Dtype",
    "pandas.Float64Dtype",
    "pandas.BooleanDtype",
    "pandas.StringDtype",
    "pandas.CategoricalDtype",
)
#: Types whose change in JSON is said together with that of plain values.
_SAID_OF_JSON = (list, tuple, dict, Enum)
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
        if types := _choose_types(frame, read, options.get("dtype", {})):
            options, read = _add_types(data, frame, options, types) or (options, read)
    except Exception as error:  # noqa: BLE001  # pandas fails in as many ways as there are values
        return f"pandas can't read it back: {first_line(error)}"
    said = ""
    if options:
        how = ", ".join(f"{name}={value!r}" for name, value in options.items())
        said = f"To read it with pandas: pandas.read_csv(FILE, {how})."
    with_index = index_levels > 0
    notes = (
        said,
        _explain_labels(frame, read, with_index),
        _explain_changes(frame, read, with_index),
        explain_types(frame, read, with_index=with_index),
    )
    return join_notes(*notes)


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
    said = (
        _explain_labels(labels, read, with_index),
        _explain_changes(frame, read, with_index),
        explain_types(frame, read, with_index=with_index, skipped=_SAID_OF_JSON),
    )
    return join_notes(*said)


def explain_types(
    frame: Any,
    read: Any,
    *,
    with_index: bool,
    skipped: tuple[type, ...] = (),
    compared: bool = False,
) -> str:
    """Say which types a reader gets differently, of columns and of objects in their cells.

    A column of which a value changed is not named, since a note has the value.

    Parameters
    ----------
    frame, read
        The table, and what pandas reads.
    with_index
        Whether the file has the labels of the rows.
    skipped
        Types whose change has been explained.
    compared
        Whether all values are known to be the same.
    """
    if frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return ""
    changes = []
    for name, had, read_column in _pair_columns(frame, read, with_index):
        change = _describe_type_change(had, read_column, skipped)
        if change and (compared or _find_change(had, read_column) is None):
            changes.append(f"in {name} {change}")
    return f"pandas reads some types differently: {list_some(changes)}." if changes else ""


def _read_csv(data: bytes, options: dict[str, Any]) -> Any:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.read_csv(io.BytesIO(data), **options)


def _choose_options(frame: Any, read: Any, index_levels: int) -> dict[str, Any]:
    """Return the options with which columns that are read otherwise may be read as they are."""
    dates: list[Any] = []
    types: dict[str, Any] = {}
    if frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return {}
    for level in range(index_levels):
        labels = frame.index.get_level_values(level)
        if labels.dtype.kind == "M" and not _is_same(labels, read.index.get_level_values(level)):
            dates.append(level)
    # The names are those that pandas reads: it changes labels, and wants its own in options.
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


def _choose_types(frame: Any, read: Any, chosen: dict[Any, Any]) -> dict[Any, Any]:
    """Return the types to ask pandas for, by column, where it would read another."""
    types: dict[Any, Any] = {}
    if frame.columns.nlevels > 1 or frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return types
    for place, name in enumerate(read.columns):
        had, kept = frame.dtypes.iloc[place], read.dtypes.iloc[place]
        plain = is_a(had, "numpy.dtype") and had.kind in "iuf" and had.isnative
        if had != kept and name not in chosen and (plain or is_a(had, *_READABLE)):
            types[name] = had.name
    return types


def _add_types(
    data: bytes, frame: Any, options: dict[str, Any], types: dict[Any, Any]
) -> tuple[dict[str, Any], Any] | None:
    """Return options with the types that help, and what pandas reads with them; None if none do."""
    before = options.get("dtype", {})
    while types:
        wanted = {**options, "dtype": _Types({**before, **types})}
        try:
            read = _read_csv(data, wanted)
        except Exception:  # noqa: BLE001  # the note says what pandas reads without them
            return None
        places = {name: place for place, name in enumerate(read.columns)}
        helping = {
            name: type_
            for name, type_ in types.items()
            if read.dtypes.iloc[places[name]] == frame.dtypes.iloc[places[name]]
            and _find_change(frame.iloc[:, places[name]], read.iloc[:, places[name]]) is None
        }
        if helping == types:
            return wanted, read
        types = helping
    return None


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
    return f"pandas reads some labels differently: {list_some(changes)}." if changes else ""


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
        # An apostrophe in front of a formula is said already.
        guarded = isinstance(had, str) and kept == defuse(had)
        if not guarded and (isinstance(had, tuple) or not _means_same(had, kept)):
            yield f"{name} {_short(had)} becomes {_short(kept)}"


def _explain_changes(frame: Any, read: Any, with_index: bool) -> str:
    if frame.shape[1] != read.shape[1] or len(frame) != len(read):
        return f"pandas reads it as {read.shape[1]} columns and {len(read)} rows."
    changes = list(_each_change(frame, read, with_index))
    return f"pandas reads some values differently: {list_some(changes)}." if changes else ""


def _each_change(frame: Any, read: Any, with_index: bool) -> Iterator[str]:
    for name, had, kept in _pair_columns(frame, read, with_index):
        change = _find_change(had, kept)
        if change is not None:
            yield f"in {name} {_short(change[0])} becomes {_short(change[1])}"


def _pair_columns(frame: Any, read: Any, with_index: bool) -> Iterator[tuple[str, Any, Any]]:
    if with_index and frame.index.nlevels == read.index.nlevels:
        for level in range(frame.index.nlevels):
            yield _ROWS, frame.index.get_level_values(level), read.index.get_level_values(level)
    for place in range(frame.shape[1]):
        name = f"column {_short(frame.columns[place])}"
        yield name, frame.iloc[:, place], read.iloc[:, place]


def _find_change(had: Any, read: Any) -> tuple[Any, Any] | None:
    """Return the first value that is read differently, with what is read; None if none is."""
    if _is_same(had, read):
        return None
    for value, other in zip(had.tolist(), read.tolist(), strict=True):
        # Another note reports an apostrophe that texts get.
        if not _means_same(value, other) and not (
            isinstance(value, str) and isinstance(other, str)
        ):
            return value, other
    return None


def _describe_type_change(had: Any, read: Any, skipped: tuple[type, ...]) -> str:
    if had.dtype != object:
        if had.dtype == read.dtype:
            return ""
        names = str(had.dtype), str(read.dtype)
        if names[0] == names[1]:  # categories of another order or type
            names = f"{names[0]} of {_short(had.dtype)}", _short(read.dtype)
        return f"{names[0]} becomes {names[1]}"
    for value, other in zip(had.tolist(), read.tolist(), strict=True):
        if type(value) is type(other) is str or is_missing(value) or isinstance(value, skipped):
            continue
        if changed := _find_type(value, other):
            return f"{changed[0]} becomes {changed[1]}"
    return ""


def _find_type(value: Any, read: Any) -> tuple[str, str] | None:
    """Return the name of a type that changes in a value, and what it becomes."""
    if is_missing(value) or is_missing(read):
        return None
    if type(value) is not type(read):
        return type(value).__name__, type(read).__name__
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict) and value.keys() == read.keys():
        pairs = ((value[key], read[key]) for key in value)
    elif isinstance(value, list | tuple):
        pairs = zip(value, read, strict=False)
    return next(filter(None, (_find_type(*pair) for pair in pairs)), None)


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
