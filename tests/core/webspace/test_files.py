"""The web space: published files by path, listed by folder, replaced, and taken out again."""

from __future__ import annotations

import hashlib

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.webspace.files import media_type
from jupyter_sessions.store.tables import blobs
from jupyter_sessions.store.tables import files as files_table
from tests.conftest import Store
from tests.core.asking import content, counted, do, files, join, log, pages, publish, refused

# ---- publishing --------------------------------------------------------------------------------


def test_a_published_file_tells_what_it_is_and_gives_its_bytes_back(store, code):
    store.record(code, "plot()")
    data = bytes(range(256)) * 10
    (file,) = publish(store, code, "figures/rain.png", content=data, command=1)
    assert (file.path, file.name, file.folder) == ("figures/rain.png", "rain.png", False)
    assert (file.media_type, file.size) == ("image/png", len(data))
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert (file.publisher, file.published, file.command) == ("root", store.clock(), 1)
    assert do(store, "root", api.GET_FILE, code=code, path="figures/rain.png") == file
    assert content(store, code, "figures/rain.png") == data


def test_an_empty_file_and_one_from_disk_are_files_too(store, code, tmp_path):
    (tmp_path / "large.bin").write_bytes(b"0123456789" * 300_000)
    publish(store, code, "empty", content=b"")
    publish(store, code, "large.bin", content=tmp_path / "large.bin")
    assert content(store, code, "empty") == b""
    assert content(store, code, "large.bin") == b"0123456789" * 300_000


def test_nothing_is_published_without_content(store, code):
    with refused(errors.BadRequest):
        do(store, "root", api.PUBLISH_FILE, code=code, path="a.txt")


def test_a_bad_path_is_refused_by_every_operation_and_stores_nothing(store, code):
    for path in [
        "",
        ".",
        "..",
        "../x",
        "/etc/x",
        "a\\..\\b",
        "a/../../x",
        "a/",
        "a//b",
        "a\0",
        "x" * 300,
        "‥/x",
    ]:
        with refused(errors.BadName):
            publish(store, code, path)
        with refused(errors.BadName):
            do(store, "root", api.GET_FILE, code=code, path=path)
        with refused(errors.BadName):
            do(store, "root", api.UNPUBLISH_FILE, code=code, path=path)
        if path:
            with refused(errors.BadName):
                files(store, code, folder=path)
        assert counted(store, files_table, blobs) == {"files": 0, "blobs": 0}


def test_what_is_no_media_type_is_refused(store, code):
    for given in ["text", "text/", "/html", "a b/c", "text/html\r\nX: y", "é/x"]:
        with refused(errors.BadName):
            publish(store, code, "a.bin", media_type=given)


def test_a_media_type_is_taken_as_given_or_from_the_ending_never_from_the_content(store, code):
    (named,) = publish(store, code, "a.bin", media_type="Text/HTML; charset=utf-8")
    (guessed,) = publish(store, code, "b.csv", content=b"<html>")
    (unknown,) = publish(store, code, "Makefile", content=b"<html>")
    assert named.media_type == "text/html"
    assert (guessed.media_type, unknown.media_type) == ("text/csv", "application/octet-stream")
    assert media_type("A.IPYNB") == "application/x-ipynb+json"
    assert media_type("x.parquet") == "application/vnd.apache.parquet"


def test_a_file_names_only_a_command_that_is_there(store, code):
    store.record(code, "1")
    for number in (2, 2**53):
        with refused(errors.NotFound, match="no command"):
            publish(store, code, "a.txt", command=number)


def test_a_path_as_long_as_can_be_is_a_path_on_each_database(store, code):
    import secrets

    letters = [chr(0x4E00 + secrets.randbelow(20_000)) for _ in range(660)]
    path = "/".join("".join(letters[start : start + 82]) for start in range(0, 660, 83))
    publish(store, code, path)
    assert files(store, code, deep=True) == [path]
    with refused(errors.BadName, match="too long"):
        publish(store, code, path + "/" + path)


# ---- names that are too much alike -------------------------------------------------------------


