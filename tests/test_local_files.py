"""A file is replaced as a whole, or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from jupyter_sessions.local_files import replace_atomically, write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


def test_a_file_appears_once_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with replace_atomically(target, sync=True) as file:
        file.write(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")
    with pytest.raises(KeyboardInterrupt), replace_atomically(target) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_who_writes_on_has_the_file_under_its_name(tmp_path: Path) -> None:
    target, beside = tmp_path / "file", tmp_path / "beside"
    with replace_atomically(target, temporary=beside, buffered=False, keep_open=True) as file:
        file.write(b"one")
        assert beside.exists()
    with file:
        file.write(b", two")
    assert target.read_bytes() == b"one, two"


@posix
def test_a_file_is_private_from_its_first_byte_on(tmp_path: Path) -> None:
    seen = []
    for private in (True, False):
        before = os.umask(0o022)
        try:
            with replace_atomically(tmp_path / "file", private=private) as file:
                seen.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        finally:
            os.umask(before)
    assert seen == [0o600, 0o644]
