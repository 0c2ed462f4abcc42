"""Results as text and as HTML."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import click
import pytest
from wcwidth import wcswidth

from jupyter_sessions import schemas
from jupyter_sessions.cli.parameters import Minutes, Moment, Numbers
from jupyter_sessions.cli.rendering import columns, html, text
from jupyter_sessions.cli.results import (
    Card,
    Code,
    Column,
    Form,
    Line,
    Outputs,
    Request,
    Result,
    Table,
)
from jupyter_sessions.cli.values import begun, one_line, printable
from tests.conftest import recording

NASTY = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


def session(**more: object) -> schemas.Session:
    given = dict.fromkeys(schemas.Session.__struct_fields__) | {
        "code": "1" * 22, "label": "L", "owner": "foo", "roles": ["read"], "state": "active",
        "created": datetime(2026, 11, 20, 12, tzinfo=UTC), "commands": 3, "last_command": "x",
        "last_used": datetime(2026, 11, 21, 12, tzinfo=UTC), "description": "", "default": False,
        "events": 1, "members": 1, "group": None,
    }  # fmt: skip
    return schemas.Session(**given | more)


def command(source: str, *outputs: schemas.Output) -> schemas.Command:
    made = recording(source, at=datetime.now(UTC))
    summary = schemas.CommandSummary(
        number=5, user=NASTY, real_user=None, started=made.request.started, duration=1.0,
        status="completed", source=source, source_cut=False, preview="", media=[], outputs=0,
        size=0, language="python", notebook="", execution_count=1, forgotten=False, note="",
    )  # fmt: skip
    assert made.response is not None
    made.response.outputs.extend(outputs)
    return schemas.Command(summary=summary, request=made.request, response=made.response)


def render(*blocks: object, width: int = 100) -> str:
    return text.render(Result(None, blocks), width=width, colour=False)


def test_wide_characters_keep_the_columns_aligned() -> None:
    table = Table(columns.SESSION, [session(label="シアトルの天気"), session(label="plain")], "")
    lines = render(table, width=200).splitlines()
    owners = [wcswidth(line[: line.index("foo")]) for line in lines[2:]]
    assert len(set(owners)) == 1


@pytest.mark.parametrize("width", [100, 150, 220])
def test_a_table_is_cut_to_the_terminal(width: int) -> None:
    items = [session(label="長い" * 60, last_command="z" * 190), session()]
    lines = render(Table(columns.SESSION, items, ""), width=width).splitlines()
    narrowest = 140  # what the columns need that can't give way, and 12 each for those that can
    assert max(map(wcswidth, lines)) <= max(width, narrowest)
    assert "…" in lines[2]


def test_only_the_first_line_of_a_source_stands_in_a_table() -> None:
    assert [begun(each) for each in ["", "a = 1\n", "\n a = 1\nb = 2\n"]] == [
        "",
        "a = 1",
        "a = 1 …",
    ]


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_times_are_local_and_their_zone_is_said_once() -> None:
    winter, summer = (datetime(2026, month, 21, 12, 30, 15, tzinfo=UTC) for month in (1, 7))
    drawn = render(Table(columns.SESSION, [session(created=winter, last_used=winter)], ""))
    assert "Created (UTC-05:00)" in drawn
    assert drawn.count("UTC") == 1
    assert "2026-01-21 07:30" in drawn
    both = [session(created=winter, last_used=summer)]
    assert "Created (local time)" in render(Table(columns.SESSION, both, ""))
    assert "Created (UTC-04:00)" in render(
        Card("", columns.SESSION_CARD, session(created=summer, last_used=summer))
    )
    run = command("x").summary
    run.started = summer
    assert "2026-07-21 08:30:15" in render(Table(columns.COMMAND, [run], ""))
    page = html.render(Result(None, [Table(columns.SESSION, both, "")]))
    assert "Created (local time)" in page


def test_columns_without_a_value_are_left_out_where_they_may_be() -> None:
    member = SimpleNamespace(
        user="foo", display_name="foo", roles=["read"], since=datetime.now(UTC), granted_by=None
    )
    assert "Name" not in render(Table(columns.MEMBER, [member], ""))
    member.display_name = "Foo Fighter"
    assert "Name" in render(Table(columns.MEMBER, [member], ""))


def test_nothing_that_a_terminal_would_obey_is_printed() -> None:
    evil = "a\x1b]52;c;cm0gLXJm\x07b\x1b[2Jc\u202ed\x9be\nf\x1b[31mred\x1b[0m"
    assert "\x1b" not in one_line(evil)
    assert "\u202e" not in one_line(evil)
    kept = printable(evil)
    assert "\x1b[31mred\x1b[0m" in kept
    assert "\x1b]" not in kept
    assert "\x1b[2J" not in kept
    assert "\x9b" not in kept


def test_a_line_that_was_written_over_shows_its_end() -> None:
    assert printable("10 %\r50 %\r100 %\r\ndone\n") == "100 %\ndone\n"


def test_everything_of_people_is_escaped_in_html() -> None:
    nasty = session(label=NASTY, owner=NASTY, last_command=NASTY, url=f"javascript:{NASTY}")
    blocks = (
        Table(columns.SESSION, [nasty], ""),
        Table(columns.SESSION, [], NASTY),
        Card(NASTY, columns.SESSION_CARD, nasty),
        Line(NASTY, link=f"https://x/{NASTY}"),
        Request(command(NASTY)),
        Code(NASTY),
    )
    found: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(tag)
            links = [value or "" for name, value in attrs if name in {"href", "src"}]
            assert all(link.startswith("https://") for link in links)
            assert not any(name.startswith("on") for name, _ in attrs)

    Parser().feed(html.render(Result(None, blocks)))
    assert not {"script", "img", "iframe"} & set(found)
    assert "table" in found


def test_a_status_has_a_colour_in_a_terminal_and_in_a_notebook() -> None:
    column = Column("Status", lambda _: "error", Form.STATUS)
    result = Result(None, (Table([column], [None], ""),))
    assert "\x1b[31merror" in text.render(result, width=80, colour=True)
    assert "color:#d43f3b" in html.render(result)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", sorted(set(html._COLOURS.values())))
def test_colours_can_be_read_on_white_and_on_black(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5
    assert (luminance(colour) + 0.05) / 0.05 >= 4.5


def test_outputs_in_a_terminal_keep_text_and_name_the_rest() -> None:
    shown = render(
        Outputs(
            command(
                "x",
                schemas.Stream(name="stdout", text=["a\n", "b\n"]),
                schemas.DisplayData(
                    data={"text/plain": "<Figure>", "image/png": "x" * 2000}, metadata={}
                ),
                schemas.ErrorOutput(ename="E", evalue="v", traceback=["tr", "ace"]),
                schemas.ErrorOutput(ename="E", evalue="v", traceback=[]),
            ),
            own=True,
        )
    )
    assert shown.splitlines() == [
        "a", "b", "<Figure>", "(image/png, 2.0 kB: to save it, type view 5 --save FOLDER)",
        "tr", "ace", "E: v",
    ]  # fmt: skip


def test_points_in_time_are_read() -> None:
    now = datetime.now().astimezone()
    read = Moment().convert
    assert abs(now - timedelta(hours=2) - read("2h", None, None)) < timedelta(minutes=1)
    assert abs(now - timedelta(days=3) - read("3 d", None, None)) < timedelta(minutes=1)
    yesterday = read("yesterday", None, None)
    assert (yesterday.hour, yesterday.date()) == (0, now.date() - timedelta(days=1))
    assert read("2026-11-20", None, None).astimezone().day == 20
    assert read("2026-11-20T12:00Z", None, None) == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("nonsense", ["", "2026-13-01", "h", "999999w", "-2h", "２h30"])
def test_what_is_no_point_in_time_is_refused(nonsense: str) -> None:
    with pytest.raises(click.BadParameter):
        Moment().convert(nonsense, None, None)


def test_runs_of_commands_are_read() -> None:
    assert list(Numbers().convert("5", None, None)) == [5]
    assert list(Numbers().convert("3..7", None, None)) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("nonsense", ["", "0", "-1", "3-7", "a..b", "7..3", "1..501", "9" * 30])
def test_what_is_no_run_of_commands_is_refused(nonsense: str) -> None:
    with pytest.raises(click.BadParameter):
        Numbers().convert(nonsense, None, None)


def test_time_outs_are_read() -> None:
    read = Minutes().convert
    assert [read(given, None, None) for given in ("90", "2h", "7d", "none")] == [
        90,
        120,
        10080,
        None,
    ]
    for nonsense in ("0", "0h", "-5", "soon", ""):
        with pytest.raises(click.BadParameter):
            read(nonsense, None, None)
