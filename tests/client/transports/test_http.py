from __future__ import annotations

import io
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports import http_errors
from jupyter_sessions.client.transports.http import HttpTransport
from tests.client.scripted_server import Answer, Asked, ScriptedServer
from tests.waiting import STARTED_WITHIN, until

CODE = "1234567890123456789012"
KEY = "jsk_s3cret-key-of-ann"
ENDS_OF_LOGINS = {"login_expired", "login_revoked", "login_unknown"}


@pytest.fixture
def http(server: ScriptedServer) -> Iterator[HttpTransport]:
    transport = HttpTransport(server.url, KEY, "ann")
    yield transport
    transport.close()


def _event(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "at": datetime.now(UTC),
        "kind": "file.published",
        "user": "ann",
        "real_user": None,
        "data": {},
    }


def _named(code: str = CODE) -> schemas.SessionNamed:
    return schemas.SessionNamed(code=code)


def _refused(transport: HttpTransport) -> errors.SessionsError:
    with pytest.raises(errors.SessionsError) as caught:
        transport.call(api.SESSION_EXISTS, _named())
    told = f"{caught.value} {caught.value.message} {caught.value.hint} {caught.value.__cause__}"
    assert KEY not in told
    assert caught.value.message
    assert caught.value.hint
    return caught.value


# ---- what is sent


def test_a_get_puts_the_path_fields_in_the_path_and_the_rest_in_the_query(
    http: HttpTransport, server: ScriptedServer
) -> None:
    server.script = lambda asked: Answer({"items": [], "next": None})
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    http.call(api.LIST_COMMANDS, schemas.ListCommands(code=CODE, search="a b&c=d", since=since))
    http.call(api.LIST_FILES, schemas.ListFiles(code=CODE, deep=True))
    (first, second) = server.asked
    assert (first.method, first.path) == ("GET", f"/sessions/{CODE}/commands")
    assert first.query == {"search": ["a b&c=d"], "since": ["2026-01-02T03:04:05Z"]}
    assert second.query == {"deep": ["true"]}
    assert first.authorization == f"Bearer {KEY}"


def test_a_write_sends_json_without_the_path_fields_and_tells_null_from_left_out(
    http: HttpTransport, server: ScriptedServer
) -> None:
    server.script = lambda asked: Answer.error(errors.Forbidden("No.", hint="."))
    with pytest.raises(errors.Forbidden):
        http.call(
            api.SET_SESSION_TIMEOUTS, schemas.SetSessionTimeouts(code=CODE, idle_timeout=None)
        )
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("PUT", f"/sessions/{CODE}/timeouts")
    assert asked.body == b'{"idle_timeout":null}'


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("a b/ü?#%41.txt", "a%20b/%C3%BC%3F%23%2541.txt"),
        ("../x", "%2E%2E/x"),
        ("./..", "%2E/%2E%2E"),
        ("a\\..\\b", "a%5C..%5Cb"),
        ("http://other/x", "http%3A//other/x"),
    ],
)
def test_a_path_arrives_as_it_is_and_leads_nowhere_else(
    http: HttpTransport, server: ScriptedServer, path: str, sent: str
) -> None:
    with pytest.raises(errors.NotFound):
        http.call(api.GET_FILE, schemas.FileNamed(code=CODE, path=path))
    assert server.asked[0].path == f"/sessions/{CODE}/files/{sent}"


def test_half_a_character_in_a_name_or_text_is_a_clear_error(http: HttpTransport) -> None:
    with pytest.raises(errors.BadName):
        http.call(api.GET_FILE, schemas.FileNamed(code=CODE, path="\ud800"))
    with pytest.raises(errors.BadRequest):
        http.call(api.CREATE_SESSION, schemas.NewSession(label="\ud800"))


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_an_upload_sends_the_content_as_body_and_the_rest_in_the_query(
    http: HttpTransport, server: ScriptedServer, tmp_path: Path, kind: str
) -> None:
    content = bytes(range(256)) * 40_000
    file = tmp_path / "content"
    file.write_bytes(content)
    request = schemas.PublishFile(code=CODE, path="a/b.bin", media_type="x/y", command=3)
    with pytest.raises(errors.NotFound):
        http.call(api.PUBLISH_FILE, request, content if kind == "bytes" else file)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("PUT", f"/sessions/{CODE}/content/a/b.bin")
    assert asked.query == {"media_type": ["x/y"], "command": ["3"]}
    assert asked.body == content


