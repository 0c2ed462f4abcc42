"""Downloads that break off and go on: each file is one published content, or is not there."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import files, partial_files
from jupyter_sessions.client.session import Session
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.http import HttpTransport
from jupyter_sessions.client.transports.incoming import Partial
from jupyter_sessions.client.transports.local import LocalTransport
from tests.server.conftest import Site
from tests.server.cutting import Cutting
from tests.server.serving import Place, Server, key_for
from tests.waiting import until

MEBIBYTE = 1 << 20


class Target(io.BytesIO):
    """Takes a download, and does something once a number of bytes has come."""

    def __init__(self, after: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._after, self._act = after, act

    def write(self, data: Any, /) -> int:
        if self._act and self.tell() + len(data) > self._after:
            act, self._act = self._act, cast("Callable[[], object]", None)
            act()
        return super().write(data)


@pytest.fixture(scope="module")
def relay(site: Site) -> Iterator[Cutting]:
    relay = Cutting(site.server.port)
    yield relay
    relay.close()


@pytest.fixture
def session(site: Site, relay: Cutting) -> Iterator[Session]:
    """Give a session of one's own at a server behind a relay, which lets everything through."""
    relay.cuts = relay.cut = relay.passed = relay.sent = 0
    relay.alter, relay.at_cut, relay.spared = bytes, lambda: None, 5000
    http = HttpTransport(relay.url, site.keys[site.account()])
    yield Session(http, http.call(api.CREATE_SESSION, schemas.NewSession()))
    http.close()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Give the folder that is downloaded to."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def publish(session: Session, content: bytes, path: str = "model.bin") -> schemas.File:
    request = schemas.PublishFile(code=session.code, path=path)
    return session._transport.call(api.PUBLISH_FILE, request, content)


def break_off(session: Session, relay: Cutting, target: Path, passed: int) -> Path:
    """Begin a download that is broken off for good; return what it left."""
    relay.cuts, relay.cut, relay.passed = 100, 0, passed
    relay.at_cut = lambda: setattr(relay, "passed", 0)
    with pytest.raises(errors.ConnectionLost, match="can't be reached") as lost:
        session.download("model.bin", target)
    relay.cuts, relay.sent = 0, 0
    assert "are kept on disk: the same download continues there" in lost.value.hint
    assert not target.exists()
    (left,) = target.parent.iterdir()
    assert left.name.startswith(f"{target.name}.")
    assert left.name.endswith(".part")
    return left


def test_a_download_whose_connection_is_cut_anywhere_goes_on_there(
    session: Session, relay: Cutting, here: Path
) -> None:
    content, chance = os.urandom(8 * MEBIBYTE), random.Random(13)
    publish(session, content)
    # In the head of the answer, right behind it, and anywhere.
    places = [0, 1, 9_000, 200, chance.randrange(MEBIBYTE), 500, 2_000, 0, 3, 8_191]
    places += [chance.randrange(2 * MEBIBYTE) for _ in range(3)]
    cuts = iter(places)
    relay.at_cut = lambda: setattr(relay, "passed", next(cuts, 0))
    relay.at_cut()
    relay.cuts = len(places)
    assert session.download("model.bin", here / "got") == [here / "got"]
    assert relay.cut == len(places)
    assert (here / "got").read_bytes() == content
    assert relay.sent < len(content) + 40_000, "nothing came twice"
    assert list(here.iterdir()) == [here / "got"]


def test_a_later_download_goes_on_where_one_broke_off(
    session: Session, relay: Cutting, here: Path
) -> None:
    content, target = os.urandom(4 * MEBIBYTE), here / "got"
    publish(session, content)
    left = break_off(session, relay, target, 3 * MEBIBYTE)
    assert content.startswith(left.read_bytes())
    assert session.download("model.bin", target) == [target]
    assert target.read_bytes() == content
    assert relay.sent < 2 * MEBIBYTE
    assert list(here.iterdir()) == [target]


def test_what_a_killed_process_has_left_is_gone_on_with(
    session: Session, relay: Cutting, here: Path
) -> None:
    content, target = os.urandom(4 * MEBIBYTE), here / "got"
    file = publish(session, content)
    (here / f"got.{file.sha256[:12]}.part").write_bytes(content)
    relay.sent = 0
    assert session.download("model.bin", target) == [target]
    assert target.read_bytes() == content
    assert relay.sent < MEBIBYTE, "it was all there"


