"""Text as a terminal shows it in the end."""

from __future__ import annotations

import io
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sessions.recorder.screen import ScreenText


def shown(*texts: str, size: tuple[int, int] = (20, 5)) -> str:
    screen = ScreenText(size)
    for text in texts:
        screen.write(text)
    return "".join(output["text"] for output in msgspec.to_builtins(screen.to_outputs()))


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("plain\n", "plain\n"),
        ("\x1b[31mred\x1b[0m\r\nnext", "\x1b[31mred\x1b[0m\nnext"),
        ("\x1b]0;title\x07\x1b(Btext", "\x1b]0;title\x07\x1b(Btext"),
        ("10%\r20%", "20%"),
        ("100%\rdone", "done"),
        ("long line\rx\x1b[K", "x"),
        ("abc\b\bX", "aXc"),
        ("erased\x1b[2K", ""),
        ("erased\x1b[2Kx", "      x"),
        ("\x1b[31mabc\x1b[0m\rX", "X\x1b[31mbc\x1b[0m"),
        ("\x1b[31mabc\r\x1b[32mX\x1b[0m", "\x1b[32mX\x1b[0;31mbc\x1b[0m"),
        ("one\ntwo\nthree\x1b[2AX", "one  X\ntwo\nthree"),
        ("one\ntwo\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K", ""),
        ("kept\none\ntwo\x1b[1F\x1b[0J", "kept\n"),
        ("a\nb\x1b[H\x1b[2Jnew", "new"),
        ("a\nb\x1b[1;3Hc", "a c\nb"),
        ("ab\x1b[5Cc", "ab     c"),
        ("ab\x1b7cd\x1b8X", "abXd"),
        ("abcdef\x1b[4D\x1b[2P", "abef"),
        ("abcdef\x1b[4D\x1b[2@", "ab  cdef"),
        ("abcdef\x1b[4D\x1b[2X", "ab  ef"),
        ("one\ntwo\x1b[1A\r\x1b[L", "\none\ntwo"),
        ("one\ntwo\x1b[1A\r\x1b[M", "two"),
        ("a\tb\rX", "X       b"),
        ("日本\rx", "x 本"),
        ("日本語\x1b[3Dx", "日 x語"),
        ("e\u0301\rx", "x"),
        ("x\u0301y\by\u0308", "x\u0301y\u0308"),
        ("a" * 25 + "\rX", "a" * 20 + "Xaaaa"),
        ("a" * 20 + "\rX", "X" + "a" * 19),
        ("a" * 45 + "\x1b[2A\rX", "X" + "a" * 44),
        ("gone\x1bcnew", "new"),
        ("\x1b[3", ""),
    ],
)
def test_what_a_terminal_shows_is_kept(written: str, stands: str) -> None:
    assert shown(written) == stands
    assert shown(*written) == stands


def test_what_has_left_the_screen_is_kept_as_it_was() -> None:
    lines = [f"line {n}\n" for n in range(50)]
    assert shown(*lines, "\x1b[100A\x1b[0J") == "".join(lines[:46])
    assert shown(*lines, "\x1b[H\x1b[2J\x1b[3J") == "".join(lines[:46])


def test_much_text_at_once_is_the_same_as_in_pieces() -> None:
    lines = [f"\x1b[3{n % 8}mline {n}\n" for n in range(500)]
    assert shown("".join(lines)) == "".join(lines)
    assert shown("".join(lines), "\x1b[2A\x1b[Jx") == shown(*lines, "\x1b[2A\x1b[Jx")


def test_what_stood_above_the_screen_of_a_long_line_is_kept() -> None:
    assert shown("a" * 200 + "\x1b[2Jnew", size=(10, 5)).startswith("a" * 150 + "\n")
    assert shown("x\n" + "a" * 200 + "\x1b[1J", size=(10, 5)).startswith("x\n" + "a" * 150)


def test_a_change_of_the_stream_is_another_output() -> None:
    screen = ScreenText()
    for name, text in [("stdout", "a\n"), ("stderr", "b\r"), ("stdout", "C\n"), ("stderr", "d")]:
        screen.write(text, name)
    outputs = msgspec.to_builtins(screen.to_outputs())
    assert [(each["name"], each["text"]) for each in outputs] == [
        ("stdout", "a\nC\n"),
        ("stderr", "d"),
    ]


def test_a_progress_bar_of_rich_leaves_its_last_state() -> None:
    from rich.console import Console
    from rich.progress import Progress

    target = io.StringIO()
    console = Console(file=target, force_terminal=True, width=60, color_system="truecolor")
    with Progress(console=console, auto_refresh=False) as progress:
        tasks = [progress.add_task(f"part {n}", total=3) for n in range(3)]
        for step in range(3):
            console.print(f"step {step}")
            for task in tasks:
                progress.advance(task)
                progress.refresh()
    from jupyter_sessions.escape_sequences import INVISIBLE

    text = INVISIBLE.sub("", shown(target.getvalue(), size=(60, 20)))
    lines = text.splitlines()
    assert [line.strip() for line in lines[:3]] == ["step 0", "step 1", "step 2"]
    assert [line[:6] for line in lines[3:]] == ["part 0", "part 1", "part 2"]
    assert all("100%" in line for line in lines[3:])


ALPHABET = st.sampled_from(
    ["a", " ", "\n", "\r", "\b", "\t", "日", "\u0301", "\x1b[", "A", "B", "C", "D", "H", "J", "K",
     "P", "L", "M", "@", "X", "m", ";", "1", "2", "31", "\x1b7", "\x1b8", "\x1bM", "\x1bc", "\x1b]",
     "\x07", "0", "s", "u", "99999999"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(ALPHABET, max_size=40).map("".join), st.integers(1, 9), st.integers(1, 5))
def test_any_text_can_be_written_in_pieces_and_what_stands_is_stable(
    text: str, columns: int, rows: int
) -> None:
    size = (columns, rows)
    stands = shown(text, size=size)
    assert shown(*text, size=size) == stands
    screen = ScreenText(size)
    for character in text:
        screen.write(character)
    assert screen.size >= 0
    assert not any(control in stands for control in "\b\r")


@given(st.text(st.characters(exclude_characters="\r\x0b\x0c\b\x1b", exclude_categories=["Cs"])))
def test_text_that_only_goes_on_is_unchanged(text: str) -> None:
    assert shown(text) == text


def test_work_is_in_proportion_to_the_text() -> None:
    def count_calls(text: str) -> int:
        # Of functions, Python's own too: no clock, which other work on the machine would move.
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            shown(*(text[n : n + 4_096] for n in range(0, len(text), 4_096)), size=(80, 40))
        finally:
            sys.setprofile(before)
        return calls

    for part in (
        "\x1b[2K\rprogress 10%\n\x1b[1A",
        "x\n",
        "x\r",
        "\x1b[99999999C.\n",
        "\x1b[999L",
        ".",
    ):
        short, long = count_calls(part * 500), count_calls(part * 2_000)
        assert long < 6 * short, part