def test_a_file_that_is_not_there_is_a_clear_error(http: HttpTransport, tmp_path: Path) -> None:
    with pytest.raises(errors.BadRequest, match="No such file"):
        http.call(
            api.PUBLISH_FILE, schemas.PublishFile(code=CODE, path="x"), tmp_path / "not there"
        )


def test_a_download_streams_into_the_file_given(
    http: HttpTransport, server: ScriptedServer
) -> None:
    content = b"<html>" + bytes(3_000_000)
    server.script = lambda asked: Answer(content, media_type="text/html")
    target = io.BytesIO()
    http.download(schemas.FileNamed(code=CODE, path="a b"), target)
    assert target.getvalue() == content
    assert server.asked[0].path == f"/sessions/{CODE}/content/a%20b"


def test_who_one_is_is_asked_for_once_where_the_login_did_not_tell(server: ScriptedServer) -> None:
    http = HttpTransport(server.url, KEY)
    assert (http.user, http.user) == ("ann", "ann")
    assert [asked.path for asked in server.asked] == ["/user"]
    http.close()


def test_many_threads_share_one_transport(http: HttpTransport, server: ScriptedServer) -> None:
    server.script = lambda asked: Answer({"exists": asked.path.endswith("1")})
    codes = [f"{CODE[:-1]}{n % 2}" for n in range(200)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda c: http.call(api.SESSION_EXISTS, _named(c)).exists, codes))
    assert answers == [code.endswith("1") for code in codes]


def test_neither_repr_shows_the_key(http: HttpTransport) -> None:
    assert KEY not in repr(http)


# ---- what comes back


@pytest.mark.parametrize("kind", errors.list_error_classes(), ids=lambda kind: str(kind.code))
def test_every_error_of_a_server_comes_back_as_the_class_that_it_was(
    http: HttpTransport, server: ScriptedServer, kind: type[errors.SessionsError]
) -> None:
    server.script = lambda asked: Answer.error(kind("What happened.", hint="What to do."))
    caught = _refused(http)
    whose = f" It was the login of ann at {server.url}." if kind.code in ENDS_OF_LOGINS else ""
    told = (kind, "What happened.", f"What to do.{whose}")
    assert (type(caught), caught.message, caught.hint) == told


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, errors.NotASessionsServer),
        (404, errors.NotASessionsServer),
        (401, errors.NotLoggedIn),
        (403, errors.NotLoggedIn),
        (413, errors.TooLarge),
        (429, errors.TooManyTries),
        (500, errors.InternalError),
        (502, errors.ServerUnreachable),
        (503, errors.ServerUnreachable),
        (504, errors.ServerSilent),
    ],
)
def test_what_no_sessions_server_says_is_told_apart_by_its_status(
    http: HttpTransport, server: ScriptedServer, status: int, kind: type[errors.SessionsError]
) -> None:
    server.script = lambda asked: Answer(b"<html>", status, "text/html")
    assert type(_refused(http)) is kind
    server.script = lambda asked: Answer({"message": "no code", "reason": None}, status)
    assert type(_refused(http)) is kind


def test_json_of_another_shape_is_no_sessions_servers(
    http: HttpTransport, server: ScriptedServer
) -> None:
    for content in ({"exists": "perhaps"}, [1], b"{", b"\xff", b"[" * 100_000):
        server.script = lambda asked, content=content: Answer(content)
        assert type(_refused(http)) is errors.NotASessionsServer


def test_a_port_where_nothing_listens_is_a_server_out_of_reach() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and no listen: refused
        caught = _refused(HttpTransport(f"http://127.0.0.1:{taken.getsockname()[1]}", KEY))
    assert type(caught) is errors.ServerUnreachable
    assert "refused" in caught.message


def test_a_name_that_does_not_exist_is_a_server_out_of_reach() -> None:
    assert type(_refused(HttpTransport("http://nowhere.invalid", KEY))) is errors.ServerUnreachable


def test_a_server_that_hangs_is_told_apart(server: ScriptedServer) -> None:
    server.script = lambda asked: Answer(hang=True)
    http = HttpTransport(server.url, KEY, read_timeout=0.2)
    assert type(_refused(http)) is errors.ServerSilent
    http.close()


