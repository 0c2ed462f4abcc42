"""Blobs: by their content, compressed where it helps, streamed, swept, and never half there."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_sessions import errors
from jupyter_sessions.store.blobs import Blob, Blobs
from tests.waiting import until

DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> Blobs:
    return Blobs(folder)


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=5_000) | st.builds(lambda n, b: b * n, st.integers(0, 500), st.binary()))
def test_any_content_comes_back_as_it_was(store, content):
    blob = store.put(content)
    assert blob.sha256 == hashlib.sha256(content).hexdigest()
    assert blob.size == len(content)
    assert store.read(blob) == content


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_048_576, 3_000_001])
@pytest.mark.parametrize("noise", [False, True])
def test_a_file_and_its_bytes_are_the_same_blob(store, tmp_path, folder, size, noise):
    content = secrets.token_bytes(size) if noise else b"0123456789abcdef" * (size // 16)
    (tmp_path / "file").write_bytes(content)
    assert store.put_file(tmp_path / "file") == store.put(content)
    assert store.read(store.put(content)) == content
    assert len(stored(folder)) == 1


def test_what_shrinks_is_compressed_and_what_does_not_is_kept_as_it_is(store, folder):
    text, noise = b"weather " * 10_000, secrets.token_bytes(80_000)
    assert store.put(text).encoding == "zstd"
    assert sum(path.stat().st_size for path in stored(folder)) < 1_000
    assert store.put(noise).encoding == "identity"


def test_a_large_blob_is_streamed_in_pieces_and_never_held_whole(store, tmp_path):
    """Zeros shrink a thousandfold and more: a piece on disk is far more than a piece to give."""
    size = 256 * 2**20
    with (tmp_path / "zeros").open("wb") as file:
        file.truncate(size)
    blob = store.put_file(tmp_path / "zeros")
    assert (blob.size, blob.encoding) == (size, "zstd")
    tracemalloc.start()
    total = 0
    for piece in store.stream(blob):
        assert len(piece) <= 4 * 2**20
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == size
    assert peak < 32 * 2**20


def test_blobs_and_their_folders_are_private(store, folder):
    store.put(b"x")
    assert folder.stat().st_mode & 0o077 == 0


def test_a_blob_that_is_gone_is_told_with_what_to_do(store):
    with pytest.raises(errors.NotFound) as refusal:
        store.read(Blob("0" * 64, 1, "identity"))
    assert refusal.value.hint


@pytest.mark.parametrize("content", [b"weather " * 10_000, secrets.token_bytes(50_000)])
@pytest.mark.parametrize("harm", ["cut", "emptied", "overwritten"])
def test_a_damaged_blob_is_an_error_and_never_half_the_content(store, folder, content, harm):
    blob = store.put(content)
    (path,) = stored(folder)
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "emptied":
        path.write_bytes(b"")
    else:
        path.write_bytes(b"\xff" * (len(data) - 1))
    with pytest.raises(errors.StoreUnusable, match="damaged") as refusal:
        store.read(blob)
    assert refusal.value.hint
    store.put(content)
    assert store.read(blob) == content, "storing it again mends it"


# ---- sweeping ----------------------------------------------------------------------------------


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def test_a_sweep_takes_what_nothing_names_and_is_older_than_a_day(store, folder):
    named, orphan = store.put(b"named"), store.put(b"orphan")
    for path in stored(folder):
        age(path, 2)
    young = store.put(b"young")
    assert store.sweep({named.sha256}) == 1
    assert store.read(named) == b"named"
    assert store.read(young) == b"young"
    with pytest.raises(errors.NotFound):
        store.read(orphan)


def test_content_that_is_stored_again_is_young_again(store, folder):
    store.put(b"again")
    (path,) = stored(folder)
    age(path, 2)
    store.put(b"again")
    assert store.sweep(set()) == 0


def test_what_a_crash_left_behind_is_swept_too(store, folder):
    (folder / "tmpabc").write_bytes(b"half")
    age(folder / "tmpabc", 2)
    store.sweep(set())
    assert stored(folder) == []


def test_two_that_sweep_at_once_do_not_disturb_each_other(store, folder, monkeypatch):
    """The other one is faster: between listing and looking again, the blob is gone."""
    import obstore

    store.put(b"orphan")
    (path,) = stored(folder)
    age(path, 2)
    listed = obstore.list

    def list_and_lose(*arguments):
        pages = list(listed(*arguments))
        path.unlink()
        return pages

    monkeypatch.setattr(obstore, "list", list_and_lose)
    assert store.sweep(set()) == 0


# ---- faults ------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_was_stored_stays(small_disk):
    store = Blobs(small_disk / "blobs")
    kept = store.put(secrets.token_bytes(1_000_000))
    with pytest.raises(errors.StoreFull) as refusal:
        store.put(secrets.token_bytes(6_000_000))
    assert refusal.value.hint
    assert len(store.read(kept)) == 1_000_000
    assert store.read(store.put(b"small")) == b"small", "there is room for it"


@pytest.mark.parametrize("compressible", [False, True])
def test_a_disk_that_a_file_does_not_fit_on_is_told(small_disk, tmp_path, compressible):
    store = Blobs(small_disk / "blobs")
    content = (
        secrets.token_hex(6_000_000).encode() if compressible else secrets.token_bytes(6_000_000)
    )
    (tmp_path / "large").write_bytes(content)
    with pytest.raises(errors.StoreFull):
        store.put_file(tmp_path / "large")
    # What was written of it is removed behind our back, a moment after the failure.
    until(lambda: shutil.disk_usage(small_disk).used <= 100_000, within=30)
    assert store.read(store.put(b"small")) == b"small"
    assert sum(path.stat().st_size for path in stored(small_disk)) < 100_000


def test_a_file_is_published_from_a_folder_that_takes_nothing(small_disk, folder):
    store = Blobs(folder)
    (small_disk / "data.csv").write_bytes(b"1,2,3\n" * 100_000)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(b"x" * 10_000_000)
    assert store.put_file(small_disk / "data.csv").size == 600_000


def test_a_place_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.StoreUnusable) as refusal:
        Blobs(tmp_path / "file" / "blobs")
    assert refusal.value.hint
