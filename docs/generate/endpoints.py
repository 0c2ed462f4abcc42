"""The pages on working in a session without this package: over plain HTTP, and over XML-RPC."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generate.markdown import anchor, table
from jupyter_sessions import api
from jupyter_sessions.server.handlers.xmlrpc import CALLABLE, LARGEST, list_parameters

_KEY = """\
`SESSION_KEY` is a key: what `POST /sessions/api/login` answers, as in
[another language](../how-to/other-languages.md). It goes into the environment, never into
a URL."""

_HTTP = """\
import os
import httpx

headers = {"Authorization": "Bearer " + os.environ["SESSION_KEY"]}
with httpx.Client(base_url=os.environ["SESSION_URL"], headers=headers) as session:
    print(session.get("").raise_for_status().json()["label"])
    session.put("scratch/best-score", json={"value": 0.93}).raise_for_status()
    session.put("content/notes.txt", content=b"It rained.").raise_for_status()
    found = session.get("commands", params={"search": "rain", "limit": 3}).raise_for_status()
    for command in found.json()["items"]:
        print(command["number"], command["user"], command["source"])"""

_XMLRPC = """\
import os
from xmlrpc.client import Binary, ServerProxy

headers = [("Authorization", "Bearer " + os.environ["SESSION_KEY"])]
with ServerProxy(os.environ["SESSION_URL"], headers=headers, allow_none=True) as session:
    print(session.sessions.get()["label"])
    session.scratch.set("best-score", 0.93)
    session.files.publish("notes.txt", Binary(b"It rained."))
    for command in session.commands.list({"search": "rain", "limit": 3})["items"]:
        print(command["number"], command["user"], command["source"])"""


def http_page() -> Iterator[str]:
    """Describe a session's base URL."""
    yield "\n# A session over HTTP\n"
    yield "`http-url CODE` prints a session's base URL, `SERVER/sessions/api/sessions/CODE/`. Use"
    yield "the session's operations under it with any HTTP library. These lines work as they"
    yield "stand:\n"
    yield f"```python\n{_HTTP}\n```\n"
    yield "`SESSION_URL` is what `jupyter sessions http-url CODE` prints."
    yield f"{_KEY}\n"
    yield "A request that changes something may carry the header `Idempotency-Key`, a random"
    yield "text of 16 to 200 characters, new for each request (a UUID, for example). If the"
    yield "connection breaks before the answer comes, send the same request with the same key"
    yield "within a day: it is carried out only once, and you get the first answer again. Only a"
    yield "secret in the answer is a new one. The same key with another request is a"
    yield "`conflict`. Our own client does this automatically.\n"
    yield "A download has the file's SHA-256 as its `ETag`. To continue one that broke off, send"
    yield "`Range: bytes=N-` with the number of bytes that you have, and that ETag as `If-Range`:"
    yield "you get the rest (status 206), or all of it (200) if the file was replaced. A range that"
    yield "no byte is in is refused (416). `If-None-Match` with the ETag saves a download of what"
    yield "has not changed (304).\n"
    yield "Below the base URL:\n"
    stem = "/sessions/{code}"
    inside = [each for each in api.OPERATIONS.values() if each.in_session]
    yield from table(
        ("request", "operation", "does"),
        (
            (
                f"`{each.method} {each.path.removeprefix(stem).lstrip('/')}`".replace(" `", "`"),
                f"[{each.name}](operations.md#{anchor(each.name)})",
                each.summary,
            )
            for each in inside
        ),
    )


def xmlrpc_page() -> Iterator[str]:
    """Describe a session's XML-RPC server."""
    yield "\n# A session over XML-RPC\n"
    yield "`xmlrpc-url CODE` prints the URL of a session's own XML-RPC server,"
    yield "`SERVER/sessions/api/sessions/CODE/xmlrpc`. Python's `xmlrpc.client.ServerProxy` works"
    yield "with it unchanged. These lines work as they stand:\n"
    yield f"```python\n{_XMLRPC}\n```\n"
    yield "`SESSION_URL` is what `jupyter sessions xmlrpc-url CODE` prints."
    yield f"{_KEY} A program that can't set headers"
    yield "sends the key as the password of HTTP Basic authentication, with any user name. A"
    yield "browser's cookie is not accepted.\n"
    yield "## Methods\n"
    yield "The methods are the session's [operations](operations.md), with the same roles. A method"
    yield "takes its parameters in the order listed here, or all by name in one struct. You can"
    yield "leave out those that have a default. It returns the operation's [schema](schemas.md) as"
    yield "a struct.\n"
    yield from table(
        ("method", "takes", "does"),
        (
            (
                f"[{name}](operations.md#{anchor(name)})",
                ", ".join(f"`{each}`" for each in list_parameters(operation)),
                operation.summary,
            )
            for name, operation in CALLABLE.items()
        ),
    )
    yield "`system.listMethods`, `system.methodHelp`, `system.methodSignature` and"
    yield "`system.multicall` are there, too.\n"
    yield "## Repeated calls\n"
    yield "If the connection breaks, you can't know whether a call was performed. Most methods that"
    yield "change something take an `idempotency_key`: by name, or as the last parameter. It is a"
    yield "random text of 16 to 200 visible ASCII characters, new for each call (a UUID, for"
    yield "example). Send the same call with the same key again within a day: it is performed only"
    yield "once, and you get the first answer again. `invitations.create`, for example, creates one"
    yield "invitation, and the answer to the repeated call has a new secret. The same key with"
    yield "another call is a `conflict`. `commands.record` and `scratch.set` need no key. In a"
    yield "`system.multicall`, each call has its own key, so the header `Idempotency-Key` is"
    yield "refused here.\n"
    yield "## Values\n"
    yield from table(
        ("JSON", "XML-RPC"),
        (
            ("null", "`nil`, both ways (`allow_none=True`)"),
            ("integer", "`int`, or `i8` past 32 bits; past 64 bits as `string`"),
            (
                "instant",
                "`string` in RFC 3339, as over HTTP. `dateTime.iso8601` has neither a time zone "
                "nor fractions of a second: it is accepted, as UTC, and never returned",
            ),
            (
                "text",
                "`string`; a text with characters that XML can't hold (a terminal's colours) is "
                "`base64` of its UTF-8, both ways",
            ),
            (
                "content of a file",
                f"`base64` (`Binary`). A call, and the files in an answer, have at most "
                f"{LARGEST >> 20} MiB; larger ones go [over HTTP](http.md)",
            ),
        ),
    )
    yield "## Faults\n"
    yield "A failure is a fault: `faultCode` is the [exit code](errors.md) that a command would end"
    yield "with, `faultString` the message, the hint, and the error's code in brackets. A missing"
    yield "or invalid key is a fault, too. A request that is not XML-RPC at all gets the same"
    yield "answer as everywhere in the API."
