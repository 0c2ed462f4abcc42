"""What is not a request: refused with a clear error, nothing changed, and never a 500."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from jupyter_sessions import api
from jupyter_sessions.api import OPERATIONS, PREFIX, Operation
from tests.conftest import PASSWORD
from tests.server.conftest import Site
from tests.server.serving import (
    address,
    error_of,
    parts,
    read_answer,
    recording,
    status_of,
)
from tests.server.test_identities import CALLS, Case, snapshot

DEEP = 10_000
BODIES: dict[str, bytes] = {
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": -Infinity}',
    "out of range": b'{"x": 1e999}',
    "a key twice": b'{"label": "a", "label": "b"}',
    "a key twice, escaped": b'{"label": "a", "\\u006cabel": "b"}',
    "deep arrays": b'{"x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"x": ' + b'{"x":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "deep and unclosed": b"[" * DEEP,
    "a lone surrogate": b'{"label": "\\ud800"}',
    "half a pair": b'{"label": "\\ud83d\\u0041"}',
    "not UTF-8": b'{"label": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"label": "\xed\xa0\x80"}',
    "UTF-16": '{"label": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"label": "x"}',
    "an array": b"[]",
    "null": b"null",
    "a string": b'"label"',
    "a number": b"1",
    "an unknown field": b'{"no_such_field": 1}',
    "a field of the path": b'{"code": "1234567890123456789012"}',
    "two values": b"{} {}",
    "half": b'{"label": "x',
    "a comment": b'{"label": "x" /* why */}',
    "single quotes": b"{'label': 'x'}",
    "a form": b"label=x&description=y",
    "zeros": bytes(100),
    "gzip": gzip.compress(b'{"label": "x"}'),
    "a huge number": b'{"x": ' + b"9" * 10_000 + b"}",
}
#: Values that fit no field: each is put into every field of every operation.
VALUES: tuple[Any, ...] = (
    2**63,
    -(2**63) - 1,
    10**30,
    -1,
    0,
    1.5,
    True,
    None,
    [],
    {},
    [[]],
    [None],
    {"x": {"y": []}},
    "",
    "\x00",
    "a\x00b",
    "\u202egnp.exe",
    "x" * 10_000,
    "x" * 300,
    "..",
    "' OR 1=1 --",
    "\ufffe\uffff",
    "\U0001f327" * 300,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+00:00",
    "2026-01-01T00:00:00",
    "9" * 19,
    "-".join(["9" * 19] * 2),
    "1e3",
    "\u0661",
)
WITH_BODY = [
    operation
    for operation in OPERATIONS.values()
    if operation.method not in {"GET", "WS"} and operation.content == "none"
]


@pytest.fixture
def code(site: Site) -> str:
    """Give a session of the owner's."""
    return site.session()


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_a_body_that_is_none_is_refused(
    site: Site, operation: Operation[Any, Any], code: str
) -> None:
    before = snapshot(site, code)
    fields = {"code": code} | CALLS[operation.name](Case(site, allowed=False))
    url, who = address(operation, fields), "owner"
    if operation.needs.value.endswith("server administrator"):
        who = "administrator"
    of_body = set(operation.request.__struct_fields__) - set(operation.path_fields)
    for what, body in BODIES.items():
        if what == "a field of the path" and "code" in of_body:
            continue  # here it is a field of the body: the code of a second factor
        headers = site.headers(who)
        answer = site.http.request(operation.method, url, content=body, headers=headers)
        assert answer.status_code == 400, (what, answer.text)
        error_of(answer)
    if operation.needs.role is not None:
        assert snapshot(site, code) == before


#: The others have no fields that are not tried elsewhere.
WITH_FIELDS = [
    operation
    for operation in OPERATIONS.values()
    if operation.method != "WS" and operation is not api.LOG_OUT
]


@pytest.mark.parametrize("operation", WITH_FIELDS, ids=lambda operation: operation.name)
def test_no_value_in_no_field_makes_the_server_fail(
    site: Site, operation: Operation[Any, Any], code: str
) -> None:
    who = "administrator" if operation.needs.value.endswith("server administrator") else "owner"
    good = {"code": code} | CALLS[operation.name](Case(site, allowed=False))
    names = [name for name in operation.request.__struct_fields__ if name != "code"]
    for name in names:
        for value in VALUES:
            if name in operation.path_fields and str(value) in {"", "..", "."}:
                continue  # another address
            if operation is api.SET_PASSWORD and name == "password":
                continue  # a hash each
            content = b"x" if operation.content == "upload" else None
            fields = good | {name: value}
            in_query = operation.method == "GET" or operation.content == "upload"
            if in_query and not isinstance(value, str | int | float):
                continue
            asked = parts(operation, fields, content)
            answer = site.http.request(**asked, headers=site.headers(who))
            assert answer.status_code < 500, (name, value, answer.text)
            if not answer.is_success:
                error_of(answer)


