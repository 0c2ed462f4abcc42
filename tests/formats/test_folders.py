"""Files and folders on their way into the web space."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.formats.folders import walk


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
    found = [content.name for content in walk(folder, left_out=left_out.append)]
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
