"""Looking at published files, and publishing more."""

from __future__ import annotations

import asyncio
import base64
import threading
from pathlib import Path

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.widgets import WebSpace
from jupyter_sessions.widgets.progress import Progress, Steps
from tests.widgets.conftest import WidgetStore, on_a_loop, until

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_folders_are_entered_and_left_again(store: WidgetStore) -> None:
    session = store.new("Files")
    store.publish(session.code, "a/b/deep.txt", b"deep")
    store.publish(session.code, "top.txt", b"top")
    space = WebSpace(session, live=False)
    assert space.text() == "a/, top.txt"
    space.list.value = "a"
    space.list.value = "a/b"
    assert space.folder == "a/b"
    assert [each.path for each in space.files] == ["a/b/deep.txt"]
    space.list.value = ".."
    assert space.folder == "a"
    space.folder = ""
    assert [each.name for each in space.files] == ["a", "top.txt"]
    space.close()


def test_a_picked_file_is_shown(store: WidgetStore) -> None:
    session = store.new()
    store.publish(session.code, "<note>.txt", b"some words\x1b]0;title\x07")
    store.publish(session.code, "pixel.png", PIXEL)
    space = WebSpace(session, live=False)
    space.list.value = "<note>.txt"
    assert space.selected is not None
    assert "&lt;note&gt;.txt" in space.about.value
    shown = space.preview.outputs[0]
    assert shown["text"].startswith("some words")
    assert "\x1b" not in shown["text"]
    space.list.value = "pixel.png"
    data = space.preview.outputs[0]["data"]
    assert base64.b64decode(data["image/png"]) == PIXEL


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("page.html", b"<script>parent.document.title = 'taken'</script>"),
        ("drawing.svg", b"<svg onload='alert(1)'></svg>"),
    ],
)
def test_what_could_run_script_is_shown_where_it_reaches_nothing(
    store: WidgetStore, path: str, content: bytes
) -> None:
    session = store.new()
    store.publish(session.code, path, content)
    space = WebSpace(session, live=False)
    space.list.value = path
    data = space.preview.outputs[0]["data"]
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith(('<iframe sandbox="allow-scripts"', "<img "))
    assert content.decode() not in data["text/html"]


def test_what_has_no_preview_says_so(store: WidgetStore) -> None:
    session = store.new()
    store.publish(session.code, "data.nc", b"\x00\x01")
    space = WebSpace(session, live=False)
    space.list.value = "data.nc"
    assert "can't be previewed here" in space.preview.outputs[0]["text"]


def test_a_file_and_a_folder_are_published(store: WidgetStore, tmp_path: Path) -> None:
    session = store.new()
    folder = tmp_path / "results"
    folder.mkdir()
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(name)
    space = WebSpace(session, live=False)
    space.form.what.value = str(folder / "one.txt")
    space.form.path.value = "notes/one.txt"
    space.form.publish.click()
    assert "Published notes/one.txt" in space.notice.value
    assert space.selected is not None
    assert space.selected.path == "notes/one.txt"
    assert space.form.what.value == ""
    space.publish(str(folder))
    assert "Published 2 files" in space.notice.value
    space.folder = "results"
    assert [each.name for each in space.files] == ["one.txt", "two.txt"]


def test_what_is_published_by_name_goes_into_the_folder_that_is_shown(
    store: WidgetStore, tmp_path: Path
) -> None:
    session = store.new()
    store.publish(session.code, "a/first.txt", b"1")
    (tmp_path / "second.txt").write_text("2")
    space = WebSpace(session, live=False)
    space.folder = "a"
    space.form.what.value = str(tmp_path / "second.txt")
    space.form.publish.click()
    assert [each.path for each in space.files] == ["a/first.txt", "a/second.txt"]


