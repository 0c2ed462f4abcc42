"""What is published of a value is the value: it reads back equal, or it is refused in two lines."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from jupyter_sessions import errors
from jupyter_sessions.formats import Content, write


class Level(IntEnum):
    """A number that has a name."""

    LOW = 1


class Word(StrEnum):
    """A text that has a name."""

    A = "a"


thorough = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=6) | st.sampled_from(
    [
        "",
        "=1+1",
        "\n=1",
        "\r",
        "a\rb",
        "＝1",
        "－x",
        "-5",
        " =x",
        '"',
        ",",
        "\ufeff=1",
        "NA",
        "\ud800",
    ]
)


def written(value: object, path: str) -> bytes | None:
    """Return what is published of a value; None when it is refused in the way that all are."""
    try:
        content = write(value, name="value", path=path)
    except errors.BadRequest as refused:
        assert "\n" not in refused.message
        assert "\n" not in refused.hint
        assert len(refused.message) < 400
        assert refused.hint
        return None
    assert isinstance(content, Content)
    assert isinstance(content.data, bytes)
    return content.data


# --- arrays


@thorough
@given(
    hnp.arrays(
        st.one_of(
            hnp.scalar_dtypes(),
            hnp.array_dtypes(allow_subarrays=True),
            hnp.unicode_string_dtypes(),
            hnp.byte_string_dtypes(),
        ),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    )
)
def test_an_array_is_the_same_from_npy(array: np.ndarray) -> None:
    data = written(array, "a.npy")
    assert data is not None
    read = np.load(io.BytesIO(data), allow_pickle=False)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    assert read.tobytes() == array.tobytes()


@thorough
@given(
    hnp.arrays(
        hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    )
)
@example(np.array([1700000000123456789]))
@example(np.array([[1 / 3, 1.23e-12], [math.inf, -0.0]]))
@example(np.array(5))
def test_an_array_is_the_same_from_csv(array: np.ndarray) -> None:
    data = written(array, "a.csv")
    if data is None:
        assert array.ndim not in (1, 2) or array.dtype.kind not in "biufc" or not array.size
        return
    rows = [line.split(",") for line in data.decode().splitlines()]
    if array.dtype.kind == "b":
        read = np.array([[cell == "True" for cell in row] for row in rows])
    else:
        read = np.array([[array.dtype.type(cell) for cell in row] for row in rows])
    np.testing.assert_array_equal(read if array.ndim == 2 else read[:, 0], array)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a"], dtype=np.dtypes.StringDType()),
        np.ma.array([1, 2], mask=[False, True]),
        np.zeros(1, dtype=[("a", object)]),
    ],
)
def test_an_array_that_npy_does_not_hold_is_refused(array: np.ndarray) -> None:
    assert written(array, "a.npy") is None
    assert written(array, "a.csv") is None


def test_what_an_array_is_beside_its_numbers_is_said() -> None:
    class Quantity(np.ndarray):
        pass

    content = write(np.arange(3).view(Quantity), name="a")
    assert "Quantity" in content.note
    assert write(np.arange(3), name="a").note == ""


# --- tables


def _column(values: st.SearchStrategy[Any], dtype: Any) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=3, max_size=3).map(lambda each: pd.Series(each, dtype=dtype))


def _numbers(dtype: str) -> st.SearchStrategy[Any]:
    return hnp.arrays(dtype, 3).map(pd.Series)


INSTANTS = st.integers(-(2**62), 2**62)
OBJECTS = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.timedeltas(timedelta(-100_000), timedelta(100_000)),
    INSTANTS.map(pd.Timestamp),
    INSTANTS.map(pd.Timedelta),
    st.binary(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
    st.floats(width=32).map(np.float32),
    st.complex_numbers(),
    st.just(pd.NA),
    st.just(pd.NaT),
    st.just(Level.LOW),
    st.just(Word.A),
    st.tuples(st.integers(0, 3)),
    st.sets(st.integers(0, 3), max_size=2),
    st.uuids(),
    st.fractions(),
    st.binary(max_size=3).map(bytearray),
    st.lists(st.tuples(st.integers(0, 3)), max_size=2),
)
COLUMNS = st.one_of(
    *map(
        _numbers,
        ["?", "i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", ">i4", ">f8"],
    ),
    *(
        hnp.arrays(np.int64, 3, elements=st.integers(-(2**33), 2**33)).map(
            lambda a, t=t: pd.Series(a.astype(t))
        )
        for t in ("M8[s]", "M8[ms]", "M8[us]", "M8[ns]", "m8[s]", "m8[ns]")
    ),
    _column(INSTANTS | st.none(), "datetime64[ns]"),
    _column(INSTANTS, "datetime64[ns]").map(
        lambda s: s.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    ),
    _column(st.integers(-(2**62), 2**62) | st.none(), "Int64"),
    _column(st.booleans() | st.none(), "boolean"),
    _column(st.floats(allow_nan=False) | st.none(), "Float64"),
    _column(TEXTS.filter(lambda t: "\ud800" not in t) | st.none(), "str"),
    _column(TEXTS | st.none(), object),
    _column(st.sampled_from(["=a", "b", ""]) | st.none(), "category"),
    _column(st.integers(0, 3), "category"),
    _column(st.sampled_from("ab"), pd.CategoricalDtype(["b", "c", "a"], ordered=True)),
    _column(TEXTS.filter(lambda t: "\ud800" not in t) | st.none(), "string"),
    _column(st.integers(-(2**31), 2**31 - 1) | st.none(), "Int32"),
    *(
        _column(values | st.none(), pd.ArrowDtype(type_))
        for values, type_ in (
            (st.integers(0, 9), pa.int16()),
            (st.sampled_from("ab"), pa.string()),
            (st.dates(), pa.date32()),
            (st.lists(st.integers(0, 3), max_size=2), pa.list_(pa.int64())),
            (st.decimals(-99, 99, places=2), pa.decimal128(5, 2)),
            (st.binary(max_size=2), pa.binary()),
        )
    ),
    _column(st.integers(0, 600).map(lambda n: pd.Period(ordinal=n, freq="M")), "period[M]"),
    _column(st.integers(0, 9).map(lambda n: pd.Interval(n / 3, n + 1)), None),
    _column(st.sampled_from([0.0, 1 / 3]), pd.SparseDtype(float, 0.0)),
    _column(OBJECTS, object),
    OBJECTS.flatmap(lambda one: _column(st.just(one), object)),
)
INDEXES = st.one_of(
    st.just(pd.RangeIndex(3)),
    st.just(pd.RangeIndex(7, 10)),
    st.just(pd.RangeIndex(3, name="row")),
    st.just(pd.RangeIndex(2, -1, -1)),
    st.just(pd.Index(["=a", "b", None], name="label")),
    st.just(pd.date_range("2026-10-25", periods=3, freq="h", tz="Europe/Berlin")),
    st.just(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])),
    st.just(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"])),
)
LABELS = st.one_of(
    st.just(["a", "b", "c"]),
    st.just(["=a", "index", "\n+c"]),
    st.just(["a", "a", "b"]),
    st.just([0, 1, 2]),
    st.just([1, "1", 2.5]),
    st.just(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"])),
    st.lists(TEXTS, min_size=3, max_size=3),
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    columns = [draw(COLUMNS) for _ in range(draw(st.integers(0, 3)))]
    labels = draw(LABELS)[: len(columns)]
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(3))
    frame.columns = labels if isinstance(labels, pd.MultiIndex) else pd.Index(labels, dtype=object)
    frame.index = draw(INDEXES)
    return frame


def is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def bare(text: str) -> str:
    return text.removeprefix("'")


def reads_as(cell: str, value: Any) -> bool:
    """Tell whether a cell of a CSV file stands for this very value."""
    if isinstance(value, complex | np.complexfloating):
        return bool(np.array_equal(type(value)(cell or "nan"), value, equal_nan=True))
    if is_missing(value):
        return cell == ""
    if isinstance(value, str):
        return cell in (value, f"'{value}")
    if isinstance(value, pd.Timestamp):
        return pd.Timestamp(cell) == value
    if isinstance(value, pd.Timedelta):
        return pd.Timedelta(cell) == value
    if isinstance(value, bool | np.bool):
        return cell == str(value)
    if isinstance(value, Level):
        return cell == str(int(value))
    if isinstance(value, int | float | complex | np.number):
        return bool(type(value)(cell) == value)
    return bare(cell) == str(value)


@thorough
@given(tables())
@example(pd.DataFrame({"a": [1 / 3, 1.23e-12], "b": [2**63 - 1, 0]}).tail(1))
@example(pd.DataFrame({"a": ["x\ry", "", None]}))
@example(pd.DataFrame({"a": pd.Series([np.float32("nan")], dtype=object)}))
@example(pd.DataFrame({"a": pd.to_datetime(["1823-11-12T00:00Z"]).tz_convert("Europe/Berlin")}))
def test_a_table_is_the_same_from_csv(frame: pd.DataFrame) -> None:
    data = written(frame, "t.csv")
    if data is None:
        return
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    head, body = rows[: len(rows) - len(frame)], rows[len(rows) - len(frame) :]
    labelled = len(body[0]) - frame.shape[1] if len(body) else 0
    default = frame.index.equals(pd.RangeIndex(len(frame))) and frame.index.name is None
    assert labelled == (frame.index.nlevels if not default or frame.shape[1] == 0 else 0)
    index = [frame.index.get_level_values(n) for n in range(labelled)]
    for number, row in enumerate(body):
        values = [*(level[number] for level in index), *frame.iloc[number : number + 1].items()]
        for cell, value in zip(row, values, strict=True):
            exact = value[1].array[0] if isinstance(value, tuple) else value
            assert reads_as(cell, exact), (cell, exact)
            assert not cell.lstrip("\ufeff\0 ").startswith(
                ("=", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
            )
    for level in range(frame.columns.nlevels):
        for cell, label in zip(
            head[level][labelled:], frame.columns.get_level_values(level), strict=True
        ):
            assert bare(cell) == bare(str(label))


def strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@thorough
@given(tables())
@example(pd.DataFrame({"a": [1 / 3, 1.23e-12], "b": pd.to_datetime([1700000000123456789, 1])}))
@example(pd.DataFrame([[1, 2]], columns=["a", "a"]))
def test_a_table_is_the_same_from_json(frame: pd.DataFrame) -> None:
    data = written(frame, "t.json")
    if data is None:
        return
    read = json.loads(data, object_pairs_hook=strict, parse_constant=pytest.fail)
    rows = read["data"]
    assert len(rows) == len(frame)
    names = [field["name"] for field in read["schema"]["fields"]]
    labelled = len(names) - frame.shape[1]
    for place, name in enumerate(names[labelled:]):
        for value, row in zip(frame.iloc[:, place].array, rows, strict=True):
            given = row[name]
            if isinstance(value, list | tuple | dict):
                assert given == json.loads(json.dumps(value))
            elif isinstance(value, Enum):
                assert given == value.value
            elif is_missing(value):
                assert given is None
            elif isinstance(given, str) and not isinstance(value, str):
                assert _parsed(value, given) == value
            else:
                assert given == value


def _parsed(value: Any, text: str) -> Any:
    if isinstance(value, pd.Timestamp | np.datetime64):
        return pd.Timestamp(text)
    if isinstance(value, pd.Period):
        return pd.Period(text, value.freq)
    if hasattr(value, "total_seconds"):
        return pd.Timedelta(text)
    return type(value).fromisoformat(text)


def agree(frame: pd.DataFrame, read: pd.DataFrame) -> bool:
    """Tell whether all values of a table were read as they are, texts and missing ones aside."""
    if frame.shape != read.shape or not all(map(is_label, frame.columns, read.columns)):
        return False
    return all(
        (is_text(value) and is_text(kept))
        or (is_missing(value) and is_missing(kept))
        or (isinstance(value, bool | np.bool) == isinstance(kept, bool | np.bool) and value == kept)
        or isinstance(value, float | np.floating | complex | np.complexfloating)
        or (isinstance(value, list | tuple) and json.dumps(value) == json.dumps(kept))
        for place in range(frame.shape[1])
        # As Python's own numbers: a Decimal can't be compared with NumPy's.
        for value, kept in zip(
            frame.iloc[:, place].tolist(), read.iloc[:, place].tolist(), strict=True
        )
    )


def is_label(label: Any, kept: Any) -> bool:
    """Tell whether a label was read as it is, apostrophes of formulas aside."""
    return label == kept or (isinstance(label, str) and kept == f"'{label}")


def is_text(value: Any) -> bool:
    return isinstance(value, str) or is_missing(value)


@thorough
@given(tables())
@pytest.mark.filterwarnings("ignore")
@example(pd.DataFrame({"a": [2**70]}))
@example(pd.DataFrame({"a": pd.Series([2**64 - 1], dtype="u8")}))
@example(pd.DataFrame({"a": pd.Series(np.array(["0001-01-01"], dtype="M8[s]"))}))
@example(pd.DataFrame({"a": pd.to_timedelta([1])}))
def test_what_pandas_does_not_read_back_from_json_is_said(frame: pd.DataFrame) -> None:
    data = written(frame, "t.json")
    if data is None or "pandas" in write(frame, name="t", path="t.json").note:
        return
    read = pd.read_json(io.BytesIO(data), orient="table", precise_float=True)
    frame.columns = [str(label) for label in frame.columns]  # as another note says
    assert agree(frame, read)


@thorough
@given(tables())
@pytest.mark.filterwarnings("ignore")
@example(pd.DataFrame({"a": ["007", "NA"]}))
@example(pd.DataFrame({"a": pd.to_datetime(["2026-11-30", "1500-01-01"])}, index=["x", "y"]))
@example(pd.DataFrame({"a": pd.array([2**62 + 1, None], dtype="Int64")}))
@example(pd.DataFrame({"a": pd.to_timedelta([1])}))
@example(pd.DataFrame({"a": pd.Series([Decimal(1), np.int64(1)], dtype=object)}))
def test_what_pandas_needs_to_read_a_csv_file_is_said_and_does_it(frame: pd.DataFrame) -> None:
    data = written(frame, "t.csv")
    if data is None:
        return
    note = write(frame, name="t", path="t.csv").note
    if "pandas reads" in note or "pandas can't" in note:
        return
    options: dict[str, Any] = {}
    if "To read it" in note:
        call = note.partition("pandas.read_csv(FILE, ")[2].rpartition(").")[0]
        options = eval(f"dict({call})")  # what a user would type
    assert agree(frame, pd.read_csv(io.BytesIO(data), **options))


@pytest.mark.parametrize(
    ("table", "path", "note"),
    [
        ({"a": ["007"]}, "t.csv", "To read it with pandas: pandas.read_csv(FILE, dtype={'a': str}"),
        ({"a": [2**70]}, "t.json", "pandas can't read it back: ValueError: Value is too big!"),
        (
            {"a": pd.Series([2**64 - 1], dtype="u8")},
            "t.json",
            "pandas reads some values differently: in column 'a' 18446744073709551615 becomes -1.",
        ),
        ({"a": pd.to_timedelta([1])}, "t.csv", "pandas reads some values differently: in column"),
        ({"a": [1.5], "b": ["x"]}, "t.csv", ""),
        ({"a": [1.5], "b": ["x"]}, "t.json", ""),
    ],
)
def test_a_note_says_what_a_reader_of_a_table_gets(table: Any, path: str, note: str) -> None:
    said = write(pd.DataFrame(table), name="t", path=path).note
    assert said.startswith(note)
    assert bool(said) == bool(note)


@pytest.mark.parametrize(
    ("labels", "path", "changes"),
    [
        (["a", "a"], "t.csv", "column 'a' becomes 'a.1'"),
        ([0, 1], "t.csv", "column 0 becomes '0', column 1 becomes '1'"),
        ([None, ""], "t.csv", "column None becomes 'Unnamed: 0', column '' becomes 'Unnamed: 1'"),
        (["=a", "b"], "t.csv", ""),
        (["a", "b"], "t.csv", ""),
        (["a", "b"], "t.json", ""),
        (
            pd.MultiIndex.from_tuples([("a", 1), ("b", 1)]),
            "t.csv",
            "column 1 becomes '1'",
        ),
    ],
)
def test_labels_that_pandas_reads_differently_are_said(
    labels: Any, path: str, changes: str
) -> None:
    columns = labels if isinstance(labels, pd.MultiIndex) else pd.Index(labels, dtype=object)
    note = write(pd.DataFrame([[1.5, 2.5]], columns=columns), name="t", path=path).note
    said = f"pandas reads some labels differently: {changes}."
    assert note.endswith(said) if changes else "labels" not in note


@pytest.mark.parametrize("path", ["t.csv", "t.json"])
def test_names_of_the_rows_labels_that_pandas_reads_differently_are_said(path: str) -> None:
    named = pd.DataFrame({"a": [1]}, index=pd.Index([7], name=5))
    note = write(named, name="t", path=path).note
    assert note.endswith("labels differently: the name of the rows' labels 5 becomes '5'.")


def test_options_to_read_columns_of_one_label_name_the_labels_that_pandas_gives_them() -> None:
    frame = pd.DataFrame([["007", "008"]], columns=["a", "a"])
    content = write(frame, name="t", path="t.csv")
    assert "pandas.read_csv(FILE, dtype={'a': str, 'a.1': str}," in content.note
    read = pd.read_csv(io.BytesIO(content.data), dtype={"a": str, "a.1": str})  # type: ignore[arg-type]
    assert read.to_numpy().tolist() == [["007", "008"]]


def test_pandas_reads_the_json_of_a_table_as_the_table() -> None:
    frame = pd.DataFrame(
        {
            "number": [1 / 3, 1.23e-12, None],
            "instant": pd.to_datetime([1700000000123456789, 1, None]),
            "there": pd.date_range("2026-10-25", periods=3, freq="h", tz="Europe/Berlin"),
            "word": ["a", None, "=c"],
            "kind": pd.Categorical(["x", "y", "x"]),
        },
        index=pd.Index([7, 8, 9], name="row"),
    )
    data = written(frame, "t.json")
    assert data is not None
    read = pd.read_json(io.BytesIO(data), orient="table", precise_float=True)
    pd.testing.assert_frame_equal(read, frame, check_dtype=False, check_exact=True)


@thorough
@given(tables())
@example(pd.DataFrame({"a": [{"a": 1}, {"b": 1}]}))
@example(pd.DataFrame({"a": pd.Series([pd.Timestamp(1700000000123456789)], dtype=object)}))
@example(pd.DataFrame({"a": [1]}).rename(columns={"a": 1}))
def test_a_table_is_the_same_from_parquet(frame: pd.DataFrame) -> None:
    data = written(frame, "t.parquet")
    if data is None:
        return
    read = pd.read_parquet(io.BytesIO(data))
    assert list(read.columns) == list(frame.columns)
    assert read.shape == frame.shape
    for place in range(frame.shape[1]):
        for had, kept in zip(frame.iloc[:, place].array, read.iloc[:, place].array, strict=True):
            if isinstance(had, list):
                assert list(kept) == had
            elif isinstance(had, dict) or not is_missing(had):
                assert kept == had
            else:
                assert is_missing(kept)
    if frame.shape[1]:
        assert [*map(str, read.index)] == [*map(str, frame.index)]


@thorough
@given(
    tables(),
    st.sampled_from(["t.csv", "t.json", "t.parquet"]),
)
@pytest.mark.filterwarnings("ignore")
@example(pd.DataFrame({"a": [(1, 2)]}), "t.parquet")
@example(pd.DataFrame({"a": [{"b": (1, 2)}]}), "t.parquet")
@example(pd.DataFrame({"a": [bytearray(b"x")]}), "t.parquet")
@example(pd.DataFrame({"a": pd.Series([Word.A], dtype=object)}), "t.csv")
@example(pd.DataFrame({"a": pd.Series([Level.LOW], dtype=object)}), "t.csv")
@example(pd.DataFrame({"a": pd.Categorical(["a"], categories=["b", "a"])}), "t.csv")
@example(pd.DataFrame({"a": pd.Categorical(["a"], ordered=True)}), "t.csv")
@example(pd.DataFrame({"a": pd.Categorical([""])}), "t.csv")
@example(pd.DataFrame({"a": [Decimal("1.5")]}), "t.csv")
@example(pd.DataFrame({"a": pd.Series([1], dtype="int8")}), "t.json")
@example(pd.DataFrame({"a": [1]}, index=pd.Index([1], dtype="int8")), "t.parquet")
def test_what_pandas_reads_of_a_table_has_its_values_and_types_or_a_note(
    frame: pd.DataFrame, path: str
) -> None:
    data = written(frame, path)
    if data is None:
        return
    note = write(frame, name="t", path=path).note
    options: dict[str, Any] = {}
    before, _, after = note.partition("pandas.read_csv(FILE, ")
    call, _, rest = after.partition(").")
    if note and (before != "To read it with pandas: " or rest):
        return
    if call:
        options = eval(f"dict({call})")  # what a user would type
    file = io.BytesIO(data)
    if path == "t.csv":
        read = pd.read_csv(file, **options)
    elif path == "t.json":
        read = pd.read_json(file, orient="table", precise_float=True)
    else:
        read = pd.read_parquet(file)
    assert read.shape == frame.shape
    assert list(map(str, read.columns)) == list(map(str, frame.columns))
    pairs = [(frame.iloc[:, n], read.iloc[:, n]) for n in range(frame.shape[1])]
    pairs += [
        (frame.index.get_level_values(n), read.index.get_level_values(n))
        for n in range(frame.index.nlevels)
    ]
    for had, kept in pairs:
        assert object in (had.dtype, kept.dtype) or had.dtype == kept.dtype
        for value, other in zip(had.tolist(), kept.tolist(), strict=True):
            assert_same(value, other)


def assert_same(value: Any, other: Any) -> None:
    """Assert that two values are equal, and are of one type down to their parts."""
    if not isinstance(value, list | tuple | dict | np.ndarray) and is_missing(value):
        assert is_missing(other)
        return
    assert type(value) is type(other)
    if isinstance(value, dict):
        assert value.keys() == other.keys()
        for key, each in value.items():
            assert_same(each, other[key])
    elif isinstance(value, list | tuple):
        for pair in zip(value, other, strict=True):
            assert_same(*pair)
    else:
        assert np.array_equal(value, other)


def test_a_series_an_index_and_an_array_of_pandas_become_tables_and_say_so() -> None:
    for value in (pd.Series([1], name="a"), pd.Index([1], name="a")):
        note = write(value, name="t", path="t.parquet").note
        assert note == f"It will be read as DataFrame, not as {type(value).__name__}."
        assert write(value, name="t").note == ""
    assert "not as Categorical." in write(pd.Categorical(["a"]), name="t", path="t.csv").note


@pytest.mark.parametrize("path", ["t.csv", "t.json", "t.parquet"])
def test_what_a_table_has_beside_its_values_is_said(path: str) -> None:
    frame = pd.DataFrame({"a": [1.5, 2]}, index=pd.date_range("2026", periods=2, name="day"))
    assert "The frequency (D) of the rows' labels" in write(frame, name="t", path=path).note
    frame.attrs["by"] = np.array([1])
    assert "Its attrs are not stored" in write(frame, name="t", path=path).note


@pytest.mark.parametrize(
    ("array", "call"),
    [
        (np.array([1.5, 2]), ""),
        (np.array([[1, 2]], dtype="i2"), "dtype='int16', ndmin=2"),
        (np.array([[1.5], [2]]), "dtype='float64', ndmin=2"),
        (np.array([1700000000123456789, 1]), "dtype='int64'"),
        (np.array([1j, 2]), "dtype='complex128'"),
    ],
)
def test_what_numpy_needs_to_read_an_array_from_csv_is_said_and_does_it(
    array: np.ndarray, call: str
) -> None:
    content = write(array, name="a", path="a.csv")
    said = f"To read it with NumPy: numpy.loadtxt(FILE, delimiter=',', {call})."
    assert content.note == (said if call else "")
    assert isinstance(content.data, bytes)
    read = np.loadtxt(io.BytesIO(content.data), delimiter=",", **eval(f"dict({call})"))
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


@thorough
@given(
    hnp.arrays(
        hnp.scalar_dtypes(), hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3)
    )
)
@example(np.array([True]))
@example(np.array([1], dtype=">i4"))
@example(np.array([1], dtype=np.longdouble) / 3)
def test_what_numpy_reads_of_an_array_has_its_numbers_and_type_or_a_note(
    array: np.ndarray,
) -> None:
    data = written(array, "a.csv")
    if data is None or write(array, name="a", path="a.csv").note:
        return
    read = np.loadtxt(io.BytesIO(data), delimiter=",")
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


def test_what_a_picture_loses_beside_its_pixels_is_said() -> None:
    picture = Image.new("RGB", (2, 2))
    picture.getexif()[271] = "maker"
    assert write(picture, name="p", path="p.png").note == ""
    assert "without its EXIF data" in write(picture, name="p", path="p.gif").note
    assert "mode RGB, not L" in write(Image.new("L", (2, 2)), name="p", path="p.webp").note
    target, described = io.BytesIO(), PngInfo()
    described.add_text("sample", "7")
    picture.save(target, format="PNG", pnginfo=described)
    with Image.open(target) as read:
        assert "without its text 'sample'" in write(read, name="p", path="p.webp").note


@thorough
@given(tables())
def test_each_table_has_a_page_or_is_refused(frame: pd.DataFrame) -> None:
    written(frame, "t.html")


def test_a_page_says_what_it_leaves_out_of_a_table() -> None:
    rounded = written(pd.DataFrame({"a": [1 / 3], "b": ["x" * 500]}), "t.html")
    assert rounded is not None
    assert b"rounded to 6 decimals" in rounded
    assert write(pd.DataFrame({"a": [1 / 3]}), name="t").note == (
        "Numbers on the page are rounded to 6 decimals."
    )
    assert b"x" * 500 in rounded
    long = written(pd.DataFrame({"a": range(2_000)}), "t.html")
    assert long is not None
    assert b"of 2,000 rows" in long
    whole = written(pd.DataFrame({"a": [0.5]}), "t.html")
    assert whole is not None
    assert b"<p>" not in whole


def test_what_a_table_loses_is_said() -> None:
    guarded = write(pd.DataFrame({"a": ["=1", "+x", "-5"]}), name="t", path="t.csv")
    assert guarded.note.startswith("2 cells begin like a formula")
    named = write(pd.DataFrame({2020: [1]}), name="t", path="t.json")
    assert "labels of the columns" in named.note
    assert write(pd.DataFrame({"a": [1]}), name="t", path="t.json").note == ""


# --- text and JSON

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.integers(0, 2) | st.booleans() | st.none(), inner, max_size=3)
    ),
    max_leaves=6,
)


def with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        keys = (key if isinstance(key, str) else json.dumps(key) for key in value)
        return dict(zip(keys, map(with_text_keys, value.values()), strict=True))
    return [*map(with_text_keys, value)] if isinstance(value, list) else value


def has_long(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(has_long, value.values() if isinstance(value, dict) else value))
    return type(value) is int and not -(2**63) <= value < 2**64


@thorough
@given(st.lists(VALUES, max_size=3) | st.dictionaries(TEXTS | st.integers(), VALUES, max_size=3))
@example({1: "a", "1": "b"})
@example({True: 1, "true": 2})
@example([2**64 - 1, -(2**63)])
@example({"a": [2**64]})
def test_lists_and_dictionaries_are_the_same_from_json(value: Any) -> None:
    data = written(value, "v.json")
    if data is None:
        return
    read = json.loads(data, object_pairs_hook=strict, parse_constant=pytest.fail)
    assert read == with_text_keys(value)
    note = write(value, name="v").note
    assert ("became text" in note) == (with_text_keys(value) != value)
    assert ("beyond 64 bits" in note) == has_long(value)


@thorough
@given(TEXTS)
def test_a_text_is_the_same_or_has_half_a_character(text: str) -> None:
    data = written(text, "t.txt")
    assert data is None or data.decode() == text
    assert (data is None) == any("\ud800" <= character <= "\udfff" for character in text)


# --- pictures

MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB",
         "HSV", "I", "F", "I;16", "I;16B", "I;16L"]  # fmt: skip


@st.composite
def pictures(draw: st.DrawFn) -> Image.Image:
    mode = draw(st.sampled_from(MODES))
    size = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    picture = Image.new(mode, size)
    length = len(picture.tobytes())
    raw = draw(st.binary(min_size=length, max_size=length))
    if length:
        picture.frombytes(raw)
    if mode in {"P", "PA"}:
        picture.putpalette(draw(st.binary(min_size=768, max_size=768)))
    return picture


@thorough
@given(pictures(), st.sampled_from([".png", ".webp", ".gif"]))
@example(Image.new("I", (1, 1), 70_000), ".png")
@example(Image.new("CMYK", (1, 1)), ".png")
def test_a_picture_is_the_same_or_refused(picture: Image.Image, ending: str) -> None:
    data = written(picture, f"p{ending}")
    if data is None or write(picture, name="p", path=f"p{ending}").note:
        return
    with Image.open(io.BytesIO(data)) as read:
        assert read.size == picture.size
        if picture.mode in {"I", "I;16", "I;16B", "I;16L"}:
            assert read.convert("I").tobytes() == picture.convert("I").tobytes()
        else:
            had, kept = picture.convert("RGBA"), read.convert("RGBA")
            assert list(kept.get_flattened_data()) == list(had.get_flattened_data())


def transparent(mode: str) -> Image.Image:
    """Return a picture with a hole, of as many colours as a GIF holds."""
    colours = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = Image.fromarray(colours, "P")
    picture.putpalette([part for n in range(256) for part in (n, 255 - n, n // 2)])
    picture.info["transparency"] = 7
    return picture if mode == "P" else picture.convert(mode)


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA"])
def test_a_transparent_picture_is_the_same_as_gif(mode: str) -> None:
    picture = transparent(mode)
    data = written(picture, "p.gif")
    assert data is not None
    with Image.open(io.BytesIO(data)) as read:
        had, kept = picture.convert("RGBA"), read.convert("RGBA")
        visible = had.getchannel("A").getextrema()
        assert visible == (0, 255)
        assert kept.getchannel("A").tobytes() == had.getchannel("A").tobytes()
        black = Image.new("RGBA", had.size, "black")
        assert (
            Image.alpha_composite(black, kept).tobytes()
            == Image.alpha_composite(black, had).tobytes()
        )


def test_hidden_colours_that_gif_does_not_hold_are_said_and_partial_transparency_is_refused() -> (
    None
):
    picture = Image.new("RGBA", (8, 8), "red")
    for n in range(8):
        picture.putpixel((n, n), (10 * n, 200, 30, 0))
    assert "transparent" in write(picture, name="p", path="p.gif").note
    assert write(picture, name="p", path="p.png").note == ""
    picture.putpixel((0, 7), (255, 0, 0, 128))
    assert written(picture, "p.gif") is None


@pytest.mark.parametrize("ending", [".gif", ".png", ".webp"])
def test_each_frame_is_shown_for_as_long_or_the_difference_is_said(ending: str) -> None:
    target = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (50 * n, 3, 3)) for n in range(3)]
    frames[0].save(
        target, format="PNG", save_all=True, append_images=frames[1:], duration=[105, 250, 400]
    )
    with Image.open(target) as moving:
        content = write(moving, name="m", path=f"m{ending}")
    assert isinstance(content.data, bytes)
    found = []
    with Image.open(io.BytesIO(content.data)) as read:
        for number in range(3):
            read.seek(number)
            read.load()
            found.append(read.info["duration"])
    assert found == [100 if ending == ".gif" else 105, 250, 400]
    said = "GIF holds other durations of frames: 105 ms became 100 ms."
    mode = "The picture will be read in the mode P, not RGB."
    assert content.note == (f"{said} {mode}" if ending == ".gif" else "")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_the_usual_pictures_are_written_as_png_and_webp(mode: str) -> None:
    for ending in (".png", ".webp"):
        assert written(Image.new(mode, (3, 2)), f"p{ending}") is not None


@thorough
@given(pictures())
def test_each_picture_is_a_jpeg_or_is_refused(picture: Image.Image) -> None:
    data = written(picture, "p.jpg")
    assert data is None or data.startswith(b"\xff\xd8")


def test_what_jpeg_leaves_out_is_said() -> None:
    clear = write(Image.new("RGBA", (2, 2)), name="p", path="p.jpg")
    assert "transparency" in clear.note
    opaque = write(Image.new("RGBA", (2, 2), "red"), name="p", path="p.jpg").note
    assert opaque == (
        "JPEG compresses with loss, so pixels differ slightly; .png keeps them. "
        "The picture will be read in the mode RGB, not RGBA."
    )
    assert write(Image.new("RGB", (2, 2)), name="p", path="p.jpg").note == ""
    with Image.open(io.BytesIO(clear.data)) as read:  # type: ignore[arg-type]
        assert read.getpixel((0, 0)) == (255, 255, 255)


def test_all_frames_of_an_animation_are_written() -> None:
    target = io.BytesIO()
    frames = [Image.new("P", (2, 2), n) for n in range(3)]
    for n, frame in enumerate(frames):
        frame.putpalette([n] * 768)
    frames[0].save(target, format="GIF", save_all=True, append_images=frames[1:])
    for ending in (".gif", ".png", ".webp"):
        with Image.open(io.BytesIO(target.getvalue())) as moving:
            data = written(moving, f"p{ending}")
        assert data is not None
        with Image.open(io.BytesIO(data)) as read:
            assert read.n_frames == 3  # type: ignore[attr-defined]


def stack(*frames: Image.Image, **options: Any) -> Image.Image:
    """Return a picture of several frames."""
    target = io.BytesIO()
    frames[0].save(target, format="TIFF", save_all=True, append_images=list(frames[1:]), **options)
    return Image.open(target)


def noise(mode: str, size: tuple[int, int] = (9, 8), seed: int = 0) -> Image.Image:
    picture = Image.new(mode, size)
    length = len(picture.tobytes())
    picture.frombytes(np.random.default_rng(seed).bytes(length))
    return picture


@pytest.mark.parametrize("ending", [".png", ".gif", ".webp", ".jpg"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_picture_of_several_frames_stays_where_and_as_it_was(ending: str, place: int) -> None:
    for mode in ("RGB", "L", "F", "1"):
        picture = stack(*(noise(mode, seed=n) for n in range(3)))
        picture.seek(place)
        before = picture.tobytes()
        written(picture, f"p{ending}")
        assert (picture.tell(), picture.mode, picture.tobytes()) == (place, mode, before)


def test_what_was_drawn_on_a_frame_is_neither_lost_nor_left_out() -> None:
    picture = stack(noise("RGB"), noise("RGB", seed=1))
    picture.putpixel((0, 0), (1, 2, 3))
    assert written(picture, "p.png") is None
    assert picture.getpixel((0, 0)) == (1, 2, 3)
    jpeg = write(picture, name="p", path="p.jpg")
    assert "picture's 2 frames" in jpeg.note


@pytest.mark.parametrize("ending", [".png", ".gif", ".webp"])
@pytest.mark.parametrize(
    "frames",
    [
        *([noise(m, seed=n) for n in range(3)] for m in ("1", "L", "RGB", "RGBA", "F", "I;16")),
        [Image.new("RGB", (8, 8), "red"), Image.new("RGB", (16, 4), "blue")],
        [noise("RGB"), noise("RGB"), noise("RGB", seed=1)],
        [Image.new("L", (4, 4), 1), Image.new("L", (4, 4), 1)],
    ],
)
def test_each_frame_of_a_picture_is_the_same_or_the_picture_is_refused(
    frames: list[Image.Image], ending: str
) -> None:
    data = written(stack(*frames), f"p{ending}")
    if data is None:
        png = frames[0].mode in {"1", "L", "RGB", "RGBA"} and frames[0].size == frames[1].size
        assert ending != ".png" or not png
        return
    with Image.open(io.BytesIO(data)) as read:
        assert read.n_frames == len(frames)  # type: ignore[attr-defined]
        for number, frame in enumerate(frames):
            read.seek(number)
            assert read.size == frame.size
            mode = "I" if frame.mode == "I;16" else "RGBA"
            assert read.convert(mode).tobytes() == frame.convert(mode).tobytes()


def test_frames_of_an_animation_that_became_one_are_named() -> None:
    frames = [noise("1"), noise("1"), noise("1", seed=2)]
    target = io.BytesIO()
    frames[0].save(target, format="PNG", save_all=True, append_images=frames[1:])
    with Image.open(target) as moving:
        content = write(moving, name="m", path="m.gif")
    assert content.note == (
        "1 frame equals the previous one. Equal frames were merged. "
        "The picture will be read in the mode L, not 1."
    )


# --- what a format keeps of a table but in part


@pytest.mark.parametrize(
    "labels",
    [
        pd.period_range("2020-01", periods=2, freq="M"),
        pd.CategoricalIndex(["a", "b"]),
        pd.interval_range(0, 2),
        pd.Index([date(2020, 1, 1), date(2020, 1, 2)]),
        pd.Index([True, False]),
        pd.Index([("a", 1), ("b", 2)], tupleize_cols=False),
    ],
)
def test_labels_of_columns_that_parquet_does_not_give_back_are_refused(labels: pd.Index) -> None:
    assert written(pd.DataFrame([[1, 2]], columns=labels), "t.parquet") is None


@pytest.mark.parametrize(
    "labels",
    [
        pd.Index(["a", "b"], name="N"),
        pd.Index([1.0, 2.5]),
        pd.date_range("2020-01-01", periods=2, tz="Europe/Berlin"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]),
    ],
)
def test_labels_of_columns_that_parquet_gives_back_are_written(labels: pd.Index) -> None:
    frame = pd.DataFrame([[1, 2]], columns=labels)
    content = write(frame, name="t", path="t.parquet")
    frequency = "The frequency (D) of the columns' labels is not stored."
    assert content.note == (frequency if isinstance(labels, pd.DatetimeIndex) else "")
    read = pd.read_parquet(io.BytesIO(content.data))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(read, frame, check_freq=False)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2.0, True],
        [1, 2.0, 3],
        [1, 2, None],
        [pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020-06", tz="Europe/Rome")] * 2,
    ],
)
def test_objects_and_labels_of_rows_whose_type_parquet_changes_are_refused(
    values: list[Any],
) -> None:
    column = pd.Series(values[:3], dtype=object)
    assert written(pd.DataFrame({"a": column}), "t.parquet") is None
    if None not in values:
        labelled = pd.DataFrame({"a": [1, 2, 3]}, index=pd.Index(values[:3], dtype=object))
        assert written(labelled, "t.parquet") is None


def test_the_type_of_a_column_that_parquet_does_not_keep_is_said() -> None:
    numbers = pd.DataFrame({"a": pd.Categorical([1, 2])})
    note = write(numbers, name="t", path="t.parquet").note
    assert note == "pandas reads some types differently: in column 'a' category becomes int64."
    words = pd.DataFrame(
        {"a": pd.Categorical(["x", "y"]), "b": pd.Series(["x", None], dtype=object)}
    )
    assert write(words, name="t", path="t.parquet").note == ""


@pytest.mark.parametrize(
    "values",
    [["", None], ["=1", "'=1"], [1, "1"], pd.Categorical([1, "1"]), [True, "True"]],
)
def test_values_that_differ_and_are_the_same_in_csv_are_said(values: Any) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=getattr(values, "dtype", object))})
    assert "different values" in write(frame, name="t", path="t.csv").note
    distinct = pd.DataFrame({"a": pd.Series(["x", "y", "x", None], dtype=object), "b": range(4)})
    assert write(distinct, name="t", path="t.csv").note == ""


def test_names_of_labels_that_a_file_leaves_out_are_said() -> None:
    one = pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="N"))
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])
    for path in ("t.csv", "t.json"):
        assert "('N')" in write(one, name="t", path=path).note
    several = pd.DataFrame([[1, 2]], columns=levels)
    assert "('x', 'y')" in write(several, name="t", path="t.csv").note
    several.index = pd.Index(["row"])
    assert "can't store the names" not in write(several, name="t", path="t.csv").note


def test_keys_in_the_cells_of_a_table_that_become_texts_are_said() -> None:
    note = write(pd.DataFrame({"a": [{1: 1}, [{2: 3}]]}), name="t", path="t.json").note
    assert note == "JSON keys are text, so 2 keys became text."


def test_types_in_the_cells_of_a_table_that_json_does_not_have_are_said() -> None:
    note = write(pd.DataFrame({"a": [(1, 2), [3]]}), name="t", path="t.json").note
    assert note == "JSON doesn't have all its types: tuple became a list."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.timedelta64(5, "ns"), "P0DT0H0M0.000000005S"),
        (np.timedelta64(5, "ps"), "P0DT0H0M0.000000000005S"),
        (np.timedelta64(5, "Y"), "P5Y"),
        (np.datetime64(1, "ps"), "1970-01-01T00:00:00.000000000001"),
        (timedelta(days=-1, microseconds=1), "P-1DT0H0M0.000001S"),
    ],
)
def test_times_in_the_cells_of_a_table_keep_each_digit_in_json(value: Any, text: str) -> None:
    frame = pd.DataFrame({"a": pd.Series([value], dtype=object)})
    data = written(frame, "t.json")
    assert data is not None
    assert json.loads(data)["data"] == [{"index": 0, "a": text}]


def test_a_duration_without_a_unit_in_a_cell_is_refused_as_json() -> None:
    frame = pd.DataFrame({"a": pd.Series([np.timedelta64(5)], dtype=object)})
    assert written(frame, "t.json") is None


def test_a_refusal_that_quotes_an_array_is_of_one_line() -> None:
    frame = pd.DataFrame({"a": [np.array([[1, 2], [3, 4]])]})
    for path in ("t.json", "t.csv", "t.parquet"):
        assert written(frame, path) is None
