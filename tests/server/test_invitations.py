"""Joining over HTTP and on the page, and who is seen to be there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest
import websocket

from jupyter_sessions import api, schemas
from tests.conftest import PASSWORD
from tests.server.conftest import Site
from tests.server.serving import Place, address, bearer, dateless, error_of
from tests.waiting import until

PAGE = "/sessions/join"


class Visitor:
    """A browser without scripts: it has cookies and sends forms."""

    def __init__(self, site: Site) -> None:
        self.http = httpx.Client(base_url=site.server.url, timeout=30)
        self.cookie = site.server.cookie
        self.http.get(PAGE)

    def send(self, **fields: str) -> httpx.Response:
        """Send the page's form."""
        found = re.search(r'name="_xsrf" value="([^"]+)"', self.http.get(PAGE).text)
        assert found is not None
        return self.http.post(PAGE, data=fields | {"_xsrf": found[1]})

    @property
    def key(self) -> str | None:
        """The login that the browser holds."""
        return self.http.cookies.get(self.cookie)


@pytest.fixture
def visitor(site: Site) -> Visitor:
    return Visitor(site)


@pytest.fixture
def code(site: Site) -> str:
    return site.session()


def here(site: Site, code: str, by: str = "owner") -> list[tuple[str, str]]:
    """Tell who has the session open, and by what."""
    told = site.ask(by, api.LIST_PRESENCE, code=code).json()["here"]
    return [(one["user"], one["kind"]) for one in told]


# ---- the page


def test_a_guest_comes_in_by_a_form_and_nothing_of_the_key_stands_in_an_address(
    site: Site, code: str, visitor: Visitor
) -> None:
    key, name = site.invite(code, "write"), site.name()
    shown = visitor.send(key=key)
    assert shown.status_code == 200
    assert "A session" in shown.text
    assert "invites you" in shown.text
    assert visitor.key is None, "a look lets nobody in"
    entered = visitor.send(key=key, way="guest", name=name)
    assert entered.status_code == 303
    assert urlsplit(entered.headers["Location"]).path == f"/sessions/{code}/experiment"
    assert key not in str(entered.headers)
    page = visitor.http.get(entered.headers["Location"])
    assert page.status_code == 200
    assert 'class="chip guest"' in page.text
    assert key not in page.text
    assert f"guest~{name}" in visitor.http.get(f"/sessions/{code}/experiment/members").text
    assert key not in site.server.log.read_text()


def test_who_has_an_account_logs_in_and_lands_in_the_session(
    site: Site, code: str, visitor: Visitor
) -> None:
    who, key = site.account(), site.invite(code, "write")
    wrong = visitor.send(key=key, way="login", user=who, password="wrong")
    assert wrong.status_code == 401
    assert visitor.key is None
    joined = visitor.send(key=key, way="login", user=who, password=PASSWORD)
    assert joined.status_code == 303
    assert site.ask(who, api.GET_SESSION, code=code).json()["roles"] == ["read", "write"]
    # Who has used the invitation up is led to the session, whenever they come again.
    again = visitor.send(key=key)
    assert again.status_code == 303
    assert code in again.headers["Location"]


def test_who_is_signed_in_joins_by_a_button_and_not_by_looking(
    site: Site, code: str, visitor: Visitor
) -> None:
    who, key = site.account(), site.invite(code)
    visitor.http.cookies.set(site.server.cookie, site.keys[who])
    assert f"Join as {who}" in visitor.send(key=key).text
    assert site.ask(who, api.GET_SESSION, code=code).status_code == 404
    assert visitor.send(key=key, way="join").status_code == 303
    assert site.ask(who, api.GET_SESSION, code=code).status_code == 200


def test_a_form_from_elsewhere_joins_nobody(site: Site, code: str) -> None:
    who, key = site.account(), site.invite(code)
    cookie = {"Cookie": f"{site.server.cookie}={site.keys[who]}"}
    form = {"key": key, "way": "join"}
    for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert site.http.post(PAGE, data=form, headers=cookie | headers).status_code == 403
    assert site.ask(who, api.GET_SESSION, code=code).status_code == 404


def test_a_name_that_is_taken_is_said_and_the_form_keeps_what_was_typed(
    site: Site, code: str, visitor: Visitor
) -> None:
    key = site.invite(code)
    refused = visitor.send(key=key, way="guest", name="OWNER")
    assert refused.status_code == 409
    assert 'value="OWNER"' in refused.text
    assert visitor.send(key=key, way="guest", name=site.name()).status_code == 303


