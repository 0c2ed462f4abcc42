"""User content is hostile: it comes in a sandbox, to whoever was let in, while they are."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import httpx
import pytest

from jupyter_sessions import api, schemas
from tests.conftest import PASSWORD
from tests.server.conftest import FILE, Site
from tests.server.serving import NEVER_GIVEN, address, bearer, publish, recording, status_of

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


def policy(url: str) -> str:
    """Write the policy of the design's section 7 for a capability URL."""
    place = re.match(r".*/sessions/w/[^/]+/", url)
    assert place is not None
    w = place[0]
    return (
        "sandbox allow-scripts; default-src 'none'; "
        f"script-src 'unsafe-inline' 'unsafe-eval' blob: {w}; style-src 'unsafe-inline' {w}; "
        f"img-src data: blob: {w}; font-src data: {w}; connect-src {w}; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )


def check_headers(answer: httpx.Response) -> None:
    """Hold an answer to the headers of the design's section 7."""
    headers = answer.headers
    assert headers["Content-Security-Policy"] == policy(str(answer.url))
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in headers
    assert "ETag" not in headers
    assert "Cross-Origin-Resource-Policy" not in headers
    assert "Access-Control-Allow-Credentials" not in headers


def token_of(url: str) -> str:
    return urlsplit(url).path.split("/")[3]


def test_a_page_around_content_holds_none_of_it_and_keeps_its_frame_at_this_server(
    site: Site,
) -> None:
    code = site.session()
    page = site.view("reader", code, path="site/index.html")
    for asked, inner in (
        ("framed=1", "./index.html?"),
        ("framed=1&preview=1", "./index.html?preview=1"),
        ("document=1&framed=1", "./index.html?document=1"),
    ):
        answer = site.http.get(f"{page}?{asked}")
        assert f'sandbox="allow-scripts" referrerpolicy="no-referrer" src="{inner}"' in answer.text
        rules = dict(
            each.strip().split(" ", 1)
            for each in answer.headers["Content-Security-Policy"].split(";")
        )
        assert rules.pop("script-src").startswith("'sha256-")
        assert rules.pop("style-src").startswith("'sha256-")
        assert rules == {
            "default-src": "'none'",
            "frame-src": "'self'",
            "form-action": "'none'",
            "base-uri": "'none'",
            "frame-ancestors": "'self'",
        }
    # Whatever the address holds, it stands in the page as an address.
    base = page.removesuffix("index.html")
    odd = site.http.get(f'{base}%22%3E%3Cscript%3Ex?framed=1&preview="><b>')
    assert 'src="./%22%3E%3Cscript%3Ex?preview=%22%3E%3Cb%3E"' in odd.text


def test_every_answer_of_a_capability_url_comes_in_the_sandbox(site: Site) -> None:
    code = site.session()
    page = site.view("reader", code, path="site/index.html")
    outputs = site.view("reader", code, command=1)
    base = page.removesuffix("site/index.html")
    good = [page, f"{page}?preview=1", f"{outputs}0"]
    bad = {
        f"{base}site/missing.html": 404,
        f"{base}elsewhere/x": 404,
        f"{base}": 404,
        f"{outputs}1": 404,
        f"{outputs}99999999999999999999": 404,
        f"{outputs}-1": 404,
        f"{outputs}²": 404,
        f"{outputs}site/index.html": 404,
        f"{site.server.url}/sessions/w/nonsense/x": 404,
        f"{site.server.url}/sessions/w/{'A' * 100}/x": 404,
        f"{site.server.url}/sessions/w/{'é' * 10}/x": 404,
    }
    for url in good:
        answer = site.http.get(url)
        assert answer.status_code == 200, url
        check_headers(answer)
    for url, status in bad.items():
        answer = site.http.get(url)
        assert answer.status_code == status, url
        check_headers(answer)
        assert "Traceback" not in answer.text
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"):
        answer = site.http.request(method, page)
        assert answer.status_code in {403, 405}, method
        check_headers(answer)


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/pdf", "text/javascript", "text/xml"]
)
def test_published_content_comes_unaltered_with_the_type_that_was_declared(
    site: Site, media_type: str
) -> None:
    code = site.session()
    content = b"<script>alert(document.cookie)</script>\x00\xff"
    publish(site.store, code, "f/x.bin", content, by="writer", media_type=media_type)
    answer = site.http.get(site.view("reader", code, path="f/x.bin"))
    assert answer.content == content
    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    check_headers(answer)


