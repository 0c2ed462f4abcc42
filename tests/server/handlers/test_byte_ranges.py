"""Parts of published files, and answers that say that nothing has changed (RFC 9110)."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest
from tornado.httputil import HTTPHeaders

from jupyter_sessions import api, errors
from jupyter_sessions.server.handlers.byte_ranges import ByteRange, read_range
from tests.server.conftest import Site
from tests.server.serving import address, error_of, publish

MEBIBYTE = 1 << 20
SIZE = 3 * MEBIBYTE + 17


@dataclass
class Published:
    """A published file, and its two addresses: the API's and a capability URL."""

    site: Site
    content: bytes
    urls: dict[str, str]

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()}"'

    def get(self, url: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        own = self.site.headers("reader") if url.startswith(api.PREFIX) else {}
        return self.site.http.get(url, headers=own | named)


def published(site: Site, content: bytes, name: str) -> Published:
    code = site.session()
    publish(site.store, code, name, content, by="writer")
    urls = {
        "api": address(api.DOWNLOAD_FILE, {"code": code, "path": name}),
        "capability": site.view("reader", code, path=name),
    }
    return Published(site, content, urls)


@pytest.fixture(scope="module")
def files(site: Site) -> dict[str, Published]:
    """Give a file that is stored as it is, one that is stored compressed, and an empty one."""
    packed = b"".join(b"%09d\n" % number for number in range(SIZE // 10 + 1))[:SIZE]
    return {
        "plain": published(site, os.urandom(SIZE), "plain.bin"),
        "packed": published(site, packed, "packed.bin"),
        "empty": published(site, b"", "empty.bin"),
    }


EVERY = pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name in ("plain", "packed") for way in ("api", "capability")]
)


@EVERY
@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{9 * SIZE}", 0, SIZE),
        (f"bytes={MEBIBYTE - 1}-{2 * MEBIBYTE}", MEBIBYTE - 1, 2 * MEBIBYTE + 1),
        (f"bytes={2 * MEBIBYTE}-{MEBIBYTE * 99}", 2 * MEBIBYTE, SIZE),
        (f"bytes={SIZE - 1}-{10**30}", SIZE - 1, SIZE),
        ("Bytes= 1-2", 1, 3),
    ],
)
def test_a_part_is_that_part(
    files: dict[str, Published], name: str, way: str, wanted: str, start: int, stop: int
) -> None:
    file = files[name]
    answer = file.get(file.urls[way], Range=wanted)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert answer.headers["ETag"] == file.etag
    assert answer.content == file.content[start:stop]


@EVERY
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Range": "bytes=0-1,5-9"},  # several parts: answered as a whole, as RFC 9110 allows
        {"Range": "bytes=5-2"},
        {"Range": "bytes=-"},
        {"Range": "bytes=a-b"},
        {"Range": "lines=1-2"},
        {"Range": f"bytes=0-{'9' * 5000}"},
        {"Range": "bytes=5-9", "If_Range": '"another"'},
        {"Range": "bytes=5-9", "If_Range": "W/{etag}"},
        {"Range": "bytes=5-9", "If_Range": "Tue, 01 Dec 2026 00:00:00 GMT"},
        {"Range": f"bytes={SIZE}-", "If_Range": '"another"'},
        {"If_None_Match": '"another", "third"'},
    ],
)
def test_everything_else_is_answered_with_the_whole(
    files: dict[str, Published], name: str, way: str, headers: dict[str, str]
) -> None:
    file = files[name]
    sent = {key: value.replace("{etag}", file.etag) for key, value in headers.items()}
    answer = file.get(file.urls[way], **sent)
    assert answer.status_code == 200
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(SIZE)
    assert "Content-Range" not in answer.headers
    assert answer.content == file.content


@EVERY
def test_what_the_caller_has_is_not_sent_again(
    files: dict[str, Published], name: str, way: str
) -> None:
    file = files[name]
    for kept in (file.etag, f"W/{file.etag}", f'"another", {file.etag}', "*"):
        # That nothing has changed goes before any range.
        answer = file.get(file.urls[way], If_None_Match=kept, Range=f"bytes={SIZE}-")
        assert (answer.status_code, answer.content) == (304, b""), kept
        assert answer.headers["ETag"] == file.etag
    answer = file.get(file.urls[way], Range="bytes=5-9", If_Range=file.etag)
    assert (answer.status_code, answer.content) == (206, file.content[5:10])


