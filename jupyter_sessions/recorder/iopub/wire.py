"""Verify and parse messages from a kernel's iopub socket, as far as recording needs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import DecodeError, Struct, field
from msgspec.json import Decoder

from jupyter_sessions import schemas

DELIMITER = b"<IDS|MSG>"

#: The types of messages that change what a command has put out.
OUTPUT_TYPES = frozenset(
    {"clear_output", "display_data", "error", "execute_result", "stream", "update_display_data"}
)

#: The message types that concern commands; others are not parsed any further.
LOGGED_TYPES = OUTPUT_TYPES | {
    "comm_msg",
    "comm_open",
    "execute_input",
    "iopub_welcome",
    "status",
}


_STORABLE_ID = re.compile(r"[!-~]{0,150}")


class Origin(NamedTuple):
    """The request that messages belong to, as its client has named it.

    A message id does not identify a request: clients of one kernel that share a session id number
    their messages alike.

    Attributes
    ----------
    msg_id
        The request's message id.
    client
        The session id of the client that sent it.
    sent
        The time at which the client says it was sent, as `instant_text`.
    """

    msg_id: str
    client: str = ""
    sent: str = ""


def read_origin(header: Mapping[str, Any]) -> Origin:
    """Return the origin given by a request's header, whose date may be parsed or not."""
    date = header.get("date")
    sent = date if isinstance(date, datetime) else _text(date)
    return Origin(_text(header.get("msg_id")), _text(header.get("session")), instant_text(sent))


@lru_cache(64)
def instant_text(date: datetime | str) -> str:
    """Format an instant uniformly, however a client and a kernel write it."""
    try:
        read = date if isinstance(date, datetime) else datetime.fromisoformat(date)
        return read.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return str(date)


def execution_id(origin: Origin, process: str, started: datetime, source: str) -> str:
    """Return the id under which an execution is recorded, which is unique to the execution.

    Parameters
    ----------
    origin
        The request.
    process
        The process of the kernel that executes it.
    started, source
        The start and the source, as reported by that process.
    """
    parts = (process, origin.client, origin.sent, started.isoformat(), source)
    digest = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]
    return f"{command_id(origin.msg_id)}~{digest}"


def get_request_id(execution: str) -> str:
    """Return the `command_id` of the request that caused an execution."""
    return execution.rpartition("~")[0]


def command_id(msg_id: str) -> str:
    """Return a request's message id in the form used in ids: unchanged, if it can be stored."""
    if _STORABLE_ID.fullmatch(msg_id):
        return msg_id
    return hashlib.sha256(msg_id.encode(errors="replace")).hexdigest()


class Envelope(NamedTuple):
    """What identifies a message, without its content.

    Attributes
    ----------
    id
        The message's own id, as `command_id`; empty if there is none.
    type
        The message's type.
    request
        The request that it belongs to, as `command_id`; empty if there is none.
    """

    id: str = ""
    type: str = ""
    request: str = ""


class _Names(Struct):
    msg_id: str = ""
    msg_type: str = ""


_read_names = Decoder(_Names).decode


def read_envelope(frames: Sequence[bytes]) -> Envelope:
    """Return a message's envelope, without checking the signature; empty if it is unreadable."""
    try:
        start = frames.index(DELIMITER) + 1
        header, parent = _read_names(frames[start + 1]), _read_names(frames[start + 2])
    except (ValueError, IndexError, RecursionError):
        return Envelope()
    return Envelope(command_id(header.msg_id), header.msg_type, command_id(parent.msg_id))


class UnreadableMessage(ValueError):
    """The frames are not a message of this kernel: wrongly signed, truncated or not JSON."""


class _Header(Struct):
    msg_type: str
    date: datetime
    session: str = ""
    msg_id: str = ""


class _Parent(Struct):
    msg_id: str = ""
    session: Any = None
    date: Any = None


class Message(Struct):
    """A message of the Jupyter protocol, as far as a recorder needs it.

    `origin` is the request that it belongs to, with an empty ``msg_id`` if there is none; `size` is
    the length of its content in bytes; `content` is None if it could not be read; `process`
    identifies the process of the kernel that sent it and changes with each start; `id` is the
    message's own.
    """

    type: str
    date: datetime
    origin: Origin
    size: int = 0
    content: dict[str, Any] | None = field(default_factory=dict)
    process: str = ""
    id: str = ""


def read_source(started: Message) -> str:
    """Return the source in a message that reports the start of a command."""
    return str((started.content or {}).get("code", ""))


schemas.ready(_Names, _Header, _Parent)


class Reader:
    """Parses the messages of one kernel.

    Parameters
    ----------
    key
        The key of the connection file; empty if the kernel does not sign messages.
    scheme
        The signature scheme of the connection file, for example ``hmac-sha256``.
    """

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        self._key = key
        self._digest = getattr(hashlib, scheme.removeprefix("hmac-"))
        self._headers = Decoder(_Header)
        self._parents = Decoder(_Parent)
        self._contents = Decoder(dict[str, Any])

    def read(self, frames: Sequence[bytes]) -> Message | None:
        """Return the message in `frames`; None if its type does not concern commands.

        Raises
        ------
        UnreadableMessage
            If it is not a message of this kernel.
        """
        try:
            start = frames.index(DELIMITER) + 1
            signature, header, parent, metadata, content = frames[start : start + 5]
        except ValueError:
            raise UnreadableMessage("cut off") from None
        self._check(signature, header, parent, metadata, content)
        return self.parse(header, parent, content)

    def parse(self, header: bytes, parent: bytes, content: bytes) -> Message | None:
        """Return the message with these parts, whose origin is known; see `read`."""
        try:
            head = self._headers.decode(header)
            told = self._parents.decode(parent)
        except (DecodeError, ValueError, RecursionError) as error:
            raise UnreadableMessage(f"no header: {error}") from error
        if head.msg_type not in LOGGED_TYPES:
            return None
        return Message(
            head.msg_type,
            head.date,
            Origin(told.msg_id, _text(told.session), instant_text(_text(told.date))),
            len(content),
            self._content(content),
            head.session,
            head.msg_id,
        )

    def _check(self, signature: bytes, *signed: bytes) -> None:
        if not self._key:
            return
        mac = hmac.new(self._key, digestmod=self._digest)
        for part in signed:
            mac.update(part)
        if not hmac.compare_digest(mac.hexdigest().encode(), signature):
            raise UnreadableMessage("wrongly signed")

    def _content(self, frame: bytes) -> dict[str, Any] | None:
        try:
            return self._contents.decode(frame)
        except (DecodeError, ValueError, RecursionError):
            # Python's own parser accepts what kernels send against the standard (NaN, lone
            # surrogates); the result must then be made storable.
            return _lenient(frame)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lenient(frame: bytes) -> dict[str, Any] | None:
    try:
        content = schemas.make_storable(json.loads(frame.decode(errors="replace")))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
