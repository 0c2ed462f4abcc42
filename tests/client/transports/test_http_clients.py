"""Proxies and certificates of the environment: what works through them, and what they get told."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.logins import folder as login_folder
from jupyter_sessions.client.logins import retry
from jupyter_sessions.client.transports import http_clients
from jupyter_sessions.client.transports.http import HttpTransport
from tests.client.logins.conftest import put
from tests.client.scripted_server import Answer, ScriptedServer
from tests.client.transports.proxies import TestProxy
from tests.client.transports.test_http import CODE, KEY, _event, _named

NAME = "sessions.test"  #: a name that only a proxy knows
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    for variable in TLS_VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate of NAME and this machine that vouches for itself, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-keyout", str(file)]
    make += ["-addext", f"subjectAltName=IP:127.0.0.1,DNS:{NAME}"]
    make += ["-out", str(file.with_name("certificate.pem"))]
    subprocess.run(make, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + file.with_name("certificate.pem").read_bytes())
    return file


def _serve_tls(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    return context


def _use(url: str) -> None:
    """Ask a server that is known by NAME only, publish to it, and follow it."""
    http = HttpTransport(url, KEY, connect_timeout=2)
    try:
        assert http.call(api.SESSION_EXISTS, _named()).exists
        follow = http.follow(schemas.Follow(code=CODE, after=0))
        assert next(follow).number == 1
    finally:
        http.close()
    assert list(follow) == []


def _refusals(url: str) -> list[errors.SessionsError]:
    """Return what a request and a live view are refused with."""
    http = HttpTransport(url, KEY, connect_timeout=1)
    try:
        with pytest.raises(errors.SessionsError) as asked:
            http.call(api.SESSION_EXISTS, _named())
        with pytest.raises(errors.SessionsError) as followed:
            next(http.follow(schemas.Follow(code=CODE, after=0)))
    finally:
        http.close()
    return [asked.value, followed.value]


@pytest.fixture
def server(server: ScriptedServer) -> ScriptedServer:
    server.script = lambda asked: None if asked.path.endswith("/live") else Answer({"exists": True})
    server.events.append(_event(1))
    return server


@pytest.fixture
def tls_server(authority: Path) -> Iterator[ScriptedServer]:
    with ScriptedServer(_serve_tls(authority)) as running:
        running.script = lambda asked: (
            None if asked.path.endswith("/live") else Answer({"exists": True})
        )
        running.events.append(_event(1))
        yield running


# ---- what works


@pytest.mark.parametrize(
    ("variable", "proxy_url"),
    [
        ("ALL_PROXY", "socks5://{}"),
        ("all_proxy", "socks5h://{}/"),
        ("http_proxy", "socks://{}"),
        ("ALL_PROXY", "socks4a://{}"),
        ("HTTP_PROXY", "http://{}"),
        ("All_Proxy", " {} "),
    ],
)
def test_a_proxy_leads_requests_and_live_views(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, variable: str, proxy_url: str
) -> None:
    with TestProxy() as proxy:
        monkeypatch.setenv(variable, proxy_url.format(proxy.address))
        _use(f"http://{NAME}:{server.port}")
    assert set(proxy.asked) == {(NAME, server.port)}
    assert len(proxy.asked) == 2


@pytest.mark.parametrize("kind", ["socks5", "http", "https"])
def test_tls_goes_through_a_proxy_to_the_server(
    tls_server: ScriptedServer, authority: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.with_name("certificate.pem")))
    with TestProxy(tls=_serve_tls(authority) if kind == "https" else None) as proxy:
        monkeypatch.setenv("https_proxy", f"{kind}://{proxy.address}")
        _use(f"https://{NAME}:{tls_server.port}")
    assert len(proxy.asked) == 2


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_a_proxy_gets_its_user_and_password(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with TestProxy(login="ann:s@cret") as proxy:
        monkeypatch.setenv("all_proxy", f"{kind}://ann:s%40cret@{proxy.address}")
        _use(f"http://{NAME}:{server.port}")
        for login in ("", "ann:wr0ng@"):
            monkeypatch.setenv("all_proxy", f"{kind}://{login}{proxy.address}")
            for told in _refusals(f"http://{NAME}:{server.port}"):
                assert isinstance(told, errors.ServerUnreachable)
                assert "proxy" in told.message
                assert "wr0ng" not in told.message + told.hint


@pytest.mark.parametrize(
    ("no_proxy", "excluded"),
    [
        ("*", True),
        (NAME, True),
        (NAME.upper(), True),
        ("a.test, sessions.test", True),
        ("a.test sessions.test", True),
        (".test", True),
        ("*.test", True),
        ("test", True),
        (f"http://{NAME}", True),
        (f"{NAME}:8765", True),
        (f"{NAME}:8766", False),
        ("est", False),
        ("other.sessions.test", False),
        (",,; [ ://:]:: [::1 http:// 10.0.0.0/99 %", False),
        ("\udcff,\x01", False),
        ("", False),
    ],
)
def test_no_proxy_names_hosts_in_every_form(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, excluded: bool
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (http_clients.find_proxy(f"http://{NAME}:8765/base") is None) == excluded


@pytest.mark.parametrize(
    ("no_proxy", "server", "excluded"),
    [
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("10.1.2.3", "http://10.1.2.3:99", True),
        ("10.1.2.3:99", "http://10.1.2.3:99", True),
        ("2001:db8::1", "http://[2001:db8::1]", True),
        ("[2001:db8::1]", "https://[2001:db8::1]:1", True),
        ("[2001:db8::1]:2", "http://[2001:db8::1]:1", False),
        ("2001:db8::/32", "http://[2001:db8::1]", True),
    ],
)
def test_no_proxy_names_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, server: str, excluded: bool
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (http_clients.find_proxy(server) is None) == excluded


# ---- what does not


BAD_PROXIES = [
    "::", "http://", "http://:80", "http://h:99999", "http://h:0", "http://h:x", "http://[::1",
    "ftp://h:1", "socks6://h:1", "quic://h", "http://a b:1", "http://a..b:1", "http://\udcff:1",
    f"http://{'a' * 64}.test", "http://h\x01:1", "socks5://\u00fc:\u00fc@h:1",
    f"socks5://{'u' * 256}:x@h:1", "http://%ff:x@h:1", "http://[v1.x]:1", "h:1:2",
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_PROXIES, ids=ascii)
def test_a_variable_that_names_no_proxy_is_named(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    for variable in ("ALL_PROXY", "https_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(variable, address)
        kind = "https" if variable == "https_proxy" else "http"
        for told in _refusals(f"{kind}://{NAME}"):
            assert type(told) is errors.BadSetting
            assert told.message.startswith(variable)
            assert "NO_PROXY" in told.hint or "ASCII" in told.hint
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("kind", ["socks5", "socks4", "http", "https"])
def test_a_proxy_that_is_not_there_or_is_none_is_named(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with TestProxy() as gone:
        pass
    for address in (gone.address, "no-such-host.invalid:1", f"127.0.0.1:{server.port}"):
        monkeypatch.setenv("ALL_PROXY", f"{kind}://{address}")
        for told in _refusals(f"https://{NAME}:{server.port}"):
            if kind != "https" or "TLS" not in told.hint:
                assert type(told) is errors.ServerUnreachable
                assert address in told.message
                assert "ALL_PROXY" in told.hint


@pytest.mark.parametrize("kind", ["socks5", "http"])
def test_a_proxy_that_leads_nowhere_says_why(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with TestProxy(refuses=True) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{kind}://{proxy.address}")
        for told in _refusals(f"https://{NAME}"):
            assert type(told) is errors.ServerUnreachable
            assert "does not lead to" in told.message
            assert "ALL_PROXY" in told.hint


@pytest.mark.parametrize(
    ("variable", "content", "word"),
    [
        ("SSL_CERT_FILE", None, "can't be read: No such file"),
        ("SSL_CERT_FILE", b"", "holds no certificates"),
        ("SSL_CERT_FILE", b"\x30\x82\x00\xff" * 100, "holds no certificates"),
        (
            "SSL_CERT_FILE",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds no certificates",
        ),
        ("SSLKEYLOGFILE", None, "can't be written: No such file"),
    ],
)
def test_a_variable_that_names_a_bad_file_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, content: bytes | None, word: str
) -> None:
    file = tmp_path / "none" / "file.pem"
    if content is not None:
        file.parent.mkdir()
        file.write_bytes(content)
    for named in (file, tmp_path):
        monkeypatch.setenv(variable, str(named))
        for told in _refusals(f"https://{NAME}"):
            assert type(told) is errors.BadSetting
            assert told.message.startswith(f"{variable} names {named}")
            assert told.hint
            assert named is tmp_path or word in told.message


def test_a_folder_of_authorities_that_is_not_there_is_told_where_trust_fails(
    tls_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    for told in _refusals(tls_server.url):
        assert type(told) is errors.ServerNotTrusted
        assert f"SSL_CERT_DIR names {tmp_path / 'none'}, which is not a folder." in told.hint


def test_a_bad_setting_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://h")
    with pytest.raises(errors.BadSetting):
        retry.reach(f"http://{NAME}", seconds=3600)


@pytest.mark.parametrize(
    "setting",
    [
        "ALL_PROXY=socks5://127.0.0.1:1",
        "HTTPS_PROXY=socks6://h",
        "https_proxy=http://[",
        "NO_PROXY=[,::1]:x,http://[",
        "SSL_CERT_FILE=/nowhere/x.pem",
        "SSL_CERT_DIR=/nowhere",
        "SSLKEYLOGFILE=/nowhere/keys",
        "OPENSSL_CONF=/nowhere/openssl.cnf",
    ],
)
def test_no_setting_shows_a_traceback_in_a_shell(setting: str, home: Path) -> None:
    login = put("https://192.0.2.1:1")
    assert home in login_folder().parents
    name, _, value = setting.partition("=")
    command = [sys.executable, "-m", "jupyter_sessions", "list", "--server", login.server]
    environment = {**os.environ, name: value}
    if "PROXY" not in setting.upper() or name == "NO_PROXY":
        environment["HTTPS_PROXY"] = "http://127.0.0.1:1"  # nothing leaves this machine
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode not in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 4, done.stderr