@EVERY
@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={10**30}-{10**31}", "bytes=-0"])
def test_a_range_out_of_bounds_says_how_long_the_content_is(
    files: dict[str, Published], name: str, way: str, wanted: str
) -> None:
    file = files[name]
    answer = file.get(file.urls[way], Range=wanted)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    if way == "api":
        assert error_of(answer)["code"] == "range_not_satisfiable"
    assert f"{SIZE} bytes" in answer.text
    assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize("way", ["api", "capability"])
def test_an_empty_file_comes_as_one_whatever_part_is_wanted(
    files: dict[str, Published], way: str
) -> None:
    file = files["empty"]
    answer = file.get(file.urls[way], Range="bytes=0-")
    assert (answer.status_code, answer.content) == (200, b"")


@EVERY
def test_parts_that_are_fetched_side_by_side_make_the_whole(
    files: dict[str, Published], name: str, way: str
) -> None:
    file, step = files[name], 300_000

    def fetch(start: int) -> bytes:
        answer = file.get(
            file.urls[way], Range=f"bytes={start}-{start + step - 1}", If_Range=file.etag
        )
        assert answer.status_code == 206
        return answer.content

    with ThreadPoolExecutor(6) as threads:
        assert b"".join(threads.map(fetch, range(0, SIZE, step))) == file.content


def test_parts_need_the_role_as_the_whole_does(files: dict[str, Published], site: Site) -> None:
    file = files["plain"]
    for headers in ({"Range": "bytes=0-1"}, {"If-None-Match": file.etag}, {"If-None-Match": "*"}):
        answer = site.http.get(file.urls["api"], headers=site.headers("stranger") | headers)
        assert error_of(answer)["code"] == "no_such_session"


def test_a_damaged_chunk_is_not_given_out_by_parts_either(site: Site) -> None:
    file = published(site, os.urandom(SIZE), "damaged.bin")
    digest = file.etag.strip('"')
    blob = site.place.store / "blobs" / digest[:2] / digest[2:]
    blob.write_bytes(file.content[:-1] + bytes([file.content[-1] ^ 1]))
    answer = file.get(file.urls["api"], Range="bytes=-10")
    assert error_of(answer)["code"] == "content_damaged"
    assert "ETag" not in answer.headers
    file.site.ask("writer", api.PUBLISH_FILE, file.content, code=site.session(), path="again")
    assert file.get(file.urls["api"], Range="bytes=-10").content == file.content[-10:]


def test_a_replaced_file_has_another_etag_and_no_part_of_it_is_taken_for_the_old_one(
    site: Site,
) -> None:
    file, code = published(site, b"old content", "new.bin"), ""
    code = file.urls["api"].split("/")[4]
    publish(site.store, code, "new.bin", b"NEW CONTENT", by="writer")
    for url in file.urls.values():
        answer = file.get(url, Range="bytes=4-", If_Range=file.etag)
        assert (answer.status_code, answer.content) == (200, b"NEW CONTENT")
        assert answer.headers["ETag"] == f'"{hashlib.sha256(b"NEW CONTENT").hexdigest()}"'


def test_a_scripts_own_reads_of_parts_see_which_part_came(files: dict[str, Published]) -> None:
    answer = files["plain"].get(files["plain"].urls["capability"], Range="bytes=0-1")
    assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_ranges_are_read_as_the_standard_says() -> None:
    def read(wanted: str, size: int = 10) -> ByteRange | None:
        return read_range(HTTPHeaders({"Range": wanted}), size, '"e"')

    assert read("bytes=0-9") == read("bytes=-10") == read("bytes=0-") == (0, 10)
    assert read("bytes=9-9") == (9, 10)
    assert read("bytes=0-0", 0) is None
    with pytest.raises(errors.RangeNotSatisfiable):
        read("bytes=10-10")
