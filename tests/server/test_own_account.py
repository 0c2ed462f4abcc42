"""The page of the visitor's own account, and what answers and cookies give away."""

from __future__ import annotations

import json
import re
import time

import httpx
import pyotp
import pytest

from jupyter_sessions import api
from tests.conftest import PASSWORD
from tests.server.conftest import Site
from tests.server.serving import HANDSHAKE, Place, bearer

NEW = "a horse of another colour"


def xsrf(page: httpx.Response) -> str:
    found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def log_in(browser: httpx.Client, user: str, **more: str) -> httpx.Response:
    token = xsrf(browser.get("/sessions/login"))
    return browser.post(
        "/sessions/login", data={"user": user, "password": PASSWORD, "_xsrf": token} | more
    )


def test_a_user_changes_their_password_on_the_page_and_stays_logged_in(site: Site) -> None:
    name = site.account()
    with httpx.Client(base_url=site.server.url) as browser:
        assert log_in(browser, name).status_code == 303
        page = browser.get("/sessions/account")
        assert "Common passwords are refused" in page.text
        fields = re.findall(r"<input[^>]*password[^>]*>", browser.get("/sessions/login").text)
        fields += re.findall(r'<input[^>]* name="(?:current|new|again)"[^>]*>', page.text)
        assert len(fields) > 3
        assert all(
            'type="password"' in field
            and re.search(r'autocomplete="(current|new)-password"', field)
            for field in fields
        ), fields
        form = {
            "_xsrf": xsrf(page),
            "what": "password",
            "current": PASSWORD,
            "new": NEW,
            "again": NEW,
        }
        for wrong, status, said in (
            ({"again": "x"}, 400, "differ"),
            ({"current": "wrong"}, 403, "current password is wrong"),
            ({"new": "iloveyou", "again": "iloveyou"}, 400, "most common"),
            ({"new": "short", "again": "short"}, 400, "at least 8 characters"),
        ):
            answer = browser.post("/sessions/account", data=form | wrong)
            assert answer.status_code == status and said in answer.text, answer.text
            assert form["current"] not in answer.text and form["new"] not in answer.text
        assert browser.post("/sessions/account", data=form | {"_xsrf": "x"}).status_code == 403
        changed = browser.post("/sessions/account", data=form)
        assert changed.status_code == 200 and "Your password was changed." in changed.text
        assert browser.get("/sessions/account").status_code == 200
    assert site.http.get(f"{api.PREFIX}/user", headers=bearer(site.keys[name])).status_code == 401


def test_a_second_factor_is_set_up_asked_for_and_ended_on_the_pages(site: Site) -> None:
    name = site.account()
    with httpx.Client(base_url=site.server.url) as browser:
        assert log_in(browser, name).status_code == 303

        def send(what: str, **fields: str) -> httpx.Response:
            data = {"_xsrf": xsrf(browser.get("/sessions/account")), "what": what} | fields
            return browser.post("/sessions/account", data=data)

        assert send("set-up", current="wrong").status_code == 403
        begun = send("set-up", current=PASSWORD)
        assert 'src="data:image/svg+xml' in begun.text
        found = re.search(r"<code>([A-Z2-7]{32})</code>", begun.text)
        assert found
        totp, now = pyotp.TOTP(found[1]), int(time.time())
        assert send("enable", code="000000").status_code == 401
        enabled = send("enable", code=totp.at(now - 30))
        codes = re.findall(r"\b(?:[a-z2-7]{4}-){5}[a-z2-7]{4}\b", enabled.text)
        assert enabled.status_code == 200 and len(codes) == 10

        browser.cookies.clear()
        asked = log_in(browser, name)
        assert asked.status_code == 401 and "has a second factor" in asked.text
        assert '<details class="other" open>' in asked.text and PASSWORD not in asked.text
        assert log_in(browser, name, code="000000").status_code == 401
        assert log_in(browser, name, code=codes[0]).status_code == 303
        assert send("remove", current=PASSWORD, code=codes[0]).status_code == 401
        off = send("remove", current=PASSWORD, code=codes[1])
        assert "Your second factor is off." in off.text, off.text
        browser.cookies.clear()
        assert log_in(browser, name).status_code == 303


def test_who_is_known_without_a_password_is_told_so(site: Site) -> None:
    code = site.session()
    page = site.http.get("/sessions/account", headers=site.headers("guest", code))
    assert page.status_code == 200 and "Guests do not have passwords" in page.text
    assert site.http.get("/sessions/account").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/sessions/", "/sessions/login", "/sessions/nowhere", "/sessions/w/x/y",
     "/sessions/api/health", "/sessions/api/nowhere", "/sessions/api/user", "/api/status",
     "/sessions/api/openapi.json", "/static/nowhere.js"],
)  # fmt: skip
def test_no_answer_says_what_the_server_is_made_of(site: Site, path: str) -> None:
    for method in ("GET", "POST", "TRACE", "OPTIONS"):
        answer = site.server.exchange(method, path, {"Connection": "close"})
        assert answer.startswith(b"HTTP/1.1 ") and b"\r\nServer:" not in answer, answer


def test_no_answer_to_what_is_hardly_http_says_it_either(site: Site) -> None:
    live = f"{api.PREFIX}/sessions/{site.session()}/live"
    answers = [
        site.server.exchange("GET", live, HANDSHAKE),
        site.server.exchange("GET", live, HANDSHAKE | bearer(site.keys["owner"])),
        site.server.exchange("GET", "/sessions/", {"Content-Length": "x"}),
        site.server.exchange("BREW", "/sessions/"),
    ]
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 ") and b"\r\nServer:" not in answer, answer


def test_behind_a_proxy_cookies_are_for_tls_only_and_the_audit_log_has_the_readers_address(
    place: Place,
) -> None:
    file = place.folder / "audit.log"
    configured = f"--SessionsExtension.audit_log={file}"
    with (
        place.serve("--ServerApp.trust_xheaders=True", configured) as server,
        place.open_store() as store,
    ):
        store.add("owner")
        for scheme in ("https", "http"):
            headers = {"X-Forwarded-Proto": scheme, "X-Real-IP": "198.51.100.4"}
            with httpx.Client(base_url=server.url, headers=headers) as browser:
                page = browser.get("/sessions/login")
                data = {"user": "owner", "password": PASSWORD, "_xsrf": xsrf(page)}
                # A browser sends a secure cookie back over TLS, which only the proxy speaks here.
                cookies = dict(page.cookies.items())
                entered = httpx.post(
                    f"{server.url}/sessions/login", data=data, headers=headers, cookies=cookies
                )
            assert entered.status_code == 303, entered.text
            lines = [each.lower() for answer in (page, entered)
                     for each in answer.headers.get_list("set-cookie")]  # fmt: skip
            assert len(lines) >= 2
            assert all(("; secure" in line) == (scheme == "https") for line in lines), lines
        httpx.post(
            f"{server.url}{api.PREFIX}/login",
            json={"user": "x\ny", "password": "typed \n secret"},
            headers={"X-Real-IP": "198.51.100.5"},
        )
        assert server.stop() == 0
        log = server.log.read_text()
    assert file.stat().st_mode & 0o077 == 0
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    told = [(each["kind"], each["address"], each.get("why")) for each in entries]
    assert told == [
        ("login.created", "198.51.100.4", None),
        ("login.created", "198.51.100.4", None),
        ("login.refused", "198.51.100.5", "wrong_password"),
    ]
    assert all(each["at"].endswith("Z") for each in entries)
    assert "login.created" not in log and "typed" not in log + file.read_text()
