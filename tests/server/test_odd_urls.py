"""Numbers that no number is as long as, and NUL, in every part of a URL: never a 5xx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_sessions import api
from jupyter_sessions.server.pages import page_routes
from jupyter_sessions.server.routes import routes
from tests.conftest import new_postgresql_database
from tests.server.conftest import Site, serve_site
from tests.server.serving import HANDSHAKE, Place, bearer, status_of

ODD = (
    "9" * 5000,
    "0" * 5000,
    "-" + "9" * 5000,
    "a\0b",
    "\0",
    "1" * 19,
    "1" * 30,
    "٣",
    "1e999",
    "NaN",
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Give a served store on each database that we know."""
    folder = tmp_path_factory.mktemp("odd")
    if request.param == "sqlite":
        with serve_site(Place(folder)) as served:
            yield served
        return
    cluster = request.getfixturevalue("postgresql")
    with new_postgresql_database(cluster) as url, serve_site(Place(folder, url=url)) as served:
        yield served


_GROUP = re.compile(r"\((?!\?)[^()]*(?:\([^()]*\)[^()]*)*\)\??")


def addresses(code: str) -> list[str]:
    """Return every route with each of its parts odd in turn, and the others usual."""
    found = []
    for pattern, *_ in [*routes(), *page_routes()]:
        plain = re.sub(r"\(\?:(.*?)\)\?", r"\1", pattern.replace("/?", "").replace("\\.", "."))
        parts = _GROUP.findall(plain)
        usual = [
            code if index == 0 and "/sessions/(" in pattern else "1" for index in range(len(parts))
        ]
        for odd in range(len(parts)):
            for value in ODD:
                filled = iter(
                    quote(value) if index == odd else each for index, each in enumerate(usual)
                )
                found.append(_GROUP.sub(lambda _, filled=filled: next(filled), plain))
    return found


def test_odd_parts_of_paths_are_the_callers_mistake(site: Site) -> None:
    code = site.session()
    tried = 0
    for who in ("owner", "administrator"):
        headers = site.headers(who)
        for path in addresses(code):
            for method in ("GET", "POST", "PUT", "DELETE"):
                if method != "GET" and api.PREFIX not in path:
                    continue
                answer = site.http.request(method, path, headers=headers, content=None)
                assert answer.status_code < 500, (method, path[:200], answer.text)
                tried += 1
    assert tried > 500


def test_odd_values_of_queries_and_bodies_are_the_callers_mistake(site: Site) -> None:
    code = site.session()
    for operation in api.OPERATIONS.values():
        if operation.method == "WS" or operation.needs.jupyter:
            continue
        usual: dict[str, Any] = {
            "code": code,
            "name": "x",
            "path": "x",
            "number": 1,
            "id": 1,
            "client": "x",
        }
        path = operation.path.format(
            **{name: usual.get(name, "x") for name in operation.path_fields}
        )
        fields = [f for f in operation.request.__struct_fields__ if f not in operation.path_fields]
        for field in fields:
            for value in ODD:
                asked: dict[str, Any] = {"params": {field: value}}
                if operation.method != "GET" and operation.content != "upload":
                    number = value if value.strip("-").isdecimal() and value.isascii() else None
                    text = number.lstrip("0") if number else f'"{value}"'.replace("\0", "\\u0000")
                    asked = {"content": f'{{"{field}": {text or 0}}}'}
                answer = site.http.request(
                    operation.method, api.PREFIX + path, headers=site.headers("owner"), **asked
                )
                assert answer.status_code < 500, (operation.name, field, value[:20], answer.text)


def test_odd_queries_of_pages_are_as_if_they_were_not_there(site: Site) -> None:
    code = site.session()
    browser = {"Cookie": f"{site.server.cookie}={site.keys['owner']}"}
    for page in (
        "",
        f"{code}/experiment",
        f"{code}/experiment/files",
        f"{code}/experiment/activity",
        f"{code}/experiment/commands/1",
        f"{code}/experiment/files/site/index.html",
        "login",
        "join",
        "enter",
    ):
        for name in (
            "after",
            "before",
            "at",
            "zone",
            "since",
            "search",
            "user",
            "status",
            "order",
            "all",
            "next",
            "alone",
            "preview",
            "state",
            "fragment",
        ):
            for value in ODD:
                answer = site.http.get(f"/sessions/{page}", params={name: value}, headers=browser)
                assert answer.status_code < 500, (page, name, value[:20])


def test_odd_headers_and_odd_live_views_are_the_callers_mistake(site: Site) -> None:
    code = site.session()
    key = bearer(site.keys["owner"])
    for value in ("9" * 5000, "-1", "1" * 30):
        answer = site.server.exchange(
            "POST", f"{api.PREFIX}/sessions", key | {"Content-Length": value}
        )
        assert b" 500 " not in answer[:20], (value[:20], answer[:100])
    for value in ODD:
        path = f"{api.PREFIX}/sessions/{code}/live?after={quote(value)}"
        assert status_of(site.server.exchange("GET", path, key | HANDSHAKE)) in {101, 400, 404}
        path = f"{api.PREFIX}/sessions/{quote(value)}/live"
        assert status_of(site.server.exchange("GET", path, key | HANDSHAKE)) < 500


@pytest.mark.parametrize("value", ["9" * 5000, "-" + "9" * 5000, "1" * 30])
def test_odd_numbers_by_xml_rpc_are_faults(site: Site, value: str) -> None:
    code = site.session()
    for kind in ("int", "i8", "double", "boolean", "dateTime.iso8601", "string"):
        call = (
            f"<methodCall><methodName>commands.get</methodName><params><param><value><{kind}>{value}"
            f"</{kind}></value></param></params></methodCall>"
        )
        answer = site.http.post(
            f"{api.PREFIX}/sessions/{code}/xmlrpc",
            content=call,
            headers=site.headers("owner") | {"Content-Type": "text/xml"},
        )
        assert answer.status_code in {200, 400}
        assert "internal_error" not in answer.text, (kind, answer.text)
