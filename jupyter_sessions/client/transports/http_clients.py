"""Make the HTTP and WebSocket clients of a server, by what the environment says of proxies and TLS.

Both clients go the same way: through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`
names for the server, unless `NO_PROXY` names the server, and with the authorities that
`SSL_CERT_FILE` and `SSL_CERT_DIR` name. The libraries read none of these variables themselves: each
reads them in its own way, and fails at a bad one in its own way.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from jupyter_sessions import errors
from jupyter_sessions.client.addresses import get_host, get_port, is_loopback

if TYPE_CHECKING:
    import ssl

    import httpx

#: The proxies that we can use, with the port of one that names none. A bare ``socks`` is what
#: desktops write into ALL_PROXY, and means version 5.
_DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "socks": 1080,
    "socks4": 1080,
    "socks4a": 1080,
    "socks5": 1080,
    "socks5h": 1080,
}
_PROXY_HINT = (
    "Write it as http://HOST:PORT or socks5://HOST:PORT, unset it, or list the server in NO_PROXY."
)
_LONGEST_SOCKS_TEXT = 255


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment names for a server.

    Attributes
    ----------
    setting
        Who names it: a variable, or the system's settings.
    scheme, host, port
        How it is spoken to, and where.
    user, password
        What it asks for; None where it asks for nothing.
    """

    setting: str
    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its URL, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, of whatever version."""
        return self.scheme.startswith("socks")


def find_proxy(server: str) -> Proxy | None:
    """Return the proxy that the environment names for a server; None where it is reached directly.

    Raises
    ------
    BadSetting
        When what the environment names can't be a proxy.
    """
    host = get_host(server)
    if is_loopback(host):
        # A proxy would get the key in the clear, and can't reach our loopback anyway.
        return None
    from urllib.request import getproxies

    proxies = getproxies()
    if _is_excluded(host, get_port(server), proxies.get("no", "")):
        return None
    for kind in (server.partition("://")[0], "all"):
        if address := proxies.get(kind, "").strip():
            return _parse_proxy(address, _name_setting(f"{kind}_proxy"))
    return None


def make_http_client(server: str, proxy: Proxy | None) -> httpx.Client:
    """Make the HTTP client of a server.

    Raises
    ------
    BadSetting
        When the environment's settings can't be used.
    """
    import httpx

    # Over plain http nothing is verified, and no redirect leads from it to https.
    verify: ssl.SSLContext | bool = make_tls_context(server) or False
    if proxy is None:
        return httpx.Client(verify=verify, trust_env=False)
    if proxy.is_socks:
        return httpx.Client(transport=_make_socks_transport(proxy, verify), trust_env=False)
    auth = None if proxy.user is None else (proxy.user, proxy.password or "")
    context = _trust_environment() if proxy.scheme == "https" else None
    try:
        spoken_to = httpx.Proxy(proxy.url, auth=auth, ssl_context=context)
    except (httpx.InvalidURL, ValueError):
        raise _refuse_address(proxy.setting) from None
    return httpx.Client(verify=verify, trust_env=False, proxy=spoken_to)


def open_socket(server: str, proxy: Proxy | None, timeout: float) -> Any:
    """Open a connection to a server for a WebSocket, through the proxy and with TLS.

    Parameters
    ----------
    timeout
        In seconds, for each step.

    Raises
    ------
    BadSetting
        When the environment's settings can't be used.
    OSError, ValueError, python_socks.ProxyError
        When the connection can't be made.
    """
    host, port, context = get_host(server), get_port(server), make_tls_context(server)
    if proxy is None:
        plain = socket.create_connection((host, port), timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            plain.close()
            raise
    from python_socks.sync.v2 import Proxy as Connector

    tls = _trust_environment() if proxy.scheme == "https" else None
    connector = Connector(**_describe_to_connector(proxy), proxy_ssl=tls)
    return connector.connect(host, port, dest_ssl=context, timeout=timeout).socket


def make_tls_context(server: str) -> ssl.SSLContext | None:
    """Make the TLS context that verifies a server; None for plain http.

    Raises
    ------
    BadSetting
        When a variable names what can't be used.
    """
    return _trust_environment() if server.startswith("https:") else None


def explain_failure(server: str, proxy: Proxy, error: BaseException) -> errors.SessionsError | None:
    """Return what a failure of a proxy means; None where the failure is not the proxy's.

    Parameters
    ----------
    error
        What a library raised.
    """
    import httpx
    import python_socks

    causes = list(list_causes(error))
    hint = (
        f"{proxy.setting} names it. Check it, or list the server in NO_PROXY to connect without it."
    )
    for cause in causes:
        if isinstance(cause, (httpx.ProxyError, python_socks.ProxyError)):
            return errors.ServerUnreachable(
                f"The proxy {proxy.url} does not lead to {server}: {_clean(str(cause))}.",
                hint=hint,
            )
        if isinstance(cause, python_socks.ProxyTimeoutError):
            return errors.ServerUnreachable(
                f"The proxy {proxy.url} did not lead to {server} in time.", hint=hint
            )
    if isinstance(error, httpx.ConnectTimeout):
        return errors.ServerUnreachable(
            f"The proxy {proxy.url} did not accept the connection in time.", hint=hint
        )
    if isinstance(error, (httpx.ConnectError, python_socks.ProxyConnectionError)):
        import ssl

        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return None  # it may be the server's: it is explained as that
        numbers = (cause.errno for cause in causes if isinstance(cause, OSError))
        # Failures of name resolution have negative numbers of their own.
        why = next((os.strerror(number) for number in numbers if number and number > 0), "")
        return errors.ServerUnreachable(
            f"The proxy {proxy.url} can't be reached{': ' + why if why else ''}.", hint=hint
        )
    return None


def explain_trust() -> str:
    """Say what is wrong with the variables that name authorities; empty where nothing is."""
    file, folders = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    told = []
    if file:
        told.append(f"Now SSL_CERT_FILE names {_clean(file)}.")
    for folder in (folders or "").split(os.pathsep):
        if folder and not Path(folder).is_dir():
            told.append(f"SSL_CERT_DIR names {_clean(folder)}, which is not a folder.")
        elif folder:
            told.append(
                f"Now SSL_CERT_DIR names {_clean(folder)}; run `openssl rehash` on "
                "that folder first."
            )
    return " ".join(told)


def list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what led to it, the last one first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


# ---- proxies


def _name_setting(variable: str) -> str:
    # As urllib has it: the lower-case one comes first.
    if variable in os.environ:
        return variable
    return next(
        (name for name in os.environ if name.lower() == variable), "The system's proxy settings"
    )


def _parse_proxy(address: str, setting: str) -> Proxy:
    """Read a proxy's address, and see that everything that uses it can."""
    if "://" not in address:
        address = f"http://{address}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        user = None if parts.username is None else unquote(parts.username, errors="strict")
        password = None if parts.password is None else unquote(parts.password, errors="strict")
        address.encode()
        _check_host(host, bracketed="[" in parts.netloc)
    except ValueError:  # UnicodeError is one
        raise _refuse_address(setting) from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise errors.BadSetting(
            f"{setting} names a proxy of the kind {_clean(parts.scheme)}://, which can't be used.",
            hint=_PROXY_HINT,
        )
    if port == 0:
        raise errors.BadSetting(f"{setting} names the port 0.", hint=_PROXY_HINT)
    proxy = Proxy(
        setting=setting,
        scheme="socks5" if parts.scheme == "socks" else parts.scheme,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        user=user or None,
        password=password,
    )
    if proxy.is_socks and not all(
        text.isascii() and len(text) <= _LONGEST_SOCKS_TEXT for text in (user or "", password or "")
    ):
        raise errors.BadSetting(
            f"{setting} contains a user name or password that a SOCKS proxy can't receive.",
            hint="Use at most 255 ASCII characters for each.",
        )
    return proxy


