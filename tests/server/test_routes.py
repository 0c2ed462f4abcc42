"""Every route of every kind of server, walked by nobody, and by those who are known elsewhere."""

from __future__ import annotations

import getpass
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from jupyter_sessions import api, schemas
from tests.ports import free_port
from tests.server.conftest import Site
from tests.server.serving import Place, address, bearer, key_for
from tests.waiting import STARTED_WITHIN, answers, until

#: What anyone may have from a sessions server, by pattern; all else is for those who are known.
PUBLIC = (
    r"/sessions/api/health",
    r"/sessions/api/openapi\.json",
    r"/sessions/login",
    r"/sessions/join",  # who is invited may have no account yet
    r"/sessions/enter",
    r"/sessions/static/.*",
    r"/static/.*",  # Jupyter's own style sheets
    r"/favicon\.ico|/static/favicons/.*",
    r"/robots\.txt",
    r"/api",  # the version of jupyter_server
    r"/custom/.*",
    r"/logstatic/.*",
)
#: What a Jupyter server itself lets anyone have.
PUBLIC_IN_JUPYTER = (r"/", r"/login", r"/logout", *PUBLIC)

# JupyterLab and Notebook would only be more of Jupyter's own routes.
EXTENSIONS = (
    "--ServerApp.jpserver_extensions="
    "{'jupyter_sessions': True, 'jupyterlab': False, 'notebook': False}"
)

LISTING = """
import json, sys
from tornado.routing import PathMatches
def walk(rules):
    for rule in rules:
        inner = getattr(rule.target, "rules", None)
        if inner:
            yield from walk(inner)
        elif isinstance(rule.matcher, PathMatches):
            yield rule.matcher.regex.pattern
        else:
            inner = getattr(rule.target, "wildcard_router", None)
            if inner:
                yield from walk(inner.rules)
def show(app):
    print(json.dumps(sorted(set(walk(app.web_app.default_router.rules) )
                            | set(walk(app.web_app.wildcard_router.rules)))), file=sys.stdout)
"""
SERVE_LISTING = f"""{LISTING}
from jupyter_sessions.server.app import ServedSessions
show(ServedSessions.initialize_server(["--port=PORT"]))
"""
JUPYTER_LISTING = f"""{LISTING}
from jupyter_server.serverapp import ServerApp
app = ServerApp.instance()
app.initialize(["--port=PORT", "--allow-root", "{EXTENSIONS}"])
show(app)
"""