def test_deep_json_that_is_taken_can_be_read_again(site: Site, code: str) -> None:
    """What is decoded near the limit of recursion must not make the history unreadable."""
    taken = 0
    for depth in (10, 100, 400, *range(800, 1010, 6)):
        body = b"[" * depth + b"1" + b"]" * depth
        command = recording(f"deep-{depth}")
        command["response"]["outputs"] = [
            {"output_type": "display_data", "data": {"application/json": "HERE"}, "metadata": {}}
        ]
        content = json.dumps({"commands": [command]}).encode().replace(b'"HERE"', body)
        answer = site.http.post(
            address(api.RECORD_COMMANDS, {"code": code}),
            content=content,
            headers=site.headers("writer"),
        )
        assert answer.status_code in {200, 400}, (depth, answer.text)
        if answer.status_code == 400:
            error_of(answer)
            continue
        taken += 1
        number = answer.json()["numbers"][0]
        read = site.ask("reader", api.GET_COMMAND, code=code, number=number)
        assert read.status_code == 200, (depth, read.text)
    assert taken >= 3
    resumed = site.ask("reader", api.RESUME_SESSION, code=code, commands=100)
    assert resumed.status_code == 200, resumed.text
    cookie = {"Cookie": f"{site.server.cookie}={site.keys['reader']}"}
    assert site.http.get(f"/sessions/{code}/experiment", headers=cookie).status_code == 200


def test_large_numbers_in_outputs_come_back_as_they_were(site: Site, code: str) -> None:
    data = {"application/json": [2**63, -(2**63), 2**64, 10**40, 0.1, 1e308, -0.0, 5e-324]}
    command = recording("numbers")
    command["response"]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[command])
    assert answer.status_code == 200, answer.text
    number = answer.json()["numbers"][0]
    read = site.ask("reader", api.GET_COMMAND, code=code, number=number)
    assert read.json()["response"]["outputs"][0]["data"] == data


HOSTILE_TEXTS = (
    "\x00\x01\x1b[31mred\x1b[0m\x7f",
    "\u202eright to left\u2066\u2069",
    "<script>alert(1)</script>",
    "\U0010ffff\ufdd0",
    "a" * 100_000,
    "\r\n\r\nHTTP/1.1 200 OK",
    "{{ 7*7 }}{% raw %}",
    "e\u0301" * 1000,
)


def test_any_text_can_be_recorded_and_every_page_of_it_opens(site: Site, code: str) -> None:
    commands = []
    for index, text in enumerate(HOSTILE_TEXTS):
        command = recording(f"text-{index}", text, text)
        command["request"] |= {"notebook": text[:2000], "kernel": text[:200]}
        command["response"]["outputs"] += [
            {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
            {"output_type": "display_data", "data": {text[:100]: text}, "metadata": {text: text}},
        ]
        commands.append(command)
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=commands)
    assert answer.status_code == 200, answer.text
    for number, command in zip(answer.json()["numbers"], commands, strict=True):
        read = site.ask("reader", api.GET_COMMAND, code=code, number=number).json()
        assert read["request"]["source"] == command["request"]["source"]
        assert read["response"]["outputs"] == command["response"]["outputs"]
    cookie = {"Cookie": f"{site.server.cookie}={site.keys['reader']}"}
    pages = ["", "/activity", "/members", "/files", *(f"/commands/{n}" for n in range(1, 11))]
    for page in pages:
        shown = site.http.get(f"/sessions/{code}/experiment{page}", headers=cookie)
        assert shown.status_code == 200, page
        assert "<script>alert(1)</script>" not in shown.text
    for text in ("<script>alert(1)</script>", "\"'<img src=x onerror=x()>", "{{ 7*7 }}"):
        assert site.ask("owner", api.UPDATE_SESSION, code=code, label=text).status_code == 200
        for page in ("", "/activity", "/members", "/files"):
            shown = site.http.get(f"/sessions/{code}/experiment{page}", headers=cookie)
            assert text not in shown.text or text == "{{ 7*7 }}"


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a b", "a\x00b", "a\u202eb", "x" * 65, "x" * 255, "../x", "a/b", "a\nb", ".a",
        "-a", "s\u0435rver", "\ufb01\u202c",
        "\U0001f327", "a\u200bb", "spare", "SPARE", "\uff53pare",
    ],
)  # fmt: skip
def test_a_user_name_that_is_none_or_could_be_taken_for_another_is_refused(
    site: Site, name: str
) -> None:
    answer = site.ask("administrator", api.ADD_ACCOUNT, name=name, password=PASSWORD)
    assert answer.status_code in {400, 409}
    error_of(answer)