def test_paths_that_look_alike_do_not_stand_side_by_side(store, code):
    for first, second in [
        ("data.csv", "Data.CSV"),
        ("a/b", "A/b"),
        ("straße", "STRASSE"),
        ("ﬁt", "fit"),
        ("ｄata", "data"),
        ("K", "k"),
    ]:
        publish(store, code, first)
        with refused(errors.Conflict, match="too similar"):
            publish(store, code, second, content=b"other")
        assert second not in files(store, code, deep=True)
        assert content(store, code, second) == b"x", "it is found by either"


def test_a_composed_and_a_decomposed_letter_are_one_path(store, code):
    publish(store, code, "e\u0301te\u0301", content=b"old")
    (file,) = publish(store, code, "été", content=b"new")
    assert file.path == "été"
    assert files(store, code) == ["été"]
    assert content(store, code, "e\u0301te\u0301") == b"new"


def test_a_file_is_no_folder_and_a_folder_no_file(store, code):
    publish(store, code, "a/b/c")
    for path in ("a", "a/b", "A", "A/B"):
        with refused(errors.Conflict, match="folder"):
            publish(store, code, path)
    for path in ("a/b/c/d", "A/B/C/d"):
        with refused(errors.Conflict, match="is a file"):
            publish(store, code, path)
    publish(store, code, "a/bc", "ab")
    assert files(store, code, deep=True) == ["a/b/c", "a/bc", "ab"]


# ---- listing -----------------------------------------------------------------------------------


def test_a_folder_shows_its_files_and_folders_by_name_and_no_deeper(store, code):
    publish(store, code, "b.txt", "a/1", "a/2/3", "a/2/4", "c/x/y", "Z.txt", content=b"xy")
    assert files(store, code) == ["a/", "b.txt", "c/", "Z.txt"]
    assert files(store, code, folder="a") == ["a/1", "a/2/"]
    assert files(store, code, folder="A/2") == ["a/2/3", "a/2/4"]
    assert files(store, code, folder="a", deep=True) == ["a/1", "a/2/3", "a/2/4"]
    (folder, *_) = do(store, "root", api.LIST_FILES, code=code).items
    assert (folder.path, folder.name, folder.size, folder.folder) == ("a", "a", 6, True)


def test_a_folder_does_not_swallow_what_stands_just_behind_it(store, code):
    publish(store, code, "a/x", "a0", "a00", "a.txt", "a-b", "a b", "a1/y", "a1/0", "a10")
    expected = ["a b", "a-b", "a.txt", "a/", "a0", "a00", "a1/", "a10"]
    assert files(store, code) == expected
    for limit in range(1, 9):
        found = pages(
            lambda after, limit=limit: do(
                store, "root", api.LIST_FILES, code=code, limit=limit, after=after
            )
        )
        assert [f"{f.path}/" if f.folder else f.path for page in found for f in page] == expected


def test_a_folder_of_many_is_jumped_over(store, code):
    publish(store, code, *(f"many/{n:03}" for n in range(60)), "zero")
    assert files(store, code, limit=2) == ["many/", "zero"]
    assert do(store, "root", api.LIST_FILES, code=code, limit=2).next is None


@pytest.mark.parametrize("deep", [False, True])
def test_all_pages_together_are_the_folder_each_entry_once(store, code, deep):
    publish(store, code, *(f"f/{letter}/{n}" for letter in "abcd" for n in range(3)), "f/e", "f/é")
    whole = files(store, code, folder="f", deep=deep)
    assert len(whole) == (14 if deep else 6)
    found = pages(
        lambda after: do(
            store, "root", api.LIST_FILES, code=code, folder="f", deep=deep, limit=2, after=after
        )
    )
    assert [f"{f.path}/" if f.folder else f.path for page in found for f in page] == whole


def test_a_folder_that_is_not_there_is_not_found_and_an_empty_web_space_is_empty(store, code):
    assert files(store, code) == []
    publish(store, code, "ab/c")
    for folder in ("a", "ab/c", "ab/d"):
        with refused(errors.NotFound):
            files(store, code, folder=folder)


def test_a_cursor_with_anything_in_it_is_no_error_of_ours(store, code):
    publish(store, code, "a")
    for after in ("\0", "z", "/", "é" * 500, "-", "a\0"):
        try:
            assert files(store, code, after=after) in ([], ["a"])
        except errors.BadRequest as refusal:
            assert refusal.hint