def test_rich_outputs_come_in_the_sandbox(site: Site) -> None:
    code = site.session()
    rich = [
        {"text/html": "<script>fetch('/sessions/api/user')</script>"},
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>"},
        {"text/markdown": "<img src=x onerror=x()>"},
        {"image/png": PNG},
        {"application/javascript": "x()"},
        {"text/html": ["<b>", "lines", "</b>"]},
        {"text/html": {"not": "text"}},
        {"image/png": "not base64 at all"},
        {"application/vnd.unknown+json": {"a": 1}},
        {},
    ]
    command = recording("rich")
    command["response"]["outputs"] = [
        {"output_type": "display_data", "data": data, "metadata": {}} for data in rich
    ] + [{"output_type": "error", "ename": "<b>", "evalue": "<i>", "traceback": ["\x1b[31m<u>"]}]
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[command])
    url = site.view("reader", code, command=answer.json()["numbers"][0])
    for index in range(len(rich) + 1):
        answer = site.http.get(f"{url}{index}")
        assert answer.status_code == 200, rich[index]
        check_headers(answer)


def test_a_browser_may_keep_an_image_and_show_it_only_once_that_is_confirmed(site: Site) -> None:
    reader = site.account()
    code = site.session()
    site.ask("owner", api.GRANT_ROLES, code=code, grants=[{"user": reader, "roles": ["read"]}])
    png = base64.b64decode(PNG)
    types = {"a.png": "image/png", "a.svg": "image/svg+xml", "a.html": "text/html"}
    for name, media_type in types.items():
        publish(site.store, code, f"p/{name}", png, by="writer", media_type=media_type)
    command = recording("kept") | {"version": 3}
    data = ({"image/png": PNG}, {"text/html": "<b>"}, {"image/svg+xml": "<svg/>"})
    command["response"]["outputs"] = [
        {"output_type": "display_data", "data": each, "metadata": {}} for each in data
    ]
    answer = site.ask("writer", api.RECORD_COMMANDS, code=code, commands=[command])
    (number,) = answer.json()["numbers"]
    outputs = site.view(reader, code, command=number)
    files = site.view(reader, code, path="p/a.png").removesuffix("a.png")
    images = [f"{outputs}0", f"{files}a.png"]
    others = [f"{outputs}1", f"{outputs}2", f"{outputs}0?document=1", f"{outputs}0?framed=1"]
    for url in (*others, f"{files}a.svg", f"{files}a.html", f"{files}missing.png"):
        answer = site.http.get(url)
        assert answer.headers["Cache-Control"].endswith("no-store"), url
        assert "ETag" not in answer.headers, url
    tags = {}
    for url in images:
        answer = site.http.get(url)
        assert answer.headers["Cache-Control"] == "private, no-cache"
        tags[url] = {"If-None-Match": answer.headers["ETag"]}
        again = site.http.get(url, headers=tags[url])
        assert (again.status_code, again.content) == (304, b"")
        # What else it said would replace what the browser has kept.
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert site.http.get(url, headers={"If-None-Match": '"other"'}).content == answer.content
    page = f"{site.server.url}/sessions/{code}/experiment/commands/{number}/outputs/0"
    redirect = site.http.get(page, headers=site.headers(reader), follow_redirects=False)
    assert redirect.status_code == 302
    assert redirect.headers["Vary"] == "Cookie, Sec-Fetch-Dest"
    lasts = re.fullmatch("private, max-age=([0-9]+)", redirect.headers["Cache-Control"])
    assert lasts is not None and 0 < int(lasts[1]) < 3600
    site.ask("owner", api.REVOKE_ROLES, code=code, users=[reader])
    for url in images:
        assert site.http.get(url, headers=tags[url]).status_code == 404


