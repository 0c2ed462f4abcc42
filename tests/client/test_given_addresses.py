"""Server, user and port, named together and each by itself."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client.addresses import address


@pytest.mark.parametrize(
    ("given", "user", "server"),
    [
        ({}, None, None),
        ({"target": "bar@h"}, "bar", "https://h"),
        ({"target": "bar@h:8888"}, "bar", "https://h:8888"),
        ({"target": "user:4@email@h"}, "user:4@email", "https://h"),
        ({"target": "h", "user": "bar", "port": "8888"}, "bar", "https://h:8888"),
        ({"server": "h", "user": "bar", "port": "8888"}, "bar", "https://h:8888"),
        ({"target": "bar@h", "server": "h"}, "bar", "https://h"),
        ({"target": "bar@h", "server": "h:99"}, "bar", "https://h:99"),
        ({"target": "h:99", "server": "bar@h"}, "bar", "https://h:99"),
        ({"target": "bar@h:99", "server": "h:99", "user": "bar", "port": "99"}, "bar", "https://h:99"),
        ({"target": "h:443", "port": "443"}, None, "https://h"),
        ({"target": "h", "port": "443"}, None, "https://h"),
        ({"target": "[::1]", "port": "9"}, None, "http://[::1]:9"),
        ({"target": "[::1]:9", "port": "9"}, None, "http://[::1]:9"),
        ({"target": "https://h/base/x", "port": "9"}, None, "https://h:9/base/x"),
        ({"target": "https://h:9/a:8/b"}, None, "https://h:9/a:8/b"),
        ({"target": "https://h/a:8/b", "port": "9"}, None, "https://h:9/a:8/b"),
        ({"target": "bär@http://h:80/x"}, "bär", "http://h/x"),
        ({"user": "bar", "port": "9"}, "bar", None),
    ],
)  # fmt: skip
def test_what_is_given_is_put_together(
    given: dict[str, Any], user: str | None, server: str | None
) -> None:
    found = address(**given)
    assert (found.user, found.server) == (user, server)


def test_a_port_without_a_server_is_kept_for_the_one_that_comes() -> None:
    assert address(port="9").port == 9


@pytest.mark.parametrize(
    ("given", "which"),
    [
        ({"target": "bar@h", "user": "foo"}, "user"),
        ({"target": "bar@h", "server": "foo@h"}, "user"),
        ({"target": "h", "server": "g"}, "server"),
        ({"target": "https://h/a", "server": "https://h/b"}, "server"),
        ({"target": "h:1", "port": "2"}, "port"),
        ({"target": "h:1", "server": "h:2"}, "port"),
        ({"target": "https://h:443", "port": "444"}, "port"),
    ],
)
def test_one_thing_given_twice_and_differently_is_refused_by_its_name(
    given: dict[str, Any], which: str
) -> None:
    with pytest.raises(errors.BadRequest, match=f"different values are given for the {which}"):
        address(**given)


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "x", "", "1.5", "٣", "1e3", " 80"])
def test_a_port_is_a_number_from_1_to_65535(port: str) -> None:
    with pytest.raises(errors.BadPort, match="is not a valid port"):
        address("h", port=port)
    with pytest.raises(errors.BadPort):
        address(f"h:{port or 'x'}")


@pytest.mark.parametrize("user", ["", "  "])
def test_a_user_has_a_name(user: str) -> None:
    with pytest.raises(errors.BadRequest, match="can't be empty"):
        address("h", user=user)
