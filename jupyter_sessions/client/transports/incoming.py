"""Take in a file's content that arrives in order, in one response or in several."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from jupyter_sessions import errors

_ETAG = re.compile(r'(?:W/)?"([0-9a-f]{64})"')
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/\d+")


@dataclass
class Partial:
    """The beginning of a content that an earlier download has left.

    Attributes
    ----------
    sha256
        The SHA-256 of the whole content, in hexadecimal.
    size
        How many bytes there are.
    digest
        The running SHA-256 of these bytes.
    """

    sha256: str
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def check(self, path: str) -> None:
        """Check that this is the whole content of the file at `path`.

        Raises
        ------
        ContentDamaged
            If it differs from what was published.
        """
        if self.sha256 and self.digest.hexdigest() != self.sha256:
            raise errors.ContentDamaged(
                f"What arrived of {path!r} differs from what was published.",
                hint="Download it again. If that happens again, something on the way or this "
                "machine's disk or memory alters data.",
            )


class IncomingContent:
    """The content of a published file as it arrives; its SHA-256 is verified at the end.

    Parameters
    ----------
    path
        The path of the file, for messages.
    target
        Takes the content that is not there yet.
    partial
        What is there already.

    """

    def __init__(self, path: str, target: BinaryIO, partial: Partial | None = None) -> None:
        self._path = path
        self._target = target
        self._partial = partial or Partial("")
        self._repeated = 0

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self._partial.size

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request for what has not arrived yet."""
        # A part of a compressed content would be of no use.
        headers = {"Accept-Encoding": "identity"}
        if self.size and self._partial.sha256:
            headers |= {"Range": f"bytes={self.size}-", "If-Range": f'"{self._partial.sha256}"'}
        return headers

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the head of a response.

        Raises
        ------
        ContentReplaced
            If another content follows than the one that has begun.
        """
        found = _ETAG.fullmatch(headers.get("etag", ""))
        if found:
            self.check_version(found[1])
        self._again = hashlib.sha256()
        self._repeated = self.size
        if status == 206:
            part = _CONTENT_RANGE.match(headers.get("content-range", ""))
            if part is None or int(part[1]) != self.size or "content-encoding" in headers:
                raise errors.NotASessionsServer(
                    "The server sent another part of the file than the requested one.",
                    hint="If there is a proxy in front of it, ask its administrator.",
                )
            self._repeated = 0

    def check_version(self, sha256: str) -> None:
        """Check that the content is the one that has begun, by its SHA-256.

        Raises
        ------
        ContentReplaced
            If it is another one.
        """
        if self._partial.sha256 and sha256 != self._partial.sha256:
            raise self.make_replaced_error()
        self._partial.sha256 = sha256

    def write(self, data: bytes) -> None:
        """Take the next bytes of a response.

        A server may send what has arrived before: that is compared, and not written again, since
        not every target can go back.

        Raises
        ------
        ContentReplaced
            If they differ from those that arrived before.
        """
        if self._repeated:
            known, data = data[: self._repeated], data[self._repeated :]
            self._again.update(known)
            self._repeated -= len(known)
            if not self._repeated and self._again.digest() != self._partial.digest.digest():
                raise self.make_replaced_error()
        if data:
            self._target.write(data)
            self._partial.digest.update(data)
            self._partial.size += len(data)

    def end(self) -> None:
        """Verify the content: this was all.

        Raises
        ------
        ContentReplaced
            If more had arrived before.
        ContentDamaged
            If it differs from what was published.
        """
        if self._repeated:
            raise self.make_replaced_error()
        self._partial.check(self._path)

    def make_replaced_error(self) -> errors.SessionsError:
        """Return the error for a content that was replaced meanwhile."""
        return errors.ContentReplaced(
            f"{self._path!r} was replaced during the download.", hint="Download it again."
        )
