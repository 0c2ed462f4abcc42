"""What can go wrong with a login: told apart by message and exit code, and nothing changes."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.client import logins
from jupyter_sessions.client.logins import Wanted, retry
from tests.client.logins.conftest import KEY, Accounts, put
from tests.client.scripted_server import Answer, ScriptedServer
from tests.ports import free_port

Break = Callable[[ScriptedServer], str]


def _answering(answer: Callable[[], Answer], path: str = "/health") -> Break:
    def script(server: ScriptedServer) -> str:
        server.script = lambda asked: answer() if asked.path.startswith(path) else None
        return server.url

    return script


def _error(kind: type[errors.SessionsError]) -> Break:
    return _answering(lambda: Answer.error(kind("Refused.", hint="Do this.")), "/login")


def _away(server: ScriptedServer) -> str:
    return f"http://127.0.0.1:{free_port()}"


BROKEN: dict[str, tuple[Break, type[errors.SessionsError]]] = {
    "wrong password": (_error(errors.WrongPassword), errors.WrongPassword),
    "disabled account": (_error(errors.AccountDisabled), errors.AccountDisabled),
    "expired key": (_error(errors.LoginExpired), errors.LoginExpired),
    "revoked key": (_error(errors.LoginRevoked), errors.LoginRevoked),
    "key of another server": (_error(errors.LoginUnknown), errors.LoginUnknown),
    "damaged key": (_error(errors.NotLoggedIn), errors.LoginUnknown),
    "not a sessions server": (
        _answering(lambda: Answer(b"<html>", media_type="text/html")),
        errors.NotASessionsServer,
    ),
    "redirect to another host": (
        _answering(lambda: Answer({}, 307, headers={"Location": "https://evil.example/"})),
        errors.RedirectedAway,
    ),
    "a server that hangs": (_answering(lambda: Answer(hang=True)), errors.ServerSilent),
    "a server that is away": (_away, errors.ServerUnreachable),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("how", ["password", "key"])
def test_each_failure_is_its_own_and_leaves_the_logins_as_they_were(
    server: ScriptedServer, what: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_, kind = BROKEN[what]
    if how == "password" and what == "damaged key":
        kind = errors.NotLoggedIn  # a proxy's own word
    if kind is errors.ServerSilent:  # any other answers, however busy the machine is
        monkeypatch.setattr(retry, "ANSWERS_WITHIN", 1.0)
    before = put("https://h")
    logins.set_current(before)
    url = break_(server)
    secret = "s3cret-password" if how == "password" else f"{KEY}-of-somebody"
    with pytest.raises(errors.SessionsError) as caught:
        if how == "password":
            logins.create(Wanted(server=url, user="ann"), secret)
        else:
            logins.join(url, secret)
    assert type(caught.value) is kind
    assert caught.value.message
    assert secret not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert logins.stored() == [before]
    assert logins.current() == before


def test_their_exit_codes_differ_and_are_below_126() -> None:
    kinds = {kind for _, kind in BROKEN.values()} | {errors.ServerNotTrusted}
    codes = {kind.exit_code for kind in kinds}
    assert len(codes) == len(kinds)
    assert all(0 < code < 126 for code in codes)


@pytest.mark.parametrize(
    "what", ["not a sessions server", "redirect to another host", "a server that hangs"]
)
def test_neither_password_nor_key_goes_to_what_is_no_sessions_server(
    server: ScriptedServer, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "ANSWERS_WITHIN", 1.0)
    url = BROKEN[what][0](server)
    with pytest.raises(errors.SessionsError):
        logins.create(Wanted(server=url, user="ann"), "s3cret")
    with pytest.raises(errors.SessionsError):
        logins.join(url, KEY)
    assert {asked.path for asked in server.asked} == {"/health"}
    assert {asked.authorization for asked in server.asked} == {None}
    assert not [asked for asked in server.asked if b"s3cret" in asked.body]


def test_a_key_is_not_sent_on_to_where_its_own_server_redirects(accounts: Accounts) -> None:
    with ScriptedServer() as other:
        login = put(accounts.server.url)
        accounts.server.script = lambda asked: Answer(
            {}, 307, headers={"Location": f"{other.url}{asked.path}"}
        )
        logins.set_current(login)
        with pytest.raises(errors.RedirectedAway, match="was not sent there"):
            logins.reuse(Wanted())
        assert logins.check([login])[0].state == "unreachable"
        assert other.asked == []


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[ScriptedServer]:
    """A server whose certificate nobody has vouched for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with ScriptedServer(tls) as server:
        yield server


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(untrusted: ScriptedServer) -> None:
    before = put("https://h")
    for attempt in (
        lambda: logins.create(Wanted(server=untrusted.url, user="ann"), "s3cret"),
        lambda: logins.join(untrusted.url, KEY),
    ):
        with pytest.raises(errors.ServerNotTrusted, match="can't prove"):
            attempt()
    assert untrusted.asked == []
    assert logins.stored() == [before]


def test_waiting_for_a_server_that_is_not_trusted_is_no_use(untrusted: ScriptedServer) -> None:
    begin = time.monotonic()
    with pytest.raises(errors.ServerNotTrusted):
        logins.join(untrusted.url, KEY, 60)
    assert time.monotonic() - begin < 50
