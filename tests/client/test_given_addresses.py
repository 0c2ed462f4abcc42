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
        ({"whole": "bar@h"}, "bar", "https://h"),
        ({"whole": "bar@h:8888"}, "bar", "https://h:8888"),
        ({"whole": "user:4@email@h"}, "user:4@email", "https://h"),
        ({"whole": "h", "user": "bar", "port": "8888"}, "bar", "https://h:8888"),
        ({"server": "h", "user": "bar", "port": "8888"}, "bar", "https://h:8888"),
        ({"whole": "bar@h", "server": "h"}, "bar", "https://h"),
        ({"whole": "bar@h", "server": "h:99"}, "bar", "https://h:99"),
        ({"whole": "h:99", "server": "bar@h"}, "bar", "https://h:99"),
        ({"whole": "bar@h:99", "server": "h:99", "user": "bar", "port": "99"}, "bar", "https://h:99"),
        ({"whole": "h:443", "port": "443"}, None, "https://h"),
        ({"whole": "h", "port": "443"}, None, "https://h"),
        ({"whole": "[::1]", "port": "9"}, None, "http://[::1]:9"),
        ({"whole": "[::1]:9", "port": "9"}, None, "http://[::1]:9"),
        ({"whole": "https://h/base/x", "port": "9"}, None, "https://h:9/base/x"),
        ({"whole": "https://h:9/a:8/b"}, None, "https://h:9/a:8/b"),
        ({"whole": "https://h/a:8/b", "port": "9"}, None, "https://h:9/a:8/b"),
        ({"whole": "bär@http://h:80/x"}, "bär", "http://h/x"),
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
        ({"whole": "bar@h", "user": "foo"}, "user"),
        ({"whole": "bar@h", "server": "foo@h"}, "user"),
        ({"whole": "h", "server": "g"}, "server"),
        ({"whole": "https://h/a", "server": "https://h/b"}, "server"),
        ({"whole": "h:1", "port": "2"}, "port"),
        ({"whole": "h:1", "server": "h:2"}, "port"),
        ({"whole": "https://h:443", "port": "444"}, "port"),
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