@pytest.mark.parametrize("size", [3 * MEBIBYTE, 4 * MEBIBYTE, 5 * MEBIBYTE])
def test_a_beginning_that_is_torn_is_noticed_and_the_download_starts_again(
    session: Session, here: Path, size: int
) -> None:
    content, target = os.urandom(4 * MEBIBYTE), here / "got"
    file = publish(session, content)
    (here / f"got.{file.sha256[:12]}.part").write_bytes(bytes(size))
    if size > file.size:
        session.download("model.bin", target)
    else:
        with pytest.warns(UserWarning, match="was damaged, so the download started again"):
            session.download("model.bin", target)
    assert target.read_bytes() == content
    assert list(here.iterdir()) == [target]


def test_of_another_version_nothing_is_taken_and_that_is_said(
    session: Session, relay: Cutting, here: Path
) -> None:
    target, new = here / "got", os.urandom(4 * MEBIBYTE)
    publish(session, os.urandom(4 * MEBIBYTE))
    break_off(session, relay, target, 3 * MEBIBYTE)
    publish(session, new)
    with pytest.warns(UserWarning, match="'got' was replaced on the server since a download"):
        session.download("model.bin", target)
    assert target.read_bytes() == new
    assert list(here.iterdir()) == [target]


def test_a_file_that_is_replaced_in_the_middle_comes_as_the_new_one_and_that_is_said(
    session: Session, relay: Cutting, here: Path
) -> None:
    target, new = here / "got", os.urandom(2 * MEBIBYTE)
    publish(session, os.urandom(4 * MEBIBYTE))
    other = session._transport.clone()
    request = schemas.PublishFile(code=session.code, path="model.bin")
    relay.cuts, relay.passed = 1, 3 * MEBIBYTE
    relay.at_cut = lambda: other.call(api.PUBLISH_FILE, request, new)
    with pytest.warns(UserWarning, match="replaced on the server during the download"):
        session.download("model.bin", target)
    other.close()
    assert target.read_bytes() == new
    assert list(here.iterdir()) == [target]
    relay.cut, relay.passed, relay.at_cut = 0, MEBIBYTE, lambda: publish(session, b"third")
    assert session.get("model.bin") == b"third"


def test_what_is_altered_on_the_way_never_gets_the_files_name(
    session: Session, relay: Cutting, here: Path
) -> None:
    target = here / "got"
    for size in (4 * MEBIBYTE, 10_000):
        publish(session, os.urandom(size))
        relay.alter = lambda answer: answer[:-7] + bytes(7) if len(answer) > 9_000 else answer
        with pytest.raises(errors.ContentDamaged, match="differs from what was published"):
            session.download("model.bin", target)
        with pytest.raises(errors.ContentDamaged, match="differs from what was published"):
            session.get("model.bin")
        assert list(here.iterdir()) == []


def test_a_server_or_proxy_that_knows_no_parts_is_taken_from_where_it_broke_off_too(
    session: Session, relay: Cutting, here: Path
) -> None:
    content, target = os.urandom(4 * MEBIBYTE), here / "got"
    file = publish(session, content)
    left = here / f"got.{file.sha256[:12]}.part"
    left.write_bytes(content[: 2 * MEBIBYTE])
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    relay.alter = lambda answer: whole if b"206 Partial" in answer[:50] else answer
    session.download("model.bin", target)
    assert target.read_bytes() == content


def test_two_downloads_of_one_file_at_once_both_give_it(session: Session, here: Path) -> None:
    content, target = os.urandom(4 * MEBIBYTE), here / "got"
    file = publish(session, content)
    with partial_files.continue_file(target, file, lambda _: None) as begun:
        assert begun is not None
        session.download("model.bin", target)
        assert target.read_bytes() == content
        begun[0].write(content)
    assert target.read_bytes() == content
    assert list(here.iterdir()) == [target]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_what_others_have_put_there_is_not_written_into(session: Session, here: Path) -> None:
    content, target, theirs = os.urandom(2 * MEBIBYTE), here / "got", here / "theirs"
    file = publish(session, content)
    theirs.write_bytes(b"precious")
    left = here / f"got.{file.sha256[:12]}.part"
    for place in (left.symlink_to, left.hardlink_to):
        place(theirs)
        session.download("model.bin", target, replace=True)
        assert target.read_bytes() == content
        assert theirs.read_bytes() == b"precious"
        left.unlink()


