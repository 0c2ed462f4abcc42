"""Determine whether other machines can reach a server's address, and this machine's address."""

from __future__ import annotations

import ipaddress
import socket

from jupyter_sessions.client.addresses import get_host, is_loopback

#: Addresses reserved for documentation: looking up the route to them sends nothing.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_ANY_PORT = 9


def find_outward_address() -> str | None:
    """Return the IP address by which this machine reaches others; None without a route."""
    for family, there in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((there, _ANY_PORT))
                address = str(probe.getsockname()[0])
        except OSError:
            continue
        if not is_loopback(address):
            return address
    return None


def name_this_machine(*, by_name: bool) -> str:
    """Return this machine's address for others: its IP address or, for a certificate, its name."""
    address = None if by_name else find_outward_address()
    if address is None:
        return socket.getfqdn() if by_name else socket.gethostname()
    return f"[{address}]" if ":" in address else address


def explain_unreachable(server: str) -> str:
    """Explain why other machines can't open a server's address; empty if no reason is known.

    Parameters
    ----------
    server
        The server's base URL.
    """
    host = get_host(server)
    if is_loopback(host):
        return (
            "Only this machine can open this address. To serve other machines, run "
            "`jupyter sessions serve --ip=0.0.0.0` in a shell."
        )
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if "." not in host:
            return (
                f"Other machines may not know the name {host}. If they don't, give "
                "the server an address that they know: `jupyter sessions serve "
                "--public-url=URL`."
            )
    return ""


def explain_plain_http(server: str) -> str:
    """Warn about passwords over plain HTTP; empty if the traffic is encrypted or local."""
    if not server.startswith("http://") or is_loopback(get_host(server)):
        return ""
    return (
        "Plain HTTP: passwords and results are sent unencrypted. Use it only in a "
        "network that you trust, serve with --certfile and --keyfile, or use a proxy "
        "with TLS."
    )