def test_nothing_by_that_name_is_told(store: WidgetStore) -> None:
    space = WebSpace(store.new(), live=False)
    space.form.what.value = "no-such-thing"
    space.form.publish.click()
    assert "There is no file or folder" in space.notice.value
    assert space.form.what.value == "no-such-thing"


def test_files_of_ones_own_computer_are_published(store: WidgetStore) -> None:
    session = store.new()
    space = WebSpace(session, live=False)
    chosen = {"name": "mine.csv", "type": "text/csv", "size": 4, "content": memoryview(b"a,b\n"),
              "last_modified": session.created}  # fmt: skip
    space.form.chosen.value = (chosen,)
    assert [each.path for each in space.files] == ["mine.csv"]
    assert space.form.chosen.value == ()


def test_a_file_is_saved_and_unpublished(
    store: WidgetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = store.new()
    store.publish(session.code, "words.txt", b"some words")
    space = WebSpace(session, live=False)
    space.list.value = "words.txt"
    space.save.click()
    assert (tmp_path / "words.txt").read_bytes() == b"some words"
    space.save.click()
    assert "'words.txt' exists already" in space.notice.value.replace("&#x27;", "'")
    space.remove.click()
    assert space.files == []
    assert space.selected is None
    assert "Nothing is published here" in space.empty.value


def test_who_may_not_write_sees_no_form(store: WidgetStore) -> None:
    session = store.new()
    session.roles = ["read"]
    space = WebSpace(session, live=False)
    assert space.form.layout.display == "none"
    assert space.remove.disabled
    assert "needs the role write" in space.remove.tooltip


def test_files_appear_and_go_as_others_publish(store: WidgetStore) -> None:
    session = store.new()

    async def look() -> None:
        space = WebSpace(session.code)
        store.publish(session.code, "new.txt", b"1")
        await until(lambda: space.files, "the file did not come")
        space.selected = space.files[0]
        await until(lambda: space.preview.outputs, "no preview came")
        named = schemas.FileNamed(code=session.code, path="new.txt")
        store.transport.call(api.UNPUBLISH_FILE, named)
        await until(lambda: space.selected is None, "the file did not go")
        space.close()

    on_a_loop(look)


def test_publishing_a_folder_is_cancelled_between_files(store: WidgetStore, tmp_path: Path) -> None:
    session = store.new()
    for number in range(400):
        (tmp_path / f"{number:03}.txt").write_text("x")

    async def publish() -> None:
        space = WebSpace(session.code, live=False)
        space.publish(str(tmp_path), "many")
        assert space.progress.running
        assert space.progress.layout.display != "none"
        space.progress.cancel.click()
        await until(lambda: not space.progress.running, "it went on")
        assert "Cancelled" in space.notice.value
        assert space.progress.layout.display == "none"
        space.close()

    on_a_loop(publish)
    listed = schemas.ListFiles(code=session.code, deep=True, limit=500)
    assert len(store.transport.call(api.LIST_FILES, listed).items) < 400


def test_work_shows_how_far_it_is_and_ends_when_it_is_cancelled() -> None:
    async def work() -> None:
        progress, go_on = Progress(), threading.Event()
        ended: list[object] = []

        def steps(told: Steps) -> None:
            told.report(1, 4, "a quarter")
            go_on.wait()
            told.report(2, 4, "half")

        progress.run(steps, ended.append, ended.append)
        await until(lambda: progress.bar.value == 0.25, "the bar did not move")
        assert progress.label.value == "a quarter"
        progress.cancel.click()
        go_on.set()
        await until(lambda: not progress.running, "it went on")
        assert ended == [None]

    on_a_loop(work)


def test_what_fails_in_a_thread_is_told_and_the_bar_goes() -> None:
    async def work() -> None:
        progress = Progress()
        told: list[object] = []
        progress.run(lambda _: 1 / 0, told.append, told.append)
        await until(lambda: told, "nothing was told")
        assert "division by zero" in str(told[0])
        assert not progress.running
        await asyncio.sleep(0)

    on_a_loop(work)