def _refuse_address(setting: str) -> errors.BadSetting:
    # The address may hold a password, so it is not repeated.
    return errors.BadSetting(f"{setting} is not a valid proxy address.", hint=_PROXY_HINT)


def _check_host(host: str, *, bracketed: bool) -> None:
    if bracketed:
        ipaddress.IPv6Address(host.partition("%")[0])
    elif not host or re.search(r"[\x00-\x20\x7f/\\?#@<>^`{|}%\"]", host):
        raise ValueError
    else:
        host.encode("idna")


def _is_excluded(host: str, port: int, no_proxy: str) -> bool:
    """Tell whether NO_PROXY names a host; what is no host or network in it names nothing."""
    return any(_matches(host, port, entry) for entry in re.split(r"[,\s]+", no_proxy.strip()))


def _matches(host: str, port: int, entry: str) -> bool:
    """Tell whether one entry of NO_PROXY names a host: itself, or a domain or network of it."""
    if entry == "*":
        return True
    host = host.lower().rstrip(".")
    entry = entry.lower().rpartition("://")[2]
    with suppress(ValueError):
        network = ipaddress.ip_network(entry.replace("[", "").replace("]", ""), strict=False)
        with suppress(ValueError):
            return ipaddress.ip_address(host) in network
        return False
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(\d+))?|([^:]*)(?::(\d+))?", entry.rstrip("/"))
    if bracketed is None:
        return False
    named_port = bracketed[2] or bracketed[4]
    if named_port and int(named_port[:6]) != port:
        return False
    domain = (bracketed[1] or bracketed[3] or "").removeprefix("*").strip(".")
    return bool(domain) and (host == domain or host.endswith("." + domain))