def test_a_view_reaches_its_own_publication_alone(site: Site) -> None:
    code = site.session()
    publish(site.store, code, "other/secret.txt", b"canary-elsewhere", by="writer")
    publish(site.store, code, "site2/secret.txt", b"canary-elsewhere", by="writer")
    url = site.view("reader", code, path="site/index.html")
    place = urlsplit(url).path.removesuffix("site/index.html")
    for path in (
        "other/secret.txt",
        "site2/secret.txt",
        "site/../other/secret.txt",
        "site/..%2fother/secret.txt",
        "site%2f..%2f..%2fother%2fsecret.txt",
        "site/%2e%2e/other/secret.txt",
        "..%2f..%2fapi/user",
        "../../../sessions/api/user",
        "site\\..\\other\\secret.txt",
        "%5c..%5cother%5csecret.txt",
        "//other/secret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "site/index.html%00",
        "site/./index.html",
        "site//index.html",
        "SITE2/secret.txt",
    ):
        answer = site.server.exchange("GET", place + path)
        assert status_of(answer) in {400, 404}, path
        assert b"canary-elsewhere" not in answer
        assert b"root:" not in answer
    assert site.http.get(url).content == FILE


def test_a_token_opens_what_it_was_made_for_and_no_other_kind_of_thing(site: Site) -> None:
    code = site.session()
    file, command = (
        site.view("reader", code, path="site/index.html"),
        site.view("reader", code, command=1),
    )
    assert site.http.get(f"/sessions/w/{token_of(command)}/site/index.html").status_code == 404
    assert site.http.get(f"/sessions/w/{token_of(file)}/0").status_code == 404
    other = site.session()
    for proof in (bearer(token_of(file)), {"Cookie": f"{site.server.cookie}={token_of(file)}"}):
        for path in (f"/sessions/api/sessions/{code}", f"/sessions/api/sessions/{other}"):
            assert site.http.get(path, headers=proof).status_code == 401


def test_a_forged_token_opens_nothing(site: Site) -> None:
    token = token_of(site.view("reader", site.session(), path="site/index.html"))
    for index in range(0, len(token) - 1, 3):
        letter = "A" if token[index] != "A" else "B"
        forged = token[:index] + letter + token[index + 1 :]
        assert site.http.get(f"/sessions/w/{forged}/site/index.html").status_code == 404
    for forged in (token[:-4], token[4:], token + "AAAA", token.swapcase()):
        assert site.http.get(f"/sessions/w/{forged}/site/index.html").status_code == 404


def revoke(site: Site, code: str, name: str) -> None:
    answer = site.ask("owner", api.REVOKE_ROLES, code=code, users=[name])
    assert answer.status_code == 200


def log_out(site: Site, code: str, name: str) -> None:
    assert site.ask(name, api.LOG_OUT).status_code == 200


def disable_account(site: Site, code: str, name: str) -> None:
    assert site.ask("administrator", api.DISABLE_ACCOUNT, name=name).status_code == 200


def remove_account(site: Site, code: str, name: str) -> None:
    assert site.ask("administrator", api.REMOVE_ACCOUNT, name=name).status_code == 200


def set_password(site: Site, code: str, name: str) -> None:
    answer = site.ask("administrator", api.SET_PASSWORD, name=name, password=PASSWORD + "2")
    assert answer.status_code == 200


def lessen(site: Site, code: str, name: str) -> None:
    site.store.grant(code, name, "execute", by="owner")


def disable_session(site: Site, code: str, name: str) -> None:
    assert site.ask("owner", api.DISABLE_SESSION, code=code).status_code == 200


def remove_session(site: Site, code: str, name: str) -> None:
    assert site.ask("owner", api.REMOVE_SESSION, code=code).status_code == 200


def unpublish_and_forget(site: Site, code: str, name: str) -> None:
    assert site.ask("owner", api.UNPUBLISH_FILE, code=code, path="site").status_code == 200
    assert site.ask("owner", api.FORGET_COMMAND, code=code, number=1).status_code == 200


ENDS = (
    revoke,
    log_out,
    disable_account,
    remove_account,
    set_password,
    lessen,
    disable_session,
    remove_session,
    unpublish_and_forget,
)


