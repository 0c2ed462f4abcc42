"""To someone without a role a session does not exist: the same bytes as for a code never given."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_sessions.api import OPERATIONS, Operation
from tests.server.conftest import Site
from tests.server.serving import (
    HANDSHAKE,
    NEVER_GIVEN,
    address,
    dateless,
    parts,
    status_of,
)
from tests.server.test_identities import CALLS, Case

IN_SESSION = [operation for operation in OPERATIONS.values() if operation.in_session]
OUTSIDERS = ("stranger", "administrator", "revoked")
MALFORMED = (
    "0" * 22,
    "1" * 21,
    "1" * 23,
    "abc",
    "-1",
    "1e21",
    "..",
    "%2e%2e",
    "%00",
    "%20",
    "%D9%A1" * 22,  # Arabic digits
    "1234567890123456789012%0A",
    "default%00",
    "x" * 5000,
)
PAGES = (
    "experiment",
    "experiment/",
    "experiment?status=error",
    "experiment/commands/1",
    "experiment/commands/1?fragment=1",
    "experiment/commands/1/outputs/0",
    "experiment/json/request/1.json",
    "experiment/json/response/1.json",
    "experiment/files",
    "experiment/files/site/index.html",
    "experiment/raw/site/index.html",
    "experiment/preview/site/index.html",
    "experiment/members",
    "experiment/activity",
)
XSRF = "2|73a0c6f5|1d6ac1a0bd6e0a5c9ad9ff2b1b7f6bd1|1700000000"


def told(site: Site, who: str, operation: Operation[Any, Any], path: str, body: bytes) -> bytes:
    headers = site.headers(who)
    method = operation.method
    if method == "WS":
        headers, method = HANDSHAKE | headers, "GET"
    return dateless(site.server.exchange(method, path, headers, body))


@pytest.mark.parametrize("operation", IN_SESSION, ids=lambda operation: operation.name)
def test_a_session_of_others_answers_as_a_code_never_given_out(
    site: Site, operation: Operation[Any, Any]
) -> None:
    fields = CALLS[operation.name](Case(site)) | {"code": NEVER_GIVEN}
    asked = parts(operation, fields, b"content")
    path = address(operation, fields)
    body = asked.get("content", b"") if operation.method not in {"GET", "WS"} else b""
    for state in ("active", "disabled", "closed", "removed"):
        code = site.session(state)
        for who in OUTSIDERS if state == "active" else ("stranger",):
            never = told(site, who, operation, path, body)
            real = told(site, who, operation, path.replace(NEVER_GIVEN, code), body)
            assert status_of(never) == 404
            assert real == never
    for malformed in MALFORMED:
        real = told(site, "stranger", operation, path.replace(NEVER_GIVEN, malformed), body)
        assert real == told(site, "stranger", operation, path, body), malformed


@pytest.mark.parametrize("operation", IN_SESSION, ids=lambda operation: operation.name)
def test_a_bad_request_tells_strangers_nothing_either(
    site: Site, operation: Operation[Any, Any]
) -> None:
    code = site.session()
    fields = CALLS[operation.name](Case(site)) | {"code": NEVER_GIVEN}
    path = address(operation, fields)
    for query, body in (("?nonsense=1", b""), ("", b"{"), ("", b'{"nonsense": 1}')):
        if operation.method in {"GET", "WS"} and body:
            continue
        never = told(site, "stranger", operation, path + query, body)
        real = told(site, "stranger", operation, path.replace(NEVER_GIVEN, code) + query, body)
        assert real == never
        assert code.encode() not in real
        assert status_of(real) in {400, 404}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_others_answers_as_a_code_never_given_out(site: Site, page: str) -> None:
    code = site.session()

    def shown(who: str, code: str) -> bytes:
        cookies = f"{site.server.cookie}={site.keys[who]}; _xsrf={XSRF}"
        path = f"/sessions/{code}/{page}"
        return dateless(site.server.exchange("GET", path, {"Cookie": cookies}))

    for who in OUTSIDERS:
        never = shown(who, NEVER_GIVEN)
        assert status_of(never) == 404
        assert shown(who, code) == never
    never = shown("stranger", NEVER_GIVEN)
    for malformed in MALFORMED[:-1]:
        assert shown("stranger", malformed) == never, malformed


def test_the_short_address_of_a_session_hides_it_too(site: Site) -> None:
    code = site.session()
    for who in OUTSIDERS:
        cookie = {"Cookie": f"{site.server.cookie}={site.keys[who]}; _xsrf={XSRF}"}
        answers = {
            dateless(site.server.exchange("GET", f"/sessions/{code}", cookie))
            for code in (code, NEVER_GIVEN, "1", "1" * 30)
        }
        assert len(answers) == 1
        assert status_of(answers.pop()) == 404


def test_a_ones_own_removed_session_is_not_told_from_a_missing_one_to_former_members(
    site: Site,
) -> None:
    code = site.session("removed")
    for who in ("reader", "admin"):
        for operation in IN_SESSION:
            fields = CALLS[operation.name](Case(site)) | {"code": NEVER_GIVEN}
            path = address(operation, fields)
            rest = {key: fields[key] for key in fields.keys() - set(operation.path_fields)}
            body = b"" if operation.method in {"GET", "WS"} else msgspec.json.encode(rest)
            if operation.content == "upload":
                body = b"content"
            never = told(site, who, operation, path, body)
            assert told(site, who, operation, path.replace(NEVER_GIVEN, code), body) == never