def patterns(place: Place, program: str) -> list[str]:
    """Return the patterns of all routes of a kind of server."""
    listed = subprocess.run(
        [sys.executable, "-c", program.replace("PORT", str(free_port()))],
        env=place.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[str] = json.loads(listed.stdout.splitlines()[-1])
    assert len(found) > 20
    return found


def samples(pattern: str) -> set[str]:
    """Return paths that a route's pattern matches, one for each of a few fillings."""
    plain = pattern.removesuffix("$").replace(r"\.", ".").replace(r"\-", "-")
    found = set()
    for filling in ("x", "1", "1234567890123456789012", "0123456789abcdef"):
        path = plain
        # From the innermost group outwards.
        while (
            filled := re.sub(r"\((?:\?P<\w+>|\?:)?([^()]*)\)[?*+]?", rf"{filling}", path)
        ) != path:
            path = filled
        path = re.sub(r"\[[^]]*\][+*]?|\\w\+|\\d\+|\.\*|\.\+", filling, path).replace("?", "")
        if re.fullmatch(pattern.removesuffix("$"), path):
            found.add(path)
    return found


def allowed(path: str, public: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in public)


def walk(url: str, found: list[str], public: tuple[str, ...], **headers: str) -> dict[str, Any]:
    """Ask for every route in every way, and return what was given to nobody."""
    open_: dict[str, Any] = {}
    tried = 0
    with httpx.Client(base_url=url, headers=headers, timeout=10) as http:
        for pattern in found:
            paths = samples(pattern) or {pattern.removesuffix("$")}
            for path in paths:
                if allowed(path, public):
                    continue
                for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
                    try:
                        answer = http.request(method, quote(path, safe="/%"))
                    except httpx.TimeoutException:
                        open_[f"{method} {path}"] = "no answer"
                        continue
                    tried += 1
                    fine = answer.status_code in {400, 401, 403, 404, 405, 426}
                    onward = answer.headers.get("Location", "")
                    # To be led on within the server is to be given nothing yet.
                    fine |= answer.is_redirect and re.match(r"/(?!/)", onward) is not None
                    # Which methods there are is no secret.
                    fine |= method == "OPTIONS" and answer.is_success and not answer.content
                    if not fine:
                        open_[f"{method} {path}"] = (answer.status_code, onward)
    assert tried > 100
    return open_


def test_nobody_gets_anything_from_a_sessions_server(place: Place) -> None:
    found = patterns(place, SERVE_LISTING)
    # There is nothing in it that could run code or read files.
    for word in ("kernels", "contents", "terminals", "nbconvert", "shutdown"):
        assert not [p for p in found if word in p and not p.startswith("/sessions/")], word
    with place.serve() as server:
        assert walk(server.url, found, PUBLIC) == {}


def test_the_public_files_are_our_own_alone(site: Site) -> None:
    page = site.http.get("/sessions/login").text
    statics = set(re.findall(r"(/sessions/static/[^\"']+)", page))
    assert statics
    for path in statics:
        assert site.http.get(path).status_code == 200
        folder = path.rpartition("/")[0]
        for escape in (
            "/..%2f..%2fserve.py",
            "/../../serve.py",
            "/%2e%2e/%2e%2e/serve.py",
            "//etc/passwd",
            "/",
        ):
            answer = site.server.exchange("GET", folder + escape)
            assert b"HTTP/1.1 40" in answer, escape
            assert b"import " not in answer


@dataclass
class Jupyter:
    """A whole Jupyter server with the extension in it."""

    url: str
    place: Place
    token: str = ""


IDENTITIES = '''
from jupyter_server.auth.identity import IdentityProvider, User

class Many(IdentityProvider):
    """Knows people by a header, as behind a proxy that has asked them who they are."""

    @property
    def auth_enabled(self):
        return True

    def get_user(self, handler):
        name = handler.request.headers.get("X-Forwarded-User")
        return User(username=name, name=name.title()) if name else None

    def get_handlers(self):
        return []
'''


def jupyter(place: Place, *arguments: str) -> Iterator[Jupyter]:
    port = free_port()
    (place.folder / "many.py").write_text(IDENTITIES)
    environment = place.environment
    environment["PYTHONPATH"] = f"{Path.cwd()}:{place.folder}"
    with (place.folder / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", f"--port={port}", "--no-browser",
                "--allow-root", "--ServerApp.port_retries=0",
                f"--ServerApp.root_dir={place.folder}",
                EXTENSIONS,
                "--ServerApp.allow_unauthenticated_access=False", *arguments,
            ],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    running = Jupyter(f"http://127.0.0.1:{port}", place)

    def up() -> bool:
        assert process.poll() is None, (place.folder / "jupyter.log").read_text()
        return answers(running.url)

    try:
        until(up, "the Jupyter server")
        yield running
    finally:
        process.terminate()
        process.wait(STARTED_WITHIN)


def module_place(tmp_path_factory: pytest.TempPathFactory, name: str) -> Place:
    return Place(tmp_path_factory.mktemp(name))


@pytest.fixture(scope="module")
def with_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Start a Jupyter server as most people do, with its token."""
    place = module_place(tmp_path_factory, "token")
    for running in jupyter(place, "--IdentityProvider.token=the-token-of-the-server"):
        running.token = "the-token-of-the-server"
        yield running


@pytest.fixture(scope="module")
def with_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Start a Jupyter server with an identity provider that knows many people."""
    place = module_place(tmp_path_factory, "many")
    yield from jupyter(
        place,
        "--ServerApp.identity_provider_class=many.Many",
        "--SessionsExtension.administrators=boss",
        "--ServerApp.disable_check_xsrf=False",
    )


def test_nobody_gets_anything_from_a_jupyter_server(with_token: Jupyter) -> None:
    found = patterns(with_token.place, JUPYTER_LISTING)
    assert walk(with_token.url, found, PUBLIC_IN_JUPYTER) == {}


def test_who_holds_a_sessions_account_reaches_nothing_else_of_a_jupyter_server(
    with_token: Jupyter,
) -> None:
    with with_token.place.open_store() as store:
        store.add("colleague")
        key = key_for(store, "colleague")
    me = httpx.get(f"{with_token.url}/sessions/api/user", headers=bearer(key))
    assert me.json()["name"] == "colleague"
    port = with_token.url.rpartition(":")[2]
    proofs: list[dict[str, str]] = [
        bearer(key),
        {"Authorization": f"token {key}"},
        {"Cookie": f"jupyter-sessions-{port}={key}"},
        {"Cookie": f"username-127-0-0-1-{port}={key}"},
    ]
    (with_token.place.folder / "secret.txt").write_text("a file of the server's owner")
    for proof in proofs:
        with httpx.Client(base_url=with_token.url, headers=proof) as http:
            for path in (
                "/api/contents",
                "/api/contents/secret.txt",
                "/files/secret.txt",
                "/api/kernels",
                "/api/kernelspecs",
                "/api/sessions",
                "/api/terminals",
                "/api/status",
                "/api/me",
                "/api/config/x",
                "/tree",
                f"/api/contents?token={key}",
            ):
                answer = http.get(path)
                assert answer.status_code in {302, 401, 403, 404}, (path, answer.status_code)
                assert "a file of the server's owner" not in answer.text
            assert http.post("/api/kernels", json={"name": "python3"}).status_code == 403
            assert http.post("/api/shutdown").status_code in {403, 404}
    found = patterns(with_token.place, JUPYTER_LISTING)
    inside = [pattern for pattern in found if not pattern.startswith("/sessions")]
    assert walk(with_token.url, inside, PUBLIC_IN_JUPYTER, **bearer(key)) == {}


def test_who_gets_past_the_token_is_the_user_who_runs_the_server(with_token: Jupyter) -> None:
    path = f"{with_token.url}{api.PREFIX}/user"
    token = {"Authorization": f"token {with_token.token}"}
    names = {httpx.get(path, headers=token).json()["name"] for _ in range(3)}
    assert names == {getpass.getuser()}
    me = httpx.get(path, headers=token).json()
    assert (me["administrator"], me["via"]) == (True, "system")
    # What they make over HTTP and in process is theirs alike.
    made = httpx.post(f"{with_token.url}{api.PREFIX}/sessions", headers=token, content=b"{}").json()
    with with_token.place.open_store() as store:
        session = store.call("root", api.GET_SESSION, schemas.SessionNamed(code=made["code"]))
        assert session.owner == getpass.getuser()
    for wrong in ({}, {"Authorization": "token wrong"}, {"Authorization": "Bearer jses_wrong"}):
        assert httpx.get(path, headers=wrong).status_code == 401


def test_jupyters_own_cookie_writes_with_the_token_of_the_page_alone(with_token: Jupyter) -> None:
    with httpx.Client(base_url=with_token.url) as browser:
        browser.get("/sessions/", params={"token": with_token.token})
        assert browser.get(f"{api.PREFIX}/user").json()["name"] == getpass.getuser()
        browser.get("/sessions/login?again=1")
        made = f"{api.PREFIX}/sessions"
        xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
        assert browser.post(made, content=b"{}").status_code == 403
        evil = {"Origin": "http://evil.example"}
        assert browser.post(made, content=b"{}", headers=xsrf | evil).status_code == 403
        assert browser.post(made, content=b"{}", headers=xsrf).status_code == 200


def user(name: str) -> dict[str, str]:
    return {"X-Forwarded-User": name}


def test_people_whom_an_identity_provider_knows_are_themselves(with_many: Jupyter) -> None:
    with httpx.Client(base_url=with_many.url) as http:

        def me(name: str) -> dict[str, Any]:
            answer: dict[str, Any] = http.get(f"{api.PREFIX}/user", headers=user(name)).json()
            return answer

        assert me("alice")["name"] == "alice"
        assert me("alice")["display_name"] == "Alice"
        assert me("alice")["via"] == "identity"
        assert me("alice")["administrator"] is False
        assert me("boss")["administrator"] is True
        assert me(getpass.getuser())["administrator"] is False
        assert http.get(f"{api.PREFIX}/user").status_code == 401


def test_people_of_an_identity_provider_share_by_roles(with_many: Jupyter) -> None:
    with httpx.Client(base_url=with_many.url) as http:

        def ask(who: str, operation: api.Operation[Any, Any], **fields: Any) -> httpx.Response:
            http.cookies.clear()
            form = http.get("/sessions/login?again=1", headers=user(who))
            assert form.status_code == 200
            headers = user(who) | {"X-XSRFToken": http.cookies["_xsrf"]}
            rest = {k: v for k, v in fields.items() if k not in operation.path_fields}
            return http.request(
                operation.method,
                address(operation, fields),
                content=json.dumps(rest) if operation.method != "GET" else None,
                headers=headers,
            )

        code = ask("alice", api.CREATE_SESSION, label="mine").json()["code"]
        assert ask("bob", api.GET_SESSION, code=code).status_code == 404
        # Nobody has seen bob change anything yet, so he has to come once to be granted a role.
        ask("bob", api.CREATE_SESSION)
        grants = [{"user": "bob", "roles": ["read"]}]
        assert ask("alice", api.GRANT_ROLES, code=code, grants=grants).status_code == 200
        assert ask("bob", api.GET_SESSION, code=code).status_code == 200
        assert ask("bob", api.UPDATE_SESSION, code=code, label="x").status_code == 403
        assert ask("boss", api.GET_SESSION, code=code).status_code == 404
        assert ask("boss", api.LIST_ACCOUNTS).status_code == 200
        assert ask("alice", api.LIST_ACCOUNTS).status_code == 403
        # An account that is disabled is out, whoever vouches for its holder.
        assert ask("boss", api.DISABLE_ACCOUNT, name="bob").status_code == 200
        assert ask("bob", api.GET_SESSION, code=code).status_code == 401


@pytest.mark.parametrize(
    "name", ["../x", "a b", "x" * 300, "<script>", "a/b", "\u202e".encode().decode("latin-1")]
)
def test_a_name_that_is_none_does_no_harm_whoever_vouches_for_it(
    with_many: Jupyter, name: str
) -> None:
    headers = [("X-Forwarded-User", name.encode("latin-1"))]
    for path in ("/sessions/api/user", "/sessions/api/sessions", "/sessions/"):
        answer = httpx.get(with_many.url + path, headers=headers)
        assert answer.status_code < 500
        assert "<script>" not in answer.text or path.startswith("/sessions/api")


def test_a_sessions_server_has_no_files_for_those_whom_a_provider_knows(place: Place) -> None:
    (place.folder / "many.py").write_text(IDENTITIES)
    (place.folder / "secret.txt").write_text("a file of the server's owner")
    place.extra["PYTHONPATH"] = f"{Path.cwd()}:{place.folder}"
    arguments = (
        "--SessionsServerApp.identity_provider_class=many.Many",
        f"--SessionsServerApp.root_dir={place.folder}",
    )
    with (
        place.serve(*arguments) as server,
        httpx.Client(base_url=server.url, headers=user("alice")) as http,
    ):
        assert http.get(f"{api.PREFIX}/user").json()["name"] == "alice"
        for path in ("/files/secret.txt", "/files/", "/api/contents", "/view/secret.txt"):
            answer = http.get(path)
            assert answer.status_code in {403, 404}, path
            assert "a file of the server's owner" not in answer.text