def test_a_key_that_is_none_shows_the_form_again_and_is_escaped(
    site: Site, visitor: Visitor
) -> None:
    for key in ("jinv_nothing", "<script>", "", "x" * 500):
        answer = visitor.send(key=key)
        assert answer.status_code in {400, 404, 429}
        assert 'role="alert"' in answer.text
        assert "<script>" not in re.sub(r"<script (type|src)=[^>]*>", "", answer.text)


# ---- the API


def test_keys_that_let_nobody_in_answer_alike_to_the_byte(site: Site, code: str) -> None:
    used = site.invite(code)
    site.ask("stranger", api.JOIN, key=used)
    site.store.call("owner", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["stranger"]))
    who = site.account()
    answers = {
        dateless(site.ask(who, api.JOIN, key=key).content)
        for key in (used, "jinv_" + "x" * 43, site.keys["owner"], "")
    }
    assert len(answers) == 1


def test_who_tries_many_keys_is_told_to_wait(site: Site) -> None:
    who = site.account()
    told = [error_of(site.ask(who, api.JOIN, key=f"jinv_{n}"))["code"] for n in range(7)]
    assert told[:5] == ["invitation_unusable"] * 5
    assert set(told[5:]) == {"too_many_tries"}


def test_an_invitations_key_is_taken_as_no_login(site: Site, code: str) -> None:
    key = site.invite(code)
    assert site.http.get(f"{api.PREFIX}/sessions", headers=bearer(key)).status_code == 401
    cookie = {"Cookie": f"{site.server.cookie}={key}"}
    assert site.http.get(f"{api.PREFIX}/sessions", headers=cookie).status_code == 401


def test_a_guest_who_is_uninvited_is_cut_off_at_once(site: Site, code: str) -> None:
    key = site.invite(code, "write")
    name = site.name()
    entered = site.ask("anonymous", api.ENTER_AS_GUEST, key=key, name=name).json()
    live = f"ws://127.0.0.1:{site.server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
    guest = bearer(entered["login"]["key"])
    follower = websocket.create_connection(live, header=guest, timeout=30)
    (number,) = (
        one["id"]
        for one in site.ask("owner", api.LIST_INVITATIONS, code=code).json()["items"]
        if one["used"] == 1 and one["uses"] == 1
    )
    site.ask("owner", api.UNINVITE, code=code, id=number)
    opcode, _ = follower.recv_data()
    while opcode != websocket.ABNF.OPCODE_CLOSE:
        opcode, _ = follower.recv_data()
    follower.shutdown()
    answer = site.http.get(f"{api.PREFIX}/user", headers=guest)
    assert (answer.status_code, answer.json()["code"]) == (401, "login_revoked")


# ---- who is there


def test_a_follower_is_there_as_long_as_they_follow(site: Site, code: str) -> None:
    live = f"ws://127.0.0.1:{site.server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
    one, two = (
        websocket.create_connection(live, header=site.headers("reader"), timeout=30)
        for _ in range(2)
    )
    until(lambda: here(site, code) == [("reader", "program")] * 2, "two followers")
    before = site.ask("owner", api.GET_SESSION, code=code).json()["events"]
    one.close()
    until(lambda: here(site, code) == [("reader", "program")], "one follower")
    two.close()
    until(lambda: here(site, code) == [], "nobody")
    assert site.ask("owner", api.GET_SESSION, code=code).json()["events"] == before


def test_a_browser_that_follows_is_a_page(site: Site, code: str) -> None:
    live = f"ws://127.0.0.1:{site.server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
    cookie = f"{site.server.cookie}={site.keys['reader']}"
    page = websocket.create_connection(live, cookie=cookie, origin=site.server.url, timeout=30)
    until(lambda: here(site, code) == [("reader", "page")], "the page")
    page.close()


def test_two_servers_on_one_store_tell_of_the_same_people(place: Place) -> None:
    with place.serve() as first, place.serve() as second, place.open_store() as store:
        store.add("bar")
        code = store.new().code
        store.grant(code, "bar", "read")
        key = store.keys["bar"].key  # type: ignore[union-attr]
        path = address(api.FOLLOW_EVENTS, {"code": code})
        followers = [
            websocket.create_connection(
                f"ws://127.0.0.1:{server.port}{path}", header=bearer(key), timeout=30
            )
            for server in (first, second)
        ]

        def seen(server_url: str) -> int:
            url = server_url + address(api.LIST_PRESENCE, {"code": code})
            return len(httpx.get(url, headers=bearer(key)).json()["here"])

        until(lambda: seen(first.url) == seen(second.url) == 2, "both")
        # A server that stops takes its followers along.
        assert second.stop() == 0
        until(lambda: seen(first.url) == 1, "one")
        for follower in followers:
            follower.shutdown()
