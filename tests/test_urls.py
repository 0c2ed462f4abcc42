"""URLs are built and parsed alike by Python and the front end: both read the same examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions import errors, urls
from jupyter_sessions.client.addresses import parse_invitation, parse_reference

#: What jest reads too.
EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "urls.json").read_text()
)
BUILT: dict[str, list[Any]] = EXAMPLES["built"]


@pytest.mark.parametrize(("server", "code", "url"), BUILT["sessions"])
def test_a_session_url_is_built_and_split(server: str, code: str, url: str) -> None:
    assert urls.build_session_url(server, code) == url
    assert urls.split_session_path(url) == urls.SessionPath(server, code)
    assert urls.get_server(url) == server


@pytest.mark.parametrize(("session", "number", "url"), BUILT["commands"])
def test_a_permalink_is_built(session: str, number: int, url: str) -> None:
    assert urls.build_command_url(session, number) == url


@pytest.mark.parametrize(("session", "path", "url"), BUILT["files"])
def test_the_url_of_a_file_is_built(session: str, path: str, url: str) -> None:
    assert urls.build_file_url(session, path) == url


@pytest.mark.parametrize(("page", "key", "url"), BUILT["invitations"])
def test_the_url_of_an_invitation_is_built(page: str, key: str, url: str) -> None:
    assert urls.build_invitation_url(page, key) == url


@pytest.mark.parametrize(("text", "parts"), EXAMPLES["sessions"])
def test_a_session_is_read(text: str, parts: dict[str, Any]) -> None:
    read = parse_reference(text)
    found = {"code": read.code, "server": read.server, "command": read.command, "path": read.path}
    assert {name: value for name, value in found.items() if value is not None} == parts


@pytest.mark.parametrize(("text", "parts"), EXAMPLES["invitations"])
def test_an_invitation_is_read(text: str, parts: dict[str, str]) -> None:
    assert parse_invitation(text) == (parts.get("server"), parts["key"])


@pytest.mark.parametrize("text", EXAMPLES["neither"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(errors.BadReference):
        parse_reference(text)
    with pytest.raises(errors.BadReference):
        parse_invitation(text)


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_each_path_of_a_file_survives_its_url(path: str) -> None:
    url = urls.build_file_url(urls.build_session_url("https://h/b", "default"), path)
    found = urls.split_session_path(urlsplit(url).path)
    assert found == urls.SessionPath("/b", "default", path=path)


def test_a_login_url_leads_on_to_a_page_below_the_same_server() -> None:
    assert urls.build_login_url("https://h/user/ann", "jtik_x", "/sessions/") == (
        "https://h/user/ann/sessions/enter?next=%2Fuser%2Fann%2Fsessions%2F#jtik_x"
    )


def test_the_token_of_a_capability_url_is_hidden_in_logs() -> None:
    url = urls.build_capability_url("https://h/b", "s3cret", "a b.html")
    assert url == "https://h/b/sessions/w/s3cret/a%20b.html"
    assert urls.get_token(urlsplit(url).path) == "s3cret"
    assert urls.hide_token(url) == "https://h/b/sessions/w/[secret]/a%20b.html"
