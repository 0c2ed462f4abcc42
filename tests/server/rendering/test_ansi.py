"""Terminal text becomes HTML that shows what a terminal would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.server.rendering import ansi


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain", "plain"),
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("\x1b[31mred\x1b[0m", '<span class="ansi-red-fg">red</span>'),
        ("\x1b[1;92mloud\x1b[22m", '<span class="ansi-bold ansi-bright-green-fg">loud</span>'),
        ("\x1b[38;5;196mx", '<span class="ansi-red-fg">x</span>'),
        ("\x1b[48;2;0;0;0mx", '<span class="ansi-black-bg">x</span>'),
        ("\x1b[7mx", '<span class="ansi-inverse">x</span>'),
        ("\x1b[31;7mx", '<span class="ansi-red-bg">x</span>'),
        ("10%\r100%", "100%"),
        ("100%\rdone", "done"),
        ("abc\b\bX", "aXc"),
        ("kept\r\n", "kept"),
        ("\x1b]0;title\x07text\x1b[2K", "text"),
        ("\x1b[31m", ""),
        ("\x1b[38;5m\x1b[38;2;1mx", "x"),
        ("\x00\x07x", "x"),
        ("\x1b(Bx\x1b)0\x1b%G", "x"),
        ("\x1b[38:2::205:49:49mx", '<span class="ansi-red-fg">x</span>'),
        ("\x1b[38:2:205:49:49mx", '<span class="ansi-red-fg">x</span>'),
        ("\x1b[48:5:9;1mx", '<span class="ansi-bold ansi-bright-red-bg">x</span>'),
        ("\x1b[4:3mx\x1b[4:0my", '<span class="ansi-underline">x</span>y'),
        ("\x1b[58:2::1:3:7mx\x1b[58;5;3my\x1b[58;2;1;3;7mz", "xyz"),
        ("\x1b[38;5;256mx\x1b[>4;1my\x1b[?1mz", "xyz"),
        ("\x1bPq#0\x1b\\a\x1b_hidden\x1b\\b\x1b]8;;http://x\x1b\\c", "abc"),
        ("\x1b7a\x1b8b\x1b=c\x1bMd", "abcd"),
        ("\x1b[31", ""),
        ("\x1b[" + "9" * 5_000 + "mx", "x"),
        ("\x1b[1;" + "1;" * 5_000 + "mx", '<span class="ansi-bold">x</span>'),
    ],
)
def test_what_a_terminal_shows_is_shown(written: str, shown: str) -> None:
    assert ansi.lines(written)[0] == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [("10%\r100%", "100%"), ("a\x1b[31mb\x1b[0m\rX\nz", "Xb\nz"), ("\x1b(Bab\b\bc", "cb")],
)
def test_plain_text_is_what_the_page_shows_without_its_colours(written: str, shown: str) -> None:
    assert ansi.plain(written) == shown


def test_a_colour_goes_on_over_lines_that_are_each_complete() -> None:
    span = '<span class="ansi-blue-fg">{}</span>'
    assert ansi.lines("\x1b[34ma\nb\x1b[39mc") == [span.format("a"), span.format("b") + "c"]


@given(st.text(alphabet=st.sampled_from("<>&\"'ab\x1b[]0123456789;:mK\r\n\b\x07")))
def test_no_text_can_write_markup(text: str) -> None:
    for line in ansi.lines(text):
        bare = line.replace("</span>", "")
        while bare.startswith('<span class="ansi-') or '<span class="ansi-' in bare:
            before, _, after = bare.partition('<span class="ansi-')
            bare = before + after.partition('">')[2]
        assert not set(bare) & set("<>\"'")
