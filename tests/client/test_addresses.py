from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions import errors
from jupyter_sessions.client.addresses import (
    Address,
    Reference,
    is_loopback,
    parse_address,
    parse_reference,
)

CODE = "1234567890123456789012"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (CODE, Reference(CODE)),
        (f"  {CODE}\n", Reference(CODE)),
        ("default", Reference("default")),
        (f"http://h:8888/sessions/{CODE}/experiment", Reference(CODE, "http://h:8888")),
        (f"https://H.org:443/sessions/{CODE}/experiment/", Reference(CODE, "https://h.org")),
        (f"https://h/a/b/sessions/{CODE}/experiment", Reference(CODE, "https://h/a/b")),
        (f"https://h/user/a%40b/sessions/{CODE}/experiment", Reference(CODE, "https://h/user/a@b")),
        (f"http://[0:0::1]:80/sessions/{CODE}/experiment", Reference(CODE, "http://[::1]")),
        (f"https://h/sessions/{CODE}/experiment/commands/3", Reference(CODE, "https://h")),
        (
            f"https://h/sessions/{CODE}/experiment/files/sessions/default/experiment?a=b#c@d",
            Reference(CODE, "https://h"),
        ),
        (
            f"HTTPS://bücher.example/sessions/{CODE}/experiment",
            Reference(CODE, "https://xn--bcher-kva.example"),
        ),
    ],
)
def test_a_code_or_a_session_url_names_a_session(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 22,
        CODE[:-1],
        CODE + "1",
        f"{CODE[:10]}\n{CODE[10:]}",
        "１" * 22,
        f"h/sessions/{CODE}/experiment",
        f"//h/sessions/{CODE}/experiment",
        f"ftp://h/sessions/{CODE}/experiment",
        f"file:///sessions/{CODE}/experiment",
        f"javascript://h/sessions/{CODE}/experiment",
        f"http:///sessions/{CODE}/experiment",
        f"http://h:0/sessions/{CODE}/experiment",
        f"http://h:65536/sessions/{CODE}/experiment",
        f"http://h/sessions/{CODE}/experimental",
        f"http://h/sessions/{CODE}",
        f"http://h/../sessions/{CODE}/experiment",
        f"http://h/%2e%2e/sessions/{CODE}/experiment",
        f"http://h\\evil/sessions/{CODE}/experiment",
        f"http://h\x00/sessions/{CODE}/experiment",
        f"http://[::1/sessions/{CODE}/experiment",
        f"http://h/{'a' * 5000}/sessions/{CODE}/experiment",
    ],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(errors.BadReference) as caught:
        parse_reference(text)
    assert caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "url",
    [
        f"http://ann:s3cret@h/sessions/{CODE}/experiment",
        f"http://s3cret@h/sessions/{CODE}/experiment",
        f"ann@http://h:s3cret@x/sessions/{CODE}/experiment",
        "http://h/lab?token=s3cret",
        "h@h/x?token=s3cret",
    ],
)
def test_a_refusal_repeats_no_secret_of_the_url(url: str) -> None:
    with pytest.raises(errors.BadReference) as caught:
        parse_reference(url)
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "user", "server"),
    [
        ("", None, None),
        ("h", None, "https://h"),
        ("bar@h:8888", "bar", "https://h:8888"),
        ("user:4@email@h:4064", "user:4@email", "https://h:4064"),
        ("Zoë@h", "Zoë", "https://h"),
        ("localhost:8888", None, "http://localhost:8888"),
        ("bar@127.0.0.1:8888/base/", "bar", "http://127.0.0.1:8888/base"),
        ("bar@[::1]:8888", "bar", "http://[::1]:8888"),
        ("[2001:DB8::1]", None, "https://[2001:db8::1]"),
        ("https://localhost", None, "https://localhost"),
        ("http://far.example:80", None, "http://far.example"),
        ("bar@https://h/base", "bar", "https://h/base"),
        ("https://bar@h/base", "bar", "https://h/base"),
        ("bar@https://h/user/ann@example.org/", "bar", "https://h/user/ann@example.org"),
        ("h:443", None, "https://h"),
        (f"bar@https://h/b/sessions/{CODE}/experiment#x", "bar", "https://h/b"),
        ("http://h:8888/sessions/login?next=%2Fsessions%2F", None, "http://h:8888"),
        ("http://h:8888/sessions/", None, "http://h:8888"),
    ],
)
def test_an_address_names_a_user_and_a_server(
    text: str, user: str | None, server: str | None
) -> None:
    assert parse_address(text) == Address(user, server)


@pytest.mark.parametrize("port", ["0", "65536", "99999999", "-1", "x", "", "8 8", "８０"])
def test_a_bad_port_is_an_error_of_its_own(port: str) -> None:
    for text in (f"h:{port}x" if not port else f"h:{port}", f"bar@https://[::1]:{port or 'y'}/a"):
        with pytest.raises(errors.BadPort):
            parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "@h",
        "bar@",
        "::1",
        "[::1",
        "[fe80::1%25eth0]",
        "h ost",
        "https://",
        "ftp://h",
        "https://bar:pw@h",
        "x@https://y@h",
        "https://h@https://other",
        "bar@hub.example/user/bar@evil.example",
        "http://h/lab?token=t",
        "h/a/../b",
        "a\nb@h",
        "h" * 5000,
    ],
)
def test_an_address_that_is_none_or_ambiguous_is_refused(text: str) -> None:
    with pytest.raises(errors.BadAddress):
        parse_address(text)


def test_loopback_is_known_by_all_its_names() -> None:
    assert all(map(is_loopback, ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"]))
    assert not any(map(is_loopback, ["localhost.example", "128.0.0.1", "10.0.0.1", "", "::2"]))


@given(st.text(max_size=80) | st.from_regex(r"[a-z:@/\[\].0-9%?#\\]{0,60}", fullmatch=True))
def test_no_text_breaks_the_parsers_and_what_they_give_parses_to_itself(text: str) -> None:
    try:
        address = parse_address(text)
    except errors.BadAddress:
        return
    if address.server is not None:
        assert parse_address(address.server) == Address(None, address.server)
        url = f"{address.server}/sessions/{CODE}/experiment"
        assert parse_reference(url) == Reference(CODE, address.server)
