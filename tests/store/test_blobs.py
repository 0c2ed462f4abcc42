"""Blobs: by their content, compressed where it helps, streamed, swept, and never half there."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import os
import random
import secrets
import shutil
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_sessions import errors
from jupyter_sessions.local_files import open_snapshot
from jupyter_sessions.store.blobs import Blob, Blobs, compress, decompress
from jupyter_sessions.store.object_storage import FolderObjects
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
    store.put(b"orphan")
    (path,) = stored(folder)
    age(path, 2)
    listed = FolderObjects.entries

    def list_and_lose(objects):
        entries = list(listed(objects))
        path.unlink()
        return iter(entries)

    monkeypatch.setattr(FolderObjects, "entries", list_and_lose)
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
    until(lambda: shutil.disk_usage(small_disk).used <= 100_000)
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


# ---- one pass ----------------------------------------------------------------------------------


def test_a_log_that_grows_is_stored_as_it_was_when_it_was_opened(store, tmp_path):
    """Each is a whole number of lines, sound, and what its SHA-256 says."""
    log = tmp_path / "run.log"
    log.write_bytes(b"")
    stop = threading.Event()

    def grow() -> None:
        with log.open("ab", buffering=0) as file:
            for number in itertools.count():
                if stop.is_set():
                    return
                file.write(b"%07d\n" % number * 1_000)
                time.sleep(0.001)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(20):
            blob = store.put_file(log)
            content = store.read(blob)
            assert hashlib.sha256(content).hexdigest() == blob.sha256
            assert log.read_bytes().startswith(content)
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_rewritten_is_one_content_or_an_error_and_harms_no_blob(store, tmp_path):
    """Somebody else published each of the two; whatever happens, theirs stay as they were."""
    contents = [bytes([letter]) * 3_000_000 for letter in b"ab"]
    blobs = [store.put(content) for content in contents]
    file = tmp_path / "data.bin"
    file.write_bytes(contents[0])
    stop = threading.Event()

    def rewrite() -> None:
        with file.open("r+b", buffering=0) as opened:
            for content in itertools.cycle(contents):
                if stop.is_set():
                    return
                opened.seek(0)
                opened.write(content)
                time.sleep(0.002)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(40):
            try:
                put = store.put_file(file)
            except errors.FileChanged as refusal:
                assert str(file) in refusal.message
            else:
                # On a busy machine the writer may pause half-way for as long as the file is read.
                text = store.read(put)
                assert text in contents or text.strip(text[:1]).strip(text[-1:]) == b""
    finally:
        stop.set()
        writer.join()
    assert [store.read(blob) for blob in blobs] == contents


def test_a_file_that_is_cut_while_it_is_read_is_told(store, folder, tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(secrets.token_bytes(5_000_000))
    with open_snapshot(file) as snapshot:
        pieces = snapshot.pieces()
        next(pieces)
        os.truncate(file, 2_000_000)
        with pytest.raises(errors.FileChanged, match="was changed while it was being read"):
            list(pieces)
    assert stored(folder) == []


def test_a_change_of_the_same_size_and_time_is_noticed(tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(b"a" * 3_000_000)
    stamp = file.stat().st_mtime_ns
    with open_snapshot(file) as snapshot:
        pieces = snapshot.pieces()
        next(pieces)
        file.write_bytes(b"b" * 3_000_000)
        os.utime(file, ns=(stamp, stamp))
        with pytest.raises(errors.FileChanged):
            list(pieces)


def test_a_file_without_a_size_is_refused_and_not_stored_as_empty(store):
    with pytest.raises(errors.BadRequest, match="has no size") as refusal:
        store.put_file(Path("/proc/self/status"))
    assert refusal.value.hint


def test_a_blob_that_is_there_is_not_written_again(store, folder):
    content = secrets.token_bytes(2_500_000)
    store.put(content)
    (path,) = stored(folder)
    before = path.stat().st_ino
    store.put(content)
    assert [path.stat().st_ino for path in stored(folder)] == [before]


@pytest.mark.parametrize("place", ["memory:///", "file://{}"])
def test_an_object_store_by_url_keeps_the_same_promises(tmp_path, place):
    store = Blobs(place.format(tmp_path))
    content = secrets.token_bytes(2_500_000)
    (tmp_path / "file").write_bytes(content)
    blob = store.put_file(tmp_path / "file")
    assert store.put(content) == blob
    assert store.read(blob) == content
    assert b"".join(store.stream(blob, 1_000_000, 2_400_000)) == content[1_000_000:2_400_000]
    obstore_put(store, blob, content[:-1] + b"?")
    with pytest.raises(errors.ContentDamaged):
        list(store.stream(blob))
    store.put(content)
    assert store.read(blob) == content


def obstore_put(store: Blobs, blob: Blob, content: bytes) -> None:
    import obstore

    key = f"{blob.sha256[:2]}/{blob.sha256[2:]}"
    obstore.put(store._objects._store, key, content)


# ---- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [False, True], ids=["with digests", "stored before digests"])
@pytest.mark.parametrize("compressible", [False, True])
@pytest.mark.parametrize("size", [50_000, 3_300_000])
def test_no_wrong_byte_is_given_whatever_is_flipped(store, folder, size, compressible, old):
    noise = random.Random(size)
    content = noise.randbytes(size)
    if compressible:
        content = content.hex().encode()[:size]
    blob = store.put(content)
    assert blob.encoding == ("zstd" if compressible else "identity")
    if old:
        blob = dataclasses.replace(blob, digests=None)
    (path,) = stored(folder)
    sound = path.read_bytes()
    for _ in range(25):
        at, bit = noise.randrange(len(sound)), 1 << noise.randrange(8)
        path.write_bytes(sound[:at] + bytes([sound[at] ^ bit]) + sound[at + 1 :])
        start = noise.randrange(size)
        for begin, end in ((0, size), (start, noise.randrange(start, size) + 1)):
            given = b""
            with contextlib.suppress(errors.ContentDamaged):
                for piece in Blobs(folder).stream(blob, begin, end):
                    given += piece
                assert given == content[begin:end], "whole, or an error"
            assert content[begin:].startswith(given)
        with pytest.raises(errors.ContentDamaged):
            store.verify(blob)
    path.write_bytes(sound)
    assert b"".join(store.stream(blob)) == content, "it is sound again"


@given(start=st.integers(0, 3_000_001), length=st.integers(0, 3_000_001))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("compressible", [False, True])
def test_any_part_is_that_part(store, compressible, start, length):
    content = random.Random(1).randbytes(3_000_001)
    if compressible:
        content = content.hex().encode()[:3_000_001]
    part = b"".join(store.stream(store.put(content), start, start + length))
    assert part == content[start : start + length]


def test_damaged_digests_do_not_hide_a_sound_blob(store):
    content = secrets.token_bytes(2_500_000)
    blob = dataclasses.replace(store.put(content), digests=b"\0" * 48)
    assert b"".join(store.stream(blob)) == content


def test_damage_is_remembered_and_the_next_reader_gets_no_byte(store, folder):
    blob = store.put(secrets.token_bytes(3_000_000))
    (path,) = stored(folder)
    with path.open("r+b") as file:
        file.seek(2_900_000)
        file.write(b"damage")
    assert len(list(itertools.islice(store.stream(blob), 2))) == 2
    with pytest.raises(errors.ContentDamaged):
        list(store.stream(blob))
    with pytest.raises(errors.ContentDamaged):
        next(store.stream(blob))


@pytest.mark.parametrize("size", [1, 100, 2_000])
def test_a_flip_in_what_is_packed_in_a_row_is_always_noticed(size):
    noise = random.Random(7)
    content = noise.randbytes(size).hex().encode()
    packed = compress(content)
    for _ in range(200):
        at, bit = noise.randrange(len(packed)), 1 << noise.randrange(8)
        flipped = packed[:at] + bytes([packed[at] ^ bit]) + packed[at + 1 :]
        try:
            assert decompress(flipped) == content
        except errors.ContentDamaged:
            continue
