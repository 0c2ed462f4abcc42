from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions import schemas
from jupyter_sessions.recorder.outputs import OutputArea, StreamText, output_from_content

PICTURE = schemas.DisplayData(data={"image/png": "iVBORw0KGgo="}, metadata={})


def written(*texts: str) -> str:
    stream = StreamText("stdout")
    for text in texts:
        stream.write(text)
    [output] = stream.to_outputs()
    assert isinstance(output.text, str)
    assert stream.size == len(output.text.encode())
    return output.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("50%\r100%", "100%"),
        ("100%\r50%", "50%%"),
        ("done\r\nnext\r\n", "done\nnext\n"),
        ("abc\b\bX", "aXc"[:1] + "X"),
        ("\n\b\bstays", "\nstays"),
        ("long line\rshort\n", "shortline\n"),
        ("ab\rX\nc", "Xb\nc"),
        ("\r\r\r", ""),
        ("ä\rö", "ö"),
    ],
)
def test_control_characters_act_as_in_a_front_end(text: str, shown: str) -> None:
    assert written(text) == shown


@given(st.lists(st.text(alphabet="ab\n\r\bé", max_size=12), max_size=6))
def test_it_makes_no_difference_in_which_pieces_text_comes(pieces: list[str]) -> None:
    assert written(*pieces) == written("".join(pieces))


def test_text_of_one_stream_is_one_output_until_something_else_comes() -> None:
    area = OutputArea(1000)
    for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
        area.write(name, text)
    assert area.to_outputs() == [
        schemas.Stream(name="stdout", text="ab"),
        schemas.Stream(name="stderr", text="c"),
        schemas.Stream(name="stdout", text="d"),
    ]


def test_clearing_with_wait_clears_when_the_next_output_comes() -> None:
    area = OutputArea(1000)
    area.write("stdout", "old")
    area.clear(wait=True)
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="old")]
    area.write("stdout", "new")
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="new")]


def test_an_update_replaces_every_output_under_its_display_id() -> None:
    area = OutputArea(1000)
    before = schemas.DisplayData(data={"text/plain": "1"}, metadata={})
    after = schemas.DisplayData(data={"text/plain": "2"}, metadata={"isolated": True})
    area.add(before, 10, "one")
    area.add(before, 10, "other")
    area.add(before, 10, "one")
    area.update("one", after, 20)
    assert area.to_outputs() == [after, before, after]
    assert area.size == 50


def test_a_cleared_display_is_not_updated() -> None:
    area = OutputArea(1000)
    area.add(PICTURE, 10, "id")
    area.clear(wait=False)
    area.write("stdout", "x")
    assert not area.shows("id")


def test_past_the_limit_outputs_are_cut_and_the_note_says_so() -> None:
    area = OutputArea(10)
    area.write("stdout", "0123456")
    area.write("stdout", "789abc")
    area.add(PICTURE, 3)
    area.write("stderr", "x")
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="0123456789")]
    assert area.note == "The outputs were cut at 10 B; another 7 B was not kept."


def test_a_cut_does_not_split_a_character() -> None:
    area = OutputArea(4)
    area.write("stdout", "ééé")
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="éé")]
    area = OutputArea(3)
    area.write("stdout", "ééé")
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="é")]


def test_a_progress_bar_takes_no_more_room_than_its_line() -> None:
    area = OutputArea(100)
    for percent in range(1000):
        area.write("stderr", f"\r{percent:4d}")
    assert area.note == ""
    assert area.to_outputs() == [schemas.Stream(name="stderr", text=" 999")]


def test_clearing_makes_room_again() -> None:
    area = OutputArea(5)
    area.write("stdout", "too much")
    area.clear(wait=False)
    area.write("stdout", "fits")
    assert area.to_outputs() == [schemas.Stream(name="stdout", text="fits")]
    assert area.note == ""


def test_an_update_that_does_not_fit_leaves_an_empty_output_and_a_note() -> None:
    area = OutputArea(20)
    area.add(PICTURE, 10, "id")
    area.update("id", PICTURE, 30)
    assert area.to_outputs() == [schemas.DisplayData(data={}, metadata={})]
    assert "cut at 20 B" in area.note


def test_an_output_that_is_not_as_the_protocol_says_is_refused() -> None:
    with pytest.raises(ValueError, match="error"):
        output_from_content("error", {"ename": "X", "traceback": []})
    with pytest.raises(ValueError, match="display_data"):
        output_from_content("display_data", {"data": "no bundle"})


def test_what_is_transient_is_not_kept() -> None:
    content = {"data": {"text/plain": "x"}, "metadata": {}, "transient": {"display_id": "1"}}
    expected = schemas.DisplayData(data={"text/plain": "x"}, metadata={})
    assert output_from_content("display_data", content) == expected
