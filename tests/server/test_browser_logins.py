"""What a browser holds of a login: one at a time, a token of its own, nothing that leads away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.client.presence import login_link
from jupyter_sessions.client.transports.http import HttpTransport
from tests.conftest import PASSWORD
from tests.server.conftest import Site
from tests.server.serving import Place, publish

USER = f"{api.PREFIX}/user"


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.server.url, timeout=30) as browser:
        yield browser


def xsrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def log_in(browser: httpx.Client, user: str) -> httpx.Response:
    token = xsrf_of(browser.get("/sessions/login?again=1"))
    data = {"user": user, "password": PASSWORD, "_xsrf": token}
    answer = browser.post("/sessions/login", data=data)
    assert answer.status_code == 303, answer.text
    return answer


def key_of(browser: httpx.Client) -> dict[str, str]:
    (key,) = (value for name, value in browser.cookies.items() if "jupyter-sessions" in name)
    return {"Authorization": f"Bearer {key}"}


def test_a_new_login_ends_the_one_that_the_browser_had(site: Site, browser: httpx.Client) -> None:
    log_in(browser, "owner")
    first = key_of(browser)
    assert site.http.get(USER, headers=first).status_code == 200
    log_in(browser, "reader")
    assert site.http.get(USER, headers=first).json()["code"] == "login_revoked"
    assert browser.get(USER).json()["name"] == "reader"
    # Other logins of the same person live on.
    assert site.ask("owner", api.WHO_AM_I).status_code == 200


def test_a_link_made_by_the_login_that_it_replaces_lets_in_all_the_same(
    site: Site, browser: httpx.Client
) -> None:
    log_in(browser, "owner")
    first = key_of(browser)
    ticket = site.http.post(f"{api.PREFIX}/tickets", headers=first).json()["ticket"]
    token = xsrf_of(browser.get("/sessions/enter"))
    entered = browser.post("/sessions/enter", data={"ticket": ticket, "_xsrf": token})
    assert entered.status_code == 303
    assert browser.get(USER).json()["name"] == "owner"
    assert site.http.get(USER, headers=first).json()["code"] == "login_revoked"


def test_the_token_of_one_login_is_of_no_use_to_another(site: Site) -> None:
    tokens = {}
    for user in ("owner", "writer"):
        with httpx.Client(base_url=site.server.url, timeout=30) as browser:
            log_in(browser, user)
            page = browser.get("/sessions/")
            tokens[user] = xsrf_of(page)
            assert xsrf_of(browser.get("/sessions/")) != tokens[user]  # a new one each time
            sent = {"X-XSRFToken": tokens[user]}
            assert browser.post(f"{api.PREFIX}/sessions", content=b"{}", headers=sent).is_success
            if user == "writer":
                # Not even where the token's cookie says the same: another host could set it.
                foreign = tokens["owner"]
                browser.cookies.set("_xsrf", foreign, domain="127.0.0.1", path="/")
                answer = browser.post(
                    f"{api.PREFIX}/sessions", content=b"{}", headers={"X-XSRFToken": foreign}
                )
                assert answer.status_code == 403


def test_who_was_logged_out_elsewhere_can_log_in_again_in_the_same_browser(
    site: Site, browser: httpx.Client
) -> None:
    log_in(browser, "owner")
    site.http.post(f"{api.PREFIX}/logout", headers=key_of(browser))
    assert browser.get("/sessions/").status_code == 302
    page = browser.get("/sessions/login")
    data = {"user": "owner", "password": PASSWORD, "_xsrf": xsrf_of(page)}
    assert browser.post("/sessions/login", data=data).status_code == 303
    assert browser.get(USER).json()["name"] == "owner"


def test_an_https_origin_is_not_ours_on_an_http_server(site: Site, browser: httpx.Client) -> None:
    log_in(browser, "owner")
    token = {"X-XSRFToken": browser.cookies["_xsrf"]}
    secure = {"Origin": site.server.url.replace("http:", "https:")}
    asked = {"url": f"{api.PREFIX}/sessions", "content": b"{}"}
    assert browser.post(**asked, headers=token | secure).status_code == 403
    # A proxy that takes TLS off says so; no page can make a browser say it.
    proxied = {"X-Forwarded-Proto": "https"}
    assert browser.post(**asked, headers=token | secure | proxied).status_code == 200
    assert browser.post(**asked, headers=token | {"Origin": site.server.url}).status_code == 200


def test_behind_tls_the_login_cookie_is_of_this_host_only(place: Place) -> None:
    with place.serve("--ServerApp.trust_xheaders=True") as server, place.open_store() as store:
        store.add("ann")
        with httpx.Client(
            base_url=server.url, headers={"X-Forwarded-Proto": "https"}, timeout=30
        ) as http:
            page = http.get("/sessions/login")
            cookie = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
            data = {"user": "ann", "password": PASSWORD, "_xsrf": xsrf_of(page)}
            answer = http.post("/sessions/login", data=data, headers={"Cookie": cookie})
            (set_cookie,) = (
                value for value in answer.headers.get_list("Set-Cookie") if "sessions" in value
            )
            name, _, rest = set_cookie.partition("=")
            assert name == f"__Host-jupyter-sessions-{server.port}"
            attributes = {part.strip().lower() for part in rest.split(";")[1:]}
            assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
            assert not any(part.startswith("domain") for part in attributes)
            key = rest.partition(";")[0]
            cookies = {"Cookie": f"{name}={key}"}
            assert http.get(USER, headers=cookies).json()["name"] == "ann"
            # Over plain HTTP a cookie of that name is nobody's: it could be from anyone.
            plain = httpx.get(server.url + USER, headers=cookies)
            assert plain.status_code == 401


def test_a_one_time_link_sends_its_ticket_to_no_server(site: Site, browser: httpx.Client) -> None:
    transport = HttpTransport(site.server.url, site.keys["owner"])
    link = login_link(transport, site.server.url)
    transport.close()
    address, _, secret = link.url.partition("#")
    assert secret == link.ticket
    assert link.ticket not in address
    page = browser.get(address)
    data = {"ticket": secret, "next": "/sessions/", "_xsrf": xsrf_of(page)}
    assert browser.post("/sessions/enter", data=data).headers["Location"] == "/sessions/"
    assert browser.get(USER).json()["name"] == "owner"
    assert link.ticket not in site.server.log.read_text()


@pytest.mark.parametrize("what", [{"path": "site/index.html"}, {"command": 1}])
def test_a_capability_url_stays_dead_after_revoke_and_grant(
    site: Site, what: dict[str, str]
) -> None:
    code = site.session()
    tail = "" if "path" in what else "0"
    for who, name in (("reader", "reader"), ("group-read", "@of-group-reader")):
        viewer = who if who in site.keys else "group-reader"
        url = site.view(viewer, code, **what) + tail
        assert site.http.get(url).status_code == 200
        site.store.call("owner", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=[name]))
        assert site.http.get(url).status_code == 404
        site.store.grant(code, name, "read", by="owner")
        assert site.http.get(url).status_code == 404
        assert site.http.get(site.view(viewer, code, **what) + tail).status_code == 200


def test_a_capability_url_stays_dead_after_reading_was_taken_and_given_again(site: Site) -> None:
    code = site.session()
    url = site.view("reader", code, path="site/index.html")
    site.store.grant(code, "reader", "execute", by="owner")
    assert site.http.get(url).status_code == 403
    site.store.grant(code, "reader", "read", by="owner")
    assert site.http.get(url).status_code == 404
    url = site.view("reader", code, path="site/index.html")
    site.store.grant(code, "reader", "write", by="owner")  # more roles end nothing
    assert site.http.get(url).status_code == 200


def test_content_that_would_have_the_whole_window_is_shown_in_a_frame(
    site: Site, browser: httpx.Client
) -> None:
    code = site.session()
    log_in(browser, "owner")
    page = f"/sessions/{code}/experiment"
    window = {"Sec-Fetch-Dest": "document"}
    frame = {"Sec-Fetch-Dest": "iframe"}
    for address, around in (
        (f"{page}/raw/site/index.html", f"{page}/files/site/index.html?alone=1"),
        (f"{page}/preview/site/index.html", f"{page}/files/site/index.html"),
        (f"{page}/commands/1/outputs/0", f"{page}/commands/1"),
        (site.view("owner", code, path="site/index.html"), f"{page}/files/site/index.html?alone=1"),
        (site.view("owner", code, command=1) + "0", f"{page}/commands/1"),
    ):
        assert browser.get(address, headers=window).headers["Location"] == around
        assert browser.get(around, headers=window).status_code == 200
        inside = browser.get(address, headers=frame, follow_redirects=True)
        assert "sandbox allow-scripts" in inside.headers["Content-Security-Policy"]


def test_a_login_leads_to_no_content(site: Site, browser: httpx.Client) -> None:
    code = site.session()
    publish(
        site.store,
        code,
        "evil.html",
        b"<script>location = 'https://evil.example'</script>",
        by="writer",
    )
    token = site.view("writer", code, path="evil.html").partition("/sessions/w/")[2]
    log_in(browser, "owner")
    for target in (
        f"/sessions/w/{token}",
        f"/sessions/{code}/experiment/raw/evil.html",
        f"/sessions/{code}/experiment/preview/evil.html",
        f"/sessions/{code}/experiment/commands/1/outputs/0",
    ):
        answer = browser.get("/sessions/login", params={"next": target})
        assert answer.headers["Location"] == "/sessions/"
    # Who has to log in to see it comes to the page around it.
    asked = httpx.get(f"{site.server.url}/sessions/{code}/experiment/raw/evil.html")
    assert asked.status_code == 302
    target = httpx.URL(asked.headers["Location"]).params["next"]
    assert target == f"/sessions/{code}/experiment/files/evil.html?alone=1"
