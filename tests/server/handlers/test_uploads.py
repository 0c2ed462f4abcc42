"""Files on their way up: streamed to disk, checked first, and gone when anything goes wrong."""

from __future__ import annotations

import hashlib
import io
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.local_files import Snapshot
from tests.server.conftest import Site
from tests.server.serving import (
    NEVER_GIVEN,
    Place,
    address,
    bearer,
    error_of,
    key_for,
    read_answer,
    status_of,
    until,
)

MEBIBYTE = 2**20


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 65536):
        yield bytes(65536)


def resident(pid: int) -> int:
    """Return a process's highest memory, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def stored(place: Place) -> list[Path]:
    """Return the blobs, without the temporary files of uploads that have just been answered."""
    blobs = place.store / "blobs"
    return [path for path in files(blobs) if path.parent != blobs]


def held(place: Place) -> list[Path]:
    """Return the files that an upload has left: in the blob store, and on their way there.

    Those on their way go when the answer is out: whoever has it may still find them.
    """
    return files(place.store / "blobs", place.folder / "tmp")


def test_a_large_upload_goes_through_the_disk_and_not_the_memory(site: Site) -> None:
    code = site.session()
    site.ask("writer", api.PUBLISH_FILE, b"first", code=code, path="small.bin")
    before, size = resident(site.server.process.pid), 200 * MEBIBYTE
    url = address(api.PUBLISH_FILE, {"code": code, "path": "large.bin"})
    answer = site.http.put(url, content=pieces(size), headers=site.headers("writer"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] == size
    digest = hashlib.sha256()
    with site.http.stream(
        "GET", address(api.DOWNLOAD_FILE, {"code": code, "path": "large.bin"}),
        headers=site.headers("reader"),
    ) as download:  # fmt: skip
        for piece in download.iter_bytes():
            digest.update(piece)
    assert digest.hexdigest() == answer.json()["sha256"]
    assert resident(site.server.process.pid) - before < size / 2


def test_an_upload_over_the_limit_is_refused_and_nothing_of_it_kept(place: Place) -> None:
    with (
        place.serve("--SessionsExtension.max_file_bytes=300000") as server,
        place.open_store() as store,
        httpx.Client(base_url=server.url, headers=bearer(key_for(store, "root"))) as http,
    ):
        code = store.new().code
        url = address(api.PUBLISH_FILE, {"code": code, "path": "x.bin"})
        assert http.put(url, content=bytes(300000)).status_code == 200
        kept = stored(place)
        for content in (
            bytes(300001),
            bytes(5 * MEBIBYTE),
            pieces(MEBIBYTE),
            pieces(30 * MEBIBYTE),
        ):
            try:
                answer = http.put(url, content=content)
            except httpx.TransportError:
                # A sender who goes on and on is cut off.
                assert not isinstance(content, bytes)
                continue
            assert answer.status_code == 413
            assert error_of(answer)["code"] == "too_large"
        until(lambda: held(place) == kept, lambda: f"{held(place)} is {kept}")
        assert http.get(url).content == bytes(300000)


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 401), ("stranger", 404), ("reader", 403), ("executor", 403), ("expired", 401)],
)
def test_the_role_is_checked_before_the_content_is_sent(site: Site, who: str, status: int) -> None:
    code = site.session()
    path = address(api.PUBLISH_FILE, {"code": code, "path": "x.bin"})
    headers = site.headers(who) | {"Content-Length": str(10**9), "Expect": "100-continue"}
    answer = site.server.exchange("PUT", path, headers)
    assert status_of(answer) == status
    # Who sends all the same gets the same answer, and nothing is kept.
    kept = stored(site.place)
    refused = site.http.put(path, content=bytes(3 * MEBIBYTE), headers=site.headers(who))
    assert refused.status_code == status
    error_of(refused)
    until(lambda: held(site.place) == kept, "the temporary file to be gone")


def test_who_may_is_asked_to_go_on(site: Site) -> None:
    path = address(api.PUBLISH_FILE, {"code": site.session(), "path": "x.bin"})
    headers = site.headers("writer") | {"Content-Length": "5", "Expect": "100-continue"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with site.server.connect() as connection:
        request = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\n{head}\r\n"
        connection.sendall(request.encode())
        assert b" 100 " in connection.recv(1000)
        connection.sendall(b"12345")
        assert status_of(read_answer(connection)) == 200


def test_an_upload_that_is_broken_off_leaves_nothing(site: Site) -> None:
    code = site.session()
    kept = stored(site.place)
    path = address(api.PUBLISH_FILE, {"code": code, "path": "broken.bin"})
    headers = site.headers("writer") | {"Content-Length": str(MEBIBYTE)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with site.server.connect() as connection:
        request = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\n{head}\r\n"
        connection.sendall(request.encode() + bytes(MEBIBYTE // 2))
        until(lambda: held(site.place) != kept, "the upload to begin")
    until(lambda: held(site.place) == kept, "the temporary file to be gone")
    assert site.ask("reader", api.GET_FILE, code=code, path="broken.bin").status_code == 404


def test_someone_whose_role_is_revoked_during_an_upload_has_published_nothing(site: Site) -> None:
    code, name = site.session(), site.account()
    site.store.grant(code, name, "write", by="owner")
    path = address(api.PUBLISH_FILE, {"code": code, "path": "late.bin"})

    def content() -> Iterator[bytes]:
        yield b"begun"
        assert site.ask("owner", api.REVOKE_ROLES, code=code, users=[name]).status_code == 200
        yield b"ended"

    answer = site.http.put(path, content=content(), headers=site.headers(name))
    assert (answer.status_code, error_of(answer)["code"]) == (404, "no_such_session")
    assert site.ask("owner", api.GET_FILE, code=code, path="late.bin").status_code == 404


def test_a_default_session_takes_uploads_by_that_name(site: Site) -> None:
    name = site.account()
    answer = site.ask(name, api.PUBLISH_FILE, b"mine", code="default", path="x.txt")
    assert answer.status_code == 200, answer.text
    assert site.ask(name, api.DOWNLOAD_FILE, code="default", path="x.txt").content == b"mine"


def test_a_full_disk_is_told_as_such_and_what_was_there_is_intact(place: Place) -> None:
    with (
        place.serve() as server,
        place.open_store() as store,
        httpx.Client(base_url=server.url, headers=bearer(key_for(store, "root"))) as http,
    ):
        code = store.new().code
        url = address(api.PUBLISH_FILE, {"code": code, "path": "x.bin"})
        assert http.put(url, content=b"before").status_code == 200
        # No file of the server's may grow past this: to it, the disk is full.
        pid = server.process.pid
        before = resource.prlimit(
            pid, resource.RLIMIT_FSIZE, (2 * MEBIBYTE, resource.RLIM_INFINITY)
        )
        answer = http.put(url, content=os.urandom(8 * MEBIBYTE))
        assert answer.status_code == 507, answer.text
        assert error_of(answer)["code"] == "store_full"
        assert http.get(url).content == b"before"
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        assert http.put(url, content=bytes(8 * MEBIBYTE)).status_code == 200


def test_an_upload_to_a_code_never_given_out_keeps_nothing(site: Site) -> None:
    kept = stored(site.place)
    answer = site.ask("owner", api.PUBLISH_FILE, bytes(MEBIBYTE), code=NEVER_GIVEN, path="x")
    assert answer.status_code == 404
    assert held(site.place) == kept


def test_a_file_that_changes_while_it_is_sent_is_one_content_or_a_sentence(
    site: Site, tmp_path: Path
) -> None:
    """A log that grows arrives as it was; one that is cut or rewritten is not published."""
    code = site.session()
    transport = HttpTransport(str(site.http.base_url).rstrip("/"), site.keys["writer"])
    log, where = tmp_path / "run.log", tmp_path / "rotated.log"
    log.write_bytes(b"line\n" * 1_000_000)

    def publish(path: str, after: Callable[[], object]) -> schemas.File:
        pieces = Snapshot.pieces

        def interrupted(snapshot: Snapshot) -> Iterator[bytes]:
            for number, piece in enumerate(pieces(snapshot)):
                yield piece
                if number == 1:
                    after()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Snapshot, "pieces", interrupted)
            return transport.call(api.PUBLISH_FILE, schemas.PublishFile(code=code, path=path), log)

    def grow() -> None:
        with log.open("ab") as file:
            file.write(b"more\n" * 1_000_000)

    grown = publish("grown.log", grow)
    content = log.read_bytes()[: grown.size]
    assert (grown.size, grown.sha256) == (5_000_000, hashlib.sha256(content).hexdigest())
    rotated = publish("rotated.log", lambda: log.rename(where))
    assert rotated.sha256 == hashlib.sha256(where.read_bytes()).hexdigest()
    where.rename(log)
    for name, change in {
        "cut.log": lambda: os.truncate(log, 10),
        "rewritten.log": lambda: log.write_bytes(b"other" * 1_000_000),
    }.items():
        log.write_bytes(b"line\n" * 1_000_000)
        with pytest.raises(errors.FileChanged, match="was changed while it was being read"):
            publish(name, change)
        with pytest.raises(errors.NotFound):
            transport.call(api.GET_FILE, schemas.FileNamed(code=code, path=name))
    transport.close()


def health(site: Site) -> dict[str, Any]:
    answer: dict[str, Any] = site.http.get(f"{api.PREFIX}/health").json()
    return answer


def test_what_is_damaged_is_not_served_and_the_answer_says_whose_it_is(site: Site) -> None:
    code = site.session()
    url = address(api.DOWNLOAD_FILE, {"code": code, "path": "short.bin"})
    content = os.urandom(50_000)
    assert site.ask("writer", api.PUBLISH_FILE, content, code=code, path="short.bin").is_success
    digest = hashlib.sha256(content).hexdigest()
    blob = site.place.store / "blobs" / digest[:2] / digest[2:]
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    answer = site.http.get(url, headers=site.headers("reader"))
    assert answer.status_code == 500
    told = answer.json()
    assert told["code"] == "content_damaged"
    whose = f"The content of 'short.bin' in session {code} is damaged in the store"
    assert told["message"] == f"{whose}, so it was not returned."
    until(lambda: health(site)["damaged"] == 1, "the note of what was read")
    site.ask("writer", api.PUBLISH_FILE, content, code=code, path="again.bin")
    assert site.http.get(url, headers=site.headers("reader")).content == content, "it is mended"
    until(lambda: health(site)["damaged"] == 0, "the note of the repair")


def test_damage_behind_the_first_piece_is_told_by_our_client_as_clearly(site: Site) -> None:
    code, content, target = site.session(), os.urandom(3 * MEBIBYTE), io.BytesIO()
    assert site.ask("writer", api.PUBLISH_FILE, content, code=code, path="long.bin").is_success
    digest = hashlib.sha256(content).hexdigest()
    blob = site.place.store / "blobs" / digest[:2] / digest[2:]
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    begun = site.server.log.stat().st_size
    transport = HttpTransport(site.server.url, site.keys["reader"])
    with pytest.raises(errors.ContentDamaged) as failure:
        transport.download(schemas.FileNamed(code=code, path="long.bin"), target)
    transport.close()
    assert "'long.bin'" in failure.value.message
    assert code in failure.value.message
    assert content[:-MEBIBYTE] == target.getvalue(), "what came before the damage"
    with site.server.log.open("rb") as log:
        log.seek(begun)
        logged = log.read().decode()
    assert "Traceback" not in logged
    lines = [line for line in logged.splitlines() if "damaged" in line]
    # It was broken off, then asked for again.
    assert len(lines) == 2
    assert all("'long.bin'" in line and code in line for line in lines)
