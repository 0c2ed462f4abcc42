"""A small proxy for tests: HTTP (as it is, with CONNECT) and SOCKS 4, 4a and 5, with a password."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class TestProxy:
    """Leads every name to this machine, and remembers which were asked for.

    Parameters
    ----------
    login
        ``user:password`` that it wants.
    tls
        With it, it is spoken to over TLS.
    refuses
        Whether it leads nowhere.
    """

    __test__ = False

    def __init__(
        self, login: str = "", tls: ssl.SSLContext | None = None, *, refuses: bool = False
    ) -> None:
        self.asked: list[tuple[str, int]] = []
        self.refuses = refuses
        self._login = login
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, ValueError, IndexError):
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            self._open.append(client)
            first = client.recv(1)
            if first == b"\x05":
                self._socks5(client)
            elif first == b"\x04":
                self._socks4(client)
            else:
                self._http(client, first)
        client.close()

    def _connect(self, host: str, port: int) -> socket.socket:
        self.asked.append((host, port))
        if self.refuses:
            raise ConnectionRefusedError
        server = socket.create_connection(("127.0.0.1", port))
        self._open.append(server)
        return server

    def _socks5(self, client: socket.socket) -> None:
        methods = _read(client, _read(client, 1)[0])
        wanted = 2 if self._login else 0
        # In two parts, as a network may deliver it.
        client.sendall(b"\x05")
        client.sendall(bytes([wanted if wanted in methods else 0xFF]))
        if self._login:
            _read(client, 1)
            user = _read(client, _read(client, 1)[0])
            password = _read(client, _read(client, 1)[0])
            right = user + b":" + password == self._login.encode()
            client.sendall(b"\x01" + (b"\x00" if right else b"\x01"))
            if not right:
                return
        kind = _read(client, 4)[3]
        if kind == 3:
            host = _read(client, _read(client, 1)[0]).decode()
        else:
            host = socket.inet_ntop(*{1: (socket.AF_INET, _read(client, 4))}[kind])
        (port,) = struct.unpack(">H", _read(client, 2))
        try:
            server = self._connect(host, port)
        except OSError:
            client.sendall(b"\x05\x05\x00\x01" + bytes(6))
            return
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        _pour(client, server)

    def _socks4(self, client: socket.socket) -> None:
        _, port, address = struct.unpack(">BH4s", _read(client, 7))
        _read_to(client, b"\x00")
        host = socket.inet_ntoa(address)
        if address[:3] == bytes(3):
            host = _read_to(client, b"\x00")[:-1].decode()
        server = self._connect(host, port)
        client.sendall(b"\x00\x5a" + bytes(6))
        _pour(client, server)

    def _http(self, client: socket.socket, first: bytes) -> None:
        head = first + _read_to(client, b"\r\n\r\n")
        method, target, version = head.split(b"\r\n", 1)[0].decode().split(" ")
        wanted = b"proxy-authorization: basic " + base64.b64encode(self._login.encode()).lower()
        if self._login and wanted not in head.lower():
            told = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
            client.sendall(told)
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        try:
            server = self._connect(parts.hostname or "", parts.port or 80)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            target = target.partition(parts.netloc)[2]
            rest = head.split(b"\r\n", 1)[1]
            server.sendall(f"{method} {target} {version}\r\n".encode() + rest)
        _pour(client, server)


def _read(client: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        more = client.recv(count - len(content))
        if not more:
            raise ConnectionResetError
        content += more
    return content


def _read_to(client: socket.socket, end: bytes) -> bytes:
    content = b""
    while not content.endswith(end):
        content += _read(client, 1)
    return content


def _pour(client: socket.socket, server: socket.socket) -> None:
    """Pass on what comes, both ways, until one side ends."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(1 << 16):
                target.sendall(content)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=pass_on, args=(server, client), daemon=True)
    back.start()
    pass_on(client, server)
    back.join()
    server.close()