def test_small_files_and_failures_that_nothing_helps_leave_nothing(
    session: Session, relay: Cutting, here: Path
) -> None:
    publish(session, os.urandom(100_000))
    relay.cuts, relay.passed = 100, 50_000
    relay.at_cut = lambda: setattr(relay, "passed", 0)
    with pytest.raises(errors.ConnectionLost):
        session.download("model.bin", here / "got")
    assert list(here.iterdir()) == []
    file = publish(session, os.urandom(2 * MEBIBYTE))
    with (
        pytest.raises(errors.NotFound),
        partial_files.continue_file(here / "got", file, lambda _: None) as begun,
    ):
        assert begun is not None
        begun[0].write(bytes(2 * MEBIBYTE))
        raise errors.NotFound("It was unpublished.")
    assert list(here.iterdir()) == []


def test_a_long_name_can_be_gone_on_with_too(session: Session, relay: Cutting, here: Path) -> None:
    target, content = here / ("ä" * 127), os.urandom(4 * MEBIBYTE)
    publish(session, content)
    relay.cuts, relay.passed = 100, 3 * MEBIBYTE
    relay.at_cut = lambda: setattr(relay, "passed", 0)
    with pytest.raises(errors.ConnectionLost):
        session.download("model.bin", target)
    relay.cuts = 0
    session.download("model.bin", target)
    assert target.read_bytes() == content
    assert list(here.iterdir()) == [target]


def test_a_server_that_is_killed_in_the_middle_and_comes_back_is_gone_on_with(place: Place) -> None:
    content = os.urandom(48 * MEBIBYTE)  # far more than lies on the way
    servers: list[Server] = []

    def start_again() -> None:
        servers[-1].process.send_signal(signal.SIGKILL)
        servers[-1].process.wait()
        servers.append(place.start(port=servers[0].port))
        until(servers[-1].is_up, "the server")

    with place.open_store() as store:
        store.add("ann")
        key = key_for(store, "ann")
    servers.append(place.start())
    try:
        until(servers[0].is_up, "the server")
        http = HttpTransport(servers[0].url, key)
        code = http.call(api.CREATE_SESSION, schemas.NewSession()).code
        file = http.call(api.PUBLISH_FILE, schemas.PublishFile(code=code, path="a.bin"), content)
        target = Target(20 * MEBIBYTE, start_again)
        http.download(schemas.FileNamed(code=code, path="a.bin"), cast("BinaryIO", target))
        assert len(servers) == 2
        assert hashlib.sha256(target.getvalue()).hexdigest() == file.sha256
        http.close()
    finally:
        servers[-1].stop()


def test_a_file_that_was_replaced_since_it_was_listed_comes_as_the_new_one(
    session: Session, here: Path
) -> None:
    notes: list[str] = []
    file, content = publish(session, os.urandom(2 * MEBIBYTE)), os.urandom(2 * MEBIBYTE)
    publish(session, content)  # between the list and the download
    saved = files.download(
        session._transport, session.code, file, here / "got", force=False, note=notes.append
    )
    assert saved.file.sha256 == hashlib.sha256(content).hexdigest()
    assert (here / "got").read_bytes() == content
    assert notes == [
        "'model.bin' was replaced on the server during the download, so the download started again."
    ]


def test_in_process_a_download_goes_on_as_well(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(here / "data"))
    content, own = os.urandom(3 * MEBIBYTE), LocalTransport()
    code = own.call(api.CREATE_SESSION, schemas.NewSession()).code
    file = own.call(api.PUBLISH_FILE, schemas.PublishFile(code=code, path="a.bin"), content)
    named, rest = schemas.FileNamed(code=code, path="a.bin"), io.BytesIO()
    begun = content[: MEBIBYTE + 5]
    own.download(named, rest, Partial(file.sha256, len(begun), hashlib.sha256(begun)))
    assert rest.getvalue() == content[len(begun) :]
    with pytest.raises(errors.ContentReplaced):
        own.download(named, rest, Partial("0" * 64, 5, hashlib.sha256(b"other")))
    with pytest.raises(errors.ContentDamaged):
        own.download(named, rest, Partial(file.sha256, 5, hashlib.sha256(b"other")))


def test_threads_that_download_the_same_file_do_not_disturb_each_other(
    session: Session, here: Path
) -> None:
    content = os.urandom(4 * MEBIBYTE)
    publish(session, content)
    failures: list[object] = []

    def fetch(transport: Transport) -> None:
        try:
            file = transport.call(
                api.GET_FILE, schemas.FileNamed(code=session.code, path="model.bin")
            )
            files.download(
                transport, session.code, file, here / "got", force=True, note=failures.append
            )
        except (errors.SessionsError, OSError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=fetch, args=(session._transport,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (here / "got").read_bytes() == content
    assert list(here.iterdir()) == [here / "got"]
