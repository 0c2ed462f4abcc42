"""What a command displayed, as files."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from jupyter_sessions import errors, schemas
from jupyter_sessions.formats.outputs import files, renamed

PNG = b"\x89PNG\r\n\x1a\nrest"


def response(*outputs: Any) -> schemas.CommandResponse:
    return schemas.CommandResponse(
        status="completed", outputs=list(outputs), finished=datetime.now(UTC), duration=0.1
    )


def shown(**data: Any) -> schemas.DisplayData:
    return schemas.DisplayData(data={k.replace("_", "/"): v for k, v in data.items()}, metadata={})


def test_one_output_becomes_a_file_named_after_the_command() -> None:
    encoded = base64.b64encode(PNG).decode()
    (file,) = files(12, response(shown(image_png=encoded, text_plain="<Figure>")))
    assert (file.name, file.data, file.media_type) == ("output-12.png", PNG, "image/png")


def test_several_outputs_are_numbered_and_streams_are_left_out() -> None:
    outputs = [
        shown(text_plain="1"),
        schemas.Stream(name="stdout", text="hello"),
        schemas.ExecuteResult(data={"text/html": ["<b>", "2</b>"]}, metadata={}, execution_count=3),
    ]
    found = list(files(3, response(*outputs)))
    assert [file.name for file in found] == ["output-3-1.txt", "output-3-2.html"]
    assert b"<b>2</b>" in found[1].data


def test_a_command_that_displayed_nothing_is_an_error() -> None:
    with pytest.raises(errors.NotFound, match="did not display anything"):
        list(files(3, response(schemas.Stream(name="stdout", text="hello"))))


def test_a_damaged_picture_is_an_error() -> None:
    with pytest.raises(errors.BadRequest, match="damaged"):
        list(files(3, response(shown(image_png="x"))))


def test_one_file_goes_to_the_path_and_several_into_the_folder() -> None:
    one = list(files(3, response(shown(text_plain="1"))))
    two = list(files(3, response(shown(text_plain="1"), shown(text_plain="2"))))
    assert [file.name for file in renamed(one, "a/b.txt")] == ["a/b.txt"]
    assert [file.name for file in renamed(one, "a/")] == ["a/output-3.txt"]
    assert [file.name for file in renamed(two, "a")] == ["a/output-3-1.txt", "a/output-3-2.txt"]
