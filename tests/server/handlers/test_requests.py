"""What other sites, other hosts and other people's browsers may not make the server do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie

import httpx
import pytest

from jupyter_sessions import api
from tests.conftest import PASSWORD
from tests.server.conftest import Site
from tests.server.serving import HANDSHAKE, address, error_of, recording, status_of
from tests.server.test_identities import CALLS, Case

HOSTILE_ORIGINS = (
    "http://evil.example",
    "http://127.0.0.1:{port}.evil.com",
    "http://127.0.0.1:{port}@evil.com",
    "http://127.0.0.1:1{port}",
    "http://localhost:{port}",
    "https://evil.example:{port}",
    "http://127.0.0.1",
    "null",
    "file://",
    "",
    "http://[",
    "http://127.0.0.1:{port}:80",
)


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    """Be a browser that has logged in through the form."""
    with httpx.Client(base_url=site.server.url) as browser:
        log_in(browser, "owner")
        yield browser


def log_in(browser: httpx.Client, user: str, password: str = PASSWORD) -> httpx.Response:
    form = browser.get("/sessions/login?again=1")
    assert form.status_code == 200
    return browser.post(
        "/sessions/login",
        data={"user": user, "password": password, "_xsrf": browser.cookies["_xsrf"]},
        headers={"Origin": str(browser.base_url).rstrip("/")},
    )


def writes(browser: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return browser.post(f"{api.PREFIX}/sessions", content=b"{}", headers=headers)


def test_a_browser_writes_with_its_cookie_its_token_and_its_own_origin(
    site: Site, browser: httpx.Client
) -> None:
    token = {"X-XSRFToken": browser.cookies["_xsrf"]}
    own = {"Origin": site.server.url, "Sec-Fetch-Site": "same-origin"}
    assert writes(browser, token | own).status_code == 200
    assert writes(browser, token).status_code == 200


def test_a_write_by_cookie_needs_the_token(site: Site, browser: httpx.Client) -> None:
    own = {"Origin": site.server.url, "Sec-Fetch-Site": "same-origin"}
    for token in ({}, {"X-XSRFToken": "x"}, {"X-XSRFToken": "2|aaaaaaaa|bbbb|1700000000"}):
        answer = writes(browser, own | token)
        assert answer.status_code == 403, token
        error_of(answer)


@pytest.mark.parametrize("origin", HOSTILE_ORIGINS)
@pytest.mark.parametrize("by", ["cookie", "key"])
def test_a_write_from_another_origin_is_refused_even_with_the_token(
    site: Site, browser: httpx.Client, origin: str, by: str
) -> None:
    headers = {"Origin": origin.format(port=site.server.port)}
    headers |= {"X-XSRFToken": browser.cookies["_xsrf"]} if by == "cookie" else {}
    headers |= site.headers("owner") if by == "key" else {}
    before = len(browser.get(f"{api.PREFIX}/sessions").json()["items"])
    answer = writes(browser, headers)
    assert answer.status_code == 403
    assert error_of(answer)["code"] == "forbidden"
    assert len(browser.get(f"{api.PREFIX}/sessions").json()["items"]) == before


@pytest.mark.parametrize("fetched", ["cross-site", "same-site", "nonsense"])
def test_a_write_that_the_browser_says_comes_from_elsewhere_is_refused(
    site: Site, browser: httpx.Client, fetched: str
) -> None:
    headers = {"X-XSRFToken": browser.cookies["_xsrf"], "Sec-Fetch-Site": fetched}
    assert writes(browser, headers).status_code == 403


def test_every_write_of_the_api_by_cookie_is_held_to_the_same(
    site: Site, browser: httpx.Client
) -> None:
    code = site.session()
    for operation in api.OPERATIONS.values():
        if operation.method in {"GET", "WS"}:
            continue
        fields = {"code": code} | CALLS[operation.name](Case(site))
        for headers in (
            {"Origin": "http://evil.example", "X-XSRFToken": browser.cookies["_xsrf"]},
            {"Origin": site.server.url},
        ):
            answer = browser.request(
                operation.method, address(operation, fields), content=b"{}", headers=headers
            )
            assert answer.status_code == 403, operation.name
            assert error_of(answer)["code"] == "forbidden", operation.name


@pytest.mark.parametrize("page", ["login", "logout", "enter"])
def test_forms_need_the_token_and_the_origin_too(
    site: Site, browser: httpx.Client, page: str
) -> None:
    token = browser.cookies["_xsrf"]
    data = {"user": "stranger", "password": PASSWORD, "ticket": "x"}
    without = browser.post(f"/sessions/{page}", data=data)
    elsewhere = browser.post(
        f"/sessions/{page}", data=data | {"_xsrf": token}, headers={"Origin": "http://evil.example"}
    )
    assert (without.status_code, elsewhere.status_code) == (403, 403)
    assert browser.get(f"{api.PREFIX}/user").json()["name"] == "owner"


@pytest.mark.parametrize("origin", HOSTILE_ORIGINS)
def test_a_web_socket_opens_to_our_own_origin_alone(site: Site, origin: str) -> None:
    code = site.session()
    path = address(api.FOLLOW_EVENTS, {"code": code})
    cookie = {"Cookie": f"{site.server.cookie}={site.keys['owner']}"}
    for proof in (cookie, site.headers("owner")):
        headers = HANDSHAKE | proof | {"Origin": origin.format(port=site.server.port)}
        answer = site.server.exchange("GET", path, headers)
        assert status_of(answer) == 403
        assert b'"code":"forbidden"' in answer


def hosts(site: Site) -> tuple[str, ...]:
    port = site.server.port
    return (
        f"evil.example:{port}",
        f"127.0.0.1.evil.example:{port}",
        f"localhost.evil.example:{port}",
        "evil.example",
        "169.254.169.254",
    )


def test_another_host_name_reaches_nothing(site: Site) -> None:
    """A page on a name that is rebound to 127.0.0.1 would be our own origin to the browser."""
    code = site.session()
    key = site.keys["owner"]
    proofs = [site.headers("owner")]
    for host in hosts(site):
        # Browsers share cookies over ports, and the name is by port.
        port = host.rpartition(":")[2] if ":" in host else "default"
        proofs.append({"Cookie": f"jupyter-sessions-{port}={key}"})
        for path in (
            "/sessions/api/user",
            f"/sessions/api/sessions/{code}",
            f"/sessions/api/sessions/{code}/content/site/index.html",
            f"/sessions/{code}/experiment",
            "/sessions/",
            "/sessions/login",
        ):
            for proof in proofs:
                answer = site.server.exchange("GET", path, {"Host": host} | proof)
                assert status_of(answer) == 403, (host, path)
                assert code.encode() not in answer.partition(b"\r\n\r\n")[2]
        follow = address(api.FOLLOW_EVENTS, {"code": code})
        headers = HANDSHAKE | {"Host": host} | proofs[0]
        assert status_of(site.server.exchange("GET", follow, headers)) == 403


def test_the_api_lets_no_other_origin_read(site: Site) -> None:
    code = site.session()
    for path in (
        "/sessions/api/user",
        f"/sessions/api/sessions/{code}",
        f"/sessions/api/sessions/{code}/content/site/index.html",
        "/sessions/api/openapi.json",
        "/sessions/api/health",
        "/sessions/api/no/such",
        f"/sessions/{code}/experiment",
        "/sessions/login",
    ):
        for method in ("GET", "OPTIONS"):
            answer = site.http.request(
                method,
                path,
                headers=site.headers("owner") | {"Origin": "http://evil.example"},
            )
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
            assert "no-store" in answer.headers["Cache-Control"], path
            if not path.startswith("/sessions/api/"):
                assert answer.headers["Referrer-Policy"] == "same-origin", path


def test_the_login_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    with httpx.Client(base_url=site.server.url) as browser:
        answer = log_in(browser, "owner")
    cookies = [SimpleCookie(line) for line in answer.headers.get_list("set-cookie")]
    (cookie,) = [jar[site.server.cookie] for jar in cookies if site.server.cookie in jar]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/sessions"
    assert not cookie["domain"]
    assert not cookie["secure"]
    assert cookie["expires"]


def test_each_login_has_a_key_of_its_own(site: Site) -> None:
    planted = "jses_planted-by-someone-who-knows-it"
    with httpx.Client(base_url=site.server.url) as browser:
        browser.cookies.set(site.server.cookie, planted, domain="127.0.0.1", path="/sessions")
        assert log_in(browser, "owner").status_code == 303
        first = browser.cookies[site.server.cookie]
        assert log_in(browser, "owner").status_code == 303
        second = browser.cookies[site.server.cookie]
    assert len({planted, first, second}) == 3


def test_a_dead_cookie_does_not_stand_in_the_way_of_logging_in(site: Site) -> None:
    for dead in (site.keys["expired"], site.keys["disabled"], "nonsense", "jses_"):
        with httpx.Client(base_url=site.server.url) as browser:
            browser.cookies.set(site.server.cookie, dead, domain="127.0.0.1", path="/sessions")
            assert log_in(browser, "owner").status_code == 303
            assert browser.get(f"{api.PREFIX}/user").json()["name"] == "owner"


def test_logging_out_ends_the_login_on_the_server(site: Site, browser: httpx.Client) -> None:
    key = browser.cookies[site.server.cookie]
    out = browser.post(
        "/sessions/logout",
        data={"_xsrf": browser.cookies["_xsrf"]},
        headers={"Origin": site.server.url},
    )
    assert out.status_code == 303
    assert site.server.cookie not in browser.cookies
    for proof in ({"Cookie": f"{site.server.cookie}={key}"}, {"Authorization": f"Bearer {key}"}):
        assert site.http.get(f"{api.PREFIX}/user", headers=proof).status_code == 401


def test_a_dead_login_leads_pages_to_the_form_and_takes_the_cookie_away(site: Site) -> None:
    cookie = {"Cookie": f"{site.server.cookie}={site.keys['expired']}"}
    answer = site.http.get("/sessions/?which=mine", headers=cookie)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sessions/login?next=%2Fsessions%2F%3Fwhich%3Dmine"
    assert re.match(f'{site.server.cookie}=(""|);', answer.headers["Set-Cookie"])


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/sessions/..//evil.example",
        "/sessions/%2e%2e/%2e%2e//evil.example",
        "javascript:alert(1)",
        "/sessions/\t//evil.example",
        "/lab",
        "http:/sessions/",
        "/sessionsevil",
    ],
)
def test_logging_in_leads_to_our_own_pages_alone(site: Site, target: str) -> None:
    with httpx.Client(base_url=site.server.url) as browser:
        browser.get("/sessions/login")
        data = {"user": "owner", "password": PASSWORD, "next": target}
        answer = browser.post("/sessions/login", data=data | {"_xsrf": browser.cookies["_xsrf"]})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sessions/")
        signed_in = browser.get("/sessions/login", params={"next": target})
        assert signed_in.headers["Location"] == "/sessions/"


def test_failed_logins_back_off_and_say_the_same_of_names_that_exist_and_that_do_not(
    site: Site,
) -> None:
    known, unknown = site.account(), "nobody-of-that-name"
    told = []
    for name in (known, unknown):
        said = set()
        for _ in range(8):
            answer = site.ask("anonymous", api.LOG_IN, user=name, password="x")
            said.add((answer.status_code, re.sub(r"\d+", "N", answer.text)))
        told.append(said)
    assert told[0] == told[1]
    assert {status for status, _ in told[0]} == {401, 429}


def test_during_the_back_off_the_right_password_does_not_help_either(site: Site) -> None:
    name = site.account()
    for _ in range(50):
        answer = site.ask("anonymous", api.LOG_IN, user=name, password="x")
        if answer.status_code == 429:
            assert answer.headers["Retry-After"]
            # On a slow machine a short wait may be over by now; then it begins anew.
            right = site.ask("anonymous", api.LOG_IN, user=name, password=PASSWORD)
            if right.status_code == 429:
                return
    pytest.fail("a right password got through every back-off")


def test_a_ticket_lets_in_once(site: Site) -> None:
    ticket = site.ask("owner", api.MAKE_TICKET).json()["ticket"]
    with httpx.Client(base_url=site.server.url) as browser:
        # Looking at the link, as a mail scanner does, uses nothing up.
        assert browser.get("/sessions/enter").status_code == 200
        data = {"ticket": ticket, "_xsrf": browser.cookies["_xsrf"]}
        assert browser.post("/sessions/enter", data=data).status_code == 303
        assert browser.get(f"{api.PREFIX}/user").json()["name"] == "owner"
        data["_xsrf"] = browser.cookies["_xsrf"]  # each login has its own
        assert browser.post("/sessions/enter", data=data).status_code == 401
    again = site.ask("anonymous", api.LOG_IN_WITH_TICKET, ticket=ticket)
    assert again.status_code == 401
    for other in (site.keys["owner"], "jtik_", ""):
        assert site.ask("anonymous", api.LOG_IN_WITH_TICKET, ticket=other).status_code == 401
    assert (
        site.http.get(
            f"{api.PREFIX}/user", headers={"Authorization": f"Bearer {ticket}"}
        ).status_code
        == 401
    )


def test_a_recording_by_key_needs_no_browser_manners(site: Site) -> None:
    code = site.session()
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[recording("x")])
    assert answer.status_code == 200