@pytest.mark.parametrize(
    "query",
    [
        "limit=1&limit=2",
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=9999999999999999999999",
        "limit=NaN",
        "limit=%00",
        "limit=",
        "nonsense=1",
        "after=%ff",
        "after=x",
        "after=1-2-3",
        "search=" + "x" * 501,
        "which=everything",
        "token=x",
        "%ff=1",
    ],
)
def test_a_query_that_is_none_is_refused(site: Site, query: str) -> None:
    answer = site.server.exchange("GET", f"{PREFIX}/sessions?{query}", site.headers("owner"))
    assert status_of(answer) == 400
    assert set(json.loads(answer.partition(b"\r\n\r\n")[2])) == {"code", "message", "hint"}


def test_a_write_takes_no_query(site: Site, code: str) -> None:
    url = address(api.DISABLE_SESSION, {"code": code})
    answer = site.http.post(url, params={"force": "1"}, headers=site.headers("owner"))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["", "/", "/no", "/sessions/x/y/z", "/health/", "/%00", "/openapi"]
)
def test_an_address_that_means_nothing_is_told_so_in_the_one_form(site: Site, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = site.http.request(method, PREFIX + path, headers=site.headers("owner"))
        assert answer.status_code in {404, 405}
        error_of(answer)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "PROPFIND", "FOO"])
def test_a_method_that_an_address_does_not_know_is_told_so(site: Site, method: str) -> None:
    # By a connection of its own: the server may be closing one that it has refused something on.
    url = f"{site.server.url}{PREFIX}/sessions"
    answer = httpx.request(method, url, headers=site.headers("owner"), timeout=30)
    assert answer.status_code == 405
    if method != "HEAD":
        error_of(answer)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET\r\n\r\n",
        b"GET /sessions/ HTTP/9.9\r\n\r\n",
        b"GET /sessions/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /sessions/ HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /sessions/api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"POST /sessions/api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /sessions/api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"POST /sessions/api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sessions/api/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(1000),
    ],
)
def test_what_is_no_http_does_no_harm(site: Site, request_: bytes) -> None:
    with site.server.connect() as connection:
        connection.sendall(request_ + b"\r\n\r\n")
        connection.settimeout(5)
        try:
            answer = connection.recv(1 << 16)
        except (TimeoutError, ConnectionResetError):
            answer = b""
    assert not answer or 400 <= status_of(answer) < 500 or b" 403 " in answer
    assert site.ask("owner", api.WHO_AM_I).status_code == 200


def test_no_header_can_be_smuggled_into_an_answer(site: Site, code: str) -> None:
    for path in (
        "/sessions/login?next=/sessions/%0d%0aSet-Cookie:%20evil=1",
        f"/sessions/{code}/experiment/raw/site/index.html%0d%0aX-Evil:%201",
        "/sessions/w/x%0d%0aX-Evil:%201/y",
        "/sessions/%0d%0aX-Evil:%201/experiment",
    ):
        cookie = {"Cookie": f"{site.server.cookie}={site.keys['owner']}"}
        head = site.server.exchange("GET", path, cookie).partition(b"\r\n\r\n")[0].lower()
        assert b"\r\nx-evil" not in head
        assert b"evil=1" not in head.replace(b"%20evil=1", b"")


def test_a_host_that_breaks_out_of_a_header_is_not_repeated_there(site: Site) -> None:
    for host in ("x; script-src *", "x' *", 'x"', "x, y", "x<y>"):
        for path in ("/sessions/login", "/sessions/w/x/y", "/sessions/api/user"):
            answer = site.server.exchange("GET", path, {"Host": host})
            policy = [line for line in answer.split(b"\r\n") if b"Security-Policy" in line]
            assert not [line for line in policy if host.encode() in line]


def test_a_large_body_is_taken_from_those_alone_who_are_known(site: Site, code: str) -> None:
    large = b'{"commands": "' + b"x" * (3 << 20) + b'"}'
    path = address(api.RECORD_COMMANDS, {"code": code})
    for who, status in (("anonymous", 401), ("expired", 401), ("writer", 400)):
        answer = site.http.post(path, content=large, headers=site.headers(who))
        assert answer.status_code == status, who
        error_of(answer)
    # Past every limit it is refused before it is sent.
    for who, status in (("anonymous", 401), ("writer", 413)):
        headers = site.headers(who) | {"Content-Length": str(10**12), "Expect": "100-continue"}
        assert status_of(site.server.exchange("POST", path, headers)) == status


def test_what_goes_on_and_on_is_cut_off(site: Site, code: str) -> None:
    path = address(api.RECORD_COMMANDS, {"code": code})
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\n"
    with site.server.connect() as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        try:
            for _ in range(200):
                connection.sendall(piece)
            cut = False
        except (ConnectionResetError, BrokenPipeError):
            cut = True
    assert cut


def test_a_form_that_is_too_large_is_not_taken(site: Site) -> None:
    with site.server.connect() as connection:
        head = f"POST /sessions/login HTTP/1.1\r\nHost: 127.0.0.1:{site.server.port}\r\n"
        connection.sendall(f"{head}Content-Length: {10**8}\r\n\r\n".encode())
        assert status_of(read_answer(connection)) in {400, 413}
