"""Values as files: which format takes them, and what ends up in the file."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from IPython.display import HTML

from jupyter_sessions import errors
from jupyter_sessions.formats import Content, Format, Written, media_type, write
from jupyter_sessions.formats.delimited import defuse
from jupyter_sessions.formats.format import always

mpl.use("agg")

TABLE = pd.DataFrame({"month": ["Jan", "Feb"], "rain": [116.5, 82.0]})


def figure() -> object:
    from matplotlib.figure import Figure

    drawn = Figure()
    drawn.subplots().plot([1, 2, 3])
    return drawn


def data(content: Content) -> bytes:
    assert isinstance(content.data, bytes)
    return content.data


def test_a_table_becomes_a_page_of_its_own_by_default() -> None:
    content = write(TABLE, name="rain")
    assert (content.name, content.media_type) == ("rain.html", "text/html")
    assert data(content).startswith(b"<!doctype html>")
    assert b"116.5" in data(content)


def test_markup_in_a_table_is_escaped() -> None:
    content = write(pd.DataFrame({"a": ["<script>alert(1)</script>"]}), name="t")
    assert b"<script>" not in data(content)


def test_a_table_survives_csv_and_parquet() -> None:
    csv = write(TABLE, name="t", path="out/t.csv")
    assert (csv.name, csv.media_type) == ("out/t.csv", "text/csv")
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(data(csv))), TABLE)
    parquet = write(TABLE, name="t", path="t.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(data(parquet))), TABLE, check_dtype=False
    )


def test_a_spreadsheet_takes_no_cell_of_a_csv_file_for_a_formula() -> None:
    frame = pd.DataFrame(
        {"=cmd()": ["=1+1", "@SUM(A1)", "-2+3", "+x", "\tx", "-5", "plain"], "n": range(-3, 4)},
        index=pd.Index(["=HYPERLINK()", *"bcdefg"], name="-name"),
    )
    lines = data(write(frame, name="t", path="t.csv")).decode().splitlines()
    assert lines[0] == "'-name,'=cmd(),n"
    assert lines[1] == "'=HYPERLINK(),'=1+1,-3"
    cells = [line.split(",")[1] for line in lines[2:]]
    assert cells == ["'@SUM(A1)", "'-2+3", "'+x", "'\tx", "-5", "plain"]


def test_categories_and_several_levels_of_labels_are_defused_too() -> None:
    frame = pd.DataFrame({"kind": pd.Categorical(["=x", "y"])})
    frame.columns = pd.MultiIndex.from_tuples([("=a", "kind")])
    text = data(write(frame, name="t", path="t.csv")).decode()
    assert text.splitlines()[0] == "'=a"
    assert "'=x" in text


@pytest.mark.parametrize("number", ["-5", "+1.5", "-.5e-3", "12"])
def test_a_number_in_text_is_left_as_it_is(number: str) -> None:
    assert defuse(number) == number


@pytest.mark.parametrize(
    ("ending", "magic"),
    [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".jpg", b"\xff\xd8")],
)
def test_a_figure_is_written_as_its_ending_says(ending: str, magic: bytes) -> None:
    content = write(figure(), name="fig", path=f"plot{ending}")
    assert data(content).startswith(magic)
    assert content.media_type == media_type(content.name)


def test_axes_stand_for_their_figure() -> None:
    from matplotlib.figure import Figure

    assert data(write(Figure().subplots(), name="ax")).startswith(b"\x89PNG")


def test_an_array_is_written_without_pickle() -> None:
    array = np.arange(6).reshape(2, 3)
    content = write(array, name="a")
    assert content.name == "a.npy"
    np.testing.assert_array_equal(np.load(io.BytesIO(data(content)), allow_pickle=False), array)


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(errors.BadRequest, match="Python objects"):
        write(np.array([object()]), name="a")


def test_dictionaries_and_lists_become_json() -> None:
    content = write({"größe": [1, 2.5, None]}, name="d")
    assert content.name == "d.json"
    assert json.loads(data(content)) == {"größe": [1, 2.5, None]}


@pytest.mark.parametrize("value", [{"x": float("nan")}, [object()], {("a",): 1}])
def test_what_json_has_not_is_refused(value: object) -> None:
    with pytest.raises(errors.BadRequest, match="JSON"):
        write(value, name="d")


def test_text_bytes_and_images_keep_what_they_are() -> None:
    from PIL import Image

    assert write("hällo", name="t") == Content("t.txt", "hällo".encode(), "text/plain")
    assert write("# Title", name="t", path="notes.md").media_type == "text/markdown"
    assert write(b"\0\1", name="b") == Content("b.bin", b"\0\1", "application/octet-stream")
    assert data(write(Image.new("RGBA", (2, 2)), name="i", path="i.jpg")).startswith(b"\xff\xd8")


def test_half_a_character_is_refused_with_a_hint() -> None:
    with pytest.raises(errors.BadRequest, match="surrogate"):
        write("\ud800", name="t")


class Plain(Enum):
    VALUE = 1


class Shown:
    def _repr_html_(self) -> str:
        return "<b>rich</b>"

    def _repr_latex_(self) -> str:
        return "$x$"


def test_what_no_format_takes_is_written_as_it_displays_itself() -> None:
    content = write(Shown(), name="shown")
    assert content.name == "shown.html"
    assert b"<b>rich</b>" in data(content)
    assert data(write(Shown(), name="shown", path="x.tex")) == b"$x$"
    assert data(write(42, name="answer")) == b"42"


def test_a_set_is_written_whole() -> None:
    assert b"..." not in data(write(set(range(3_000)), name="s"))


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("one\ntwo")


def test_a_value_that_can_not_display_itself_is_refused_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(errors.BadRequest, match="does not display"):
        write(Broken(), name="b")
    assert capsys.readouterr() == ("", "")


def test_what_fails_in_a_library_is_one_sentence() -> None:
    drawn = figure()
    drawn.axes[0].set_title("$\\frac{$")  # type: ignore[attr-defined]
    with pytest.raises(errors.BadRequest, match=r"can't be written as \.png: ValueError") as caught:
        write(drawn, name="f")
    assert "\n" not in caught.value.message


def test_axes_in_a_part_of_a_figure_stand_for_the_figure_and_removed_ones_for_none() -> None:
    from matplotlib.figure import Figure

    part = Figure().subfigures(1, 2)[0]
    axes = part.subplots()
    for drawn in (part, axes):
        assert data(write(drawn, name="f")).startswith(b"\x89PNG")
    axes.remove()
    with pytest.raises(errors.BadRequest, match="no longer belong to a figure"):
        write(axes, name="f")


def test_an_ending_that_does_not_fit_is_an_error_that_names_those_that_do() -> None:
    with pytest.raises(errors.BadRequest, match=r"can't be written as \.png") as caught:
        write(TABLE, name="t", path="t.png")
    assert ".csv" in caught.value.hint


def test_a_path_without_an_ending_gets_the_default_one() -> None:
    assert write(TABLE, name="t", path="tables/monthly").name == "tables/monthly.html"


def test_names_that_are_no_file_names_are_made_into_some() -> None:
    assert write("x", name="../a b").name == "a-b.txt"


def test_other_packages_add_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("shown", f"{__name__}:ADDED", "jupyter_sessions.formats")
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: EntryPoints([point]).select(group=group)
    )
    assert write(Shown(), name="s") == Content("s.shown", b"added", "application/octet-stream")


ADDED = Format(
    "Shown",
    always(".shown"),
    lambda value: type(value).__name__ == "Shown",
    lambda _value, _ending: b"added",
)


def test_what_a_plug_in_leaves_out_is_said_and_what_fails_in_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NOTED", "FAILING"):
        point = EntryPoint("shown", f"{__name__}:{name}", "jupyter_sessions.formats")
        monkeypatch.setattr(
            "importlib.metadata.entry_points",
            lambda group, point=point: EntryPoints([point]).select(group=group),
        )
        if name == "NOTED":
            assert write(Shown(), name="s").note == "Half of it."
        else:
            with pytest.raises(errors.BadRequest, match="ZeroDivisionError"):
                write(Shown(), name="s")


NOTED = Format("Shown", always(".a"), lambda _: True, lambda *_: Written(b"x", "Half of it."))
FAILING = Format("Shown", always(".a", ".b"), lambda _: True, lambda *_: bytes([1 // 0]))


def test_a_plug_in_that_is_no_format_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("broken", f"{__name__}:TABLE", "jupyter_sessions.formats")
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: EntryPoints([point]).select(group=group)
    )
    with pytest.raises(errors.BadRequest, match="'broken'"):
        write("x", name="x")


def test_telling_formats_apart_imports_none_of_their_packages() -> None:
    program = (
        "import sys; from jupyter_sessions.formats import write; write({'a': 1}, name='a');"
        "print({'pandas', 'numpy', 'matplotlib', 'PIL', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_an_empty_path_is_not_made_into_another() -> None:
    assert write("text", name="text", path="").name == ""


@pytest.mark.parametrize(
    ("times", "cells"),
    [
        (pd.to_datetime(["2020-01-01", None]), ["2020-01-01", '""']),
        (
            pd.to_datetime(["2020-01-01T00:00:00.5", None], utc=True),
            ["2020-01-01 00:00:00.500000+00:00", '""'],
        ),
        (pd.to_timedelta([1, None]), ["0 days 00:00:00.000000001", '""']),
        (pd.PeriodIndex(["2020-01", None], freq="M"), ["2020-01", '""']),
        (pd.Index([np.datetime64("NaT"), "a"], dtype=object), ['""', "a"]),
        (pd.Categorical(pd.to_datetime(["2020-01-01", None])), ["2020-01-01", '""']),
    ],
)
def test_a_table_with_a_missing_time_is_written_as_csv(times: pd.Index, cells: list[str]) -> None:
    text = data(write(pd.DataFrame({"t": times}), name="t", path="t.csv")).decode()
    assert text.splitlines() == ["t", *cells]
    labelled = pd.DataFrame({"x": [1, 2]}, index=pd.Index(times, name="t"))
    text = data(write(labelled, name="t", path="t.csv")).decode()
    bare = [cell.strip('"') for cell in cells]
    assert text.splitlines() == ["t,x", f"{bare[0]},1", f"{bare[1]},2"]


@pytest.mark.parametrize(
    ("value", "as_json", "as_text"),
    [
        (7, b"7", b"7"),
        (True, b"true", b"True"),
        (None, b"null", b"None"),
        (np.int64(7), b"7", b"7"),
        (np.float64(0.1), b"0.1", b"0.1"),
        ((1, "a"), b'[\n 1,\n "a"\n]', b"(1, 'a')"),
        ({"a": 1}, b'{\n "a": 1\n}', b"{'a': 1}"),
        ([], b"[]", b"[]"),
    ],
)
def test_a_plain_value_is_written_as_json_or_text(
    value: object, as_json: bytes, as_text: bytes
) -> None:
    assert data(write(value, name="y", path="y.json")) == as_json
    assert data(write(value, name="y", path="y.txt")) == as_text


def test_what_json_does_not_hold_is_refused_with_what_to_do() -> None:
    with pytest.raises(errors.BadRequest, match="JSON has no sets") as refusal:
        write({1, 2}, name="y", path="y.json")
    assert "sorted(" in refusal.value.hint
    assert data(write({1, 2}, name="y", path="y.txt")) == b"{1, 2}"
    with pytest.raises(errors.BadRequest, match="type Decimal can't be written") as refusal:
        write(Decimal(1), name="y", path="y.json")
    with pytest.raises(errors.BadRequest, match="complex is not JSON"):
        write(1j, name="y", path="y.json")
    assert ".txt, or convert the value" in refusal.value.hint
    with pytest.raises(errors.BadRequest, match="can't be written as JSON"):
        write(float("nan"), name="y", path="y.json")


def test_a_text_that_is_not_json_says_so() -> None:
    assert write('{"a": 1}', name="y", path="y.json").note == ""
    assert "not valid JSON" in write("a", name="y", path="y.json").note


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "as_text", "as_json"),
    [
        (np.timedelta64(5, "ns"), "5 nanoseconds", "P0DT0H0M0.000000005S"),
        (np.timedelta64(5, "as"), "5 attoseconds", "P0DT0H0M0.000000000000000005S"),
        (np.timedelta64(5, "Y"), "5 years", "P5Y"),
        (np.timedelta64(-5, "M"), "-5 months", "P-5M"),
        (np.timedelta64(2, "W"), "2 weeks", "P14DT0H0M0S"),
        (np.timedelta64(3, "25s"), "75 seconds", "P0DT0H1M15S"),
        (np.timedelta64(2**62, "s"), f"{2**62} seconds", "P53375995583650DT7H45M4S"),
        (np.datetime64("2026-11"), "2026-11", "2026-11"),
        (np.datetime64(5, "ns"), "1970-01-01T00:00:00.000000005", "1970-01-01T00:00:00.000000005"),
        (pd.Timedelta(-1), "-1 days +23:59:59.999999999", "P-1DT23H59M59.999999999S"),
        (pd.Timestamp(5), "1970-01-01 00:00:00.000000005", "1970-01-01T00:00:00.000000005"),
        (timedelta(1, 2, 3), "1 day, 0:00:02.000003", "P1DT0H0M2.000003S"),
        (datetime(2026, 11, 30, tzinfo=UTC), "2026-11-30 00:00:00+00:00", None),
        (date(2026, 11, 30), "2026-11-30", "2026-11-30"),
        (time(1, 2, 3), "01:02:03", "01:02:03"),
    ],
)
def test_a_date_time_or_duration_is_written_as_its_text_or_in_iso_8601(
    value: Any, as_text: str, as_json: str | None
) -> None:
    text = write(value, name="y")
    assert (text.name, data(text).decode()) == ("y.txt", as_text)
    assert text.note == f"A text file can't store the type {type(value).__name__}, only its text."
    content = write(value, name="y", path="y.json")
    assert json.loads(data(content)) == (as_json or value.isoformat())
    assert content.note.startswith("JSON has no dates, times and durations")
    with pytest.raises(errors.BadRequest, match=r"A date, time or duration can't be written"):
        write(value, name="y", path="y.csv")


@pytest.mark.parametrize("value", [timedelta(-3, 7, 1), pd.Timedelta(10**15 + 7), pd.Timedelta(0)])
def test_a_duration_is_in_json_as_pandas_writes_and_reads_it(value: timedelta) -> None:
    written = json.loads(data(write(value, name="y", path="y.json")))
    assert written == pd.Timedelta(value).isoformat()
    assert pd.Timedelta(written) == value


@pytest.mark.parametrize("value", [np.timedelta64("NaT"), np.datetime64("NaT"), pd.NaT])
def test_a_missing_time_is_null_in_json_and_says_so(value: object) -> None:
    assert data(write(value, name="y")) == b"NaT"
    content = write(value, name="y", path="y.json")
    assert data(content) == b"null"
    assert content.note == "JSON has no missing times, so the value became null."


def test_a_duration_without_a_unit_is_text_but_refused_as_json() -> None:
    assert data(write(np.timedelta64(5), name="y")).startswith(b"5")
    with pytest.raises(errors.BadRequest, match="The duration 5 has no unit") as refusal:
        write(np.timedelta64(5), name="y", path="y.json")
    assert "numpy.timedelta64(5, 's')" in refusal.value.hint


@pytest.mark.parametrize("path", ["y.txt", "y.json"])
def test_the_time_zone_of_a_time_that_is_left_out_is_said(path: str) -> None:
    said = "The name of its time zone (Europe/Berlin) is not stored."
    for value in (datetime(2026, 11, 30, tzinfo=BERLIN), pd.Timestamp(0, tz="Europe/Berlin")):
        content = write(value, name="y", path=path)
        assert content.note.endswith(said)
        assert datetime.fromisoformat(data(content).decode().strip('"')) == value


class Point(NamedTuple):
    x: int
    y: int


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Point(1, 2), "Point became a list without the names of its fields (x, y)"),
        ({"a": [Point(1, 2)]}, "Point became a list without the names of its fields (x, y)"),
        ((1, 2), "tuple became a list"),
        ([(1, 2), (3,)], "tuple became a list"),
        (Colour.RED, "Colour became its value"),
        (Counter("a"), "Counter became a dictionary"),
        ([[1], {"a": 1.5}, None, True, np.float64(1)], ""),
    ],
)
def test_types_that_json_does_not_have_are_said(value: object, said: str) -> None:
    note = write(value, name="y", path="y.json").note
    assert note == (f"JSON doesn't have all its types: {said}." if said else "")


class Letter(StrEnum):
    A = "a"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *(
            (each, f"the type {type(each).__name__}, only its text")
            for each in (
                Point(1, 2),
                Colour.RED,
                Letter.A,
                Counter("a"),
                np.longdouble(1),
                frozenset([1]),
            )
        ),
        ([Point(1, 2), {Colour.RED: 1}], "the types Colour, Point, only their text"),
        ([[1], {"a": 1.5}, None, True, b"x", (1j, {2})], ""),
        (1j, ""),
        (np.complex64(1j), ""),
        (np.float64(1), ""),
        (np.str_("a"), ""),
    ],
)
def test_types_that_a_text_does_not_have_are_said(value: object, said: str) -> None:
    note = write(value, name="y", path="y.txt").note
    assert note == (f"A text file can't store {said}." if said else "")


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.10"),
        Fraction(1, 3),
        pd.Period("2026-01", "M"),
        pd.Interval(0, 1),
        pd.NA,
        UUID(int=1),
        Plain.VALUE,
        range(3),
        pa.table({"a": [1]}),
        pa.scalar(1),
        np.void(b"ab"),
        len,
        ...,
        Shown(),
    ],
)
def test_a_value_of_which_only_the_display_is_published_says_so(value: object) -> None:
    note = write(value, name="y").note
    assert note == (
        f"The file only has what a notebook displays of the {type(value).__name__}, not the value."
    )


def test_what_was_made_to_be_displayed_is_published_without_a_note() -> None:
    assert write(HTML("<b>bold</b>"), name="y").note == ""


def test_the_format_and_shape_of_a_memory_view_are_said() -> None:
    assert write(memoryview(b"abc"), name="y").note == ""
    note = write(memoryview(np.zeros((2, 3))), name="y").note
    assert note == "The file only has the bytes, not their format (d) and shape (2, 3)."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        (True, "A Boolean value"),
        (np.True_, "A Boolean value"),
        (1.5, "A number"),
        ((1, 2), "A dictionary, list or tuple"),
    ],
)
def test_a_refusal_says_what_the_value_is(value: object, said: str) -> None:
    with pytest.raises(errors.BadRequest) as refusal:
        write(value, name="y", path="y.csv")
    assert refusal.value.message == f"{said} can't be written as .csv."
