"""Messages as they come over a kernel's iopub socket: checked, and read as far as we need them."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import DecodeError, Struct, field
from msgspec.json import Decoder

from jupyter_sessions import model

DELIMITER = b"<IDS|MSG>"

#: The types that say something about a command; others are not read any further.
TOLD_TYPES = frozenset(
    {
        "clear_output",
        "comm_msg",
        "comm_open",
        "display_data",
        "error",
        "execute_input",
        "execute_result",
        "iopub_welcome",
        "status",
        "stream",
        "update_display_data",
    }
)


_STORABLE_ID = re.compile(r"[!-~]{0,200}")


def command_id(msg_id: str) -> str:
    """Return the id under which the request `msg_id` is recorded: itself, if it can be stored."""
    if _STORABLE_ID.fullmatch(msg_id):
        return msg_id
    return hashlib.sha256(msg_id.encode(errors="replace")).hexdigest()


class UnreadableMessage(ValueError):
    """Frames that are no message of this kernel: wrongly signed, cut or not JSON."""


class _Header(Struct):
    msg_type: str
    date: datetime
    session: str = ""


class _Parent(Struct):
    msg_id: str = ""


class Message(Struct):
    """A message of the Jupyter protocol, as far as a recorder needs it.

    `parent` is the ``msg_id`` of the request that it belongs to, empty where it belongs to none;
    `size` is the length of its content in bytes; `content` is None where it could not be read;
    `process` names the process of the kernel that sent it, another one after each start.
    """

    type: str
    date: datetime
    parent: str
    size: int = 0
    content: dict[str, Any] | None = field(default_factory=dict)
    process: str = ""


model.ready(_Header, _Parent)


class Reader:
    """Reads the messages of one kernel.

    Parameters
    ----------
    key
        The key of the connection file; empty where the kernel does not sign.
    scheme
        The signature scheme of the connection file, ``hmac-sha256`` for instance.
    """

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        self._key = key
        self._digest = getattr(hashlib, scheme.removeprefix("hmac-"))
        self._headers = Decoder(_Header)
        self._parents = Decoder(_Parent)
        self._contents = Decoder(dict[str, Any])

    def read(self, frames: Sequence[bytes]) -> Message | None:
        """Return the message in `frames`; None where it is of a type that tells us nothing.

        Raises
        ------
        UnreadableMessage
            When it is not a message of this kernel.
        """
        try:
            start = frames.index(DELIMITER) + 1
            signature, header, parent, metadata, content = frames[start : start + 5]
        except ValueError:
            raise UnreadableMessage("cut off") from None
        self._check(signature, header, parent, metadata, content)
        return self.parse(header, parent, content)

    def parse(self, header: bytes, parent: bytes, content: bytes) -> Message | None:
        """Return the message of these parts, whose origin is known; see `read`."""
        try:
            head = self._headers.decode(header)
            parent_id = command_id(self._parents.decode(parent).msg_id)
        except (DecodeError, ValueError, RecursionError) as error:
            raise UnreadableMessage(f"no header: {error}") from error
        if head.msg_type not in TOLD_TYPES:
            return None
        return Message(
            head.msg_type,
            head.date,
            parent_id,
            len(content),
            self._content(content),
            head.session,
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
            # Python's own reader takes what kernels send in spite of the standard (NaN, lone
            # surrogates), which then has to be made fit for storing.
            return _lenient(frame)


def _lenient(frame: bytes) -> dict[str, Any] | None:
    try:
        content = _storable(json.loads(frame.decode(errors="replace")))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