@pytest.mark.parametrize("end", ENDS)
def test_a_capability_url_dies_with_its_viewers_right(
    site: Site, end: Callable[[Site, str, str], None]
) -> None:
    code, viewer = site.session(), site.account()
    site.store.grant(code, viewer, "read", by="owner")
    urls = [
        site.view(viewer, code, path="site/index.html"),
        site.view(viewer, code, command=1) + "0",
    ]
    assert [site.http.get(url).status_code for url in urls] == [200, 200]
    end(site, code, viewer)
    for url in urls:
        answer = site.http.get(url)
        assert answer.status_code in {401, 403, 404}, end.__name__
        assert FILE not in answer.content
        assert code not in answer.text
        check_headers(answer)


def test_a_capability_url_says_when_it_ends_and_that_is_within_an_hour(site: Site) -> None:
    answer = site.ask("reader", api.CREATE_CAPABILITY_URL, code=site.session(), command=1).json()
    left = datetime.fromisoformat(answer["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=50) < left <= timedelta(hours=1)


def test_the_dead_view_of_one_login_leaves_anothers_cookie_alone(site: Site) -> None:
    code, viewer = site.session(), site.account()
    site.store.grant(code, viewer, "read", by="owner")
    url = site.view(viewer, code, path="site/index.html")
    log_out(site, code, viewer)
    answer = site.http.get(url, headers={"Cookie": f"{site.server.cookie}={site.keys['owner']}"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_views_are_of_what_is_there_and_of_one_thing(site: Site) -> None:
    code = site.session()
    for what, status in (
        ({}, 400),
        ({"path": "site/index.html", "command": 1}, 400),
        ({"path": "missing"}, 404),
        ({"command": 99}, 404),
        ({"path": "../x"}, 400),
        ({"command": 0}, 400),
        ({"path": "site"}, 404),
    ):
        assert (
            site.ask("reader", api.CREATE_CAPABILITY_URL, code=code, **what).status_code == status
        ), what
    answer = site.ask("stranger", api.CREATE_CAPABILITY_URL, code=code, path="missing")
    never = site.ask("stranger", api.CREATE_CAPABILITY_URL, code=NEVER_GIVEN, path="missing")
    assert (answer.status_code, answer.content) == (404, never.content)


@pytest.mark.parametrize(
    "name",
    [
        'quo"te.txt',
        "semi;colon.txt",
        "new%0d%0aline.txt",
        "naïve résumé.txt",
        "数据.csv",
        "a'b*c.txt",
        "percent%41.txt",
        "no ending",
        "two.tar.gz",
        "emoji 🌧.html",
        "x" * 250 + ".txt",
    ],
)
def test_a_download_keeps_any_name_and_is_never_shown(site: Site, name: str) -> None:
    code = site.session()
    content = b"<script>alert(1)</script>"
    answer = site.ask("writer", api.PUBLISH_FILE, content, code=code, path=name)
    assert answer.status_code == 200, answer.text
    answer = site.ask("reader", api.DOWNLOAD_FILE, code=code, path=name)
    assert answer.content == content
    disposition = answer.headers["Content-Disposition"]
    found = re.fullmatch(
        r"attachment; filename=\"([A-Za-z0-9_.]*)\"; filename\*=UTF-8''(\S+)", disposition
    )
    assert found is not None, disposition
    assert found[2] == quote(name, safe="")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/x",
        "a\\..\\b",
        ".",
        "./x",
        "x/./y",
        "x//y",
        "x/",
        "a\nb",
        "a\x00b",
        "‮x",
        "x" * 300,
        " x",
        "x/ y",
    ],
)
def test_a_path_that_is_none_is_refused(site: Site, path: str) -> None:
    code = site.session()
    for operation in (api.PUBLISH_FILE, api.GET_FILE, api.DOWNLOAD_FILE, api.UNPUBLISH_FILE):
        # httpx would tidy the path up.
        answer = site.server.exchange(
            operation.method,
            address(operation, {"code": code, "path": path}),
            site.headers("owner"),
        )
        assert status_of(answer) in {400, 404}, (operation.name, path)
    listed = site.store.call("owner", api.LIST_FILES, schemas.ListFiles(code=code, deep=True))
    assert [file.path for file in listed.items] == ["site/index.html"]
