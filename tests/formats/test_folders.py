"""Files and folders on their way into the web space."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.formats.folders import explain_omitted, walk


def names(folder: Path, path: str | None = None) -> list[str]:
    return [content.name for content in walk(folder, path)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    results = tmp_path / "results"
    (results / "plots").mkdir(parents=True)
    (results / ".secret").mkdir()
    for name in ("a.csv", "plots/b.png", ".hidden", ".secret/key"):
        (results / name).write_text("x")
    return results


def test_a_folder_brings_its_files_without_the_hidden_ones(folder: Path) -> None:
    assert names(folder) == ["results/a.csv", "results/plots/b.png"]


def test_a_folder_goes_where_it_is_asked_to(folder: Path) -> None:
    assert names(folder, "2026/run") == ["2026/run/a.csv", "2026/run/plots/b.png"]
    assert names(folder / "a.csv", "2026/b.csv") == ["2026/b.csv"]


def test_a_path_that_ends_in_a_slash_is_a_folder_to_go_into(folder: Path) -> None:
    assert names(folder, "2026/") == ["2026/results/a.csv", "2026/results/plots/b.png"]
    assert names(folder / "a.csv", "2026/") == ["2026/a.csv"]


def test_a_hidden_file_is_published_when_it_is_named(folder: Path) -> None:
    assert names(folder / ".hidden") == [".hidden"]


def test_nothing_is_read_until_it_is_sent(folder: Path) -> None:
    assert all(isinstance(content.data, Path) for content in walk(folder))


def test_links_that_lead_out_of_the_folder_are_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("private")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_text("x")
    (folder / "out").symlink_to(tmp_path / "private.txt")
    (folder / "further").symlink_to(tmp_path / "elsewhere")
    (folder / "round").symlink_to(folder)
    (folder / "inside.csv").symlink_to(folder / "a.csv")
    (folder / "gone").symlink_to(folder / "nothing")
    left_out: list[Path] = []
    found = [content.name for content in walk(folder, omitted=left_out.append)]
    assert found == ["results/a.csv", "results/inside.csv", "results/plots/b.png"]
    assert sorted(path.name for path in left_out) == ["further", "gone", "out", "round"]


def test_a_folder_beside_with_the_same_beginning_is_outside(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "results-private").mkdir()
    (tmp_path / "results-private" / "x").write_text("x")
    (folder / "x").symlink_to(tmp_path / "results-private" / "x")
    assert "results/x" not in names(folder)


def test_a_pipe_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "results/pipe" not in names(folder)
    with pytest.raises(errors.BadRequest, match="neither a file nor a folder"):
        names(folder / "pipe")


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound, match="no file or folder"):
        names(tmp_path / "nothing")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.BadRequest, match="no files"):
        names(tmp_path)


def foreign(folder: Path, name: bytes = b"caf\xe9.txt") -> Path:
    file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    file.write_text("x")
    return file


def test_a_name_that_is_not_utf8_is_left_out_and_said_with_the_others_published(
    folder: Path,
) -> None:
    file = foreign(folder)
    below = Path(os.fsdecode(os.fsencode(folder) + b"/d\xff"))
    below.mkdir()
    (below / "x").write_text("x")
    (folder / "link").symlink_to("/etc")
    left_out: list[Path] = []
    found = [content.name for content in walk(folder, omitted=left_out.append)]
    assert found == ["results/a.csv", "results/plots/b.png"]
    assert {file, below} < set(left_out)
    links, foreign_names = explain_omitted(left_out)
    assert links.endswith("results/link")
    assert "not UTF-8" in foreign_names
    assert "results/caf\\xe9.txt" in foreign_names
    assert "results/d\\xff" in foreign_names


def test_a_file_whose_name_is_not_utf8_is_published_under_another(folder: Path) -> None:
    file = foreign(folder)
    with pytest.raises(errors.BadRequest, match="not UTF-8") as refused:
        names(file)
    assert "caf\\xe9.txt" in refused.value.message
    assert "--as" in refused.value.hint
    assert names(file, "2026/cafe.txt") == ["2026/cafe.txt"]
    with pytest.raises(errors.BadRequest, match="not UTF-8"):
        names(file, "2026/")


def test_messages_show_names_in_one_line(tmp_path: Path) -> None:
    gone = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\nb\xe9"))
    with pytest.raises(errors.NotFound) as refused:
        names(gone)
    assert "a\\nb\\xe9" in refused.value.message


def test_a_folder_that_can_not_be_read_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "plots":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root, as which tests may run, reads every folder
    left_out: list[Path] = []
    assert [content.name for content in walk(folder, omitted=left_out.append)] == ["results/a.csv"]
    assert left_out == [folder / "plots"]
