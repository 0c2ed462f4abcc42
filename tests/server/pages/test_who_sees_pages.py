"""Pages are held to the roles and states that the API is held to: they are no way around it."""

from __future__ import annotations

import pytest

from tests.server.conftest import Site
from tests.server.serving import status_of
from tests.server.test_hidden_sessions import PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_the_role_read_and_a_session_that_is_not_disabled(
    site: Site, page: str
) -> None:
    for state, seen, unseen in (
        ("active", ("reader", "writer", "owner"), ("executor",)),
        ("closed", ("reader", "owner"), ("executor",)),
        ("disabled", ("owner",), ("reader", "writer", "admin", "executor")),
    ):
        path = f"/sessions/{site.session(state)}/{page}"
        for who in (*seen, *unseen):
            cookie = {"Cookie": f"{site.server.cookie}={site.keys[who]}"}
            answer = site.server.exchange("GET", path, cookie)
            wanted = {200, 302} if who in seen else {403}
            assert status_of(answer) in wanted, (state, who)
            if who in unseen:
                assert b"/sessions/w/" not in answer
