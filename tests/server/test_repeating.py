"""Sending a request again whose answer got lost: our client does, and nothing is done twice."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.http import HttpTransport
from tests.server.conftest import Site
from tests.server.cutting import Cutting
from tests.server.serving import error_of


@pytest.fixture
def relay(site: Site) -> Iterator[Cutting]:
    relay = Cutting(site.server.port)
    yield relay
    relay.close()


@pytest.fixture
def http(site: Site, relay: Cutting) -> Iterator[HttpTransport]:
    transport = HttpTransport(relay.url, site.keys[site.account()])
    assert transport.user
    yield transport
    transport.close()


def test_what_makes_something_is_sent_again_and_made_once(
    http: HttpTransport, relay: Cutting
) -> None:
    relay.cuts = 2
    made = http.call(api.CREATE_SESSION, schemas.NewSession(label="Once"))
    assert relay.cut == 2
    listed = http.call(api.LIST_SESSIONS, schemas.ListSessions()).items
    assert [session.code for session in listed if session.label == "Once"] == [made.code]

    relay.cut = 0
    publish = schemas.PublishFile(code=made.code, path="x")
    assert http.call(api.PUBLISH_FILE, publish, b"content").size == 7
    relay.cut = 0
    invitation = http.call(api.INVITE, schemas.Invite(code=made.code, roles=["read"]))
    page = http.call(api.LIST_INVITATIONS, schemas.ListInvitations(code=made.code))
    assert [one.id for one in page.items] == [invitation.invitation.id]
    looked = http.call(api.LOOK_AT_INVITATION, schemas.InvitationByKey(key=invitation.key))
    assert looked.label == "Once"
    relay.cut = 0
    assert http.call(api.REMOVE_SESSION, schemas.SessionNamed(code=made.code)).code == made.code


def test_reading_is_sent_again(http: HttpTransport, relay: Cutting) -> None:
    relay.cuts = 1
    assert http.call(api.LIST_SESSIONS, schemas.ListSessions()).items == []
    assert relay.cut == 1


def test_what_is_lost_for_good_may_have_been_done_and_says_so(
    http: HttpTransport, relay: Cutting
) -> None:
    relay.cuts = 100
    with pytest.raises(errors.ConnectionLost, match="can't be reached") as lost:
        http.call(api.CREATE_SESSION, schemas.NewSession())
    assert "It may have been done" in lost.value.hint
    assert 1 < relay.cut < 10


class Pipe(io.RawIOBase):
    """What can only be written to, as the standard output."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += data
        return len(data)


@pytest.mark.parametrize("replaced", [b"", b"shorter", os.urandom(3 << 20)])
def test_a_download_that_breaks_off_is_asked_for_again_and_never_made_of_two_contents(
    http: HttpTransport, relay: Cutting, replaced: bytes
) -> None:
    content, target = os.urandom(3 << 20), Pipe()
    code = http.call(api.CREATE_SESSION, schemas.NewSession()).code
    publish, named = (
        kind(code=code, path="x") for kind in (schemas.PublishFile, schemas.FileNamed)
    )
    http.call(api.PUBLISH_FILE, publish, content)
    relay.cuts, relay.passed = 1, 2 << 20
    if replaced:
        other = http.clone()
        relay.at_cut = lambda: other.call(api.PUBLISH_FILE, publish, replaced)
        with pytest.raises(errors.Conflict, match="replaced during the download"):
            http.download(named, cast("BinaryIO", target))
        assert content.startswith(target.content)
    else:
        http.download(named, cast("BinaryIO", target))
        assert target.content == content
    assert relay.cut == 1
    assert target.content


def test_what_takes_no_key_is_not_sent_again(http: HttpTransport, relay: Cutting) -> None:
    relay.cuts = 1
    with pytest.raises(errors.ConnectionLost):
        http.call(api.MAKE_TICKET, schemas.Nothing())
    assert relay.cut == 1


def test_the_header_is_checked_over_http(site: Site) -> None:
    headers = {"Idempotency-Key": "a-key-of-enough-length"}
    first, again = (
        site.ask("owner", api.CREATE_SESSION, headers=headers, label="x") for _ in range(2)
    )
    assert first.json() == again.json()
    other = site.ask("owner", api.CREATE_SESSION, headers=headers, label="y")
    assert (other.status_code, error_of(other)["code"]) == (409, "conflict")
    short = site.ask("owner", api.CREATE_SESSION, headers={"Idempotency-Key": "1"})
    assert (short.status_code, error_of(short)["code"]) == (400, "bad_request")