def _describe_to_connector(proxy: Proxy) -> dict[str, Any]:
    from python_socks import ProxyType

    kind = ProxyType.HTTP
    if proxy.is_socks:
        kind = ProxyType.SOCKS4 if proxy.scheme.startswith("socks4") else ProxyType.SOCKS5
    return {
        "proxy_type": kind,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.user,
        "password": proxy.password,
        "rdns": True,  # the proxy may know names that we don't
    }


def _make_socks_transport(proxy: Proxy, verify: ssl.SSLContext | bool) -> httpx.HTTPTransport:
    """Make a transport through a SOCKS proxy.

    httpx has one of its own, which knows version 5 only, takes an answer that comes in two parts
    for a failure of its own, and waits for a silent proxy without an end.
    """
    import httpcore
    import httpx
    import python_socks
    from httpcore._backends.sync import SyncStream
    from python_socks.sync import Proxy as Connector

    class Backend(httpcore.SyncBackend):
        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,  # noqa: ARG002
            socket_options: Iterable[Any] | None = None,  # noqa: ARG002
        ) -> httpcore.NetworkStream:
            connector = Connector(**_describe_to_connector(proxy))
            try:
                connected = connector.connect(host, port, timeout=timeout)
            except python_socks.ProxyTimeoutError as error:
                raise httpcore.ConnectTimeout(str(error)) from error
            except python_socks.ProxyError as error:
                raise httpcore.ProxyError(str(error)) from error
            except OSError as error:
                raise httpcore.ConnectError(str(error)) from error
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return SyncStream(connected)

    transport = httpx.HTTPTransport(verify=verify, trust_env=False)
    context = verify if not isinstance(verify, bool) else None
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context, network_backend=Backend()
    )  # it takes none as an argument
    return transport


# ---- certificates


def _trust_environment() -> ssl.SSLContext:
    """Make a context that trusts the environment's authorities, or else certifi's and the system's.

    Raises
    ------
    BadSetting
        When a variable names what can't be used.
    """
    import httpx

    try:
        context = httpx.create_ssl_context()
        context.load_default_certs()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise _find_bad_variable(error) from error
    return context


def _find_bad_variable(error: Exception) -> errors.BadSetting:
    """Find out which variable the `ssl` module failed at, by trying each."""
    import ssl

    file = os.environ.get("SSL_CERT_FILE")
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
        except ssl.SSLError:
            return errors.BadSetting(
                f"SSL_CERT_FILE names {_clean(file)}, which holds no certificates in PEM form.",
                hint="Name a file that begins with -----BEGIN CERTIFICATE-----, or unset it.",
            )
        except (OSError, ValueError) as failure:
            return errors.BadSetting(
                f"SSL_CERT_FILE names {_clean(file)}, which can't be read: {_explain(failure)}.",
                hint="Name a file of certificates in PEM form, or unset it.",
            )
    keys = os.environ.get("SSLKEYLOGFILE")
    if keys:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = keys
        except (OSError, ValueError) as failure:
            return errors.BadSetting(
                f"SSLKEYLOGFILE names {_clean(keys)}, which can't be written: {_explain(failure)}.",
                hint="Unset it, or name a file in a folder that exists.",
            )
    return errors.BadSetting(
        f"TLS can't be set up on this machine: {_explain(error)}.",
        hint="Check the variables SSL_CERT_FILE, SSL_CERT_DIR, SSLKEYLOGFILE and OPENSSL_CONF.",
    )


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno and error.strerror:
        return error.strerror
    return _clean(str(error))


def _clean(text: str) -> str:
    """Make a text of others fit to be printed in a message."""
    shown = "".join(each if each.isprintable() else "�" for each in text.rstrip("."))
    return shown if len(shown) <= 200 else shown[:200] + "…"