def test_sessions_do_not_see_each_others_files(store, code):
    other = store.new().code
    publish(store, code, "a/b", content=b"mine")
    publish(store, other, "a/b", content=b"other")
    assert content(store, code, "a/b") == b"mine"
    do(store, "root", api.UNPUBLISH_FILE, code=other, path="a")
    assert files(store, code, deep=True) == ["a/b"]


# ---- replacing and unpublishing ----------------------------------------------------------------


def test_replacing_says_what_was_there_before_and_keeps_it_intact(store, code):
    join(store, "bob")
    store.grant(code, "bob", "write")
    (old,) = publish(store, code, "a.txt", content=b"old")
    _, blob = do(store, "root", api.DOWNLOAD_FILE, code=code, path="a.txt")
    (new,) = publish(store, code, "a.txt", content=b"new", by="bob")
    assert (new.publisher, content(store, code, "a.txt")) == ("bob", b"new")
    told = log(store, code)[-1]
    assert (told.kind, told.user) == ("file.published", "bob")
    assert told.data["replaced"] == old.sha256
    assert store.dispatcher.blobs.read(blob) == b"old"


def test_unpublishing_a_folder_takes_all_in_it_and_nothing_else(store, code):
    publish(store, code, "a/1", "a/b/2", "ab", "a0", "b")
    gone = do(store, "root", api.UNPUBLISH_FILE, code=code, path="A").paths
    assert gone == ["a/1", "a/b/2"]
    assert files(store, code, deep=True) == ["a0", "ab", "b"]
    assert [e.data["path"] for e in log(store, code) if e.kind == "file.unpublished"] == gone
    with refused(errors.NotFound):
        do(store, "root", api.UNPUBLISH_FILE, code=code, path="a")


def test_a_path_is_free_again_once_it_is_unpublished(store, code):
    publish(store, code, "a/b")
    do(store, "root", api.UNPUBLISH_FILE, code=code, path="a/b")
    publish(store, code, "A")
    assert files(store, code) == ["A"]


def test_files_are_looked_at_by_readers_and_changed_by_writers_alone(store, code):
    join(store, "reader", "runner", "writer")
    store.grant(code, "reader", "read")
    store.grant(code, "runner", "execute")
    store.grant(code, "writer", "write")
    publish(store, code, "a", by="writer")
    for who in ("reader", "runner"):
        with refused(errors.RoleMissing, match="write"):
            publish(store, code, "b", by=who)
        with refused(errors.RoleMissing, match="write"):
            publish(store, code, "a", content=b"other", by=who)
        with refused(errors.RoleMissing, match="write"):
            do(store, who, api.UNPUBLISH_FILE, code=code, path="a")
    assert content(store, code, "a", "reader") == b"x"
    with refused(errors.RoleMissing, match="read"):
        content(store, code, "a", "runner")


def test_what_may_not_be_published_is_not_even_stored(store, code, tmp_path):
    join(store, "bob")
    store.grant(code, "bob", "read")
    for who in ("bob", "stranger"):
        with pytest.raises((errors.RoleMissing, errors.NoSuchSession)):
            publish(store, code, "a", content=b"mine", by=who)
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def stored(store: Store) -> int:
    return counted(store, blobs)["blobs"]


def test_the_same_content_twice_is_one_blob(store, code):
    publish(store, code, "a", "b", content=b"same" * 100)
    assert stored(store) == 1


def test_a_folder_tells_what_is_true_of_all_that_is_in_it(store: Store) -> None:
    code = store.new().code
    join(store, "foo")
    store.grant(code, "foo", "write")
    store.record(code, "1", "2")
    publish(store, code, "same/a", "same/deep/b", command=2)
    publish(store, code, "mixed/a", command=1)
    publish(store, code, "mixed/b", by="foo")
    same, mixed = do(store, "root", api.LIST_FILES, code=code, folder="").items[::-1]
    assert (same.files, same.publisher, same.command) == (2, "root", 2)
    assert (mixed.files, mixed.publisher, mixed.command) == (2, "", None)
    assert do(store, "root", api.GET_FILE, code=code, path="same/a").files == 1
