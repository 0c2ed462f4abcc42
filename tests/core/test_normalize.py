"""What users and files may be called, and when two names are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions.core import normalize
from jupyter_sessions.errors import BadName
from jupyter_sessions.names import fold_name

ANY = st.text(st.characters(), max_size=60)
TRICKY = st.text(
    st.sampled_from("aB/\\.‥．／℅＼ \t\0\u202e\u200d\u0301ßǆﬃ\ud800é\U0010ffff"), max_size=12
)


# ---- users -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "foo",
        "foo.bar",
        "foo_bar-2",
        "foo@example.org",
        "a+b",
        "1st",
        "x" * 64,
        "José",
        "müller",
        "Дмитрий",
        "Ελένη",
        "東京",
        "김민준",
        "हिन्दी",
        "สมชาย",
        "مريم",
        "தமிழ்",
    ],
)
def test_people_of_all_scripts_can_have_a_name(name):
    assert normalize.user_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        "x" * 10_000,
        "a\0",
        "a b",
        "a\nb",
        "a/b",
        "a\\b",
        "a:b",
        "a|b",
        "a;b",
        "a,b",
        "<b>",
        "\u202eadmin",
        "ad\u202emin",
        "a\u200db",
        "a\u200bb",
        "a\u00adb",
        "\ufeffa",
        ".a",
        "-a",
        "_a",
        "@a",
        "\u0301a",
        "bob\u3164",
        "bob\uffa0",
        "bob\u1160",
        "bob\ufe0f",
        "bob\u034f",
        "😀",
        "bоb",
        "раypal",
        "αdmin",
        "𝐛о𝐛",
        "ｂоb",
        "a\ud800",
        "a\U0010ffff",
        "a\ue000",
        "½\u2044/",
        "a℅b",
    ],
)
def test_what_could_pass_for_another_or_break_something_is_no_user_name(name):
    with pytest.raises(BadName) as refusal:
        normalize.user_name(name)
    assert refusal.value.hint
    assert len(refusal.value.message) < 200
    refusal.value.message.encode()


@given(ANY)
def test_any_text_is_either_a_user_name_for_good_or_refused(text):
    try:
        name = normalize.user_name(text)
    except BadName:
        return
    assert normalize.user_name(name) == name
    assert 0 < len(name) <= 64
    assert "\0" not in name
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Zs"}
    name.encode()


# ---- labels and descriptions -------------------------------------------------------------------


@given(ANY)
def test_any_text_is_either_one_line_or_refused(text):
    try:
        line = normalize.one_line(text, "label")
    except BadName as refusal:
        refusal.message.encode()
        return
    assert line.splitlines() in ([], [line])
    assert "\0" not in line
    line.encode()


def test_prose_has_lines_and_tabs_and_no_other_control_characters():
    assert normalize.prose("a\r\n\tb\n\nc ", "description") == "a\r\n\tb\n\nc"
    for bad in ("a\0b", "a\x1b[31m", "a\rb", "a\x07"):
        with pytest.raises(BadName) as refusal:
            normalize.prose(bad, "description")
        assert "one line" not in refusal.value.hint


# ---- paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a.txt",
        "results/weather.png",
        "a b/c d.csv",
        ".hidden",
        "a..b",
        "...",
        "a/...",
        "%2e%2e/x",
        "a:b",
        "a?b#c",
        "日本/語.png",
        "x" * 255,
        "e\u0301.txt",
        "😀.png",
        "a…b",
        "CON",
        "~",
        "a'\"<>&.html",
    ],
)
def test_a_plain_path_can_be_published_under(path):
    assert normalize.path(path) == unicodedata.normalize("NFC", path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/",
        "//",
        "../x",
        "a/../b",
        "a/..",
        "/etc/x",
        "//etc/x",
        "a\\..\\b",
        "a\\b",
        "a//b",
        "a/",
        "./a",
        "a/./b",
        " a",
        "a ",
        "a/ b",
        "a\0b",
        "a\nb",
        "\u202ea",
        "a\u200bb",
        "a\ud800",
        "a\ue000",
        "x" * 300,
        "é" * 128,
        "‥/x",
        "．．/x",
        "．",
        "a／b",
        "℅",
        "a℀b",
        "a＼b",
        "﹨",
        "a\u2028b",
    ],
)
def test_a_path_that_leads_elsewhere_or_can_not_be_seen_is_refused(path):
    with pytest.raises(BadName) as refusal:
        normalize.path(path)
    assert refusal.value.hint
    refusal.value.message.encode()
    assert len(refusal.value.message) < 250


@given(ANY | TRICKY)
def test_any_text_is_either_a_path_for_good_or_refused(text):
    try:
        path = normalize.path(text)
    except BadName as refusal:
        refusal.message.encode()
        return
    assert normalize.path(path) == path
    for form in (path, fold_name(path)):
        parts = form.split("/")
        assert len(parts) == path.count("/") + 1
        assert not {"", ".", ".."} & set(parts)
        assert not {"\\", "\0"} & set(form)
    assert all(len(part.encode()) <= 255 for part in path.split("/"))
    assert len(fold_name(path).encode()) <= 2_000