@contextmanager
def _speaking(words: bytes, then: bytes = b"") -> Iterator[int]:
    """Serve one connection: say something and, with `then`, go on with that slowly."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def speak() -> None:
            connection, _ = listening.accept()
            listening.close()  # whoever asks again is not kept waiting
            with connection:
                connection.recv(1000)
                connection.sendall(words)
                with suppress(OSError):  # until the other side has had enough
                    while then:
                        connection.sendall(then)
                        time.sleep(0.05)

        thread = threading.Thread(target=speak)
        thread.start()
        yield port
        thread.join()


def test_a_server_that_turns_silent_is_not_waited_for_again_and_again() -> None:
    def break_off_once() -> None:
        with listening.accept()[0] as connection:
            connection.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=break_off_once)
        thread.start()
        http = HttpTransport(f"http://127.0.0.1:{listening.getsockname()[1]}", KEY, read_timeout=3)
        begun = time.monotonic()
        assert type(_refused(http)) is errors.ConnectionLost
        assert time.monotonic() - begun < 9  # not four times as long as a server may be silent
        thread.join()
        http.close()


def test_what_is_no_http_at_all_is_a_broken_connection() -> None:
    with _speaking(b"220 mail.example ESMTP\r\n") as port:
        http = HttpTransport(f"http://127.0.0.1:{port}", KEY)
        assert type(_refused(http)) is errors.ConnectionLost
        http.close()


def test_a_redirect_to_another_origin_is_refused_and_the_key_not_sent_there(
    http: HttpTransport, server: ScriptedServer
) -> None:
    with ScriptedServer() as other:
        for target in (other.url, other.url.replace("127.0.0.1", "localhost"), "https://x.invalid"):
            server.script = lambda asked, target=target: Answer(
                status=302, headers={"Location": f"{target}{api.PREFIX}/exists/{CODE}"}
            )
            assert type(_refused(http)) is errors.RedirectedAway
        assert other.asked == []


def test_a_redirect_within_the_server_is_followed_for_reading(
    http: HttpTransport, server: ScriptedServer
) -> None:
    def script(asked: Asked) -> Answer:
        if "moved" in asked.path:
            return Answer({"exists": True})
        return Answer(status=307, headers={"Location": f"/moved{asked.path}"})

    server.script = script
    assert http.call(api.SESSION_EXISTS, _named()).exists
    assert server.asked[-1].authorization == f"Bearer {KEY}"


def test_a_server_that_wants_a_login_of_another_kind_is_told_from_one_that_is_none(
    http: HttpTransport, server: ScriptedServer
) -> None:
    page = Answer(b"<html>Sign in", media_type="text/html")
    server.script = lambda asked: (
        page
        if "login" in asked.path
        else Answer(status=302, headers={"Location": "/hub/login?n=1"})
    )
    saved = io.BytesIO()
    for ask in (
        lambda: http.call(api.SESSION_EXISTS, _named()),
        lambda: http.call(api.CREATE_SESSION, schemas.NewSession()),
        lambda: http.download(schemas.FileNamed(code=CODE, path="a.txt"), saved),
    ):
        with pytest.raises(errors.RedirectedAway, match="redirects to /hub/login"):
            ask()
    assert saved.getvalue() == b""
    assert not [asked for asked in server.asked if "login" in asked.path]


def test_a_write_is_not_turned_into_a_read_by_a_redirect(
    http: HttpTransport, server: ScriptedServer
) -> None:
    server.script = lambda asked: Answer(status=302, headers={"Location": "/elsewhere"})
    with pytest.raises(errors.RedirectedAway):
        http.call(api.CREATE_SESSION, schemas.NewSession())
    assert len(server.asked) == 1


def test_an_answer_that_drips_is_not_waited_for_without_end(
    http: HttpTransport, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_errors, "RESPONSE_TIMEOUT", 0.3)
    for status in (200, 409):
        server.script = lambda asked, status=status: Answer(drip=inf, status=status)
        assert type(_refused(http)) is errors.ServerSilent


def test_the_head_of_an_answer_that_drips_is_not_waited_for_without_end() -> None:
    with _speaking(b"HTTP/1.1 200 OK\r\nX-Endless: ", then=b"x") as port:
        http = HttpTransport(f"http://127.0.0.1:{port}", KEY, read_timeout=0.3)
        assert type(_refused(http)) is errors.ServerSilent
        http.close()


def test_a_download_may_take_long_but_not_drip(
    http: HttpTransport, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_errors, "RESPONSE_TIMEOUT", 1.0)
    monkeypatch.setattr(http_errors, "LEAST", 1)
    server.script = lambda asked: Answer(b"end", drip=50)
    begun, target = time.monotonic(), io.BytesIO()
    http.download(schemas.FileNamed(code=CODE, path="a"), target)
    assert time.monotonic() - begun > 2 * http_errors.RESPONSE_TIMEOUT
    assert target.getvalue() == b" " * 50 + b"end"
    monkeypatch.setattr(http_errors, "LEAST", 1000)
    server.script = lambda asked: Answer(drip=inf)
    with pytest.raises(errors.ServerSilent, match="complete answer"):
        http.download(schemas.FileNamed(code=CODE, path="a"), io.BytesIO())


def test_an_answer_without_outputs_is_not_read_beyond_what_it_can_need(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_sessions.client.transports.http.LONGEST", 1 << 20)
    server.script = lambda asked: Answer(b" " * (3 << 20))
    http = HttpTransport(server.url, KEY, "ann")
    with pytest.raises(errors.NotASessionsServer, match="more than 1 MiB"):
        http.call(api.SESSION_EXISTS, _named())
    with pytest.raises(errors.NotASessionsServer, match="does not understand"):
        http.call(api.RESUME_SESSION, schemas.ResumeSession(code=CODE))
    http.close()


def test_an_endless_redirect_ends(http: HttpTransport, server: ScriptedServer) -> None:
    server.script = lambda asked: Answer(status=307, headers={"Location": "/again"})
    assert type(_refused(http)) is errors.RedirectedAway
    assert len(server.asked) < 10


@pytest.mark.parametrize("key", ["with\nnewline", "", "ümlaut", "a b", "k" * 2000])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(errors.NotLoggedIn) as caught:
        HttpTransport("http://127.0.0.1:1", key)
    assert not key or key not in f"{caught.value} {caught.value.hint}"


def test_a_refused_key_is_renewed_once(server: ScriptedServer) -> None:
    def script(asked: Asked) -> Answer:
        if asked.authorization == "Bearer new":
            return Answer({"exists": True})
        return Answer.error(errors.NotLoggedIn("Expired.", hint="Log in."))

    server.script = script
    keys = ["new"]
    http = HttpTransport(server.url, KEY, renew=lambda: keys[0])
    assert http.call(api.SESSION_EXISTS, _named()).exists
    keys[0] = "no better"
    server.script = lambda asked: Answer.error(errors.NotLoggedIn("Expired.", hint="Log in."))
    assert type(_refused(http)) is errors.NotLoggedIn
    http.close()


def test_a_proxy_of_the_environment_gets_no_key_meant_for_this_machine(
    http: HttpTransport, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        server.script = lambda asked: Answer({"exists": True})
        assert http.call(api.SESSION_EXISTS, _named()).exists
        assert proxy.asked == []


# ---- TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    file = folder / "both.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", str(file)]
    make += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(folder / "certificate.pem")]
    subprocess.run(make, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (folder / "certificate.pem").read_bytes())
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(context) as running:
        running.script = lambda asked: Answer({"exists": True})
        yield running


def test_a_server_that_no_authority_vouches_for_gets_no_key(tls_server: ScriptedServer) -> None:
    http = HttpTransport(tls_server.url, KEY)
    assert type(_refused(http)) is errors.ServerNotTrusted
    with pytest.raises(errors.ServerNotTrusted):
        next(http.follow(schemas.Follow(code=CODE, after=0)))
    assert tls_server.asked == []
    http.close()


def test_an_authority_of_ones_own_is_named_in_the_environment(
    tls_server: ScriptedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("certificate.pem")))
    http = HttpTransport(tls_server.url, KEY)
    assert http.call(api.SESSION_EXISTS, _named()).exists
    http.close()


def test_https_to_a_server_that_waits_for_http_is_hinted_at(server: ScriptedServer) -> None:
    http = HttpTransport(server.url.replace("http:", "https:"), KEY, connect_timeout=0.3)
    caught = _refused(http)
    assert type(caught) is errors.ServerUnreachable
    assert "without TLS" in caught.hint
    http.close()


def test_https_to_a_server_that_answers_in_http_is_told() -> None:
    with _speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        http = HttpTransport(f"https://127.0.0.1:{port}", KEY)
        caught = _refused(http)
        assert type(caught) is errors.NotASessionsServer
        assert "https" in caught.message
        http.close()


# ---- following


def _collect(http: HttpTransport, after: int | None = 0) -> tuple[list[int], threading.Thread]:
    numbers: list[int] = []

    def follow() -> None:
        for event in http.follow(schemas.Follow(code=CODE, after=after)):
            numbers.append(event.number)

    thread = threading.Thread(target=follow)
    thread.start()
    return numbers, thread


def test_a_follower_gets_what_was_and_what_comes_each_once_over_broken_connections(
    http: HttpTransport, server: ScriptedServer
) -> None:
    server.events = [_event(n) for n in range(1, 6)]
    numbers, thread = _collect(http, after=2)
    until(lambda: numbers == [3, 4, 5])
    for number in (6, 7):
        server.events.append(_event(number))
        server.hang_up()
        until(lambda number=number: numbers[-1] == number)
    until(lambda: server.live)
    server.say(_event(8))
    until(lambda: numbers == [3, 4, 5, 6, 7, 8])
    assert all(asked.authorization == f"Bearer {KEY}" for asked in server.asked)
    assert all(asked.origin is None for asked in server.asked)
    http.close()
    thread.join(STARTED_WITHIN)
    assert not thread.is_alive()


def test_a_follower_outlives_a_restart_of_the_server(
    http: HttpTransport, server: ScriptedServer
) -> None:
    numbers, thread = _collect(http)
    until(lambda: server.live)
    server.stop()
    server.events.append(_event(1))
    server.start()
    until(lambda: numbers == [1])
    http.close()
    thread.join(STARTED_WITHIN)


@pytest.mark.parametrize("kind", [errors.NoSuchSession, errors.RoleMissing])
def test_following_ends_when_the_role_is_gone(
    http: HttpTransport, server: ScriptedServer, kind: type[errors.SessionsError]
) -> None:
    server.events = [_event(1)]
    numbers, thread = _collect(http)
    until(lambda: server.live)
    server.script = lambda asked: Answer.error(kind("Gone.", hint="."))
    server.hang_up(4403)
    thread.join(STARTED_WITHIN)
    assert not thread.is_alive()
    assert numbers == [1]


@pytest.mark.parametrize(
    "kind", [errors.NoSuchSession, errors.NotLoggedIn, errors.StoreBusy, errors.RoleMissing]
)
def test_who_may_not_follow_is_told_at_once(
    http: HttpTransport, server: ScriptedServer, kind: type[errors.SessionsError]
) -> None:
    server.script = lambda asked: Answer.error(kind("Refused.", hint="."))
    with pytest.raises(kind, match="Refused") as caught:
        next(http.follow(schemas.Follow(code=CODE, after=0)))
    assert KEY not in str(caught.value)


def test_a_live_view_that_a_server_draws_out_is_broken_off() -> None:
    with _speaking(b"HTTP/1.1 101 Switching Protocols\r\nX-Endless: ", then=b"x") as port:
        http = HttpTransport(f"http://127.0.0.1:{port}", KEY, read_timeout=0.6)
        with pytest.raises(errors.ServerSilent):
            next(http.follow(schemas.Follow(code=CODE, after=0)))
        http.close()


def test_following_goes_to_no_other_origin(http: HttpTransport, server: ScriptedServer) -> None:
    with ScriptedServer() as other:
        elsewhere = other.url.replace("http:", "ws:") + api.PREFIX + f"/sessions/{CODE}/live"
        server.script = lambda asked: Answer(status=302, headers={"Location": elsewhere})
        with pytest.raises(errors.SessionsError):
            next(http.follow(schemas.Follow(code=CODE, after=0)))
        assert other.asked == []


def test_without_a_number_following_begins_with_what_comes_next(
    http: HttpTransport, server: ScriptedServer
) -> None:
    instant = datetime.now(UTC)
    session = schemas.Session(
        code=CODE, url=None, label="", description="", message="", agent="", owner="ann",
        group=None,
        roles=[], state="active",
        default=False, created=instant, last_used=instant, commands=0, last_command="", events=2,
        members=1, idle_timeout=None, lifetime=None, closes=None, removed=None, purged=None,
    )  # fmt: skip
    server.script = lambda asked: None if asked.path.endswith("live") else Answer(session)
    server.events = [_event(n) for n in (1, 2, 3)]
    numbers, thread = _collect(http, after=None)
    until(lambda: numbers == [3])
    http.close()
    thread.join(STARTED_WITHIN)
